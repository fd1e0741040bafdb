// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions over strings (DMN 10.3.4.3). Positions and lengths count Unicode code points.
#include <wctype.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "feel/builtin.h"
#include "feel/node.h"
#include "feel/number.h"
#include "feel/regex.h"
#include "feel/run.h"

enum { SEARCHED_BYTES_PER_STEP = 12, MAPPED_BYTES_PER_STEP = 12 };

static feel_value text_or_null(struct call *call, const struct strbuf *out)
{
    return run_string(call->run, out);
}

static bool is_ascii(str text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.data[i];
    return all < 128;
}

static size_t length(str text)
{
    return is_ascii(text) ? text.len : utf8_length(text);
}

feel_value builtin_string_length(struct call *call)
{
    return feel_i64((int64_t)length(call->args[0].string));
}

// Negative positions count from the end; a length reaches at most to it.
feel_value builtin_substring(struct call *call)
{
    str text = call->args[0].string;
    int64_t start, count = (int64_t)length(text), wanted = count;
    if (!number_truncate(call->args[1], &start) || start == 0 || start > count || start < -count)
        return feel_null();
    if (call->args[2].kind != FEEL_NULL && (!number_truncate(call->args[2], &wanted) || wanted < 1))
        return feel_null();
    int64_t first = start > 0 ? start - 1 : count + start;
    int64_t kept = wanted > count - first ? count - first : wanted;
    size_t from = utf8_offset(text, (size_t)first);
    str rest = str_from_index(text, from);
    return feel_string(str_sub(rest, 0, utf8_offset(rest, (size_t)kept)));
}

static inline unsigned char ascii_case(unsigned char c, bool is_upper)
{
    unsigned char is_letter = (unsigned char)((c | 32) - 'a') < 26;
    unsigned bit = (unsigned)is_letter << 5;
    return (unsigned char)(is_upper ? c & ~bit : c | bit);
}

// One byte a letter, without a branch a letter.
static feel_value map_ascii(struct call *call, bool is_upper)
{
    str text = call->args[0].string;
    char *out = run_alloc(call->run, text.len);
    for (size_t i = 0; out && i < text.len; i++)
        out[i] = (char)ascii_case((unsigned char)text.data[i], is_upper);
    return out ? feel_string(str_from(out, text.len)) : feel_null();
}

// Simple case mapping, plus ß which has no single capital.
static feel_value map_case(struct call *call, wint_t (*map)(wint_t), bool is_upper)
{
    str rest = call->args[0].string;
    if (is_ascii(rest))
        return map_ascii(call, is_upper);
    if (!run_spend(call->run, rest.len / MAPPED_BYTES_PER_STEP))
        return feel_null();
    struct strbuf out = strbuf_new(call->run->arena);
    uint32_t c;
    for (size_t n; (n = utf8_decode(rest, &c)) > 0; rest = str_from_index(rest, n)) {
        if (c < 128)
            strbuf_add_char(&out, (char)ascii_case((unsigned char)c, is_upper));
        else if (c == 0xDF && is_upper)
            strbuf_add(&out, STR("SS"));
        else
            utf8_add(&out, (uint32_t)map((wint_t)c));
    }
    return text_or_null(call, &out);
}

// Case pairs of the scripts that have them, independent of the process's locale.
static wint_t simple_upper(wint_t c)
{
    if ((c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) ||
        (c >= 0x430 && c <= 0x44F))
        return c - 32;
    if (c == 0x3C2)
        return 0x3A3;
    if (c >= 0x450 && c <= 0x45F)
        return c - 80;
    if (c == 0xFF)
        return 0x178;
    if (c >= 0x561 && c <= 0x586)
        return c - 48;
    bool even_capitals = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) ||
                         (c >= 0x460 && c <= 0x4FF) || (c >= 0x1E00 && c <= 0x1EFF);
    bool odd_capitals = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
    if (even_capitals && c != 0x131)
        return c & 1 ? c - 1 : c;
    if (odd_capitals)
        return c & 1 ? c : c - 1;
    return c == 0x131 ? 'I' : c;
}

static wint_t simple_lower(wint_t c)
{
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c >= 0x531 && c <= 0x556)
        return c + 48;
    if (c == 0x178)
        return 0xFF;
    bool even_capitals = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) ||
                         (c >= 0x460 && c <= 0x4FF) || (c >= 0x1E00 && c <= 0x1EFF);
    bool odd_capitals = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
    if (c == 0x130)
        return 'i';
    if (even_capitals)
        return c & 1 ? c : c + 1;
    if (odd_capitals)
        return c & 1 ? c + 1 : c;
    return c;
}

feel_value builtin_upper_case(struct call *call)
{
    return map_case(call, simple_upper, true);
}

feel_value builtin_lower_case(struct call *call)
{
    return map_case(call, simple_lower, false);
}

// Where the second argument begins in the first; SIZE_MAX when it does not.
static size_t find(struct call *call)
{
    str text = call->args[0].string;
    bool paid = run_spend(call->run, text.len / SEARCHED_BYTES_PER_STEP);
    return paid ? str_find(text, call->args[1].string) : SIZE_MAX;
}

feel_value builtin_substring_before(struct call *call)
{
    size_t at = find(call);
    return feel_string(at == SIZE_MAX ? STR_EMPTY : str_sub(call->args[0].string, 0, at));
}

feel_value builtin_substring_after(struct call *call)
{
    size_t at = find(call);
    if (at == SIZE_MAX)
        return feel_string(STR_EMPTY);
    return feel_string(str_from_index(call->args[0].string, at + call->args[1].string.len));
}

feel_value builtin_contains(struct call *call)
{
    return feel_bool(find(call) != SIZE_MAX);
}

feel_value builtin_starts_with(struct call *call)
{
    return feel_bool(str_starts_with(call->args[0].string, call->args[1].string));
}

feel_value builtin_ends_with(struct call *call)
{
    return feel_bool(str_ends_with(call->args[0].string, call->args[1].string));
}

feel_value builtin_trim(struct call *call)
{
    return feel_string(str_trim(call->args[0].string));
}

feel_value builtin_is_blank(struct call *call)
{
    return feel_bool(str_trim(call->args[0].string).len == 0);
}

feel_value builtin_to_base64(struct call *call)
{
    struct strbuf out = strbuf_new(call->run->arena);
    base64_encode(&out, call->args[0].string);
    return text_or_null(call, &out);
}

feel_value builtin_string_join(struct call *call)
{
    struct strbuf out = strbuf_new(call->run->arena);
    feel_value list = call->args[0];
    bool any = false;
    if (call->args[2].kind == FEEL_STRING)
        strbuf_add(&out, call->args[2].string);
    for (size_t i = 0; i < list.list.count; i++) {
        feel_value item = list.list.items[i];
        if (item.kind == FEEL_NULL)
            continue;
        if (item.kind != FEEL_STRING || out.len > call->run->limits.string_bytes)
            return feel_null();
        if (any && call->args[1].kind == FEEL_STRING)
            strbuf_add(&out, call->args[1].string);
        strbuf_add(&out, item.string);
        any = true;
    }
    if (call->args[3].kind == FEEL_STRING)
        strbuf_add(&out, call->args[3].string);
    return text_or_null(call, &out);
}

// ---- regular expressions ----

static const struct regex *pattern_of(struct call *call, feel_value flags)
{
    if (call->node && call->node->kind == NODE_BUILTIN && call->node->prepared)
        return call->node->prepared;
    str text = flags.kind == FEEL_STRING ? flags.string : STR_EMPTY;
    const struct regex *regex = regex_compile(call->run, call->args[1].string, text);
    if (!regex)
        run_warn(call->run, call->node ? call->node->position : POSITION_UNKNOWN,
                 "'%.100s' is no regular expression",
                 str_cstr(call->run->arena, call->args[1].string));
    return regex;
}

feel_value builtin_matches(struct call *call)
{
    const struct regex *regex = pattern_of(call, call->args[2]);
    int found = regex ? regex_find(regex, call->run, call->args[0].string, 0, NULL) : -1;
    return found < 0 ? feel_null() : feel_bool(found);
}

// A pattern that matches nothing at all would match everywhere: XPath calls that an error for
// replace and split.
static bool matches_empty(const struct regex *regex, struct feel_run *run)
{
    return regex_find(regex, run, STR_EMPTY, 0, NULL) == 1;
}

// One "$12": as many digits as name a group. False when the replacement is malformed.
static bool add_group(struct strbuf *out, str *rest, str text, const size_t *groups, size_t count)
{
    size_t group = 0, digits = 0;
    while (digits < rest->len && rest->data[digits] >= '0' && rest->data[digits] <= '9') {
        size_t next = group * 10 + (size_t)(rest->data[digits] - '0');
        if (digits > 0 && next > count)
            break;
        group = next;
        digits++;
    }
    *rest = str_from_index(*rest, digits);
    if (digits > 0 && group <= count && groups[2 * group] != SIZE_MAX)
        strbuf_add(out,
                   str_sub(text, groups[2 * group], groups[2 * group + 1] - groups[2 * group]));
    return digits > 0;
}

static bool add_replacement(struct strbuf *out, str replacement, str text, const size_t *groups,
                            size_t count)
{
    for (str rest = replacement; rest.len > 0;) {
        char c = rest.data[0];
        rest = str_from_index(rest, 1);
        if (c == '$') {
            if (!add_group(out, &rest, text, groups, count))
                return false;
        } else if (c == '\\' && rest.len > 0 && (rest.data[0] == '$' || rest.data[0] == '\\')) {
            strbuf_add_char(out, rest.data[0]);
            rest = str_from_index(rest, 1);
        } else if (c == '\\') {
            return false; // XPath: only \\ and \$
        } else {
            strbuf_add_char(out, c);
        }
    }
    return true;
}

static bool is_literal(struct call *call)
{
    return call->args[3].kind == FEEL_STRING &&
           str_find_char(call->args[3].string, 'q') != SIZE_MAX;
}

feel_value builtin_replace(struct call *call)
{
    str text = call->args[0].string, replacement = call->args[2].string;
    const struct regex *regex = pattern_of(call, call->args[3]);
    if (!regex || matches_empty(regex, call->run))
        return feel_null();
    size_t count = regex_group_count(regex), at = 0;
    size_t *groups = run_alloc(call->run, 2 * (count + 1) * sizeof *groups);
    struct strbuf out = strbuf_new(call->run->arena);
    int found = 0;
    while (groups && at <= text.len && out.len <= call->run->limits.string_bytes &&
           (found = regex_find(regex, call->run, text, at, groups)) == 1) {
        strbuf_add(&out, str_sub(text, at, groups[0] - at));
        if (is_literal(call))
            strbuf_add(&out, replacement);
        else if (!add_replacement(&out, replacement, text, groups, count))
            return feel_null();
        at = groups[1];
    }
    if (found < 0 || call->run->stopped)
        return feel_null();
    strbuf_add(&out, str_from_index(text, at));
    return text_or_null(call, &out);
}

feel_value builtin_split(struct call *call)
{
    str text = call->args[0].string;
    const struct regex *regex = pattern_of(call, feel_null());
    if (!regex || matches_empty(regex, call->run))
        return feel_null();
    size_t at = 0,
           *groups = run_alloc(call->run, 2 * (regex_group_count(regex) + 1) * sizeof *groups);
    struct list_builder parts = list_builder_new(call->run);
    int found = 0;
    while (groups && (found = regex_find(regex, call->run, text, at, groups)) == 1) {
        if (!list_add(&parts, feel_string(str_sub(text, at, groups[0] - at))))
            return feel_null();
        at = groups[1];
    }
    if (found < 0 || !list_add(&parts, feel_string(str_from_index(text, at))))
        return feel_null();
    return list_value(&parts);
}

feel_value builtin_extract(struct call *call)
{
    str text = call->args[0].string;
    const struct regex *regex = pattern_of(call, feel_null());
    if (!regex)
        return feel_null();
    size_t at = 0,
           *groups = run_alloc(call->run, 2 * (regex_group_count(regex) + 1) * sizeof *groups);
    struct list_builder parts = list_builder_new(call->run);
    while (groups && at <= text.len && regex_find(regex, call->run, text, at, groups) == 1) {
        str match = str_sub(text, groups[0], groups[1] - groups[0]);
        if (!list_add(&parts, feel_string(match)))
            return feel_null();
        uint32_t c;
        at = match.len ? groups[1] : groups[1] + utf8_decode(str_from_index(text, groups[1]), &c);
        if (match.len == 0 && groups[1] == text.len)
            break;
    }
    return list_value(&parts);
}
