// SPDX-License-Identifier: Apache-2.0
#include "feel/regex_syntax.h"

#include "base/check.h"

struct translation {
    str rest;
    struct strbuf *out;
    struct regex_flags flags;
    int groups;                  // opened so far
    int open[REGEX_NESTING_MAX]; // the groups that are open; 0: one that does not capture
    int depth;
};

struct block {
    str name;
    str range;
};

static const struct block blocks[] = {
#define BLOCK(name, range) {{name, sizeof(name) - 1}, {range, sizeof(range) - 1}},
#include "feel/regex_blocks.def"
#undef BLOCK
};

static bool at(const struct translation *t, char c)
{
    return t->rest.len > 0 && t->rest.data[0] == c;
}

static char take(struct translation *t)
{
    char c = t->rest.data[0];
    t->rest = str_from_index(t->rest, 1);
    return c;
}

// Name characters of XML (\i, \c), inside a class.
static const char name_start[] = "\\p{L}\\p{Nl}_:";
static const char name_part[] = "\\p{L}\\p{Nl}\\p{Nd}\\p{M}_:.\\-\\x{B7}";

static void add_set(struct translation *t, const char *set, bool negated, bool in_class)
{
    if (in_class && negated) { // inside a class only a class of PCRE2's own can be negated:
                               // subtract by look-ahead is not possible there
        strbuf_format(t->out, "\\x{0}-\\x{2c}\\x{2f}\\x{3b}-\\x{40}\\x{5b}-\\x{5e}\\x{60}");
        return;
    }
    strbuf_format(t->out, in_class ? "%s%s" : "[%s%s]", negated ? "^" : "", set);
}

static const struct block *find_block(str name)
{
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        if (str_equal(blocks[i].name, name))
            return &blocks[i];
    return NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static str without_space(struct translation *t, str text)
{
    struct strbuf out = strbuf_new(t->out->arena);
    for (size_t i = 0; i < text.len; i++)
        if (!t->flags.free_spacing || !is_space(text.data[i]))
            strbuf_add_char(&out, text.data[i]);
    return strbuf_str(&out);
}

// \p{Lu} as it is, and of either case only what it names, whatever the flag i says;
// \p{IsBasicLatin} as a range.
static bool add_property(struct translation *t, char letter, bool in_class)
{
    size_t close = str_find_char(t->rest, '}');
    if (!at(t, '{') || close == SIZE_MAX)
        return false;
    str name = without_space(t, str_sub(t->rest, 1, close - 1));
    t->rest = str_from_index(t->rest, close + 1);
    if (!str_starts_with(name, STR("Is"))) {
        strbuf_format(t->out, in_class ? "\\%c{%.*s}" : "(?-i:\\%c{%.*s})", letter, STR_ARG(name));
        return name.len >= 1 && name.len <= 2;
    }
    const struct block *block = find_block(str_from_index(name, 2));
    if (!block || (in_class && letter == 'P'))
        return false;
    if (in_class)
        strbuf_add(t->out, block->range);
    else
        strbuf_format(t->out, "[%s%.*s]", letter == 'P' ? "^" : "", STR_ARG(block->range));
    return true;
}

static bool is_open(const struct translation *t, int group)
{
    for (int i = 0; i < t->depth; i++)
        if (t->open[i] == group)
            return true;
    return false;
}

// A back reference names a group that is closed already; as many digits as name one.
static bool add_reference(struct translation *t, char digit)
{
    int group = digit - '0';
    while (t->rest.len > 0 && t->rest.data[0] >= '0' && t->rest.data[0] <= '9' &&
           group * 10 + t->rest.data[0] - '0' <= t->groups)
        group = group * 10 + take(t) - '0';
    strbuf_format(t->out, "\\g{%d}", group);
    return group <= t->groups && !is_open(t, group);
}

static bool add_escape(struct translation *t, bool in_class)
{
    while (t->flags.free_spacing && t->rest.len > 0 && is_space(t->rest.data[0]))
        take(t);
    if (t->rest.len == 0)
        return false;
    char c = take(t);
    switch (c) {
    case 'i':
    case 'I':
        add_set(t, name_start, c == 'I', in_class);
        return true;
    case 'c':
    case 'C':
        add_set(t, name_part, c == 'C', in_class);
        return true;
    case 'p':
    case 'P':
        return add_property(t, c, in_class);
    default:
        break;
    }
    if (c >= '1' && c <= '9')
        return !in_class && add_reference(t, c);
    if (!strchr("nrtdDsSwW\\|.?*+(){}$-[]^\"'/,:;<>=!@#%&~` _", c))
        return false;
    strbuf_add_char(t->out, '\\');
    strbuf_add_char(t->out, c == '_' ? 'x' : c);
    if (c == '_')
        strbuf_add(t->out, STR("{5f}"));
    return true;
}

static bool add_class(struct translation *t, int depth);

// [a-z-[aeiou]] is "not one of these, and one of those": (?![aeiou])[a-z]
static bool add_subtraction(struct translation *t, struct strbuf *outer, size_t start, int depth)
{
    struct strbuf class_text = *t->out;
    struct strbuf subtracted = strbuf_new(outer->arena);
    str first = str_copy(outer->arena, str_from(class_text.data + start, class_text.len - start));
    t->out = &subtracted;
    bool read = add_class(t, depth + 1) && at(t, ']');
    if (read)
        take(t);
    t->out = outer;
    outer->len = start;
    str second = strbuf_str(&subtracted);
    strbuf_format(outer, "(?:(?!%.*s)%.*s])", STR_ARG(second), STR_ARG(first));
    return read;
}

// At the opening bracket.
static bool add_class(struct translation *t, int depth)
{
    struct strbuf *out = t->out;
    size_t start = out->len;
    if (depth > REGEX_NESTING_MAX || !at(t, '['))
        return false;
    strbuf_add_char(out, take(t));
    if (at(t, '^'))
        strbuf_add_char(out, take(t));
    if (at(t, ']'))
        return false;
    while (t->rest.len > 0) {
        char c = take(t);
        if (c == ']') {
            strbuf_add_char(out, c);
            return true;
        }
        if (c == '-' && at(t, '['))
            return add_subtraction(t, out, start, depth);
        if (c == '[' || (c == '\\' && !add_escape(t, true)))
            return false;
        if (c != '\\')
            strbuf_add_char(out, c);
    }
    return false;
}

static bool add_group(struct translation *t)
{
    bool captures = !at(t, '?');
    if (t->depth == REGEX_NESTING_MAX || at(t, '*')) // (*…) are PCRE2's verbs
        return false;
    if (!captures && !str_starts_with(t->rest, STR("?:")))
        return false;
    t->open[t->depth++] = captures ? ++t->groups : 0;
    strbuf_add(t->out, captures ? STR("(") : STR("(?:"));
    t->rest = captures ? t->rest : str_from_index(t->rest, 2);
    return true;
}

static bool close_group(struct translation *t)
{
    strbuf_add_char(t->out, ')');
    return t->depth-- > 0;
}

// {n}, {n,} and {n,m} only: elsewhere PCRE2 takes a brace for itself, XPath does not.
static bool is_quantity(str rest)
{
    size_t i = 0, digits = 0;
    for (; i < rest.len && rest.data[i] >= '0' && rest.data[i] <= '9'; i++)
        digits++;
    if (digits && i < rest.len && rest.data[i] == ',')
        for (i++; i < rest.len && rest.data[i] >= '0' && rest.data[i] <= '9';)
            i++;
    return digits && i < rest.len && rest.data[i] == '}';
}

static bool add_character(struct translation *t)
{
    if (at(t, '['))
        return add_class(t, 0);
    char c = take(t);
    if (c == '\\')
        return add_escape(t, false);
    if (c == '(')
        return add_group(t);
    if (c == ')')
        return close_group(t);
    if (c == '{' && !is_quantity(t->rest))
        return false;
    if (c == ']')
        return false;
    if (c == '+' && t->out->len && strchr("+*?}", t->out->data[t->out->len - 1]) &&
        !(t->out->len > 1 && t->out->data[t->out->len - 2] == '\\'))
        return false; // possessive in PCRE2, an error in XPath
    if (!(is_space(c) && t->flags.free_spacing))
        strbuf_add_char(t->out, c);
    return true;
}

bool regex_translate(struct arena *arena, str pattern, struct regex_flags flags, str *ret_pattern)
{
    struct strbuf out = strbuf_new(arena);
    struct translation t = {.rest = pattern, .out = &out, .flags = flags};
    if (flags.literal) {
        *ret_pattern = pattern;
        return true;
    }
    while (t.rest.len > 0)
        if (!add_character(&t))
            return false;
    *ret_pattern = strbuf_str(&out);
    return true;
}
