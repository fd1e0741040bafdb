// SPDX-License-Identifier: Apache-2.0
//
// For tests: a vault that seals by base64, and what a job's worker reads.
#ifndef BATON_ENGINE_PERSONAL_FIXTURE_H
#define BATON_ENGINE_PERSONAL_FIXTURE_H

#include "engine/fixture.h"

#include "base/json.h"

static str erased; // a person

static bool fake_seal(void *context, struct arena *arena, const struct engine_value *value,
                      str *ret_json, str *ret_why)
{
    (void)context;
    struct strbuf out = strbuf_new(arena);
    for (uint32_t i = 0; i < value->subjects->count; i++)
        if (str_equal(value->subjects->items[i], erased)) {
            *ret_why = STR("a person was erased");
            return false;
        }
    struct strbuf text = strbuf_new(arena);
    strbuf_format(&text, "{\"stream\":%llu,\"of\":", (unsigned long long)value->stream);
    strbuf_add(&text, personal_mark(arena, value->subjects, value->json));
    strbuf_add_char(&text, '}');
    strbuf_add(&out, STR(PERSONAL_SEALED));
    strbuf_add(&out, base64url_encode(arena, strbuf_str(&text)));
    strbuf_add_char(&out, '"');
    *ret_json = strbuf_str(&out);
    return true;
}

static enum engine_opening fake_open(void *context, struct arena *arena, uint64_t stream,
                                     str sealed, struct personal_subjects *ret_subjects,
                                     str *ret_json)
{
    (void)context;
    struct json *json;
    struct error err;
    str text;
    if (!base64url_decode(arena, sealed, &text) || !json_parse(arena, text, &json, &err) ||
        (uint64_t)json_get_i64(json, STR("stream"), 0) != stream)
        return OPENING_FOREIGN;
    const struct json *mark = json_get(json, STR("of"));
    const struct json *named = json_get(mark, STR("baton:personal"));
    for (size_t i = 0; i < named->count; i++) {
        assert_true(personal_add(ret_subjects, named->items[i].text));
        if (str_equal(named->items[i].text, erased))
            return OPENING_ERASED;
    }
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, json_get(mark, STR("value")));
    *ret_json = strbuf_str(&out);
    return OPENING_DONE;
}

static bool fake_has(void *context, uint64_t stream)
{
    (void)context, (void)stream;
    return false;
}

static void fake_forget(void *context, uint64_t stream)
{
    (void)context, (void)stream;
}

static void fake_erase(void *context, uint64_t stream, str digest)
{
    (void)context, (void)stream, (void)digest;
}

static void fake_bar(void *context, uint64_t erasure, str digest)
{
    (void)context, (void)erasure, (void)digest;
}

static const struct engine_vault vault = {.seal = fake_seal,
                                          .open = fake_open,
                                          .erase = fake_erase,
                                          .bar = fake_bar,
                                          .lift = fake_bar,
                                          .has = fake_has,
                                          .forget = fake_forget,
                                          .can_seal = true};

// The job's variables as a worker sees them, with the persons beside them.
static str job_reads(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *o = &f->changes.outbound.items[i];
        struct json *json;
        struct error err;
        if (o->kind != OUTBOUND_JOB)
            continue;
        assert_true(json_parse(&f->arena, o->job->variables, &json, &err));
        const struct json *value = json_get(json, str_of(name));
        struct strbuf out = strbuf_new(&f->arena);
        struct json_writer w = json_writer_new(&out);
        if (value == NULL)
            return STR("none");
        json_value(&w, value);
        str sealed = strbuf_str(&out), plain;
        struct personal_subjects subjects = {0};
        if (!personal_is_sealed(sealed))
            return sealed;
        size_t skip = strlen(PERSONAL_SEALED);
        if (fake_open(NULL, &f->arena, o->job->instance,
                      str_sub(sealed, skip, sealed.len - skip - 1), &subjects,
                      &plain) != OPENING_DONE)
            return STR("erased");
        str who = subjects.items[0];
        for (uint32_t k = 1; k < subjects.count; k++)
            who = str_format(&f->arena, "%.*s+%.*s", STR_ARG(who), STR_ARG(subjects.items[k]));
        return str_format(&f->arena, "%.*s: %.*s", STR_ARG(who), STR_ARG(plain));
    }
    return STR("no job");
}

#endif
