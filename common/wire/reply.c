// SPDX-License-Identifier: Apache-2.0
//
// Answers to callers, and jobs for a gateway's clients.
#include "wire/codec.h"
#include "wire/pack.h"

const str wire_reply_content_type =
    (str){"application/x-protobuf; proto=baton.v1.Reply",
          sizeof "application/x-protobuf; proto=baton.v1.Reply" - 1};

void wire_encode_reply(struct strbuf *out, const struct reply *reply)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Reply message;
    codec_pack_reply(&scratch, reply, &message);
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_decode_reply(struct arena *arena, str bytes, struct reply *ret_reply, struct error *err)
{
    Baton__V1__Reply *message = unpack_message(arena, &baton__v1__reply__descriptor, bytes, err);
    if (message == NULL)
        return false;
    if (message->rejection > REJECTION_FORBIDDEN)
        return error_set(err, ERROR_UNSUPPORTED, "baton.v1.Reply", "rejection %u is not known",
                         message->rejection);
    *ret_reply = (struct reply){0};
    codec_unpack_reply(arena, message, ret_reply);
    return true;
}
