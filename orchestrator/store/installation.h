// SPDX-License-Identifier: Apache-2.0
//
// What this installation is: one row in PostgreSQL, made by the first node, read by every one
// before anything starts. Blocks: for start-up and the command line only.
#ifndef BATON_STORE_INSTALLATION_H
#define BATON_STORE_INSTALLATION_H

#include "base/error.h"

enum {
    STORE_FEATURE_LEVEL = 1, // of this version
    STORE_UUID_TEXT = 37,
    STORE_MAX_SECRET = 64,
    STORE_MAX_PREFIX = 200,
};

struct installation {
    char id[STORE_UUID_TEXT]; // "6f1c…", NUL-terminated
    char topic_prefix[STORE_MAX_PREFIX];
    int32_t feature_level; // what every node of the installation understands
    uint32_t shards;       // logical ones
    uint32_t partitions;   // of the commands topic's present generation
    char secret[STORE_MAX_SECRET];
    size_t secret_len;
};

// What the first node makes of it.
struct installation_proposal {
    const char *topic_prefix;
    uint32_t partitions; // of the commands topic: as many shards
    str secret;
};

// Reads the row, or makes it as proposed, with a new id. ERROR_CONFLICT when the installation's
// topics have another prefix, when the commands topic has another number of partitions than the
// installation has, or when the installation's feature level is above this version's.
MUST_CHECK bool store_open_installation(const char *url,
                                        const struct installation_proposal *proposal,
                                        struct installation *ret_installation, struct error *err);

// ERROR_CONFLICT when the installation's topics have another prefix than the settings say.
MUST_CHECK bool store_check_prefix(const struct installation *installation, const char *prefix,
                                   struct error *err);

// Reads the row. ERROR_NOT_FOUND when no node has started yet.
MUST_CHECK bool store_read_installation(const char *url, struct installation *ret_installation,
                                        struct error *err);

#endif
