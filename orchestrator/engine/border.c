// SPDX-License-Identifier: Apache-2.0
// The limits of what comes in and of what is made (record/limits.def), said in one way.
#include "base/utf8.h"
#include "engine/step.h"

bool border_name(struct engine *engine, const char *what, str name, str *ret_why)
{
    if (name.len > LIMIT_NAME_BYTES) {
        *ret_why = str_format(engine->turn, "%s has %zu bytes, the limit NAME_BYTES is %d", what,
                              name.len, LIMIT_NAME_BYTES);
        return false;
    }
    if (str_find_char(name, '\0') == SIZE_MAX)
        return true;
    *ret_why =
        str_format(engine->turn, "%s has the character U+0000, which no name may have", what);
    return false;
}

bool border_value(struct engine *engine, const char *what, str json, size_t most, str *ret_why)
{
    if (json.len > most) {
        *ret_why =
            str_format(engine->turn, "%s has %zu bytes, the limit is %zu", what, json.len, most);
        return false;
    }
    if (!json_has_nul(json))
        return true;
    *ret_why =
        str_format(engine->turn, "%s has the character U+0000, which cannot be stored", what);
    return false;
}

str border_text(str text)
{
    return utf8_cut(text, LIMIT_TEXT_BYTES);
}

int64_t border_moment(int64_t ms)
{
    return ms < LIMIT_FIRST_MS ? LIMIT_FIRST_MS : ms > LIMIT_LAST_MS ? LIMIT_LAST_MS : ms;
}

int64_t border_after(int64_t from_ms, int64_t by_ms)
{
    int64_t sum;
    if (__builtin_add_overflow(from_ms, by_ms, &sum))
        return by_ms > 0 ? LIMIT_LAST_MS : LIMIT_FIRST_MS;
    return border_moment(sum);
}

// -- Commands ---------------------------------------------------------------------------

struct named {
    const char *what;
    str name;
};

enum { NAMES = 4 };

// The names that a command of this type brings, beside its tenant.
static size_t names_of(const struct command *command, struct named *ret)
{
    const struct create_instance *create = &command->create_instance;
    const struct publish_message *message = &command->publish_message;
    const struct subscription_command *subscription = &command->subscription;
    switch ((int)command->type) {
    case COMMAND_CREATE_INSTANCE:
    case COMMAND_EVALUATE_CONDITIONS:
        ret[0] = (struct named){"the process id", create->process_id};
        ret[1] = (struct named){"the deduplication id", create->deduplication_id};
        return 2;
    case COMMAND_PUBLISH_MESSAGE:
        ret[0] = (struct named){"the name of the message", message->name};
        ret[1] = (struct named){"the correlation key", message->correlation_key};
        ret[2] = (struct named){"the message id", message->message_id};
        return 3;
    case COMMAND_OPEN_SUBSCRIPTION:
        ret[0] = (struct named){"the name", subscription->name};
        ret[1] = (struct named){"the correlation key", subscription->correlation_key};
        ret[2] = (struct named){"the process id", subscription->process_id};
        return 3;
    case COMMAND_BROADCAST_SIGNAL:
        ret[0] = (struct named){"the name of the signal", command->broadcast_signal.name};
        return 1;
    case COMMAND_COMPLETE_USER_TASK:
    case COMMAND_ASSIGN_USER_TASK:
    case COMMAND_UPDATE_USER_TASK:
        ret[0] = (struct named){"the assignee", command->user_task.assignee};
        ret[1] = (struct named){"the action", command->user_task.action};
        return 2;
    case COMMAND_THROW_JOB_ERROR:
        ret[0] = (struct named){"the error code", command->job_answer.error_code};
        return 1;
    case COMMAND_EVALUATE_DECISION:
        ret[0] = (struct named){"the decision id", command->evaluate_decision.decision_id};
        return 1;
    case COMMAND_SET_CLUSTER_VARIABLE:
    case COMMAND_SPREAD_CLUSTER_VARIABLE:
        ret[0] = (struct named){"the name of the variable", command->cluster_variable.name};
        return 1;
    default:
        return 0;
    }
}

static bool resources_fit(struct engine *engine, const struct deploy *deploy, str *ret_why)
{
    for (size_t i = 0; i < deploy->count; i++) {
        const struct deployed_resource *r = &deploy->resources[i];
        if (!border_name(engine, "the name of a resource", r->name, ret_why) ||
            !border_name(engine, "the id of a definition", r->definition_id, ret_why) ||
            !border_name(engine, "a version tag", r->version_tag, ret_why) ||
            !border_name(engine, "the title of a definition", r->title, ret_why))
            return false;
    }
    return true;
}

bool border_business_id(struct engine *engine, str id, str *ret_why)
{
    size_t characters = 0;
    for (size_t i = 0; i < id.len; i++)
        characters += ((unsigned char)id.data[i] & 0xc0) != 0x80; // not inside of one
    if (characters <= LIMIT_BUSINESS_ID_CHARACTERS)
        return border_name(engine, "the business id", id, ret_why);
    *ret_why = str_format(engine->turn,
                          "the business id has %zu characters, the limit BUSINESS_ID_CHARACTERS is "
                          "%d",
                          characters, LIMIT_BUSINESS_ID_CHARACTERS);
    return false;
}

bool border_command(struct engine *engine, str *ret_why)
{
    const struct command *command = engine->command;
    struct named named[NAMES];
    size_t count = names_of(command, named);
    for (size_t i = 0; i < count; i++)
        if (!border_name(engine, named[i].what, named[i].name, ret_why))
            return false;
    bool names = command->type == COMMAND_CREATE_INSTANCE ||
                 command->type == COMMAND_EVALUATE_CONDITIONS ||
                 command->type == COMMAND_NAME_INSTANCE;
    if (names && !border_business_id(engine, command->create_instance.business_id, ret_why))
        return false;
    if (command->type == COMMAND_PUBLISH_MESSAGE &&
        !border_business_id(engine, command->publish_message.business_id, ret_why))
        return false;
    bool deploys = command->type == COMMAND_DEPLOY || command->type == COMMAND_PUBLISH_DEFINITIONS;
    return border_name(engine, "the tenant", command->tenant, ret_why) &&
           border_name(engine, "the principal", command->principal, ret_why) &&
           border_name(engine, "the origin", command->origin, ret_why) &&
           (!deploys || resources_fit(engine, &command->deploy, ret_why));
}
