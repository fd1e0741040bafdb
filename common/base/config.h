// SPDX-License-Identifier: Apache-2.0
//
// Settings, from a table (base/config.def): a key's type, default, allowed values and documentation
// stand in one row. What is wrong is told with the key, the value and what is allowed.
#ifndef BATON_BASE_CONFIG_H
#define BATON_BASE_CONFIG_H

#include "base/error.h"
#include "base/str.h"
#include "base/strbuf.h"

enum config_key {
#define CONFIG(name, key, type, initial, allowed, text) CONFIG_##name,
#include "base/config.def"
#undef CONFIG
    CONFIG_COUNT
};

enum config_source { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_ARGUMENT };

struct config {
    struct arena *arena;
    struct {
        const char *text;
        int64_t number; // INTEGER and BOOLEAN
        enum config_source source;
    } values[CONFIG_COUNT];
};

// All defaults.
struct config config_new(struct arena *arena);

// Reads "key = value" lines; # begins a comment. Every mistake is an error naming file and line.
MUST_CHECK bool config_read_file(struct config *config, const char *path, struct error *err);

// Takes BATON_… variables; one that names no key is an error, unless Kubernetes made it of a
// Service.
MUST_CHECK bool config_read_environment(struct config *config, const char *const *environment,
                                        struct error *err);

// Takes --key=value and "--config FILE" out of the arguments, shifting the others down. Order: the
// file, then the environment, then the other arguments.
MUST_CHECK bool config_read_all(struct config *config, int *argc, char **argv, struct error *err);

MUST_CHECK bool config_set(struct config *config, str key, str value, enum config_source source,
                           struct error *err);

// What settings say together, once all are read: an API that other machines reach wants a key; the
// prefix of topics leaves room for what follows it.
MUST_CHECK bool config_check(const struct config *config, struct error *err);

const char *config_str(const struct config *config, enum config_key key);
int64_t config_i64(const struct config *config, enum config_key key);
bool config_bool(const struct config *config, enum config_key key);

// True when the comma-separated list under the key has this word.
bool config_has(const struct config *config, enum config_key key, str word);

const char *config_key_name(enum config_key key); // "postgres.url"
const char *config_key_text(enum config_key key); // its documentation
const char *config_key_allowed(enum config_key key);
const char *config_source_name(enum config_source source);

// "key = value   # text (where from)", a line a key; secrets as ***.
void config_print(const struct config *config, struct strbuf *out);

// An object a key: value, source, allowed, text; secrets as ***.
void config_print_json(const struct config *config, struct strbuf *out);

#endif
