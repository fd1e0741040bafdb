// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions over contexts (DMN 10.3.4.9), `not`, `is`, and those of Camunda's that look at
// any value.
#include "feel/builtin.h"
#include "feel/node.h"
#include "feel/run.h"
#include "feel/value.h"

feel_value builtin_not(struct call *call)
{
    feel_value v = call->args[0];
    return v.kind == FEEL_BOOLEAN ? feel_bool(!v.boolean) : feel_null();
}

// Same kind and value; times also of the same zone form (10.3.4.6).
feel_value builtin_is(struct call *call)
{
    feel_value a = call->args[0], b = call->args[1];
    if (a.kind != b.kind)
        return feel_bool(false);
    if (a.kind == FEEL_TIME || a.kind == FEEL_DATE_TIME) {
        bool same_zone =
            (a.flags & (FEEL_OFFSET | FEEL_ZONED)) == (b.flags & (FEEL_OFFSET | FEEL_ZONED)) &&
            a.time.offset == b.time.offset;
        return feel_bool(same_zone && a.time.seconds == b.time.seconds && a.nanos == b.nanos);
    }
    return feel_bool(feel_equal(a, b) == 1);
}

feel_value builtin_get_value(struct call *call)
{
    const feel_value *found = feel_context_get(call->args[0], call->args[1].string);
    return found ? *found : feel_null();
}

feel_value builtin_get_value_at(struct call *call)
{
    feel_value at = call->args[0], keys = call->args[1];
    if (keys.list.count == 0)
        return feel_null();
    for (size_t i = 0; i < keys.list.count; i++) {
        feel_value key = keys.list.items[i];
        const feel_value *found = key.kind == FEEL_STRING ? feel_context_get(at, key.string) : NULL;
        if (!found)
            return feel_null();
        at = *found;
    }
    return at;
}

feel_value builtin_get_entries(struct call *call)
{
    const struct feel_context *context = call->args[0].context;
    feel_value *items = run_alloc(call->run, (context->count + 1) * sizeof *items);
    for (size_t i = 0; items && i < context->count; i++) {
        struct feel_entry *pair = run_alloc(call->run, 2 * sizeof *pair);
        if (!pair)
            return feel_null();
        pair[0] = (struct feel_entry){STR("key"), feel_string(context->entries[i].name)};
        pair[1] = (struct feel_entry){STR("value"), context->entries[i].value};
        items[i] = context_take(call->run->arena, pair, 2);
    }
    return items ? feel_list(items, context->count) : feel_null();
}

static bool has_entry(const struct feel_entry *entries, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(entries[i].name, name))
            return true;
    return false;
}

feel_value builtin_context(struct call *call)
{
    feel_value list = call->args[0];
    struct feel_entry *entries = run_alloc(call->run, (list.list.count + 1) * sizeof *entries);
    if (!entries)
        return feel_null();
    for (size_t i = 0; i < list.list.count; i++) {
        const feel_value *key = feel_context_get(list.list.items[i], STR("key"));
        const feel_value *value = feel_context_get(list.list.items[i], STR("value"));
        bool usable = key && value && key->kind == FEEL_STRING && run_spend(call->run, 1 + i / 8);
        if (!usable || has_entry(entries, i, key->string))
            return feel_null();
        entries[i] = (struct feel_entry){key->string, *value};
    }
    return context_take(call->run->arena, entries, list.list.count);
}

feel_value builtin_context_put(struct call *call)
{
    return feel_context_put(call->run->arena, call->args[0], call->args[1].string, call->args[2]);
}

// The contexts on the way are made anew, or made when missing.
static feel_value put_at(struct call *call, feel_value context, const feel_value *keys,
                         size_t count)
{
    struct feel_run *run = call->run;
    if (keys[0].kind != FEEL_STRING || context.kind != FEEL_CONTEXT || !run_spend(run, 1))
        return feel_null();
    if (run->depth >= run->limits.depth)
        return run_stop(run, FEEL_TOO_DEEP);
    feel_value inner = call->args[2];
    if (count > 1) {
        const feel_value *found = feel_context_get(context, keys[0].string);
        run->depth++;
        inner = put_at(call, found ? *found : feel_context_new(run->arena, NULL, 0), keys + 1,
                       count - 1);
        run->depth--;
        if (feel_is_null(inner))
            return inner;
    }
    return feel_context_put(run->arena, context, keys[0].string, inner);
}

feel_value builtin_context_put_at(struct call *call)
{
    feel_value keys = call->args[1];
    if (keys.list.count == 0)
        return feel_null();
    bool is_null = call->args[2].kind == FEEL_NULL;
    feel_value result = put_at(call, call->args[0], keys.list.items, keys.list.count);
    return is_null && result.kind != FEEL_CONTEXT ? feel_null() : result;
}

static feel_value merge(struct call *call, feel_value contexts)
{
    size_t count = 0;
    for (size_t i = 0; i < contexts.list.count; i++) {
        if (contexts.list.items[i].kind != FEEL_CONTEXT)
            return feel_null();
        count += contexts.list.items[i].context->count;
    }
    struct feel_entry *entries = run_alloc(call->run, (count + 1) * sizeof *entries);
    if (!entries || !run_spend(call->run, count + count * count / 16))
        return feel_null();
    count = 0;
    for (size_t i = 0; i < contexts.list.count; i++) {
        const struct feel_context *context = contexts.list.items[i].context;
        memcpy(entries + count, context->entries, context->count * sizeof *entries);
        count += context->count;
    }
    return feel_context_new(call->run->arena, entries, count);
}

feel_value builtin_context_merge(struct call *call)
{
    return merge(call, call->args[0]);
}

// put all(a, b), or put all([a, b]) as context merge has it
feel_value builtin_put_all(struct call *call)
{
    return merge(call, call->args[0]);
}

// ---- Camunda ----

feel_value builtin_get_or_else(struct call *call)
{
    return call->args[0].kind == FEEL_NULL ? call->args[1] : call->args[0];
}

feel_value builtin_is_defined(struct call *call)
{
    return feel_bool(call->args[0].kind != FEEL_NULL);
}

// What is not true does not hold: null neither.
feel_value builtin_assert(struct call *call)
{
    if (feel_is_true(call->args[1]))
        return call->args[0];
    str cause = call->args[2].kind == FEEL_STRING ? call->args[2].string
                                                  : STR("the condition is not fulfilled");
    return run_fail(call->run,
                    str_format(call->run->arena, "assertion failed: %.*s", STR_ARG(cause)));
}

// The value that an agent puts there; what is said of it is for the agent's tools only.
feel_value builtin_from_ai(struct call *call)
{
    return call->args[0];
}

enum { JSON_STEPS = 8, JSON_BYTES_PER_STEP = 16 };

feel_value builtin_from_json(struct call *call)
{
    feel_value value;
    struct error err;
    str text = call->args[0].string;
    if (!run_spend(call->run, JSON_STEPS + text.len / JSON_BYTES_PER_STEP) ||
        text.len > call->run->limits.bytes / 64 ||
        !feel_from_json_text(call->run->arena, text, &value, &err))
        return feel_null();
    return value;
}

feel_value builtin_to_json(struct call *call)
{
    if (!run_spend(call->run, JSON_STEPS))
        return feel_null();
    struct strbuf out = strbuf_new(call->run->arena);
    return feel_to_json(&out, call->args[0]) ? run_string(call->run, &out) : feel_null();
}
