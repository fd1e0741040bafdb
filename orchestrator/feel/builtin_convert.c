// SPDX-License-Identifier: Apache-2.0
//
// Built-in conversions from and to text (DMN 10.3.4.1).
#include "feel/builtin.h"
#include "feel/node.h"
#include "feel/number.h"
#include "feel/parser.h"
#include "feel/run.h"

enum { PRINT_STEPS = 4, PARSE_STEPS = 4, COMPILE_STEPS = 100 };

feel_value builtin_string(struct call *call)
{
    feel_value from = call->args[0];
    if (from.kind == FEEL_NULL || from.kind == FEEL_STRING)
        return from;
    if (!run_spend(call->run, PRINT_STEPS))
        return feel_null();
    struct strbuf out = strbuf_new(call->run->arena);
    feel_print(&out, from);
    return run_string(call->run, &out);
}

static bool is_separator(feel_value value, const char *allowed)
{
    return value.kind == FEEL_NULL || (value.kind == FEEL_STRING && value.string.len == 1 &&
                                       strchr(allowed, value.string.data[0]) != NULL);
}

// Without grouping, with '.' as the point; false when the grouping stands behind the point.
static bool plain_digits(str text, char grouping, char point, struct strbuf *out)
{
    bool after_point = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == point) {
            after_point = true;
            strbuf_add_char(out, '.');
        } else if (c != grouping || c == 0) {
            if (c == '.')
                return false;
            strbuf_add_char(out, c);
        } else if (after_point) {
            return false;
        }
    }
    return true;
}

static feel_value read_number(str text)
{
    feel_value number;
    if (feel_number_parse(text, &number))
        return number;
    return feel_null();
}

feel_value builtin_number(struct call *call)
{
    feel_value from = call->args[0], grouping = call->args[1], point = call->args[2];
    if (from.kind == FEEL_LIST && from.list.count == 1)
        from = from.list.items[0];
    if (from.kind == FEEL_NUMBER && call->count == 1)
        return from;
    bool same = grouping.kind == FEEL_STRING && point.kind == FEEL_STRING &&
                str_equal(grouping.string, point.string);
    if (from.kind != FEEL_STRING || same || !is_separator(grouping, " ,.") ||
        !is_separator(point, ".,"))
        return feel_null();
    if (!run_spend(call->run, PARSE_STEPS))
        return feel_null();
    struct strbuf digits = strbuf_new(call->run->arena);
    char group = grouping.kind == FEEL_STRING ? grouping.string.data[0] : 0;
    char decimal = point.kind == FEEL_STRING ? point.string.data[0] : '.';
    if (group == decimal || !plain_digits(from.string, group, decimal, &digits))
        return feel_null();
    str text = strbuf_str(&digits);
    if (text.len > 0 && text.data[0] == '.')
        text = str_join2(call->run->arena, STR("0"), text);
    return read_number(text);
}

static bool is_constant(const struct node *node)
{
    return node->kind == NODE_CONSTANT && node->constant.kind != FEEL_NULL;
}

// A literal, a negative number, or a constructor such as date("2026-01-31").
static bool is_literal_end(const struct node *node)
{
    static const str constructors[] = {
        {"date", 4}, {"time", 4}, {"date and time", 13}, {"duration", 8}, {"@", 1}};
    if (node->kind == NODE_NEGATE)
        return is_constant(node->left);
    if (node->kind != NODE_BUILTIN)
        return is_constant(node);
    for (size_t i = 0; i < COUNT_OF(constructors); i++)
        if (str_equal(constructors[i], node->builtin->name))
            return node->argument_count == 1 && is_constant(node->arguments[0]);
    return false;
}

// "[1..3]": its ends are literals, nothing else is evaluated (10.3.4.1).
feel_value builtin_range(struct call *call)
{
    const struct feel_program *program;
    struct error err;
    struct feel_compile_options options = {.zones = call->run->zones, .standard_only = true};
    str text = call->args[0].string;
    if (!run_spend(call->run, COMPILE_STEPS + text.len) ||
        text.len > call->run->limits.regex_bytes ||
        !parser_compile_unfolded(call->run->arena, text, &options, &program, &err))
        return feel_null();
    const struct node *range = program->root;
    bool is_literal = range->kind == NODE_RANGE && !range->is_comparison &&
                      is_literal_end(range->start) && is_literal_end(range->end);
    return is_literal ? feel_evaluate(program, call->run) : feel_null();
}
