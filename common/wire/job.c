// SPDX-License-Identifier: Apache-2.0
//
// Jobs offered to workers.
#include "wire/wire.h"

#include "wire/pack.h"

#include "baton/v1/job.pb-c.h"

const str wire_job_content_type = (str){"application/x-protobuf; proto=baton.v1.Job",
                                        sizeof "application/x-protobuf; proto=baton.v1.Job" - 1};

static Baton__V1__Job pack_job(struct arena *arena, const struct job_offer *job)
{
    Baton__V1__Job message = BATON__V1__JOB__INIT;
    message.key = job->key;
    message.instance = job->instance;
    message.element_instance = job->element_instance;
    message.definition = job->definition;
    message.process_id = pack_text(arena, job->process_id);
    message.version = job->version;
    message.element_id = pack_text(arena, job->element_id);
    message.type = pack_text(arena, job->type);
    message.tenant = pack_text(arena, job->tenant);
    message.kind = (Baton__V1__JobKind)job->kind;
    message.listener_event = pack_text(arena, job->listener_event);
    message.attempt = job->attempt;
    message.retries = job->retries;
    message.priority = job->priority;
    message.deadline_ms = job->deadline_ms;
    message.headers = pack_bytes(job->headers);
    message.variables = pack_bytes(job->variables);
    message.user_task = pack_bytes(job->user_task);
    return message;
}

void wire_encode_job(struct strbuf *out, const struct job_offer *job,
                     const struct wire_job_ticket *ticket)
{
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Job message = pack_job(&scratch, job);
    message.token = pack_bytes(ticket->token);
    message.reply_partition = ticket->reply_partition;
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_decode_job(struct arena *arena, str bytes, struct job_offer *ret_job,
                     struct wire_job_ticket *ret_ticket, struct error *err)
{
    Baton__V1__Job *message = unpack_message(arena, &baton__v1__job__descriptor, bytes, err);
    if (message == NULL)
        return false;
    *ret_job = (struct job_offer){
        .key = message->key,
        .instance = message->instance,
        .element_instance = message->element_instance,
        .definition = message->definition,
        .process_id = unpack_text(message->process_id),
        .version = message->version,
        .element_id = unpack_text(message->element_id),
        .type = unpack_text(message->type),
        .tenant = unpack_text(message->tenant),
        .kind = (enum job_kind)message->kind,
        .listener_event = unpack_text(message->listener_event),
        .attempt = message->attempt,
        .retries = message->retries,
        .priority = message->priority,
        .deadline_ms = message->deadline_ms,
        .headers = unpack_bytes(message->headers),
        .variables = unpack_bytes(message->variables),
        .user_task = unpack_bytes(message->user_task),
    };
    *ret_ticket = (struct wire_job_ticket){unpack_bytes(message->token), message->reply_partition};
    return true;
}
