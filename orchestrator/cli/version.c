// SPDX-License-Identifier: Apache-2.0
//
// `baton version`: what this program is made of, for a report of a fault.
#include <curl/curl.h>
#include <event2/event.h>
#include <expat.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <zlib.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/commit.h"
#include "cli/options.h"

enum { PART_BYTES = 64 };

struct part {
    const char *name;
    char version[PART_BYTES];
};

static void add_part(struct part *part, const char *name, const char *version)
{
    part->name = name;
    snprintf(part->version, sizeof part->version, "%s", version);
}

enum { PARTS = 8 };

static void find_parts(struct part parts[PARTS])
{
    char libpq[PART_BYTES];
    snprintf(libpq, sizeof libpq, "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    add_part(&parts[0], "librdkafka", rd_kafka_version_str());
    add_part(&parts[1], "libpq", libpq);
    add_part(&parts[2], "libevent", event_get_version());
    add_part(&parts[3], "protobuf-c", protobuf_c_version());
    add_part(&parts[4], "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING));
    add_part(&parts[5], "libcurl", curl_version_info(CURLVERSION_NOW)->version);
    add_part(&parts[6], "Expat", XML_ExpatVersion() + sizeof "expat_" - 1);
    add_part(&parts[7], "zlib", zlibVersion());
}

static void print_json(const struct part parts[PARTS])
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("version"));
    json_string(&w, STR(BATON_VERSION));
    json_key(&w, STR("commit"));
    json_string(&w, STR(BATON_COMMIT));
    json_key(&w, STR("libraries"));
    json_begin_object(&w);
    for (size_t i = 0; i < PARTS; i++) {
        json_key(&w, str_of(parts[i].name));
        json_string(&w, str_of(parts[i].version));
    }
    json_end_object(&w);
    json_end_object(&w);
    printf("%.*s\n", STR_ARG(strbuf_str(&out)));
    arena_done(&arena);
}

int command_version(int argc, char **argv)
{
    str output = STR("text");
    const struct cli_option options[] = {
        {"output", "text|json", "how to print it (text)", &output, NULL},
    };
    const struct cli_usage usage = {"baton version [options]",
                                    "Says which Baton this is, and which libraries it runs with.",
                                    "baton version --output json",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    struct part parts[PARTS];
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    find_parts(parts);
    if (str_equal(output, STR("json"))) {
        print_json(parts);
        return EXIT_OK;
    }
    printf("baton %s%s%s\n", BATON_VERSION, BATON_COMMIT[0] != '\0' ? ", commit " : "",
           BATON_COMMIT);
    for (size_t i = 0; i < PARTS; i++)
        printf("  %-11s %s\n", parts[i].name, parts[i].version);
    return EXIT_OK;
}
