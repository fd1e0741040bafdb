// SPDX-License-Identifier: Apache-2.0
#include "feel/value.h"

#include "feel/function.h"
#include "feel/lexer.h"
#include "feel/number.h"
#include "feel/temporal.h"

enum { INDEXED_FROM = 12, DEPTH_MAX = 256, BUDGET = 1000000, BUDGET_OF_TEST = 10000 };

const char *feel_kind_name(enum feel_kind kind)
{
    static const char *const names[FEEL_KINDS] = {
        "null",
        "boolean",
        "number",
        "string",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "range",
        "list",
        "context",
        "function",
    };
    return names[kind];
}

// ---- contexts ----

static void build_index(struct arena *arena, struct feel_context *context)
{
    uint32_t size = 32;
    while (size < context->count * 2)
        size *= 2;
    uint32_t *index = ARENA_ARRAY(arena, uint32_t, size);
    for (size_t i = 0; i < context->count; i++) {
        uint32_t at = (uint32_t)str_hash(context->entries[i].name) & (size - 1);
        while (index[at])
            at = (at + 1) & (size - 1);
        index[at] = (uint32_t)i + 1;
    }
    context->index = index;
    context->index_mask = size - 1;
}

feel_value context_take(struct arena *arena, const struct feel_entry *entries, size_t count)
{
    struct feel_context *context = ARENA_NEW(arena, struct feel_context);
    context->entries = entries;
    context->count = count;
    if (count >= INDEXED_FROM)
        build_index(arena, context);
    return (feel_value){.kind = FEEL_CONTEXT, .context = context};
}

const feel_value *context_find(const struct feel_context *context, str name)
{
    if (!context->index) {
        for (size_t i = 0; i < context->count; i++)
            if (name_equal(context->entries[i].name, name))
                return &context->entries[i].value;
        return NULL;
    }
    uint32_t at = (uint32_t)str_hash(name) & context->index_mask;
    for (; context->index[at]; at = (at + 1) & context->index_mask) {
        const struct feel_entry *entry = &context->entries[context->index[at] - 1];
        if (name_equal(entry->name, name))
            return &entry->value;
    }
    return NULL;
}

const feel_value *feel_context_get(feel_value context, str name)
{
    return context.kind == FEEL_CONTEXT ? context_find(context.context, name) : NULL;
}

static struct feel_entry *entry_named(struct feel_entry *entries, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(entries[i].name, name))
            return &entries[i];
    return NULL;
}

feel_value feel_context_new(struct arena *arena, const struct feel_entry *entries, size_t count)
{
    struct feel_entry *copy = ARENA_ARRAY(arena, struct feel_entry, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct feel_entry *same = entry_named(copy, kept, entries[i].name);
        if (same)
            same->value = entries[i].value;
        else
            copy[kept++] = entries[i];
    }
    return context_take(arena, copy, kept);
}

feel_value feel_context_put(struct arena *arena, feel_value context, str name, feel_value value)
{
    size_t count = context.context->count;
    struct feel_entry *copy = ARENA_ARRAY(arena, struct feel_entry, count + 1);
    memcpy(copy, context.context->entries, count * sizeof *copy);
    struct feel_entry *same = entry_named(copy, count, name);
    if (!same)
        same = &copy[count++];
    *same = (struct feel_entry){name, value};
    return context_take(arena, copy, count);
}

// ---- order and equality ----

int value_compare(feel_value a, feel_value b)
{
    if (a.kind != b.kind)
        return ORDER_NONE;
    if (a.kind == FEEL_NUMBER)
        return number_compare(a, b);
    if (a.kind == FEEL_STRING) {
        if (a.string.data == b.string.data && a.string.len == b.string.len)
            return 0;
        int order = str_compare(a.string, b.string); // UTF-8 sorts as code points do
        return (order > 0) - (order < 0);
    }
    return temporal_is(a) ? temporal_compare(a, b) : ORDER_NONE;
}

int range_contains(const struct feel_range *range, feel_value value)
{
    if (range->is_comparison && range->start.kind != FEEL_NULL && range->end.kind != FEEL_NULL) {
        uint64_t budget = BUDGET_OF_TEST;
        int same = value_equal(range->start, value, &budget); // (=x) and (!=x)
        return same < 0 ? -1 : same == range->start_included;
    }
    int low = feel_is_null(range->start) ? 1 : value_compare(value, range->start);
    int high = feel_is_null(range->end) ? -1 : value_compare(value, range->end);
    if (low == ORDER_NONE || high == ORDER_NONE || value.kind == FEEL_NULL)
        return -1;
    return (low > 0 || (low == 0 && range->start_included)) &&
           (high < 0 || (high == 0 && range->end_included));
}

struct comparing {
    uint64_t left;
    int depth;
};

static int equal(feel_value a, feel_value b, struct comparing *c);

static int ranges_equal(const struct feel_range *a, const struct feel_range *b, struct comparing *c)
{
    return a->start_included == b->start_included && a->end_included == b->end_included &&
           a->is_comparison == b->is_comparison && equal(a->start, b->start, c) == 1 &&
           equal(a->end, b->end, c) == 1;
}

static int lists_equal(feel_value a, feel_value b, struct comparing *c)
{
    if (a.list.count != b.list.count)
        return 0;
    for (size_t i = 0; a.list.items != b.list.items && i < a.list.count; i++)
        if (equal(a.list.items[i], b.list.items[i], c) != 1)
            return c->left ? 0 : -1;
    return 1;
}

static int contexts_equal(const struct feel_context *a, const struct feel_context *b,
                          struct comparing *c)
{
    if (a->count != b->count)
        return 0;
    for (size_t i = 0; a != b && i < a->count; i++) {
        const feel_value *other = context_find(b, a->entries[i].name);
        if (!other || equal(a->entries[i].value, *other, c) != 1)
            return c->left ? 0 : -1;
    }
    return 1;
}

static int strings_equal(str a, str b, struct comparing *c)
{
    uint64_t cost = a.len / 64;
    if (a.len != b.len)
        return 0;
    c->left -= cost < c->left ? cost : c->left;
    return c->left ? str_equal(a, b) : -1;
}

static int same_kind_equal(feel_value a, feel_value b, struct comparing *c)
{
    switch ((int)a.kind) {
    case FEEL_BOOLEAN:
        return a.boolean == b.boolean;
    case FEEL_NUMBER:
        return number_compare(a, b) == 0;
    case FEEL_STRING:
        return strings_equal(a.string, b.string, c);
    case FEEL_RANGE:
        return ranges_equal(a.range, b.range, c);
    case FEEL_LIST:
        return lists_equal(a, b, c);
    case FEEL_CONTEXT:
        return contexts_equal(a.context, b.context, c);
    case FEEL_FUNCTION:
        return a.function == b.function ? 1 : -1;
    default:
        return temporal_compare(a, b) == 0;
    }
}

static int equal(feel_value a, feel_value b, struct comparing *c)
{
    if (a.kind == FEEL_NULL || b.kind == FEEL_NULL)
        return a.kind == b.kind;
    if (a.kind != b.kind || c->depth >= DEPTH_MAX || c->left == 0)
        return -1;
    c->left--;
    c->depth++;
    int result = same_kind_equal(a, b, c);
    c->depth--;
    return result;
}

int value_equal(feel_value a, feel_value b, uint64_t *budget)
{
    struct comparing c = {.left = *budget};
    int result = equal(a, b, &c);
    *budget = c.left;
    return result;
}

int feel_equal(feel_value a, feel_value b)
{
    uint64_t budget = BUDGET;
    return value_equal(a, b, &budget);
}

int feel_range_contains(const struct feel_range *range, feel_value value)
{
    return range_contains(range, value);
}

int feel_compare(feel_value a, feel_value b)
{
    return value_compare(a, b);
}

feel_value range_property(const struct feel_range *range, str name)
{
    if (str_equal(name, STR("start")))
        return range->start;
    if (str_equal(name, STR("end")))
        return range->end;
    if (str_equal(name, STR("start included")))
        return feel_bool(range->start_included);
    if (str_equal(name, STR("end included")))
        return feel_bool(range->end_included);
    return feel_null();
}

// ---- printing ----

static void print_value(struct strbuf *out, feel_value value, int depth);

static void print_quoted(struct strbuf *out, str text)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        const char *escapes = "\"\\\n\r\t", *letters = "\"\\nrt";
        const char *found = c ? strchr(escapes, c) : NULL;
        if (found)
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, found ? letters[found - escapes] : c);
    }
    strbuf_add_char(out, '"');
}

static bool is_plain_name(str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool is_letter = ((unsigned)c | 32) - 'a' < 26 || c == '_' || c >= 128;
        bool is_later = i > 0 && ((c >= '0' && c <= '9') || c == ' ');
        if (!is_letter && !is_later)
            return false;
    }
    return name.len > 0;
}

static void print_context(struct strbuf *out, const struct feel_context *context, int depth)
{
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < context->count && out->len <= FEEL_TEXT_MAX; i++) {
        str name = context->entries[i].name;
        strbuf_add(out, i ? STR(", ") : STR_EMPTY);
        if (is_plain_name(name))
            strbuf_add(out, name);
        else
            print_quoted(out, name);
        strbuf_add(out, STR(": "));
        print_value(out, context->entries[i].value, depth + 1);
    }
    strbuf_add_char(out, '}');
}

static void print_list(struct strbuf *out, feel_value list, int depth)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < list.list.count && out->len <= FEEL_TEXT_MAX; i++) {
        strbuf_add(out, i ? STR(", ") : STR_EMPTY);
        print_value(out, list.list.items[i], depth + 1);
    }
    strbuf_add_char(out, ']');
}

static void print_comparison(struct strbuf *out, const struct feel_range *range, int depth)
{
    bool both = range->start.kind != FEEL_NULL && range->end.kind != FEEL_NULL;
    bool lower = range->end.kind == FEEL_NULL;
    const char *sign = both    ? (range->start_included ? "=" : "!=")
                       : lower ? (range->start_included ? ">=" : ">")
                               : (range->end_included ? "<=" : "<");
    strbuf_add(out, str_of(sign));
    strbuf_add_char(out, ' ');
    print_value(out, lower ? range->start : range->end, depth + 1);
}

static void print_range(struct strbuf *out, const struct feel_range *range, int depth)
{
    if (range->is_comparison) {
        print_comparison(out, range, depth);
        return;
    }
    strbuf_add_char(out, range->start_included ? '[' : '(');
    print_value(out, range->start, depth + 1);
    strbuf_add(out, STR(".."));
    print_value(out, range->end, depth + 1);
    strbuf_add_char(out, range->end_included ? ']' : ')');
}

static void print_value(struct strbuf *out, feel_value value, int depth)
{
    if (depth > DEPTH_MAX || out->len > FEEL_TEXT_MAX) {
        strbuf_add(out, STR("..."));
        return;
    }
    switch ((int)value.kind) {
    case FEEL_NULL:
        strbuf_add(out, STR("null"));
        break;
    case FEEL_BOOLEAN:
        strbuf_add(out, value.boolean ? STR("true") : STR("false"));
        break;
    case FEEL_NUMBER:
        number_format(out, value);
        break;
    case FEEL_STRING:
        print_quoted(out, value.string);
        break;
    case FEEL_RANGE:
        print_range(out, value.range, depth);
        break;
    case FEEL_LIST:
        print_list(out, value, depth);
        break;
    case FEEL_CONTEXT:
        print_context(out, value.context, depth);
        break;
    case FEEL_FUNCTION:
        function_print(out, value.function);
        break;
    default:
        temporal_print(out, value);
    }
}

void feel_print(struct strbuf *out, feel_value value)
{
    print_value(out, value, 0);
}
