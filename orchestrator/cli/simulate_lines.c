// SPDX-License-Identifier: Apache-2.0
//
// A simulation's events and its end as lines of JSON: what `baton simulate --trace jsonl` and
// `--batch` print.
#include "cli/simulate_lines.h"

#include <stdio.h>

#include "base/json.h"
#include "feel/feel.h"

str simulate_time(struct arena *arena, int64_t ms)
{
    struct strbuf out = strbuf_new(arena);
    check(feel_to_json(&out, feel_date_time_from_ms(ms, NULL)));
    return str_sub(strbuf_str(&out), 1, out.len - 2);
}

static void put_key(struct json_writer *w, const char *name, uint64_t key)
{
    json_key(w, str_of(name));
    if (key == 0)
        json_null(w);
    else
        json_u64(w, key);
}

void simulate_print_event(void *context, const struct sim_event *event)
{
    struct arena *arena = context;
    struct arena_mark mark = arena_mark(arena);
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("seq"));
    json_u64(&w, event->seq);
    json_optional(&w, "time", simulate_time(arena, event->time_ms));
    json_optional(&w, "event", str_of(event->event));
    json_optional(&w, "process", event->process);
    put_key(&w, "instance", event->instance);
    json_optional(&w, "element", event->element);
    json_optional(&w, "type", event->type);
    put_key(&w, "key", event->key);
    put_key(&w, "scope", event->scope);
    json_end_object(&w);
    printf("%s\n", strbuf_cstr(&out));
    arena_rewind(arena, mark);
}

static void put_waiting(struct json_writer *w, const struct sim_result *result)
{
    json_key(w, STR("waiting"));
    json_begin_array(w);
    for (size_t i = 0; i < result->waiting_count; i++) {
        json_begin_object(w);
        json_optional(w, "element", result->waiting[i].element);
        json_optional(w, "for", result->waiting[i].reason);
        json_end_object(w);
    }
    json_end_array(w);
}

// Left out when there is nothing in it.
static void put_list(struct json_writer *w, const char *name, const str *texts, size_t count)
{
    if (count == 0)
        return;
    json_key(w, str_of(name));
    json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        json_string(w, texts[i]);
    json_end_array(w);
}

void simulate_print_end(struct arena *arena, const struct sim_result *result, const char *failure)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_optional(&w, "event", STR("END"));
    json_optional(&w, "state", str_of(sim_state_name(result->state)));
    put_waiting(&w, result);
    json_key(&w, STR("variables"));
    json_raw(&w, result->variables);
    put_list(&w, "incidents", result->incidents, result->incident_count);
    put_list(&w, "warnings", result->warnings, result->warning_count);
    if (failure != NULL)
        json_optional(&w, "error", str_of(failure));
    json_end_object(&w);
    printf("%s\n", strbuf_cstr(&out));
}
