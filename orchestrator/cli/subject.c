// SPDX-License-Identifier: Apache-2.0
//
// `baton subject` and `baton erase`: a person, over the API.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/options.h"

struct subject_options {
    struct client_options client;
    str tenant, reason, after;
    bool is_dry;
};

static str body_of(struct arena *arena, const struct subject_options *options, const char *subject)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("subjectId"));
    json_string(&w, str_of(subject));
    const struct {
        const char *name;
        str text;
    } texts[] = {{"tenantId", options->tenant}, {"reason", options->reason}};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i].text.len == 0)
            continue;
        json_key(&w, str_of(texts[i].name));
        json_string(&w, texts[i].text);
    }
    if (options->after.len > 0) {
        json_key(&w, STR("page"));
        json_begin_object(&w);
        json_key(&w, STR("after"));
        json_string(&w, options->after);
        json_end_object(&w);
    }
    if (options->is_dry) {
        json_key(&w, STR("dryRun"));
        json_bool(&w, true);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

static int ask(const struct subject_options *options, const char *subject, const char *path,
               client_print *print)
{
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    bool sent = client_send(&arena, &options->client, "POST", str_of(path),
                            body_of(&arena, options, subject), &answer, &err);
    int code = client_show(&arena, &options->client, sent, &answer, &err, print);
    arena_done(&arena);
    return code;
}

// -- All pages of what is held as one answer ----------------------------------------------

struct held {
    struct strbuf texts[2]; // of `lists`
    struct json_writer writers[2];
    bool is_cut;
};

static const str lists[] = {{"instances", 9}, {"values", 6}};

static void add_page(struct held *held, const struct json *answer)
{
    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        const struct json *items = json_get(answer, lists[k]);
        for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++)
            json_value(&held->writers[k], &items->items[i]);
    }
    held->is_cut |= json_get_bool(answer, STR("valuesAreCut"), false);
}

// As the last page says it, with the items of all.
static str as_one(struct arena *arena, struct held *held, const struct json *answer)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < answer->count; i++) {
        const struct json_member *member = &answer->members[i];
        json_key(&w, member->name);
        if (str_equal(member->name, STR("valuesAreCut")))
            json_bool(&w, held->is_cut);
        else if (str_equal(member->name, lists[0]) || str_equal(member->name, lists[1]))
            json_raw(&w, strbuf_str(&held->texts[str_equal(member->name, lists[1])]));
        else
            json_value(&w, &member->value);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

static bool fetch_held(struct arena *arena, struct subject_options *options, const char *subject,
                       struct client_answer *ret_answer, struct error *err)
{
    struct held held = {0};
    struct json *whole;
    bool has_more = true;
    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        held.texts[k] = strbuf_new(arena);
        held.writers[k] = json_writer_new(&held.texts[k]);
        json_begin_array(&held.writers[k]);
    }
    while (has_more) {
        if (!client_send(arena, &options->client, "POST", STR("/v2/personal-data/search"),
                         body_of(arena, options, subject), ret_answer, err))
            return false;
        const struct json *page = json_get(ret_answer->json, STR("page"));
        options->after = json_get_str(page, STR("endCursor"), STR_EMPTY);
        has_more = json_get_bool(page, STR("hasMore"), false) && options->after.len > 0;
        add_page(&held, ret_answer->json);
    }
    for (size_t k = 0; k < COUNT_OF(lists); k++)
        json_end_array(&held.writers[k]);
    if (!json_is(ret_answer->json, JSON_OBJECT))
        return true;
    ret_answer->text = as_one(arena, &held, ret_answer->json);
    if (!json_parse(arena, ret_answer->text, &whole, err))
        return false;
    ret_answer->json = whole;
    return true;
}

static int show_held(struct subject_options *options, const char *subject, client_print *print)
{
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    bool sent = fetch_held(&arena, options, subject, &answer, &err);
    int code = client_show(&arena, &options->client, sent, &answer, &err, print);
    arena_done(&arena);
    return code;
}

static str text_of(struct arena *arena, const struct json *value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    if (value != NULL && value->type == JSON_STRING)
        return value->text;
    if (value != NULL && value->type != JSON_NULL)
        json_value(&w, value);
    return strbuf_str(&out);
}

static void print_subject(struct arena *arena, const struct json *answer)
{
    const struct json *instances = json_get(answer, STR("instances")),
                      *values = json_get(answer, STR("values"));
    str erased = json_get_str(answer, STR("erasedTime"), STR_EMPTY);
    if (erased.len > 0)
        printf("erased %.*s\n", STR_ARG(erased));
    str begun = json_get_str(answer, STR("erasureBegunTime"), STR_EMPTY);
    if (begun.len > 0)
        printf("an erasure that began at %.*s is not over\n", STR_ARG(begun));
    printf("%zu instances hold something\n", instances->count);
    for (size_t i = 0; i < instances->count; i++) {
        const struct json *item = &instances->items[i];
        printf("  %-20.*s %-24.*s %-12.*s %s\n",
               STR_ARG(json_get_str(item, STR("processInstanceKey"), STR_EMPTY)),
               STR_ARG(json_get_str(item, STR("processDefinitionId"), STR("(messages)"))),
               STR_ARG(json_get_str(item, STR("state"), STR("-"))),
               json_get_bool(item, STR("erased"), false) ? "erased" : "");
    }
    printf("%zu values\n", values->count);
    for (size_t i = 0; i < values->count; i++) {
        const struct json *item = &values->items[i];
        printf("  %-20.*s %-10.*s %-24.*s %.*s\n",
               STR_ARG(json_get_str(item, STR("processInstanceKey"), STR_EMPTY)),
               STR_ARG(json_get_str(item, STR("kind"), STR_EMPTY)),
               STR_ARG(json_get_str(item, STR("name"), STR_EMPTY)),
               STR_ARG(text_of(arena, json_get(item, STR("value")))));
    }
    if (json_get_bool(answer, STR("valuesAreCut"), false))
        printf("  and more, which a smaller page of the API shows\n");
    const struct json *elsewhere = json_get(answer, STR("notListed"));
    printf("not listed:\n");
    for (size_t i = 0; json_is(elsewhere, JSON_ARRAY) && i < elsewhere->count; i++)
        printf("  %.*s\n", STR_ARG(text_of(arena, &elsewhere->items[i])));
}

static void print_erased(struct arena *arena, const struct json *answer)
{
    const struct json *remains = json_get(answer, STR("remains"));
    bool is_dry = json_get_bool(answer, STR("dryRun"), false);
    (void)arena;
    printf("%lld instances, %lld of them running%s\n",
           (long long)json_get_i64(answer, STR("instances"), 0),
           (long long)json_get_i64(answer, STR("runningInstances"), 0),
           is_dry ? ": nothing was changed" : ": erased");
    printf("what remains:\n");
    for (size_t i = 0; i < remains->count; i++)
        printf("  %.*s: until %.*s\n",
               STR_ARG(json_get_str(&remains->items[i], STR("where"), STR_EMPTY)),
               STR_ARG(json_get_str(&remains->items[i], STR("until"), STR_EMPTY)));
}

#define TENANT_OPTION(o)                                                                           \
    {                                                                                              \
        "tenant", "TENANT", "whose person; else the default tenant's", &(o).tenant, NULL           \
    }

int command_subject(int argc, char **argv)
{
    struct subject_options o = {0};
    const struct cli_option options[] = {TENANT_OPTION(o), CLIENT_OPTIONS(o.client)};
    const struct cli_usage usage = {
        "baton subject SUBJECT [options]",
        "Shows everything that is held about a person: instances, and the values that a model or "
        "their sender\nmarked as theirs. With --output json to hand it out.",
        "baton subject customer-7 --output json > customer-7.json",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return show_held(&o, arguments.items[0], print_subject);
}

int command_erase(int argc, char **argv)
{
    struct subject_options o = {0};
    const struct cli_option options[] = {
        {"reason", "TEXT", "stays in the audit log", &o.reason, NULL},
        {"dry-run", NULL, "say what would be erased, change nothing", NULL, &o.is_dry},
        TENANT_OPTION(o),
        CLIENT_OPTIONS(o.client)};
    const struct cli_usage usage = {
        "baton erase SUBJECT [options]",
        "Destroys a person's keys: nothing that was sealed for them can be read any more, wherever "
        "a copy is.\nThere is no way back. A legal hold refuses it.",
        "baton erase customer-7 --reason 'asked for on 12 May'",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return ask(&o, arguments.items[0], "/v2/personal-data/erasure", print_erased);
}
