// SPDX-License-Identifier: Apache-2.0
#include "feel/type.h"

#include "feel/function.h"
#include "feel/run.h"
#include "feel/temporal.h"

static const struct feel_type types[] = {
#define TYPE(text, id) {.kind = FEEL_TYPE_##id, .name = {text, sizeof(text) - 1}},
#include "feel/types.def"
#undef TYPE
};

const struct feel_type *feel_type_named(str name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_equal(types[i].name, name))
            return &types[i];
    return NULL;
}

const struct feel_type *type_match_name(const struct lexer *lexer, size_t at, size_t *ret_end)
{
    const struct feel_type *longest = NULL;
    *ret_end = 0;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        size_t end = lexer_match(lexer, at, types[i].name);
        if (end > *ret_end) {
            *ret_end = end;
            longest = &types[i];
        }
    }
    return longest;
}

const struct feel_type *type_unknown(struct arena *arena, str name)
{
    struct feel_type *type = ARENA_NEW(arena, struct feel_type);
    type->kind = FEEL_TYPE_UNKNOWN;
    type->name = name;
    return type;
}

// What the value is compared with: `instance of` looks at the form alone, conformance at allowed
// values too.
enum depth { FORM, FORM_AND_CONSTRAINTS };

static bool conforms(struct feel_run *run, feel_value value, const struct feel_type *type,
                     enum depth depth);

static bool range_conforms(struct feel_run *run, const struct feel_range *range,
                           const struct feel_type *type, enum depth depth)
{
    return (feel_is_null(range->start) || conforms(run, range->start, type->element, depth)) &&
           (feel_is_null(range->end) || conforms(run, range->end, type->element, depth));
}

static bool list_conforms(struct feel_run *run, feel_value list, const struct feel_type *type,
                          enum depth depth)
{
    for (size_t i = 0; type->element && i < list.list.count; i++)
        if (!conforms(run, list.list.items[i], type->element, depth))
            return false;
    return true;
}

// Every member must be there and conform; others may be there too (10.3.2.9.2).
static bool context_conforms(struct feel_run *run, feel_value context, const struct feel_type *type,
                             enum depth depth)
{
    for (size_t i = 0; i < type->member_count; i++) {
        const feel_value *found = feel_context_get(context, type->members[i].name);
        if (!found || !conforms(run, *found, type->members[i].type, depth))
            return false;
    }
    return true;
}

static bool kind_conforms(struct feel_run *run, feel_value value, const struct feel_type *type,
                          enum depth depth)
{
    switch (type->kind) {
    case FEEL_TYPE_ANY:
        return true;
    case FEEL_TYPE_NULL:
        return value.kind == FEEL_NULL;
    case FEEL_TYPE_BOOLEAN:
    case FEEL_TYPE_NUMBER:
    case FEEL_TYPE_STRING:
    case FEEL_TYPE_DATE:
    case FEEL_TYPE_TIME:
    case FEEL_TYPE_DATE_TIME:
    case FEEL_TYPE_DAYS_DURATION:
    case FEEL_TYPE_MONTHS_DURATION:
        return value.kind == type->kind - FEEL_TYPE_BOOLEAN + FEEL_BOOLEAN;
    case FEEL_TYPE_RANGE:
        return value.kind == FEEL_RANGE && range_conforms(run, value.range, type, depth);
    case FEEL_TYPE_LIST:
        return value.kind == FEEL_LIST && list_conforms(run, value, type, depth);
    case FEEL_TYPE_CONTEXT:
        return value.kind == FEEL_CONTEXT && context_conforms(run, value, type, depth);
    case FEEL_TYPE_FUNCTION:
        return value.kind == FEEL_FUNCTION && function_conforms(value.function, type);
    case FEEL_TYPE_UNKNOWN:
        return false;
    }
    check_unreachable();
}

static bool passes(struct feel_run *run, feel_value value, const struct feel_type *type)
{
    if (!type->constraint)
        return true;
    if (value.kind != FEEL_LIST || type->constrains_list || type->kind != FEEL_TYPE_LIST)
        return feel_is_true(feel_evaluate_tests(type->constraint, run, value));
    for (size_t i = 0; i < value.list.count; i++)
        if (!feel_is_true(feel_evaluate_tests(type->constraint, run, value.list.items[i])))
            return false;
    return true;
}

// Null conforms to every type (10.3.2.9.2).
static bool conforms(struct feel_run *run, feel_value value, const struct feel_type *type,
                     enum depth depth)
{
    if (!type || value.kind == FEEL_NULL)
        return true;
    for (; type; type = type->base)
        if (!run_spend(run, 1) || !kind_conforms(run, value, type, depth) ||
            (depth == FORM_AND_CONSTRAINTS && !passes(run, value, type)))
            return false;
    return true;
}

bool feel_conforms(struct feel_run *run, feel_value value, const struct feel_type *type)
{
    return conforms(run, value, type, FORM_AND_CONSTRAINTS);
}

bool type_has_instance(struct feel_run *run, feel_value value, const struct feel_type *type)
{
    if (value.kind == FEEL_NULL)
        return type->kind == FEEL_TYPE_NULL;
    return conforms(run, value, type, FORM);
}

static feel_value singleton(struct feel_run *run, feel_value value)
{
    feel_value *items = run_alloc(run, sizeof *items);
    if (!items)
        return feel_null();
    items[0] = value;
    return feel_list(items, 1);
}

static feel_value converted(struct feel_run *run, feel_value value, const struct feel_type *type)
{
    if (type->kind == FEEL_TYPE_LIST && value.kind != FEEL_LIST)
        return singleton(run, value);
    if (type->kind != FEEL_TYPE_LIST && value.kind == FEEL_LIST && value.list.count == 1)
        return value.list.items[0];
    if (type->kind == FEEL_TYPE_DATE_TIME && value.kind == FEEL_DATE) {
        feel_value moment = temporal_midnight(value);
        moment.flags = FEEL_OFFSET;
        return moment;
    }
    return feel_null();
}

feel_value feel_coerce(struct feel_run *run, feel_value value, const struct feel_type *type,
                       str what)
{
    if (conforms(run, value, type, FORM_AND_CONSTRAINTS))
        return value;
    feel_value other = converted(run, value, type);
    if (!feel_is_null(other) && conforms(run, other, type, FORM_AND_CONSTRAINTS))
        return other;
    return run_warn(run, POSITION_UNKNOWN, "%.*s is a %s that does not conform to the type %.*s",
                    STR_ARG(what), feel_kind_name(value.kind), STR_ARG(type->name));
}
