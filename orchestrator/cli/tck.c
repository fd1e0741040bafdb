// SPDX-License-Identifier: Apache-2.0
#include "cli/tck.h"

#include <math.h>

static bool is_nil(const struct xml_element *x)
{
    return str_equal(xml_attribute(x, "nil", STR_EMPTY), STR("true"));
}

// A FEEL constructor around the text reads it: date("…").
static feel_value construct(struct arena *arena, const char *function, str text,
                            const struct zone_db *zones)
{
    const struct feel_program *program;
    struct error err;
    struct feel_entry entry = {STR("text"), feel_string(text)};
    feel_value variables = feel_context_new(arena, &entry, 1);
    str source = str_format(arena, "%s(text)", function);
    if (!feel_compile(arena, source, NULL, &program, &err))
        return feel_null();
    struct feel_run run = feel_run_new(arena, &variables);
    run.zones = zones;
    return feel_evaluate(program, &run);
}

static feel_value number_of(str text)
{
    feel_value number;
    return feel_number_parse(text, &number) ? number : feel_string(text);
}

static feel_value typed(struct arena *arena, str type, str text, const struct zone_db *zones)
{
    static const struct {
        str type;
        const char *function;
    } constructors[] = {{{"date", 4}, "date"},
                        {{"time", 4}, "time"},
                        {{"dateTime", 8}, "date and time"},
                        {{"duration", 8}, "duration"},
                        {{"dayTimeDuration", 15}, "duration"},
                        {{"yearMonthDuration", 17}, "duration"}};
    static const str numbers[] = {{"decimal", 7}, {"double", 6}, {"integer", 7},
                                  {"int", 3},     {"long", 4},   {"float", 5}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_equal(numbers[i], type))
            return number_of(str_trim(text));
    if (str_equal(type, STR("boolean")))
        return feel_bool(str_equal(str_trim(text), STR("true")));
    for (size_t i = 0; i < COUNT_OF(constructors); i++)
        if (str_equal(constructors[i].type, type))
            return construct(arena, constructors[i].function, str_trim(text), zones);
    return feel_string(text);
}

static feel_value untyped(str text)
{
    feel_value number;
    if (str_equal(text, STR("true")) || str_equal(text, STR("false")))
        return feel_bool(text.data[0] == 't');
    return feel_number_parse(text, &number) ? number : feel_string(text);
}

static feel_value simple_value(struct arena *arena, const struct xml_element *x,
                               const struct zone_db *zones)
{
    str type = xml_attribute(x, "type", STR_EMPTY);
    size_t colon = str_find_char(type, ':');
    if (is_nil(x))
        return feel_null();
    if (type.len == 0)
        return untyped(x->text);
    return typed(arena, colon == SIZE_MAX ? type : str_from_index(type, colon + 1), x->text, zones);
}

static feel_value list_of(struct arena *arena, const struct xml_element *x,
                          const struct zone_db *zones)
{
    ARRAY(feel_value) items = {0};
    if (is_nil(x))
        return feel_null();
    for (const struct xml_element *c = xml_child(x, "item"); c; c = xml_next(c, "item")) {
        feel_value item = tck_value(arena, c, zones);
        *ARRAY_PUSH(arena, &items) = item;
    }
    return feel_list(items.items, items.count);
}

static feel_value context_of(struct arena *arena, const struct xml_element *x,
                             const struct zone_db *zones)
{
    ARRAY(struct feel_entry) entries = {0};
    for (const struct xml_element *c = xml_child(x, "component"); c; c = xml_next(c, "component")) {
        struct feel_entry entry = {xml_attribute(c, "name", STR_EMPTY), tck_value(arena, c, zones)};
        *ARRAY_PUSH(arena, &entries) = entry;
    }
    return feel_context_new(arena, entries.items, entries.count);
}

feel_value tck_value(struct arena *arena, const struct xml_element *x, const struct zone_db *zones)
{
    const struct xml_element *value = xml_child(x, "value"), *list = xml_child(x, "list");
    if (is_nil(x))
        return feel_null();
    if (value)
        return simple_value(arena, value, zones);
    if (list)
        return list_of(arena, list, zones);
    return xml_child(x, "component") ? context_of(arena, x, zones) : feel_null();
}

static bool numbers_match(feel_value expected, feel_value actual)
{
    double a = feel_to_double(expected), b = feel_to_double(actual);
    return feel_equal(expected, actual) == 1 || fabs(a - b) <= 1e-8 * fmax(1, fabs(a));
}

static bool lists_match(struct arena *arena, feel_value expected, feel_value actual)
{
    if (expected.list.count != actual.list.count)
        return false;
    for (size_t i = 0; i < expected.list.count; i++)
        if (!tck_matches(arena, expected.list.items[i], actual.list.items[i]))
            return false;
    return true;
}

static bool contexts_match(struct arena *arena, feel_value expected, feel_value actual)
{
    if (expected.context->count != actual.context->count)
        return false;
    for (size_t i = 0; i < expected.context->count; i++) {
        const struct feel_entry *entry = &expected.context->entries[i];
        const feel_value *found = feel_context_get(actual, entry->name);
        if (!found || !tck_matches(arena, entry->value, *found))
            return false;
    }
    return true;
}

bool tck_matches(struct arena *arena, feel_value expected, feel_value actual)
{
    if (expected.kind != actual.kind)
        return false;
    switch ((enum feel_kind)expected.kind) {
    case FEEL_NULL:
        return true;
    case FEEL_NUMBER:
        return numbers_match(expected, actual);
    case FEEL_LIST:
        return lists_match(arena, expected, actual);
    case FEEL_CONTEXT:
        return contexts_match(arena, expected, actual);
    default:
        return feel_equal(expected, actual) == 1;
    }
}
