// SPDX-License-Identifier: Apache-2.0
//
// Jobs offered to workers.
#include "wire/codec.h"
#include "wire/pack.h"

const str wire_job_content_type = (str){"application/x-protobuf; proto=baton.v1.Job",
                                        sizeof "application/x-protobuf; proto=baton.v1.Job" - 1};

void wire_encode_job(struct strbuf *out, const struct job_offer *job)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Job message;
    codec_pack_job(&scratch, job, &message);
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_decode_job(struct arena *arena, str bytes, struct job_offer *ret_job, struct error *err)
{
    Baton__V1__Job *message = unpack_message(arena, &baton__v1__job__descriptor, bytes, err);
    if (message == NULL)
        return false;
    *ret_job = (struct job_offer){0};
    codec_unpack_job(arena, message, ret_job);
    return true;
}
