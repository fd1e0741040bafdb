// SPDX-License-Identifier: Apache-2.0
//
// Names of topics and consumer groups: topics.def has all of them, and who needs what of each.
//
// Job types in names of topics. Kafka allows a-z A-Z 0-9 . _ - there; a job type may hold anything
// ("io.camunda:http-json:1"). Every other byte becomes _x and two hex digits, and an underscore
// before an x becomes _x5f, so that two types never share a topic.
#ifndef BATON_RECORD_TOPIC_H
#define BATON_RECORD_TOPIC_H

#include "base/str.h"

enum {
    TOPIC_MAX_JOB_TYPE = 200
}; // bytes of the encoded type; Kafka's limit is 249 for the whole name

enum topic_kind { TOPIC_KIND_TOPIC, TOPIC_KIND_GROUP };

enum topic_id {
#define TOPIC_ROW(id, kind, name, node, worker, events, audit, operator, what) TOPIC_##id,
#include "record/topics.def"
#undef TOPIC_ROW
    TOPIC_IDS
};

// Programs and people that have a credential of their own on the brokers.
enum topic_party {
    TOPIC_PARTY_NODE,
    TOPIC_PARTY_WORKER, // of one job type
    TOPIC_PARTY_EVENTS, // reads events
    TOPIC_PARTY_AUDIT,  // reads the audit log
    TOPIC_PARTY_OPERATOR,
    TOPIC_PARTIES
};

struct topic_info {
    enum topic_kind kind;
    const char *name;                 // after the prefix and its dot
    const char *needs[TOPIC_PARTIES]; // letters of operations, as topics.def explains them
    const char *what;
};

const struct topic_info *topic_info_of(enum topic_id id);

// The name after the prefix and its dot: "commands", "jobs." for TOPIC_JOBS.
str topic_rest(enum topic_id id);

// The whole name; `part` is what follows a name that ends with a dot, else empty.
str topic_full_name(struct arena *arena, const char *prefix, enum topic_id id, str part);

// "pay" -> "pay", "http:1" -> "http_x3a1". False when it would be empty or longer than
// TOPIC_MAX_JOB_TYPE.
MUST_CHECK bool topic_part_of_job_type(struct arena *arena, str type, str *ret_part);

#endif
