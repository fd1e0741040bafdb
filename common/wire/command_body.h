// SPDX-License-Identifier: Apache-2.0
//
// Bodies of commands by their message. Private to wire.
#ifndef BATON_WIRE_COMMAND_BODY_H
#define BATON_WIRE_COMMAND_BODY_H

#include "record/command.h"

enum command_body {
    BODY_none,
    BODY_create_instance,
    BODY_modify_instance,
    BODY_migrate_instance,
    BODY_set_variables,
    BODY_job_answer,
    BODY_update_job,
    BODY_release_job,
    BODY_due,
    BODY_publish_message,
    BODY_subscription,
    BODY_broadcast_signal,
    BODY_user_task,
    BODY_deploy,
    BODY_evaluate_decision,
};

enum command_body command_body_of(enum command_type type);

// The protobuf message of the body, in the arena.
void *command_body_pack(struct arena *arena, const struct command *command, str token);

// Fills command's union from the message of its type.
void command_body_unpack(struct arena *arena, const void *message, struct command *command,
                         str *ret_token);

#endif
