// SPDX-License-Identifier: Apache-2.0
//
// What a record of a user topic becomes. A mapping is JSON, kept in topic_subscriptions.settings:
//
//   {"format": "json" | "cloudevents" | "auto",   auto: CloudEvents when the record looks like one,
//   else JSON
//    "message": "document-received",             a message of this name …
//    "start": "process-id",                      … or a new instance; exactly one of the two
//    "correlationKey": "=data.applicationId",    message; FEEL behind =, else the text itself
//    "variables": "={document: data}",           a context; left out: the whole data
//    "businessId": "=data.id",                   start
//    "condition": "=data.kind = \"order\"",      records for which it is not true are passed over
//    "timeToLive": "PT1H"}                       message; at least PT1M, so that duplicates are
//    known as such
//
// Expressions see `data` (the value), `key` (the record's key as text), `headers` (a context),
// `topic`, `partition`, `offset`, `timestamp`, and for CloudEvents `event` with the attributes (id,
// source, type, subject, time, …; CloudEvents 1.0, Kafka protocol binding: binary and structured
// mode).
#ifndef BATON_INGRESS_MAPPING_H
#define BATON_INGRESS_MAPPING_H

#include "base/error.h"
#include "bus/bus.h"
#include "record/command.h"

struct mapping;

enum { MAPPING_MIN_TTL_MS = 60000, MAPPING_MAX_VALUE = 1 << 20 };

// Compiles the settings into the arena. *err names the member that is wrong.
MUST_CHECK bool mapping_compile(struct arena *arena, str settings,
                                const struct mapping **ret_mapping, struct error *err);

enum mapping_verdict { MAPPING_SENDS, MAPPING_SKIPS, MAPPING_FAILS };

// What the record asks for, in the arena. MAPPING_FAILS: *err says why it goes to the dead letters.
enum mapping_verdict mapping_apply(const struct mapping *mapping, const struct bus_record *record,
                                   struct arena *arena, struct command *ret_command,
                                   struct error *err);

#endif
