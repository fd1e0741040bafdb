// SPDX-License-Identifier: Apache-2.0
//
// `baton topics send`: puts records on a user topic, for trying things out.
#include <event2/event.h>
#include <stdio.h>

#include "base/config.h"
#include "base/strbuf.h"
#include "bus/producer.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"

enum { SEND_MS = 20000 };

struct send {
    struct bus_producer *producer;
    const char *topic;
    str key;
    uint64_t count;
};

static bool send_one(struct send *send, str value, struct error *err)
{
    struct bus_record record = {
        .topic = send->topic, .partition = BUS_PARTITION_BY_KEY, .key = send->key, .value = value};
    enum bus_sending sending = bus_producer_send(send->producer, &record, 0, err);
    if (sending == BUS_FULL && bus_producer_flush(send->producer, SEND_MS))
        sending = bus_producer_send(send->producer, &record, 0, err);
    send->count += sending == BUS_SENT;
    return sending == BUS_SENT || (sending == BUS_FULL && error_set(err, ERROR_UNAVAILABLE, "kafka",
                                                                    "does not take the records"));
}

static bool send_lines(struct send *send, str text, struct error *err)
{
    str line;
    while (str_split(&text, '\n', &line))
        if (line.len > 0 && !send_one(send, line, err))
            return false;
    return true;
}

static bool send_all(struct config *config, struct send *send, str value, str lines,
                     struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct event_base *loop = event_base_new();
    struct bus_producer_options options = {.bus = {config_str(config, CONFIG_KAFKA_BROKERS),
                                                   "baton-send",
                                                   config_str(config, CONFIG_KAFKA_PROPERTIES)}};
    struct bus_producer_handler handler = {0};
    str text = STR_EMPTY;
    send->producer = bus_producer_new(&options, &handler, loop, err);
    bool ok = send->producer != NULL;
    if (ok && lines.len > 0)
        ok = cli_read_file(&arena, str_cstr(&arena, lines), &text, err) &&
             send_lines(send, text, err);
    else if (ok)
        ok = cli_read_value(&arena, value, &text, err) && send_one(send, text, err);
    if (ok && !bus_producer_flush(send->producer, SEND_MS))
        ok = error_set(err, ERROR_UNAVAILABLE, "kafka",
                       "refused a record, or did not take all within %d ms", SEND_MS);
    if (send->producer != NULL)
        bus_producer_free(send->producer);
    event_base_free(loop);
    arena_done(&arena);
    return ok;
}

static int run(struct arena *arena, int argc, char **argv)
{
    str key = {NULL, 0};
    str lines = STR_EMPTY;
    const struct cli_option options[] = {
        {"key", "TEXT", "the records' key", &key, NULL},
        {"lines", "FILE", "one record a line of this file; - is standard input", &lines, NULL},
    };
    const struct cli_usage usage = {"baton topics send TOPIC [VALUE] [--kafka.brokers=…] [options]",
                                    "Puts a record on a user topic; VALUE may be @file.",
                                    "baton topics send documents '{\"applicationId\": \"A-1\"}'",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    2};
    static char name[] = "baton";
    char *words[64] = {name};
    int word_count = 1;
    struct config config = config_new(arena);
    struct cli_arguments arguments;
    struct error err;
    int code;
    for (int i = 0; i < argc && word_count < 63; i++)
        words[word_count++] = argv[i];
    if (!config_read_all(&config, &word_count, words, &err))
        return cli_complain(&err);
    if (!cli_parse(&usage, word_count - 1, words + 1, &arguments, &code))
        return code;
    struct send send = {.topic = arguments.items[0], .key = key};
    str value = arguments.count > 1 ? str_of(arguments.items[1]) : STR_EMPTY;
    bool ok = send_all(&config, &send, value, lines, &err);
    if (ok)
        printf("%llu records sent to %s\n", (unsigned long long)send.count, send.topic);
    else
        (void)cli_complain(&err);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int command_topics_send(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    int code = run(&arena, argc, argv);
    arena_done(&arena);
    return code;
}
