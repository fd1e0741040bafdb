// SPDX-License-Identifier: Apache-2.0
//
// Commands. A command type's number is the field number of its body in the oneof, so the tables
// agree by construction and a new command needs no line here.
#include "wire/codec.h"
#include "wire/pack.h"

const str wire_command_content_type =
    (str){"application/x-protobuf; proto=baton.v1.Command",
          sizeof "application/x-protobuf; proto=baton.v1.Command" - 1};

void wire_encode_command(struct strbuf *out, const struct command *command)
{
    check(command_type_is_known(command->type));
    struct arena scratch = ARENA_EMPTY;
    Baton__V1__Command message;
    codec_pack_command(&scratch, command, &message);
    codec_pack_body(&scratch, command, &message);
    pack_message(out, &message.base);
    arena_done(&scratch);
}

bool wire_check_command(const struct command *command, struct error *err)
{
    size_t len = codec_variables(command).len;
    return len <= WIRE_MAX_VARIABLES ||
           error_set(err, ERROR_LIMIT, "variables",
                     "%zu bytes in one command: at most COMMAND_VARIABLES_BYTES (%d)", len,
                     WIRE_MAX_VARIABLES);
}

bool wire_decode_command(struct arena *arena, str bytes, struct command *ret_command,
                         struct error *err)
{
    Baton__V1__Command *message =
        unpack_message(arena, &baton__v1__command__descriptor, bytes, err);
    if (message == NULL)
        return false;
    if (!command_type_is_known((int)message->body_case))
        return error_set(
            err, ERROR_UNSUPPORTED, "baton.v1.Command",
            "no body that this version knows: the sender is newer, or it is no command");
    struct command command = {.offset = -1};
    codec_unpack_command(arena, message, &command);
    codec_unpack_body(arena, message, &command);
    if (!wire_check_command(&command, err))
        return false;
    *ret_command = command;
    return true;
}
