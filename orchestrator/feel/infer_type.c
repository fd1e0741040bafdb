// SPDX-License-Identifier: Apache-2.0
//
// The lattice of types, and what a value of one type may become.
#include "feel/infer.h"

static const struct feel_type types[] = {
    [FEEL_TYPE_ANY] = {.kind = FEEL_TYPE_ANY, .name = {"Any", 3}},
    [FEEL_TYPE_NULL] = {.kind = FEEL_TYPE_NULL, .name = {"Null", 4}},
    [FEEL_TYPE_BOOLEAN] = {.kind = FEEL_TYPE_BOOLEAN, .name = {"boolean", 7}},
    [FEEL_TYPE_NUMBER] = {.kind = FEEL_TYPE_NUMBER, .name = {"number", 6}},
    [FEEL_TYPE_STRING] = {.kind = FEEL_TYPE_STRING, .name = {"string", 6}},
    [FEEL_TYPE_DATE] = {.kind = FEEL_TYPE_DATE, .name = {"date", 4}},
    [FEEL_TYPE_TIME] = {.kind = FEEL_TYPE_TIME, .name = {"time", 4}},
    [FEEL_TYPE_DATE_TIME] = {.kind = FEEL_TYPE_DATE_TIME, .name = {"date and time", 13}},
    [FEEL_TYPE_DAYS_DURATION] = {.kind = FEEL_TYPE_DAYS_DURATION,
                                 .name = {"days and time duration", 22}},
    [FEEL_TYPE_MONTHS_DURATION] = {.kind = FEEL_TYPE_MONTHS_DURATION,
                                   .name = {"years and months duration", 25}},
    [FEEL_TYPE_RANGE] = {.kind = FEEL_TYPE_RANGE, .name = {"range", 5}},
    [FEEL_TYPE_LIST] = {.kind = FEEL_TYPE_LIST, .name = {"list", 4}},
    [FEEL_TYPE_CONTEXT] = {.kind = FEEL_TYPE_CONTEXT, .name = {"context", 7}},
    [FEEL_TYPE_FUNCTION] = {.kind = FEEL_TYPE_FUNCTION, .name = {"function", 8}},
    [FEEL_TYPE_UNKNOWN] = {.kind = FEEL_TYPE_UNKNOWN, .name = {"Any", 3}},
};

const struct feel_type *type_of_kind(enum feel_type_kind kind)
{
    return &types[kind];
}

#define OF(k, text, length, of)                                                                    \
    [FEEL_TYPE_##                                                                                  \
        of] = {.kind = FEEL_TYPE_##k, .name = {text, length}, .element = &types[FEEL_TYPE_##of]}
#define OF_SCALARS(k, text, length)                                                                \
    OF(k, text, length, BOOLEAN), OF(k, text, length, NUMBER), OF(k, text, length, STRING),        \
        OF(k, text, length, DATE), OF(k, text, length, TIME), OF(k, text, length, DATE_TIME),      \
        OF(k, text, length, DAYS_DURATION), OF(k, text, length, MONTHS_DURATION)

// Most lists and ranges are of scalars: those are made once.
static const struct feel_type lists[] = {OF_SCALARS(LIST, "list", 4)};
static const struct feel_type ranges[] = {OF_SCALARS(RANGE, "range", 5)};
#undef OF_SCALARS
#undef OF

static const struct feel_type *type_with(struct arena *arena, enum feel_type_kind kind,
                                         const struct feel_type *element)
{
    if (type_is_any(element))
        return type_of_kind(kind);
    if (element == &types[element->kind] && type_is_scalar(element))
        return kind == FEEL_TYPE_LIST ? &lists[element->kind] : &ranges[element->kind];
    struct feel_type *type = arena_copy(arena, type_of_kind(kind), sizeof *type);
    type->element = element;
    return type;
}

const struct feel_type *type_list_of(struct arena *arena, const struct feel_type *element)
{
    return type_with(arena, FEEL_TYPE_LIST, element);
}

const struct feel_type *type_of_value(struct arena *arena, feel_value value)
{
    const struct feel_type *element = type_of_kind(FEEL_TYPE_NULL);
    switch ((int)value.kind) {
    case FEEL_NULL:
        return element;
    case FEEL_RANGE:
        if (value.range->is_comparison && value.range->start.kind && value.range->end.kind)
            return type_of_kind(FEEL_TYPE_RANGE); // (=x) takes anything
        element = type_join(arena, type_of_value(arena, value.range->start),
                            type_of_value(arena, value.range->end));
        return type_with(arena, FEEL_TYPE_RANGE, element);
    case FEEL_LIST:
        for (size_t i = 0; i < value.list.count; i++)
            element = type_join(arena, element, type_of_value(arena, value.list.items[i]));
        return type_list_of(arena, element);
    case FEEL_CONTEXT:
        return type_of_kind(FEEL_TYPE_CONTEXT);
    case FEEL_FUNCTION:
        return type_of_kind(FEEL_TYPE_FUNCTION);
    default:
        return type_of_kind((enum feel_type_kind)(value.kind - FEEL_BOOLEAN + FEEL_TYPE_BOOLEAN));
    }
}

static bool is_null(const struct feel_type *type)
{
    return type != NULL && type->kind == FEEL_TYPE_NULL;
}

const struct feel_type *type_join(struct arena *arena, const struct feel_type *a,
                                  const struct feel_type *b)
{
    if (a == b || is_null(b))
        return a;
    if (is_null(a))
        return b;
    if (type_is_any(a) || type_is_any(b) || a->kind != b->kind)
        return NULL;
    if (a->kind == FEEL_TYPE_LIST || a->kind == FEEL_TYPE_RANGE)
        return type_with(arena, a->kind, type_join(arena, a->element, b->element));
    return type_of_kind(a->kind);
}

const struct feel_type *type_item(const struct feel_type *type)
{
    return type != NULL && type->kind == FEEL_TYPE_LIST ? type->element : type;
}

bool type_member(const struct feel_type *context, str name, const struct feel_type **ret_type)
{
    for (size_t i = 0; i < context->member_count; i++)
        if (str_equal(context->members[i].name, name)) {
            *ret_type = context->members[i].type;
            return true;
        }
    *ret_type = NULL;
    return context->member_count == 0; // any context
}

// Types may hold themselves and share their parts: what cannot be looked at within this is
// possible.
enum { COMPARE_DEPTH_MAX = 16, COMPARE_STEPS_MAX = 10000 };

struct comparing {
    unsigned depth, steps;
};

static bool may_be(const struct feel_type *from, const struct feel_type *to, struct comparing *c);

static bool members_may_be(const struct feel_type *from, const struct feel_type *to,
                           struct comparing *c)
{
    for (size_t i = 0; i < to->member_count; i++) {
        const struct feel_type *member;
        if (!type_member(from, to->members[i].name, &member) ||
            !may_be(member, to->members[i].type, c))
            return false;
    }
    return true;
}

static bool form_may_be(const struct feel_type *from, const struct feel_type *to,
                        struct comparing *c)
{
    if (from->kind != to->kind)
        return false;
    if (from->kind == FEEL_TYPE_CONTEXT)
        return members_may_be(from, to, c);
    bool has_element = from->kind == FEEL_TYPE_LIST || from->kind == FEEL_TYPE_RANGE;
    return !has_element || may_be(from->element, to->element, c);
}

static bool converts(const struct feel_type *from, const struct feel_type *to, struct comparing *c)
{
    if (to->kind == FEEL_TYPE_LIST && from->kind != FEEL_TYPE_LIST)
        return may_be(from, to->element, c);
    if (from->kind == FEEL_TYPE_LIST && to->kind != FEEL_TYPE_LIST)
        return may_be(from->element, to, c);
    return from->kind == FEEL_TYPE_DATE && to->kind == FEEL_TYPE_DATE_TIME;
}

static bool may_be(const struct feel_type *from, const struct feel_type *to, struct comparing *c)
{
    if (type_is_any(from) || type_is_any(to) || from == to)
        return true;
    if (c->depth >= COMPARE_DEPTH_MAX || ++c->steps > COMPARE_STEPS_MAX)
        return true;
    c->depth++;
    bool may = form_may_be(from, to, c) || converts(from, to, c);
    c->depth--;
    return may;
}

bool feel_type_may_be(const struct feel_type *from, const struct feel_type *to)
{
    struct comparing comparing = {0};
    return may_be(from, to, &comparing);
}

void feel_type_print(struct strbuf *out, const struct feel_type *type)
{
    if (type == NULL)
        strbuf_add(out, STR("Any"));
    else if (type->name.len > 0 && !(type->kind == FEEL_TYPE_LIST && type->element))
        strbuf_add(out, type->name);
    else
        strbuf_add(out, type_of_kind(type->kind)->name);
    if (type != NULL && type->element &&
        (type->kind == FEEL_TYPE_LIST || type->kind == FEEL_TYPE_RANGE)) {
        bool is_named = type->element->name.len > 0 || type->element->kind < FEEL_TYPE_RANGE;
        strbuf_add_char(out, '<');
        strbuf_add(out, is_named && type->element->name.len
                            ? type->element->name
                            : type_of_kind(type->element->kind)->name);
        strbuf_add_char(out, '>');
    }
}
