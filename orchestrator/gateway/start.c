// SPDX-License-Identifier: Apache-2.0
#include "gateway/start.h"

#include "base/clock.h"
#include "base/murmur2.h"
#include "gateway/gateway_private.h"
#include "gateway/share.h"
#include "record/partition.h"
#include "store/read/read.h"

enum { SAME_SHARD_MS = 8, NS_PER_MS = 1000000 };

struct starting {
    struct create_instance *create;
    str version_tag;
    call_answer *answer;
};

bool gateway_has_unique_ids(const struct gateway *gateway)
{
    return config_bool(gateway->options.config, CONFIG_ENGINE_UNIQUE_IDS);
}

// A repeated request goes to the shard that remembers the first one. Others go round, but all that
// come within a moment to the same one: they travel and commit together.
static uint32_t choose_shard(struct gateway *gateway, const struct create_instance *create)
{
    if (!create->is_unique && create->deduplication_id.len > 0 && gateway->shard_count > 0)
        return murmur2_partition(create->deduplication_id, gateway->shard_count);
    if (create->is_unique && gateway->shard_count > 0)
        return record_message_partition(RECORD_BUSINESS_LOCK, create->business_id,
                                        gateway->shard_count);
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - gateway->chosen_ns > SAME_SHARD_MS * NS_PER_MS) {
        gateway->chosen_ns = now_ns;
        gateway->start_shard = gateway_next_shard(gateway);
    }
    return gateway->start_shard;
}

static void start(struct caller *caller, const struct create_instance *create, call_answer *answer)
{
    struct command command = {.type = COMMAND_CREATE_INSTANCE, .create_instance = *create};
    command.create_instance.is_unique =
        create->business_id.len > 0 && gateway_has_unique_ids(caller->gateway);
    call_shard(caller, &command, choose_shard(caller->gateway, &command.create_instance), answer);
}

static void on_definition(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct starting *starting = context;
    struct create_instance *create = starting->create;
    create->definition = query_row_count(rows) > 0 ? query_u64(rows, 0, 0) : 0;
    if (create->definition == 0)
        caller_fail_format(caller, ERROR_NOT_FOUND, "processDefinitionId",
                           "no process '%.*s' with version %d (-1: any) and version tag '%.*s' is "
                           "deployed",
                           STR_ARG(create->process_id), create->version,
                           STR_ARG(starting->version_tag));
    else
        start(caller, create, starting->answer);
}

static void on_share(struct caller *caller, void *context)
{
    struct starting *starting = context;
    const struct create_instance *create = starting->create;
    if (create->definition != 0) {
        start(caller, create, starting->answer);
        return;
    }
    const struct process_version version = {create->process_id, create->version,
                                            starting->version_tag};
    read_run(caller, read_process_key(caller->arena, caller->scope, caller->tenant, &version),
             on_definition, starting);
}

void gateway_start(struct caller *caller, struct create_instance *create, str version_tag,
                   call_answer *answer)
{
    struct starting *starting = ARENA_NEW(caller->arena, struct starting);
    *starting = (struct starting){create, version_tag, answer};
    (void)share_take(caller, SHARE_USE_START, on_share, starting);
}

// What begins instances without being asked for one.
struct telling {
    struct command command;
    uint32_t shard;
    call_answer *answer;
};

static void on_may_tell(struct caller *caller, void *context)
{
    struct telling *telling = context;
    call_shard(caller, &telling->command, telling->shard, telling->answer);
}

static void tell(struct caller *caller, const struct command *command, uint32_t shard,
                 call_answer *answer)
{
    struct telling *telling = ARENA_NEW(caller->arena, struct telling);
    *telling = (struct telling){*command, shard, answer};
    (void)share_take(caller, SHARE_USE_MESSAGE, on_may_tell, telling);
}

void gateway_evaluate_conditions(struct caller *caller, const struct command *command,
                                 call_answer *answer)
{
    tell(caller, command, gateway_next_shard(caller->gateway), answer);
}

// One shard gives the signal its key and tells the others.
void gateway_signal(struct caller *caller, const struct command *command, call_answer *answer)
{
    tell(caller, command, gateway_next_shard(caller->gateway), answer);
}

void gateway_publish(struct caller *caller, const struct command *command, call_answer *answer)
{
    uint32_t shards = gateway_shards(caller->gateway);
    const struct publish_message *message = &command->publish_message;
    tell(caller, command,
         shards == 0 ? 0
                     : record_message_partition(message->name, message->correlation_key, shards),
         answer);
}

// -- Decisions --------------------------------------------------------------------------

static void on_evaluated(struct caller *caller, const struct reply *reply)
{
    read_answer *answer = (read_answer *)(uintptr_t)caller->waiting;
    read_run(caller, read_evaluation(caller->arena, caller->scope, reply->key), answer, NULL);
}

void gateway_evaluate(struct caller *caller, struct command *command, read_answer *answer)
{
    caller->waiting = (void *)(uintptr_t)answer;
    call_shard(caller, command, gateway_next_shard(caller->gateway), on_evaluated);
}
