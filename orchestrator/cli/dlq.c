// SPDX-License-Identifier: Apache-2.0
//
// `baton dlq list` and `baton dlq replay`: records that could not be processed. What has been
// replayed is remembered by a consumer group, so a letter is replayed once.
#include <event2/event.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "base/config.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"
#include "ingress/dead_letter.h"
#include "record/topic.h"
#include "wire/wire.h"

enum { ASK_MS = 10000, QUIET_MS = 4000, TICK_MS = 100 };

struct dlq {
    struct arena arena;
    struct config config;
    struct event_base *loop;
    struct bus_options bus;
    char topic[256];
    struct bus_consumer *consumer;
    struct bus_producer *producer; // replay
    bool is_there;                 // the topic of dead letters
    struct table table;            // list, for people
    bool as_json;                  // list, for programs: an array of letters
    struct strbuf text;
    struct json_writer writer;
    int64_t quiet_since_ms;
    int partitions;
    int64_t *ends; // of the partitions, as it was at the start
    uint64_t count;
    uint64_t unsent;
    struct error err;
    bool failed;
};

static void stop_with(struct dlq *dlq, const struct error *err)
{
    dlq->err = *err;
    dlq->failed = true;
    event_base_loopbreak(dlq->loop);
}

static str header_text(const struct bus_record *record, const char *name)
{
    str value = bus_record_header(record, str_of(name));
    return value.data ? value : STR("-");
}

// Bytes that are no text are shown as \xNN.
static str readable(struct arena *arena, str value)
{
    if (utf8_is_valid(value))
        return str_copy(arena, value);
    struct strbuf text = strbuf_new(arena);
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] >= ' ' && value.data[i] <= '~')
            strbuf_add_char(&text, value.data[i]);
        else
            strbuf_format(&text, "\\x%02x", (unsigned char)value.data[i]);
    return strbuf_str(&text);
}

// As text, as everywhere: a number of JSON has 53 bits in many languages.
static void write_key(struct json_writer *writer, str name, uint64_t key)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)key);
    json_key(writer, name);
    json_string(writer, str_of(digits));
}

static void write_text(struct json_writer *writer, str name, str text)
{
    json_key(writer, name);
    if (text.data != NULL)
        json_string(writer, text);
    else
        json_null(writer);
}

// What Baton wrote itself; false when the value is no command that this version can read.
static bool read_command(struct dlq *dlq, const struct bus_record *record,
                         struct command *ret_command)
{
    struct error err;
    str source = bus_record_header(record, STR("baton-source-topic"));
    return str_ends_with(source, STR(".commands")) &&
           wire_decode_command(&dlq->arena, record->value, ret_command, &err);
}

static void write_command(struct json_writer *w, const struct command *command)
{
    json_key(w, STR("command"));
    json_begin_object(w);
    write_text(w, STR("type"), str_of(command_type_name(command->type)));
    write_key(w, STR("key"), command->key);
    write_key(w, STR("instance"), command->instance);
    write_text(w, STR("tenant"), command->tenant);
    write_text(w, STR("principal"), command->principal);
    json_end_object(w);
}

// "COMPLETE_JOB of 2251799813685250, instance 2251799813685249"
static str describe(struct dlq *dlq, const struct bus_record *record)
{
    struct arena *arena = &dlq->arena;
    struct command command;
    if (!read_command(dlq, record, &command))
        return readable(arena, record->value);
    struct strbuf text = strbuf_new(arena);
    strbuf_format(&text, "%s", command_type_name(command.type));
    if (command.key != 0)
        strbuf_format(&text, " of %llu", (unsigned long long)command.key);
    if (command.instance != 0)
        strbuf_format(&text, ", instance %llu", (unsigned long long)command.instance);
    if (command.principal.len > 0)
        strbuf_format(&text, ", by %.*s", STR_ARG(command.principal));
    return strbuf_str(&text);
}

static void write_letter(struct dlq *dlq, const struct bus_record *record)
{
    struct json_writer *w = &dlq->writer;
    json_begin_object(w);
    json_key(w, STR("partition"));
    json_i64(w, record->partition);
    json_key(w, STR("offset"));
    json_i64(w, record->offset);
    write_text(w, STR("source"), bus_record_header(record, STR("baton-source-topic")));
    write_text(w, STR("reason"), bus_record_header(record, STR("baton-reason")));
    write_text(w, STR("key"), record->key.data ? readable(&dlq->arena, record->key) : record->key);
    struct command command;
    if (read_command(dlq, record, &command))
        write_command(w, &command);
    write_text(w, STR("value"), readable(&dlq->arena, record->value));
    json_end_object(w);
}

static void add_letter_row(struct dlq *dlq, const struct bus_record *record)
{
    struct arena *arena = &dlq->arena;
    table_add(&dlq->table,
              str_format(arena, "%d/%lld", (int)record->partition, (long long)record->offset));
    table_add(&dlq->table, str_copy(arena, header_text(record, "baton-source-topic")));
    table_add(&dlq->table, record->key.data ? str_copy(arena, record->key) : STR("-"));
    table_add(&dlq->table, str_copy(arena, header_text(record, "baton-reason")));
    table_add(&dlq->table, describe(dlq, record));
}

static void on_letter_listed(void *context, const struct bus_record *record)
{
    struct dlq *dlq = context;
    dlq->quiet_since_ms = clock_now_ms();
    dlq->count++;
    (dlq->as_json ? write_letter : add_letter_row)(dlq, record);
}

static void on_letter_replayed(void *context, const struct bus_record *letter)
{
    struct dlq *dlq = context;
    struct bus_record record;
    struct error err;
    bool is_new =
        letter->partition >= dlq->partitions || letter->offset >= dlq->ends[letter->partition];
    if (is_new) // died while we were replaying, perhaps for the second time: not again by itself
        return;
    dlq->quiet_since_ms = clock_now_ms();
    if (!dead_letter_revive(&dlq->arena, letter, &record, &err)) {
        dlq->unsent++;
        (void)cli_complain(&err);
        return;
    }
    bool sent = bus_producer_send(dlq->producer, &record, 0, &err) == BUS_SENT;
    if (sent && !bus_producer_flush(dlq->producer, ASK_MS))
        sent = error_set(&err, ERROR_UNAVAILABLE, record.topic,
                         "refused the record, or did not take it within %d ms", ASK_MS);
    if (!sent) { // it stays a dead letter
        stop_with(dlq, &err);
        return;
    }
    dlq->count++;
    bus_consumer_done(dlq->consumer, dlq->topic, letter->partition, letter->offset + 1);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    (void)partition;
    if (fault == BUS_FAULT_RANGE)
        stop_with(context, err);
}

static void on_assigned(void *context, const struct bus_partition *partitions, size_t count)
{
    (void)partitions;
    (void)count;
    ((struct dlq *)context)->quiet_since_ms = clock_now_ms();
}

// All letters have come when none has for a while.
static void on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct dlq *dlq = context;
    if (clock_now_ms() - dlq->quiet_since_ms > QUIET_MS)
        event_base_loopbreak(dlq->loop);
}

// The one group that who has this command's permissions on the brokers may name.
static const char *replay_group(struct dlq *dlq)
{
    const char *prefix = config_str(&dlq->config, CONFIG_KAFKA_TOPIC_PREFIX);
    return str_cstr(&dlq->arena,
                    topic_full_name(&dlq->arena, prefix, TOPIC_GROUP_DLQ_REPLAY, STR_EMPTY));
}

static bool open_consumer(struct dlq *dlq, const struct bus_consumer_options *shape,
                          void (*record)(void *context, const struct bus_record *record),
                          struct error *err)
{
    struct bus_consumer_handler handler = {
        .context = dlq, .record = record, .assigned = on_assigned, .fault = on_fault};
    if (shape->kind != BUS_CONSUMER_GROUP)
        handler.assigned = NULL;
    dlq->consumer = bus_consumer_new(shape, &handler, dlq->loop, err);
    return dlq->consumer != NULL;
}

static bool run_until_quiet(struct dlq *dlq, struct error *err)
{
    struct timeval tick = {0, TICK_MS * 1000};
    struct event *timer = event_new(dlq->loop, -1, EV_PERSIST, on_tick, dlq);
    dlq->quiet_since_ms = clock_now_ms();
    event_add(timer, &tick);
    event_base_dispatch(dlq->loop);
    event_free(timer);
    if (dlq->failed)
        *err = dlq->err;
    return !dlq->failed;
}

// Only what is there at the start is replayed: a record that dies again must not go round for ever.
static bool find_ends(struct dlq *dlq, struct error *err)
{
    if (!bus_topic_partitions(&dlq->bus, dlq->topic, ASK_MS, &dlq->partitions, err))
        return false;
    dlq->ends = ARENA_ARRAY(&dlq->arena, int64_t, (size_t)dlq->partitions);
    for (int i = 0; i < dlq->partitions; i++) {
        int64_t low;
        if (!bus_consumer_offsets(dlq->consumer, dlq->topic, i, ASK_MS, &low, &dlq->ends[i], err))
            return false;
    }
    return true;
}

static bool list_letters(struct dlq *dlq, struct error *err)
{
    static const char *const titles[] = {"letter", "from", "key", "reason", "value"};
    int partitions;
    struct bus_consumer_options options = {.bus = dlq->bus,
                                           .kind = BUS_CONSUMER_MANUAL,
                                           .reset = BUS_RESET_EARLIEST,
                                           .group = replay_group(dlq)};
    dlq->table = table_new(&dlq->arena, titles, COUNT_OF(titles));
    dlq->text = strbuf_new(&dlq->arena);
    dlq->writer = json_writer_new(&dlq->text);
    json_begin_array(&dlq->writer);
    if (!bus_topic_partitions(&dlq->bus, dlq->topic, ASK_MS, &partitions, err))
        return false;
    if (!open_consumer(dlq, &options, on_letter_listed, err))
        return false;
    struct bus_partition *all = ARENA_ARRAY(&dlq->arena, struct bus_partition, (size_t)partitions);
    for (int i = 0; i < partitions; i++)
        all[i] = (struct bus_partition){dlq->topic, i, BUS_OFFSET_BEGINNING};
    if (partitions > 0 && (!bus_consumer_assign(dlq->consumer, all, (size_t)partitions, err) ||
                           !run_until_quiet(dlq, err)))
        return false;
    json_end_array(&dlq->writer);
    if (dlq->as_json)
        printf("%.*s\n", STR_ARG(strbuf_str(&dlq->text)));
    else
        table_print(&dlq->table);
    return true;
}

static bool replay_letters(struct dlq *dlq, struct error *err)
{
    const char *topics[] = {dlq->topic};
    struct bus_consumer_options options = {.bus = dlq->bus,
                                           .kind = BUS_CONSUMER_GROUP,
                                           .reset = BUS_RESET_EARLIEST,
                                           .group = replay_group(dlq),
                                           .topics = topics,
                                           .topic_count = 1};
    struct bus_producer_options producing = {.bus = dlq->bus};
    struct bus_producer_handler handler = {.context = dlq};
    dlq->producer = bus_producer_new(&producing, &handler, dlq->loop, err);
    if (dlq->producer == NULL || !open_consumer(dlq, &options, on_letter_replayed, err) ||
        !find_ends(dlq, err) || !run_until_quiet(dlq, err))
        return false;
    printf(dlq->as_json ? "{\"replayed\":%llu,\"withoutSource\":%llu}\n"
                        : "%llu replayed, %llu without a source\n",
           (unsigned long long)dlq->count, (unsigned long long)dlq->unsent);
    return true;
}

// Without dead letters there is no topic for them; without the topic itself the name is wrong.
static bool find_topic(struct dlq *dlq, str topic, struct error *err)
{
    bool has_topic;
    const char *name = str_cstr(&dlq->arena, topic);
    if (!bus_topic_exists(&dlq->bus, dlq->topic, ASK_MS, &dlq->is_there, err) ||
        !bus_topic_exists(&dlq->bus, name, ASK_MS, &has_topic, err))
        return false;
    if (!dlq->is_there && !has_topic)
        return error_set(err, ERROR_NOT_FOUND, name,
                         "there is no such topic; commands that died are those of %s.commands",
                         config_str(&dlq->config, CONFIG_KAFKA_TOPIC_PREFIX));
    if (!dlq->is_there)
        printf(dlq->as_json ? "[]\n" : "Nothing found: there is no topic %s.\n", dlq->topic);
    return true;
}

static int run(int argc, char **argv, const struct cli_usage *usage,
               bool (*work)(struct dlq *dlq, struct error *err))
{
    static struct dlq dlq;
    struct cli_arguments arguments;
    struct error err;
    int code;
    static char name[] = "baton";
    char *words[64] = {name};
    int word_count = 1;
    for (int i = 0; i < argc && word_count < 63; i++)
        words[word_count++] = argv[i];
    dlq.config = config_new(&dlq.arena);
    if (!cli_take_output(&word_count, words, &dlq.as_json))
        return EXIT_USAGE;
    if (!config_read_all(&dlq.config, &word_count, words, &err))
        return cli_complain(&err);
    if (!cli_parse(usage, word_count - 1, words + 1, &arguments, &code))
        return code;
    str topic = str_of(arguments.items[0]);
    if (str_ends_with(topic, STR(".dlq"))) // its dead letters are meant, not those of the dead
        topic = str_sub(topic, 0, topic.len - 4);
    snprintf(dlq.topic, sizeof dlq.topic, "%.*s.dlq", STR_ARG(topic));
    dlq.loop = event_base_new();
    dlq.bus = (struct bus_options){config_str(&dlq.config, CONFIG_KAFKA_BROKERS), "baton-dlq",
                                   config_str(&dlq.config, CONFIG_KAFKA_PROPERTIES)};
    bool ok = find_topic(&dlq, topic, &err) && (!dlq.is_there || work(&dlq, &err));
    if (dlq.consumer != NULL)
        bus_consumer_free(dlq.consumer);
    if (dlq.producer != NULL)
        bus_producer_free(dlq.producer);
    event_base_free(dlq.loop);
    if (!ok)
        (void)cli_complain(&err);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int command_dlq_list(int argc, char **argv)
{
    const struct cli_usage usage = {
        "baton dlq list TOPIC [--kafka.brokers=…] [--output table|json]",
        "Lists the records of TOPIC that could not be processed, and why.",
        "baton dlq list documents",
        NULL,
        0,
        1,
        1};
    return run(argc, argv, &usage, list_letters);
}

int command_dlq_replay(int argc, char **argv)
{
    const struct cli_usage usage = {
        "baton dlq replay TOPIC [--kafka.brokers=…] [--output table|json]",
        "Sends the dead records of TOPIC to it again, each once, after what was wrong is mended.",
        "baton dlq replay documents",
        NULL,
        0,
        1,
        1};
    return run(argc, argv, &usage, replay_letters);
}
