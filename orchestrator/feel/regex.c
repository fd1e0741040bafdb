// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "feel/regex.h"

#include <pcre2.h>

#include "feel/regex_syntax.h"
#include "feel/run.h"

struct regex {
    pcre2_code *code;
    uint32_t groups;
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
    *ret_options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY;
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
        *ret_options &= PCRE2_LITERAL | PCRE2_CASELESS | PCRE2_UTF | PCRE2_NO_UTF_CHECK;
    return true;
}

const struct regex *regex_compile(struct arena *arena, str pattern, str flags,
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
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    return regex;
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->groups;
}

static pcre2_match_context *limited(pcre2_general_context *memory, const struct feel_limits *limits)
{
    pcre2_match_context *context = pcre2_match_context_create(memory);
    pcre2_set_match_limit(context, limits->regex_steps);
    pcre2_set_depth_limit(context, limits->regex_depth);
    pcre2_set_heap_limit(context, limits->regex_kib);
    return context;
}

int regex_find(const struct regex *regex, struct feel_run *run, str text, size_t from,
               size_t *groups)
{
    struct arena_mark mark = arena_mark(run->arena);
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, run->arena);
    pcre2_match_data *data = pcre2_match_data_create(regex->groups + 1, memory);
    int found = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.len, from, PCRE2_NO_UTF_CHECK,
                            data, limited(memory, &run->limits));
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data);
    for (uint32_t i = 0; found > 0 && groups && i < 2 * (regex->groups + 1); i++)
        groups[i] = i < 2 * (uint32_t)found ? offsets[i] : SIZE_MAX;
    arena_rewind(run->arena, mark);
    run_spend(run, 10 + text.len / 64);
    if (found > 0)
        return 1;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    run_warn(run, POSITION_UNKNOWN, "matching took more than the limit of %u steps",
             run->limits.regex_steps);
    return -1;
}
