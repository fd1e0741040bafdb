// SPDX-License-Identifier: Apache-2.0
//
// Between the domain structs of `record` and protobuf bytes (proto/baton/v1). Every decode is
// preceded by a pre-scan that bounds size, depth and field count and checks UTF-8, because
// protobuf-c does none of it (wire/scan.h). Decoded strings and arrays live in the arena and may
// point into the bytes.
//
// Unknown fields are skipped. An unknown command body decodes to an error of kind
// ERROR_UNSUPPORTED: its sender is newer than we are, and the record is set aside, not lost.
#ifndef BATON_WIRE_WIRE_H
#define BATON_WIRE_WIRE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "record/command.h"
#include "record/event.h"
#include "record/limits.h"
#include "record/rows.h"

enum {
    WIRE_MAX_RECORD = LIMIT_RECORD_READ_BYTES,
    WIRE_MAX_DEPTH = 8,                    // nested messages; ours need 3
    WIRE_MAX_FIELDS = LIMIT_RECORD_FIELDS, // nested ones counted
    WIRE_MAX_VARIABLES = LIMIT_COMMAND_VARIABLES_BYTES,
};

// Content types of the records, for the header "content-type" (docs/protocol.md).
extern const str wire_command_content_type; // application/x-protobuf; proto=baton.v1.Command
extern const str wire_job_content_type;
extern const str wire_reply_content_type;
extern const str wire_step_content_type;

// Whether a decoder will take it: what is refused here is best told to who sends it.
MUST_CHECK bool wire_check_command(const struct command *command, struct error *err);

void wire_encode_command(struct strbuf *out, const struct command *command);

// time_ms and offset come with the record, not with its bytes: they are left 0 and -1.
MUST_CHECK bool wire_decode_command(struct arena *arena, str bytes, struct command *ret_command,
                                    struct error *err);

// History: the events of one step.
void wire_encode_events(struct strbuf *out, const struct event *events, size_t count);
MUST_CHECK bool wire_decode_events(struct arena *arena, str bytes, struct event **ret_events,
                                   size_t *ret_count, struct error *err);

// A step as it is published on baton.events.
struct wire_step {
    uint32_t shard;
    str tenant;
    struct history_row row;
};

void wire_encode_step(struct strbuf *out, const struct wire_step *step);
MUST_CHECK bool wire_decode_step(struct arena *arena, str bytes, struct wire_step *ret_step,
                                 struct error *err);

void wire_encode_job(struct strbuf *out, const struct job_offer *job);
MUST_CHECK bool wire_decode_job(struct arena *arena, str bytes, struct job_offer *ret_job,
                                struct error *err);

void wire_encode_reply(struct strbuf *out, const struct reply *reply);

// reply.to.partition is not in the bytes: it is where the record was found.
MUST_CHECK bool wire_decode_reply(struct arena *arena, str bytes, struct reply *ret_reply,
                                  struct error *err);

#endif
