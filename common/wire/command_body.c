// SPDX-License-Identifier: Apache-2.0
//
// The bodies of commands: one pair of functions a message, the fields in the order of the .proto
// file. command.c chooses among them.
#include "wire/command_body.h"

#include "wire/pack.h"
#include "wire/resource.h"

#include "baton/v1/command.pb-c.h"

static Baton__V1__ElementInstruction **
pack_instructions(struct arena *arena, const struct element_instruction *items, size_t count)
{
    Baton__V1__ElementInstruction **messages =
        ARENA_ARRAY(arena, Baton__V1__ElementInstruction *, count);
    for (size_t i = 0; i < count; i++) {
        messages[i] = ARENA_NEW(arena, Baton__V1__ElementInstruction);
        baton__v1__element_instruction__init(messages[i]);
        messages[i]->element_id = pack_text(arena, items[i].element_id);
        messages[i]->element_instance = items[i].element_instance;
        messages[i]->variables = pack_bytes(items[i].variables);
        messages[i]->terminate = items[i].terminate;
        messages[i]->move_from = pack_text(arena, items[i].move_from);
    }
    return messages;
}

static struct element_instruction *
unpack_instructions(struct arena *arena, Baton__V1__ElementInstruction **messages, size_t count)
{
    struct element_instruction *items = ARENA_ARRAY(arena, struct element_instruction, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct element_instruction){
            .element_id = unpack_text(messages[i]->element_id),
            .element_instance = messages[i]->element_instance,
            .variables = unpack_bytes(messages[i]->variables),
            .terminate = messages[i]->terminate,
            .move_from = unpack_text(messages[i]->move_from),
        };
    return items;
}

static Baton__V1__ElementMapping **pack_mappings(struct arena *arena,
                                                 const struct element_mapping *items, size_t count)
{
    Baton__V1__ElementMapping **messages = ARENA_ARRAY(arena, Baton__V1__ElementMapping *, count);
    for (size_t i = 0; i < count; i++) {
        messages[i] = ARENA_NEW(arena, Baton__V1__ElementMapping);
        baton__v1__element_mapping__init(messages[i]);
        messages[i]->source_id = pack_text(arena, items[i].source_id);
        messages[i]->target_id = pack_text(arena, items[i].target_id);
    }
    return messages;
}

static struct element_mapping *unpack_mappings(struct arena *arena,
                                               Baton__V1__ElementMapping **messages, size_t count)
{
    struct element_mapping *items = ARENA_ARRAY(arena, struct element_mapping, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct element_mapping){unpack_text(messages[i]->source_id),
                                            unpack_text(messages[i]->target_id)};
    return items;
}

static Baton__V1__ReleasedJob **pack_released(struct arena *arena, const struct released_job *items,
                                              size_t count)
{
    Baton__V1__ReleasedJob **messages = ARENA_ARRAY(arena, Baton__V1__ReleasedJob *, count);
    for (size_t i = 0; i < count; i++) {
        messages[i] = ARENA_NEW(arena, Baton__V1__ReleasedJob);
        baton__v1__released_job__init(messages[i]);
        messages[i]->instance = items[i].instance;
        messages[i]->job = items[i].job;
    }
    return messages;
}

static struct released_job *unpack_released(struct arena *arena, Baton__V1__ReleasedJob **messages,
                                            size_t count)
{
    struct released_job *items = ARENA_ARRAY(arena, struct released_job, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct released_job){messages[i]->instance, messages[i]->job};
    return items;
}

static Baton__V1__CreateInstance *pack_create_instance(struct arena *arena,
                                                       const struct create_instance *body)
{
    Baton__V1__CreateInstance *message = ARENA_NEW(arena, Baton__V1__CreateInstance);
    baton__v1__create_instance__init(message);
    message->definition = body->definition;
    message->process_id = pack_text(arena, body->process_id);
    message->version = body->version;
    message->variables = pack_bytes(body->variables);
    message->business_id = pack_text(arena, body->business_id);
    message->await_completion = body->await_completion;
    message->fetch_variables = pack_bytes(body->fetch_variables);
    message->deduplication_id = pack_text(arena, body->deduplication_id);
    message->n_start_at = body->start_count;
    message->start_at = pack_instructions(arena, body->start_at, body->start_count);
    return message;
}

static struct create_instance unpack_create_instance(struct arena *arena,
                                                     const Baton__V1__CreateInstance *message)
{
    return (struct create_instance){
        .definition = message->definition,
        .process_id = unpack_text(message->process_id),
        .version = message->version,
        .variables = unpack_bytes(message->variables),
        .business_id = unpack_text(message->business_id),
        .await_completion = message->await_completion,
        .fetch_variables = unpack_bytes(message->fetch_variables),
        .deduplication_id = unpack_text(message->deduplication_id),
        .start_count = message->n_start_at,
        .start_at = unpack_instructions(arena, message->start_at, message->n_start_at),
    };
}

static Baton__V1__ModifyInstance *pack_modify_instance(struct arena *arena,
                                                       const struct modify_instance *body)
{
    Baton__V1__ModifyInstance *message = ARENA_NEW(arena, Baton__V1__ModifyInstance);
    baton__v1__modify_instance__init(message);
    message->variables = pack_bytes(body->variables);
    message->n_instructions = body->count;
    message->instructions = pack_instructions(arena, body->instructions, body->count);
    return message;
}

static struct modify_instance unpack_modify_instance(struct arena *arena,
                                                     const Baton__V1__ModifyInstance *message)
{
    return (struct modify_instance){
        .variables = unpack_bytes(message->variables),
        .count = message->n_instructions,
        .instructions = unpack_instructions(arena, message->instructions, message->n_instructions),
    };
}

static Baton__V1__MigrateInstance *pack_migrate_instance(struct arena *arena,
                                                         const struct migrate_instance *body)
{
    Baton__V1__MigrateInstance *message = ARENA_NEW(arena, Baton__V1__MigrateInstance);
    baton__v1__migrate_instance__init(message);
    message->target_definition = body->target_definition;
    message->n_mappings = body->count;
    message->mappings = pack_mappings(arena, body->mappings, body->count);
    message->dry_run = body->dry_run;
    return message;
}

static struct migrate_instance unpack_migrate_instance(struct arena *arena,
                                                       const Baton__V1__MigrateInstance *message)
{
    return (struct migrate_instance){
        .target_definition = message->target_definition,
        .count = message->n_mappings,
        .mappings = unpack_mappings(arena, message->mappings, message->n_mappings),
        .dry_run = message->dry_run,
    };
}

static Baton__V1__SetVariables *pack_set_variables(struct arena *arena,
                                                   const struct set_variables *body)
{
    Baton__V1__SetVariables *message = ARENA_NEW(arena, Baton__V1__SetVariables);
    baton__v1__set_variables__init(message);
    message->variables = pack_bytes(body->variables);
    message->local = body->local;
    return message;
}

static struct set_variables unpack_set_variables(const Baton__V1__SetVariables *message)
{
    return (struct set_variables){
        .variables = unpack_bytes(message->variables),
        .local = message->local,
    };
}

static Baton__V1__JobAnswer *pack_job_answer(struct arena *arena, const struct job_answer *body,
                                             str token)
{
    Baton__V1__JobAnswer *message = ARENA_NEW(arena, Baton__V1__JobAnswer);
    baton__v1__job_answer__init(message);
    message->attempt = body->attempt;
    message->variables = pack_bytes(body->variables);
    message->retries = body->retries;
    message->backoff_ms = body->backoff_ms;
    message->extend_ms = body->extend_ms;
    message->error_code = pack_text(arena, body->error_code);
    message->message = pack_text(arena, body->message);
    message->worker = pack_text(arena, body->worker);
    message->result = pack_bytes(body->result);
    message->token = pack_bytes(token);
    return message;
}

static struct job_answer unpack_job_answer(const Baton__V1__JobAnswer *message)
{
    return (struct job_answer){
        .attempt = message->attempt,
        .variables = unpack_bytes(message->variables),
        .retries = message->retries,
        .backoff_ms = message->backoff_ms,
        .extend_ms = message->extend_ms,
        .error_code = unpack_text(message->error_code),
        .message = unpack_text(message->message),
        .worker = unpack_text(message->worker),
        .result = unpack_bytes(message->result),
    };
}

static Baton__V1__UpdateJob *pack_update_job(struct arena *arena, const struct update_job *body)
{
    Baton__V1__UpdateJob *message = ARENA_NEW(arena, Baton__V1__UpdateJob);
    baton__v1__update_job__init(message);
    message->retries = body->retries;
    message->priority = body->priority;
    message->has_priority = body->has_priority;
    message->timeout_ms = body->timeout_ms;
    return message;
}

static struct update_job unpack_update_job(const Baton__V1__UpdateJob *message)
{
    return (struct update_job){
        .retries = message->retries,
        .priority = message->priority,
        .has_priority = message->has_priority,
        .timeout_ms = message->timeout_ms,
    };
}

static Baton__V1__ReleaseJob *pack_release_job(struct arena *arena, const struct release_job *body)
{
    Baton__V1__ReleaseJob *message = ARENA_NEW(arena, Baton__V1__ReleaseJob);
    baton__v1__release_job__init(message);
    message->n_jobs = body->count;
    message->jobs = pack_released(arena, body->jobs, body->count);
    return message;
}

static struct release_job unpack_release_job(struct arena *arena,
                                             const Baton__V1__ReleaseJob *message)
{
    return (struct release_job){
        .count = message->n_jobs,
        .jobs = unpack_released(arena, message->jobs, message->n_jobs),
    };
}

static Baton__V1__Due *pack_due(struct arena *arena, const struct due *body)
{
    Baton__V1__Due *message = ARENA_NEW(arena, Baton__V1__Due);
    baton__v1__due__init(message);
    message->due_ms = body->due_ms;
    message->attempt = body->attempt;
    message->name = pack_text(arena, body->name);
    message->correlation_key = pack_text(arena, body->correlation_key);
    return message;
}

static struct due unpack_due(const Baton__V1__Due *message)
{
    return (struct due){
        .due_ms = message->due_ms,
        .attempt = message->attempt,
        .name = unpack_text(message->name),
        .correlation_key = unpack_text(message->correlation_key),
    };
}

static Baton__V1__PublishMessage *pack_publish_message(struct arena *arena,
                                                       const struct publish_message *body)
{
    Baton__V1__PublishMessage *message = ARENA_NEW(arena, Baton__V1__PublishMessage);
    baton__v1__publish_message__init(message);
    message->name = pack_text(arena, body->name);
    message->correlation_key = pack_text(arena, body->correlation_key);
    message->message_id = pack_text(arena, body->message_id);
    message->ttl_ms = body->ttl_ms;
    message->variables = pack_bytes(body->variables);
    message->answer_correlation = body->answer_correlation;
    return message;
}

static struct publish_message unpack_publish_message(const Baton__V1__PublishMessage *message)
{
    return (struct publish_message){
        .name = unpack_text(message->name),
        .correlation_key = unpack_text(message->correlation_key),
        .message_id = unpack_text(message->message_id),
        .ttl_ms = message->ttl_ms,
        .variables = unpack_bytes(message->variables),
        .answer_correlation = message->answer_correlation,
    };
}

static Baton__V1__SubscriptionChange *pack_subscription(struct arena *arena,
                                                        const struct subscription_command *body)
{
    Baton__V1__SubscriptionChange *message = ARENA_NEW(arena, Baton__V1__SubscriptionChange);
    baton__v1__subscription_change__init(message);
    message->name = pack_text(arena, body->name);
    message->correlation_key = pack_text(arena, body->correlation_key);
    message->element_instance = body->element_instance;
    message->message = body->message;
    message->process_id = pack_text(arena, body->process_id);
    message->closes = body->closes;
    message->signal = body->signal;
    message->variables = pack_bytes(body->variables);
    message->opened = body->opened;
    message->shard = body->shard;
    return message;
}

static struct subscription_command unpack_subscription(const Baton__V1__SubscriptionChange *message)
{
    return (struct subscription_command){
        .name = unpack_text(message->name),
        .correlation_key = unpack_text(message->correlation_key),
        .element_instance = message->element_instance,
        .message = message->message,
        .process_id = unpack_text(message->process_id),
        .closes = message->closes,
        .signal = message->signal,
        .variables = unpack_bytes(message->variables),
        .opened = message->opened,
        .shard = message->shard,
    };
}

static Baton__V1__BroadcastSignal *pack_broadcast_signal(struct arena *arena,
                                                         const struct broadcast_signal *body)
{
    Baton__V1__BroadcastSignal *message = ARENA_NEW(arena, Baton__V1__BroadcastSignal);
    baton__v1__broadcast_signal__init(message);
    message->name = pack_text(arena, body->name);
    message->variables = pack_bytes(body->variables);
    message->key = body->key;
    return message;
}

static struct broadcast_signal unpack_broadcast_signal(const Baton__V1__BroadcastSignal *message)
{
    return (struct broadcast_signal){
        .name = unpack_text(message->name),
        .variables = unpack_bytes(message->variables),
        .key = message->key,
    };
}

static Baton__V1__UserTaskChange *pack_user_task(struct arena *arena,
                                                 const struct user_task_command *body)
{
    Baton__V1__UserTaskChange *message = ARENA_NEW(arena, Baton__V1__UserTaskChange);
    baton__v1__user_task_change__init(message);
    message->assignee = pack_text(arena, body->assignee);
    message->override_assignee = body->override_assignee;
    message->action = pack_text(arena, body->action);
    message->variables = pack_bytes(body->variables);
    message->changeset = pack_bytes(body->changeset);
    return message;
}

static struct user_task_command unpack_user_task(const Baton__V1__UserTaskChange *message)
{
    return (struct user_task_command){
        .assignee = unpack_text(message->assignee),
        .override_assignee = message->override_assignee,
        .action = unpack_text(message->action),
        .variables = unpack_bytes(message->variables),
        .changeset = unpack_bytes(message->changeset),
    };
}

static Baton__V1__Deploy *pack_deploy(struct arena *arena, const struct deploy *body)
{
    Baton__V1__Deploy *message = ARENA_NEW(arena, Baton__V1__Deploy);
    baton__v1__deploy__init(message);
    message->deployment = body->deployment;
    message->n_resources = body->count;
    message->resources = pack_resources(arena, body->resources, body->count);
    return message;
}

static struct deploy unpack_deploy(struct arena *arena, const Baton__V1__Deploy *message)
{
    return (struct deploy){
        .deployment = message->deployment,
        .count = message->n_resources,
        .resources = unpack_resources(arena, message->resources, message->n_resources),
    };
}

static Baton__V1__EvaluateDecision *pack_evaluate_decision(struct arena *arena,
                                                           const struct evaluate_decision *body)
{
    Baton__V1__EvaluateDecision *message = ARENA_NEW(arena, Baton__V1__EvaluateDecision);
    baton__v1__evaluate_decision__init(message);
    message->decision_id = pack_text(arena, body->decision_id);
    message->variables = pack_bytes(body->variables);
    return message;
}

static struct evaluate_decision unpack_evaluate_decision(const Baton__V1__EvaluateDecision *message)
{
    return (struct evaluate_decision){
        .decision_id = unpack_text(message->decision_id),
        .variables = unpack_bytes(message->variables),
    };
}

void *command_body_pack(struct arena *arena, const struct command *command, str token)
{
    switch (command_body_of(command->type)) {
    case BODY_none: {
        Baton__V1__Empty *empty = ARENA_NEW(arena, Baton__V1__Empty);
        baton__v1__empty__init(empty);
        return empty;
    }
    case BODY_create_instance:
        return pack_create_instance(arena, &command->create_instance);
    case BODY_modify_instance:
        return pack_modify_instance(arena, &command->modify_instance);
    case BODY_migrate_instance:
        return pack_migrate_instance(arena, &command->migrate_instance);
    case BODY_set_variables:
        return pack_set_variables(arena, &command->set_variables);
    case BODY_job_answer:
        return pack_job_answer(arena, &command->job_answer, token);
    case BODY_update_job:
        return pack_update_job(arena, &command->update_job);
    case BODY_release_job:
        return pack_release_job(arena, &command->release_job);
    case BODY_due:
        return pack_due(arena, &command->due);
    case BODY_publish_message:
        return pack_publish_message(arena, &command->publish_message);
    case BODY_subscription:
        return pack_subscription(arena, &command->subscription);
    case BODY_broadcast_signal:
        return pack_broadcast_signal(arena, &command->broadcast_signal);
    case BODY_user_task:
        return pack_user_task(arena, &command->user_task);
    case BODY_deploy:
        return pack_deploy(arena, &command->deploy);
    case BODY_evaluate_decision:
        return pack_evaluate_decision(arena, &command->evaluate_decision);
    }
    check_unreachable();
}

static void unpack_job_body(const Baton__V1__JobAnswer *message, struct command *command,
                            str *ret_token)
{
    command->job_answer = unpack_job_answer(message);
    *ret_token = unpack_bytes(message->token);
}

void command_body_unpack(struct arena *arena, const void *message, struct command *command,
                         str *ret_token)
{
    switch (command_body_of(command->type)) {
    case BODY_none:
        return;
    case BODY_create_instance:
        command->create_instance = unpack_create_instance(arena, message);
        return;
    case BODY_modify_instance:
        command->modify_instance = unpack_modify_instance(arena, message);
        return;
    case BODY_migrate_instance:
        command->migrate_instance = unpack_migrate_instance(arena, message);
        return;
    case BODY_set_variables:
        command->set_variables = unpack_set_variables(message);
        return;
    case BODY_job_answer:
        unpack_job_body(message, command, ret_token);
        return;
    case BODY_update_job:
        command->update_job = unpack_update_job(message);
        return;
    case BODY_release_job:
        command->release_job = unpack_release_job(arena, message);
        return;
    case BODY_due:
        command->due = unpack_due(message);
        return;
    case BODY_publish_message:
        command->publish_message = unpack_publish_message(message);
        return;
    case BODY_subscription:
        command->subscription = unpack_subscription(message);
        return;
    case BODY_broadcast_signal:
        command->broadcast_signal = unpack_broadcast_signal(message);
        return;
    case BODY_user_task:
        command->user_task = unpack_user_task(message);
        return;
    case BODY_deploy:
        command->deploy = unpack_deploy(arena, message);
        return;
    case BODY_evaluate_decision:
        command->evaluate_decision = unpack_evaluate_decision(message);
        return;
    }
}
