// SPDX-License-Identifier: Apache-2.0
//
// Commands: the envelope. A command type's number is the field number of its body in the oneof, so
// the tables agree by construction and a new command needs no line here.
#include "wire/wire.h"

#include "wire/command_body.h"
#include "wire/pack.h"

#include "baton/v1/command.pb-c.h"

const str wire_command_content_type =
    (str){"application/x-protobuf; proto=baton.v1.Command",
          sizeof "application/x-protobuf; proto=baton.v1.Command" - 1};

enum command_body command_body_of(enum command_type type)
{
    switch ((int)type) {
#define COMMAND(name, number, body)                                                                \
    case number:                                                                                   \
        return BODY_##body;
#include "record/commands.def"
#undef COMMAND
    default:
        return BODY_none;
    }
}

void wire_encode_command(struct strbuf *out, const struct command *command, str token)
{
    check(command_type_is_known(command->type));
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Command message = BATON__V1__COMMAND__INIT;
    message.instance = command->instance;
    message.key = command->key;
    message.reply_partition = command->reply.partition;
    message.reply_request = command->reply.request;
    message.tenant = pack_text(&scratch, command->tenant);
    message.principal = pack_text(&scratch, command->principal);
    message.traceparent = pack_text(&scratch, command->traceparent);
    message.batch_item = command->batch_item;
    message.body_case = (Baton__V1__Command__BodyCase)command->type;
    // The oneof is a union of pointers to messages; body_case says which it is.
    message.create_instance = command_body_pack(&scratch, command, token);
    pack_message(out, &message.base);
    arena_done(&scratch);
}

static str variables_of(const struct command *command)
{
    switch (command_body_of(command->type)) {
    case BODY_create_instance:
        return command->create_instance.variables;
    case BODY_modify_instance:
        return command->modify_instance.variables;
    case BODY_set_variables:
        return command->set_variables.variables;
    case BODY_job_answer:
        return command->job_answer.variables;
    case BODY_publish_message:
        return command->publish_message.variables;
    case BODY_subscription:
        return command->subscription.variables;
    case BODY_broadcast_signal:
        return command->broadcast_signal.variables;
    case BODY_user_task:
        return command->user_task.variables;
    case BODY_evaluate_decision:
        return command->evaluate_decision.variables;
    case BODY_none:
    case BODY_migrate_instance:
    case BODY_update_job:
    case BODY_release_job:
    case BODY_due:
    case BODY_deploy:
        return STR_EMPTY;
    }
    check_unreachable();
}

bool wire_check_command(const struct command *command, struct error *err)
{
    size_t len = variables_of(command).len;
    return len <= WIRE_MAX_VARIABLES ||
           error_set(err, ERROR_LIMIT, "baton.v1.Command",
                     "%zu bytes of variables: at most WIRE_MAX_VARIABLES (%d)", len,
                     WIRE_MAX_VARIABLES);
}

bool wire_decode_command(struct arena *arena, str bytes, struct command *ret_command,
                         str *ret_token, struct error *err)
{
    Baton__V1__Command *message =
        unpack_message(arena, &baton__v1__command__descriptor, bytes, err);
    if (message == NULL)
        return false;
    if (message->body_case == BATON__V1__COMMAND__BODY__NOT_SET)
        return error_set(
            err, ERROR_UNSUPPORTED, "baton.v1.Command",
            "no body that this version knows: the sender is newer, or it is no command");
    struct command command = {
        .type = (enum command_type)message->body_case,
        .offset = -1,
        .instance = message->instance,
        .key = message->key,
        .reply = {message->reply_partition, message->reply_request},
        .tenant = unpack_text(message->tenant),
        .principal = unpack_text(message->principal),
        .traceparent = unpack_text(message->traceparent),
        .batch_item = message->batch_item,
    };
    str token = STR_EMPTY;
    command_body_unpack(arena, message->create_instance, &command, &token);
    if (!wire_check_command(&command, err))
        return false;
    *ret_command = command;
    *ret_token = token;
    return true;
}
