// SPDX-License-Identifier: Apache-2.0
//
// `baton mine PROCESS`: own history, read over the API page by page.
#include "cli/mine.h"
#include "cli/resource.h"

#include <stdio.h>
#include <unistd.h>

#include "insight/own_history.h"

enum { PROGRESS_PAGES = 10 };

// A file that is there is meant, and so is what is written like one.
bool mine_is_process(struct mine *m)
{
    static const char *const ends[] = {".xes", ".csv", ".json", ".jsonocel", ".gz"};
    if (m->is_process)
        return true;
    if (str_equal(m->source, STR("-")) || str_find(m->source, STR("/")) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends_with(m->source, str_of(ends[i])))
            return false;
    return access(str_cstr(&m->arena, m->source), F_OK) != 0;
}

static void add_parameter(struct strbuf *out, const char *name, str value)
{
    if (value.len == 0)
        return;
    strbuf_format(out, "&%s=", name);
    strbuf_add(out, resource_escaped(out->arena, value));
}

static str page_path(struct mine *m, struct arena *arena, str after)
{
    struct strbuf path = strbuf_new(arena);
    strbuf_add(&path, STR("/v2/insight/processes/"));
    strbuf_add(&path, resource_escaped(&m->arena, m->source));
    strbuf_format(&path, "/log?withVariables=%s", m->with_variables ? "true" : "false");
    add_parameter(&path, "version", m->wanted.version);
    add_parameter(&path, "since", m->wanted.since);
    add_parameter(&path, "until", m->wanted.until);
    add_parameter(&path, "cases", m->wanted.cases);
    add_parameter(&path, "tenantId", m->client.tenant);
    add_parameter(&path, "after", after);
    return strbuf_str(&path);
}

static bool read_page(struct mine *m, struct log_builder *builder, str *after, size_t *cases,
                      struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    bool is_read = client_send(&arena, &m->client, "GET", page_path(m, &arena, *after), STR_EMPTY,
                               &answer, err) &&
                   own_history_read(builder, answer.json, m->with_cancelled, err);
    if (is_read) {
        const struct json *page = json_get(answer.json, STR("cases"));
        *cases += page->count;
        *after = str_copy(&m->arena, json_get_str(answer.json, STR("next"), STR_EMPTY));
    }
    arena_done(&arena);
    return is_read;
}

static bool read_pages(struct mine *m, struct log_builder *builder, struct error *err)
{
    str after = STR_EMPTY;
    size_t cases = 0, pages = 0;
    do {
        if (!read_page(m, builder, &after, &cases, err))
            return false;
        if (++pages % PROGRESS_PAGES == 0 && isatty(STDERR_FILENO))
            fprintf(stderr, "\rbaton: %zu cases read …", cases);
    } while (after.len > 0);
    if (pages >= PROGRESS_PAGES && isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    return log_builder_finish(builder, &m->log, err);
}

bool mine_read_process(struct mine *m, struct error *err)
{
    struct log_builder *builder = log_builder_new(&m->arena);
    bool is_read = read_pages(m, builder, err);
    log_builder_free(builder);
    if (is_read)
        return true;
    struct error inner = *err;
    return error_set(err, inner.kind, str_cstr(&m->arena, m->source),
                     "%s%s%s (no such file either)", inner.place, inner.place[0] ? ": " : "",
                     inner.text);
}
