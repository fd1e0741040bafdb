// SPDX-License-Identifier: Apache-2.0
//
// `baton mine LOG declare`, and `conform --method declare`: rules between activities.
#include "cli/mine.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/files.h"
#include "insight/declare.h"

struct rules {
    struct declare_constraint *items;
    size_t count;
};

static bool read_share(str text, const char *option, double fallback, double *ret_share,
                       struct error *err)
{
    struct attribute value;
    *ret_share = fallback;
    if (text.len == 0)
        return true;
    if (!attribute_read(text, ATTRIBUTE_FLOAT, &value) || value.real < 0 || value.real > 1)
        return error_set(err, ERROR_INVALID, option, "'%.*s' is no share between 0 and 1",
                         STR_ARG(text));
    *ret_share = value.real;
    return true;
}

static void write_rules(struct json_writer *json, const struct rules *rules, uint64_t traces)
{
    json_key(json, STR("constraints"));
    json_begin_array(json);
    for (size_t i = 0; i < rules->count; i++) {
        const struct declare_constraint *c = &rules->items[i];
        json_begin_object(json);
        mine_text(json, "template", str_of(declare_name(c->template)));
        mine_text(json, "a", c->a);
        if (!declare_is_unary(c->template))
            mine_text(json, "b", c->b);
        mine_count(json, "activated", c->activated);
        mine_count(json, "kept", c->kept);
        mine_number(json, "support", (double)c->activated / (double)traces);
        mine_number(json, "confidence", (double)c->kept / (double)c->activated);
        json_end_object(json);
    }
    json_end_array(json);
}

static void print_rules(const struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct declare_constraint *c = &rules->items[i];
        printf("%7llu of %7llu  %s(%.*s%s%.*s)\n", (unsigned long long)c->kept,
               (unsigned long long)c->activated, declare_name(c->template), STR_ARG(c->a),
               declare_is_unary(c->template) ? "" : ", ", STR_ARG(c->b));
    }
}

int mine_declare(struct mine *m)
{
    struct rules rules;
    struct error err;
    double support, confidence;
    if (!read_share(m->support, "--support", 0.1, &support, &err) ||
        !read_share(m->confidence, "--confidence", 0.9, &confidence, &err) ||
        !declare_discover(&m->arena, m->log, support, confidence, &rules.items, &rules.count, &err))
        return cli_complain(&err);
    if (!m->is_json) {
        print_rules(&rules);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_count(&json, "traces", m->log->trace_count);
    write_rules(&json, &rules, m->log->trace_count);
    json_end_object(&json);
    return mine_print_json(&out);
}

// -- Conformance --------------------------------------------------------------------------

static bool read_rule(const struct json *item, struct declare_constraint *ret_rule,
                      struct error *err)
{
    str name = json_get_str(item, STR("template"), STR_EMPTY);
    *ret_rule = (struct declare_constraint){.template = declare_template(name),
                                            .a = json_get_str(item, STR("a"), STR_EMPTY),
                                            .b = json_get_str(item, STR("b"), STR_EMPTY)};
    if (ret_rule->template == UINT32_MAX)
        return error_set(err, ERROR_INVALID, "--model", "there is no template '%.*s'",
                         STR_ARG(name));
    if (ret_rule->a.len == 0 || (ret_rule->b.len == 0) != declare_is_unary(ret_rule->template))
        return error_set(err, ERROR_INVALID, "--model", "%.*s is of %s", STR_ARG(name),
                         declare_is_unary(ret_rule->template) ? "one activity: a"
                                                              : "two activities: a and b");
    return true;
}

static bool read_rules(struct mine *m, struct rules *ret_rules, struct error *err)
{
    str text;
    struct json *json;
    if (m->model.len == 0)
        return error_set(err, ERROR_INVALID, "--model",
                         "is missing: a file of rules, as `baton mine LOG declare --output json` "
                         "writes them");
    if (!cli_read_file(&m->arena, str_cstr(&m->arena, m->model), &text, err) ||
        !json_parse(&m->arena, text, &json, err))
        return false;
    const struct json *items = json_get(json, STR("constraints"));
    if (!json_is(items, JSON_ARRAY))
        return error_set(err, ERROR_INVALID, "--model", "expected an object with constraints");
    ret_rules->count = items->count;
    ret_rules->items = ARENA_ARRAY(&m->arena, struct declare_constraint, items->count);
    for (size_t i = 0; i < items->count; i++)
        if (!read_rule(&items->items[i], &ret_rules->items[i], err))
            return false;
    return true;
}

int mine_conform_declare(struct mine *m)
{
    struct rules rules;
    struct error err;
    struct variants *variants = variants_new(&m->arena, m->log);
    if (!read_rules(m, &rules, &err))
        return cli_complain(&err);
    uint32_t *violated = declare_check(&m->arena, m->log, variants, rules.items, rules.count);
    double fitness = 0, count = rules.count > 0 ? (double)rules.count : 1;
    uint64_t fitting = 0;
    for (uint32_t t = 0; t < m->log->trace_count; t++) {
        uint32_t misses = violated[variants->of_trace[t]];
        double own = 1 - misses / count;
        fitness += own;
        fitting += misses == 0;
        if (m->is_per_trace)
            mine_print_trace(m, t, misses == 0, own);
    }
    fitness /= m->log->trace_count;
    if (m->is_per_trace)
        return EXIT_OK;
    if (!m->is_json) {
        printf("fitness   %.6f\nfitting   %llu of %u traces\n", fitness,
               (unsigned long long)fitting, m->log->trace_count);
        print_rules(&rules);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "method", STR("declare"));
    mine_number(&json, "fitness", fitness);
    mine_count(&json, "fitting_traces", fitting);
    mine_count(&json, "traces", m->log->trace_count);
    write_rules(&json, &rules, m->log->trace_count);
    json_end_object(&json);
    return mine_print_json(&out);
}
