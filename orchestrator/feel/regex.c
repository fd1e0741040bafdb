// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "feel/regex.h"

#include <pcre2.h>

#include "feel/regex_syntax.h"
#include "feel/run.h"

struct regex {
    pcre2_code *code;
    uint32_t groups;
    uint32_t item_steps; // what one item costs at most, however it repeats
    bool has_references; // \1 compares with text that was matched
};

enum {
    CALL_STEPS = 10,
    COMPILE_STEPS = 100,
    FAILED_COMPILE_STEPS = 5000,
    PATTERN_BYTES_PER_STEP = 256, // a class is looked through for each character
    REPEATS_PER_STEP = 32,
    REFERENCE_BYTES_PER_STEP = 64,
    SCANNED_BYTES_PER_STEP = 64,
    CODE_BYTES_PER_STEP = 16,
};

// All of PCRE2's memory comes from the arena and goes with it.
static void *take(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void give_back(void *data, void *arena)
{
    (void)data;
    (void)arena;
}

static bool read_flags(str flags, uint32_t *ret_options, struct regex_flags *ret_flags)
{
    *ret_options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                   PCRE2_AUTO_CALLOUT | PCRE2_NO_AUTO_POSSESS;
    *ret_flags = (struct regex_flags){0};
    for (size_t i = 0; i < flags.len; i++) {
        switch (flags.data[i]) {
        case 's':
            *ret_options |= PCRE2_DOTALL;
            break;
        case 'm':
            *ret_options |= PCRE2_MULTILINE;
            break;
        case 'i':
            *ret_options |= PCRE2_CASELESS;
            break;
        case 'x':
            ret_flags->free_spacing = true;
            break;
        case 'q':
            *ret_options |= PCRE2_LITERAL;
            ret_flags->literal = true;
            break;
        default:
            return false;
        }
    }
    if (ret_flags->literal) // PCRE2_LITERAL goes with few others
        *ret_options &=
            PCRE2_LITERAL | PCRE2_CASELESS | PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_AUTO_CALLOUT;
    return true;
}

// The largest number in braces: a{1000} is one item that looks at a thousand characters.
static uint32_t most_repeats(str pattern)
{
    uint32_t most = 0, number = 0;
    bool in_braces = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.data[i];
        bool is_digit = in_braces && c >= '0' && c <= '9';
        in_braces = c == '{' || is_digit || (in_braces && c == ',');
        number = is_digit && number < 1000000 ? number * 10 + (uint32_t)(c - '0') : 0;
        most = number > most ? number : most;
    }
    return most;
}

// Every item of a pattern is called out, so that what matching did can be counted. A repeat is
// never made possessive: then each character that one scans is a place to go back to, and counted.
static const struct regex *compile(struct arena *arena, str pattern, str flags,
                                   const struct feel_limits *limits)
{
    uint32_t options;
    struct regex_flags syntax;
    str translated;
    if (pattern.len > limits->regex_bytes || !read_flags(flags, &options, &syntax) ||
        !regex_translate(arena, pattern, syntax, &translated))
        return NULL;
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, arena);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    pcre2_set_parens_nest_limit(context, REGEX_NESTING_MAX);
    int code;
    PCRE2_SIZE at;
    struct regex *regex = ARENA_NEW(arena, struct regex);
    regex->code =
        pcre2_compile((PCRE2_SPTR)translated.data, translated.len, options, &code, &at, context);
    if (!regex->code)
        return NULL;
    uint32_t references;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    pcre2_pattern_info(regex->code, PCRE2_INFO_BACKREFMAX, &references);
    regex->has_references = references > 0;
    regex->item_steps = 1 + (uint32_t)pattern.len / PATTERN_BYTES_PER_STEP +
                        most_repeats(pattern) / REPEATS_PER_STEP;
    return regex;
}

const struct regex *regex_prepare(struct arena *arena, str pattern, str flags)
{
    struct feel_limits limits = feel_limits_default();
    return compile(arena, pattern, flags, &limits);
}

const struct regex *regex_compile(struct feel_run *run, str pattern, str flags)
{
    if (!run_spend(run, COMPILE_STEPS + pattern.len))
        return NULL;
    const struct regex *regex = compile(run->arena, pattern, flags, &run->limits);
    size_t size = 0;
    if (regex)
        pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &size);
    return run_spend(run, regex ? size / CODE_BYTES_PER_STEP : FAILED_COMPILE_STEPS) ? regex : NULL;
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->groups;
}

struct matching {
    struct feel_run *run;
    uint64_t item_steps;
    uint32_t items; // looked at
};

// At each item of the pattern, whenever it is tried.
static int on_item(pcre2_callout_block *block, void *context)
{
    struct matching *matching = context;
    (void)block;
    bool goes_on = ++matching->items <= matching->run->limits.regex_steps &&
                   run_spend(matching->run, matching->item_steps);
    return goes_on ? 0 : PCRE2_ERROR_MATCHLIMIT;
}

static pcre2_match_context *limited(pcre2_general_context *memory, struct matching *matching)
{
    const struct feel_limits *limits = &matching->run->limits;
    pcre2_match_context *context = pcre2_match_context_create(memory);
    pcre2_set_callout(context, on_item, matching);
    pcre2_set_match_limit(context, limits->regex_steps);
    pcre2_set_depth_limit(context, limits->regex_depth);
    pcre2_set_heap_limit(context, limits->regex_kib);
    return context;
}

int regex_find(const struct regex *regex, struct feel_run *run, str text, size_t from,
               size_t *groups)
{
    struct matching matching = {.run = run, .item_steps = regex->item_steps};
    if (regex->has_references)
        matching.item_steps += text.len / REFERENCE_BYTES_PER_STEP;
    if (!run_spend(run, CALL_STEPS))
        return -1;
    struct arena_mark mark = arena_mark(run->arena);
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, run->arena);
    pcre2_match_data *data = pcre2_match_data_create(regex->groups + 1, memory);
    int found = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.len, from, PCRE2_NO_UTF_CHECK,
                            data, limited(memory, &matching));
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data);
    for (uint32_t i = 0; found > 0 && groups && i < 2 * (regex->groups + 1); i++)
        groups[i] = i < 2 * (uint32_t)found ? offsets[i] : SIZE_MAX;
    size_t scanned = (found > 0 ? offsets[1] : text.len) - from;
    arena_rewind(run->arena, mark);
    if (!run_spend(run, scanned / SCANNED_BYTES_PER_STEP))
        return -1;
    if (found > 0)
        return 1;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    run_warn(run, POSITION_UNKNOWN, "matching took more than the limit of %u steps",
             run->limits.regex_steps);
    return -1;
}
