// SPDX-License-Identifier: Apache-2.0
//
// Records into commands. The command topic is a border: nothing in a record is believed before it
// was decoded and checked, and nothing is written down before its turn in the batch has come.
#include "node/internal.h"

#include "base/log.h"
#include "record/key.h"
#include "wire/wire.h"

void decode_set_aside(struct batch *batch, const struct inbound *record, const char *why)
{
    struct node *node = batch->shard->node;
    str offset = str_format(&batch->arena, "%lld", (long long)record->offset);
    struct outbox_record letter = {.kind = record->is_signed ? OUTBOX_SIGNED_LETTER
                                                             : OUTBOX_DEAD_LETTER,
                                   .partition = BUS_PARTITION_BY_KEY,
                                   .topic = topic_rest(TOPIC_COMMANDS_DLQ),
                                   .key = offset,
                                   .value = str_from(record->bytes, record->len),
                                   .note = str_of(why)};
    outbox_pack(&batch->letters, &letter);
    batch->has_sealed_letters = keyring_seal_letter(batch->shard->keyring, &batch->arena, &letter);
    outbox_pack(&batch->sealed_letters, &letter);
    batch->letter_count++;
    metrics_add(&node->metrics, METRIC_DEAD_LETTERS, 1);
    log_warning("node", "shard %u: record at offset %lld goes to commands.dlq: %s",
                batch->shard->number, (long long)record->offset, why);
}

bool decode_is_duplicate(struct batch *batch, const struct inbound *record)
{
    struct shard *shard = batch->shard;
    if (record->sender >= shard->sender_count)
        return false;
    if (record->number <= shard->senders[record->sender]) {
        metrics_add(&shard->node->metrics, METRIC_DUPLICATES, 1);
        return true;
    }
    shard->senders[record->sender] = record->number;
    batch->senders_changed = true;
    return false;
}

static void refuse(struct batch *batch, struct task *task, const char *why)
{
    task->what = TASK_SET_ASIDE;
    task->why = str_cstr(&batch->arena, str_of(why));
}

void decode_task(struct batch *batch, struct inbound *record, struct task *ret_task)
{
    struct node *node = batch->shard->node;
    struct error err;
    ret_task->record = record;
    if (!wire_decode_command(&batch->arena, str_from(record->bytes, record->len),
                             &ret_task->command, &err)) {
        metrics_add(&node->metrics, METRIC_COMMANDS_UNREADABLE, 1);
        refuse(batch, ret_task, err.text);
        return;
    }
    if (ret_task->command.type == COMMAND_DEPLOY ||
        ret_task->command.type == COMMAND_PUBLISH_DEFINITIONS) {
        if (ret_task->command.deploy.count > COMMAND_MAX_RESOURCES) {
            refuse(batch, ret_task, "more resources than COMMAND_MAX_RESOURCES");
            return;
        }
    }
    if (ret_task->command.type == COMMAND_SET_CLOCK &&
        !config_bool(node->config, CONFIG_ENGINE_TEST_CLOCK)) {
        refuse(batch, ret_task, "the clock is set under engine.test_clock only");
        return;
    }
    bool is_answer = command_senders_of(ret_task->command.type) == SENDERS_API_WORKER;
    if (!record->is_signed && !token_is_good(node_secret(node), &ret_task->command)) {
        metrics_add(&node->metrics, is_answer ? METRIC_TOKENS_REFUSED : METRIC_COMMANDS_UNSIGNED,
                    1);
        refuse(batch, ret_task,
               is_answer ? "the token is not the one of this job and attempt"
                         : "a command of this type needs the MAC of a node");
        return;
    }
    if (!record->is_signed) // a worker waits for no reply, and could name any partition
        ret_task->command.reply = (struct reply_to){0};
    if (is_answer && key_shard(ret_task->command.key) != batch->shard->number) {
        metrics_add(&node->metrics, METRIC_ANSWERS_MISPLACED, 1);
        refuse(batch, ret_task,
               "the answer is on another partition than the job's reply_partition");
        return;
    }
    int64_t latest_ms = clock_latest_ms(node);
    if (record->time_ms > latest_ms)
        metrics_add(&node->metrics, METRIC_TIMES_CLAMPED, 1);
    ret_task->command.time_ms = record->time_ms > latest_ms ? latest_ms : record->time_ms;
    ret_task->command.offset = record->offset;
    ret_task->what = TASK_STEP;
}
