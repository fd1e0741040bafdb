// SPDX-License-Identifier: Apache-2.0
//
// Any bytes may arrive on a topic: every decoder takes or refuses them, and what a decoder took can
// be encoded again.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str bytes = str_from(data, size);
    struct strbuf out = strbuf_new(&arena);

    struct command command;
    if (wire_decode_command(&arena, bytes, &command, &err))
        wire_encode_command(&out, &command);
    struct event *events;
    size_t count;
    if (wire_decode_events(&arena, bytes, &events, &count, &err))
        wire_encode_events(&out, events, count);
    struct wire_step step;
    if (wire_decode_step(&arena, bytes, &step, &err))
        wire_encode_step(&out, &step);
    struct job_offer job;
    if (wire_decode_job(&arena, bytes, &job, &err))
        wire_encode_job(&out, &job);
    struct reply reply;
    if (wire_decode_reply(&arena, bytes, &reply, &err))
        wire_encode_reply(&out, &reply);
    arena_done(&arena);
    return 0;
}
