// SPDX-License-Identifier: Apache-2.0
//
// JSON in and out, as Camunda maps it: temporal values are ISO 8601 strings, functions null.
#include "feel/number.h"
#include "feel/temporal.h"
#include "feel/value.h"

static feel_value from_array(struct arena *arena, const struct json *value)
{
    feel_value *items = arena_alloc(arena, value->count * sizeof *items);
    for (size_t i = 0; i < value->count; i++)
        items[i] = feel_from_json(arena, &value->items[i]);
    return feel_list(items, value->count);
}

static feel_value from_object(struct arena *arena, const struct json *value)
{
    struct feel_entry *entries = arena_alloc(arena, value->count * sizeof *entries);
    for (size_t i = 0; i < value->count; i++)
        entries[i] = (struct feel_entry){value->members[i].name,
                                         feel_from_json(arena, &value->members[i].value)};
    return context_take(arena, entries, value->count);
}

// Recursion is bounded by JSON_MAX_DEPTH.
feel_value feel_from_json(struct arena *arena, const struct json *value)
{
    feel_value number;
    switch (value->type) {
    case JSON_NULL:
        return feel_null();
    case JSON_BOOL:
        return feel_bool(value->boolean);
    case JSON_NUMBER:
        return feel_number_parse(value->text, &number) ? number : feel_null();
    case JSON_STRING:
        return feel_string(value->text);
    case JSON_ARRAY:
        return from_array(arena, value);
    case JSON_OBJECT:
        return from_object(arena, value);
    }
    check_unreachable();
}

bool feel_from_json_text(struct arena *arena, str text, feel_value *ret_value, struct error *err)
{
    struct json *json;
    if (!json_parse(arena, text, &json, err))
        return false;
    *ret_value = feel_from_json(arena, json);
    return true;
}

struct writing {
    struct strbuf *out;
    bool is_too_deep; // to be read again
};

static void write_value(struct writing *w, feel_value value, int depth);

static void write_list(struct writing *w, feel_value list, int depth)
{
    struct strbuf *out = w->out;
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list.list.count && out->len <= FEEL_TEXT_MAX; i++) {
        if (i)
            strbuf_add_char(out, ',');
        write_value(w, list.list.items[i], depth + 1);
    }
    strbuf_add_char(out, ']');
}

static void write_context(struct writing *w, const struct feel_context *context, int depth)
{
    struct strbuf *out = w->out;
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < context->count && out->len <= FEEL_TEXT_MAX; i++) {
        if (i)
            strbuf_add_char(out, ',');
        json_quote(out, context->entries[i].name);
        strbuf_add_char(out, ':');
        write_value(w, context->entries[i].value, depth + 1);
    }
    strbuf_add_char(out, '}');
}

static void write_as_text(struct strbuf *out, feel_value value)
{
    struct strbuf text = strbuf_new(out->arena);
    feel_print(&text, value);
    json_quote(out, strbuf_str(&text));
}

static void write_value(struct writing *w, feel_value value, int depth)
{
    struct strbuf *out = w->out;
    w->is_too_deep |= depth > JSON_MAX_DEPTH;
    switch ((int)(depth > JSON_MAX_DEPTH ? FEEL_NULL : (enum feel_kind)value.kind)) {
    case FEEL_NULL:
    case FEEL_FUNCTION:
        strbuf_add(out, STR("null"));
        break;
    case FEEL_BOOLEAN:
        strbuf_add(out, value.boolean ? STR("true") : STR("false"));
        break;
    case FEEL_NUMBER:
        number_format(out, value);
        break;
    case FEEL_STRING:
        json_quote(out, value.string);
        break;
    case FEEL_LIST:
        write_list(w, value, depth);
        break;
    case FEEL_CONTEXT:
        write_context(w, value.context, depth);
        break;
    default:
        write_as_text(out, value);
    }
}

bool feel_to_json(struct strbuf *out, feel_value value)
{
    size_t start = out->len;
    struct writing w = {.out = out};
    write_value(&w, value, 0);
    if (out->len - start <= FEEL_TEXT_MAX && !w.is_too_deep)
        return true;
    out->len = start;
    strbuf_add(out, STR("null"));
    return false;
}
