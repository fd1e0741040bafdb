// SPDX-License-Identifier: Apache-2.0
#include "feel/lexer.h"

#include "base/map.h"
#include "base/utf8.h"
#include "feel/builtin.h"

struct spelling {
    enum token_kind kind;
    str text;
};

static const struct spelling symbols[] = {
#define TOKEN(id, text) {TOKEN_##id, {text, sizeof(text) - 1}},
#define KEYWORD(id, text)
#include "feel/tokens.def"
#undef TOKEN
#undef KEYWORD
};

static const struct spelling keywords[] = {
#define TOKEN(id, text)
#define KEYWORD(id, text) {TOKEN_##id, {text, sizeof(text) - 1}},
#include "feel/tokens.def"
#undef TOKEN
#undef KEYWORD
};

const char *token_describe(enum token_kind kind)
{
    switch (kind) {
    case TOKEN_END:
        return "the end";
    case TOKEN_NUMBER:
        return "a number";
    case TOKEN_STRING:
        return "a string";
    case TOKEN_AT:
        return "a temporal literal";
    case TOKEN_NAME:
        return "a name";
    case TOKEN_BAD:
        return "something else";
#define TOKEN(id, text)                                                                            \
    case TOKEN_##id:                                                                               \
        return "'" text "'";
#define KEYWORD(id, text)                                                                          \
    case TOKEN_##id:                                                                               \
        return "'" text "'";
#include "feel/tokens.def"
#undef TOKEN
#undef KEYWORD
    }
    check_unreachable();
}

// ---- characters ----

// Grammar rule 28: name start char.
static bool is_name_start(uint32_t c)
{
    if (c < 128)
        return (c | 32) - 'a' < 26 || c == '_' || c == '?';
    return (c >= 0xC0 && c <= 0xD6) || (c >= 0xD8 && c <= 0xF6) || (c >= 0xF8 && c <= 0x2FF) ||
           (c >= 0x370 && c <= 0x37D) || (c >= 0x37F && c <= 0x1FFF) || c == 0x200C ||
           c == 0x200D || (c >= 0x2070 && c <= 0x218F) || (c >= 0x2C00 && c <= 0x2FEF) ||
           (c >= 0x3001 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
           (c >= 0xFDF0 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0xEFFFF);
}

// Grammar rule 29: name part char.
static bool is_name_part(uint32_t c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == 0xB7 || (c >= 0x300 && c <= 0x36F) ||
           c == 0x203F || c == 0x2040;
}

static bool is_ascii_part(char c)
{
    return ((unsigned)(unsigned char)c | 32) - 'a' < 26 || (unsigned)c - '0' < 10 || c == '_' ||
           c == '?';
}

// Grammar rule 30: additional name symbols.
static bool is_name_symbol(char c)
{
    return c == '.' || c == '/' || c == '-' || c == '\'' || c == '+' || c == '*';
}

// Grammar rules 61 and 62: white space and vertical space. Returns its length, 0 for anything else.
static size_t space_length(str text)
{
    uint32_t c;
    if (text.len > 0 && (unsigned char)text.data[0] < 128)
        return text.data[0] == ' ' || (text.data[0] >= 9 && text.data[0] <= 13);
    size_t n = utf8_decode(text, &c);
    bool is_space =
        n && (c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
              c == 0x180E || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 ||
              c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF);
    return is_space ? n : 0;
}

// `// to the end of the line` and `/* … */`; 0 when there is none.
static size_t comment_length(str text)
{
    if (str_starts_with(text, STR("//"))) {
        size_t end = str_find_char(text, '\n');
        return end == SIZE_MAX ? text.len : end;
    }
    if (!str_starts_with(text, STR("/*")))
        return 0;
    size_t end = str_find(str_from_index(text, 2), STR("*/"));
    return end == SIZE_MAX ? 0 : end + 4;
}

size_t lexer_skip_space(const struct lexer *lexer, size_t at)
{
    for (;;) {
        if (at >= lexer->source.len)
            return at;
        char c = lexer->source.data[at];
        if (c > ' ' && c < 127 && c != '/')
            return at; // nearly always
        str rest = str_from_index(lexer->source, at);
        size_t n = space_length(rest);
        if (n == 0 && rest.data[0] == '/')
            n = comment_length(rest);
        if (n == 0)
            return at;
        at += n;
    }
}

// The end of the run of name characters at the offset.
static size_t word_end_of(str source, size_t at)
{
    uint32_t c;
    for (;;) {
        while (at < source.len && is_ascii_part(source.data[at]))
            at++;
        size_t n = utf8_decode(str_from_index(source, at), &c);
        if (n == 0 || !is_name_part(c))
            return at;
        at += n;
    }
}

static size_t word_end(const struct lexer *lexer, size_t at)
{
    return word_end_of(lexer->source, at);
}

static bool starts_name(const struct lexer *lexer, size_t at)
{
    uint32_t c;
    if (at < lexer->source.len && (unsigned char)lexer->source.data[at] < 128)
        return is_name_start((unsigned char)lexer->source.data[at]);
    return utf8_decode(str_from_index(lexer->source, at), &c) > 0 && is_name_start(c);
}

bool lexer_word_at(const struct lexer *lexer, size_t at, str word, size_t *ret_end)
{
    size_t end = word_end(lexer, at);
    *ret_end = end;
    return str_equal(str_sub(lexer->source, at, end - at), word);
}

enum { KEYWORD_LENGTH_MIN = 2, KEYWORD_LENGTH_MAX = 9 };

static enum token_kind keyword_of(str word)
{
    if (word.len < KEYWORD_LENGTH_MIN || word.len > KEYWORD_LENGTH_MAX)
        return TOKEN_NAME;
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (keywords[i].text.data[0] == word.data[0] && str_equal(keywords[i].text, word))
            return keywords[i].kind;
    return TOKEN_NAME;
}

// ---- names ----

bool lexer_is_compound(str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == ' ' || is_name_symbol(name.data[i]))
            return true;
    return keyword_of(name) != TOKEN_NAME;
}

str lexer_normalize(struct arena *arena, str name)
{
    struct strbuf out = strbuf_new(arena);
    bool pending = false;
    for (size_t i = 0; i < name.len;) {
        size_t space = space_length(str_from_index(name, i));
        if (space) {
            pending = out.len > 0;
            i += space;
            continue;
        }
        if (pending)
            strbuf_add_char(&out, ' ');
        pending = false;
        strbuf_add_char(&out, name.data[i++]);
    }
    return strbuf_str(&out);
}

// Matches a known name at the offset; spaces beside a symbol may be there or not, between words
// there must be some. Returns where it ends, or 0.
size_t lexer_match(const struct lexer *lexer, size_t at, str name)
{
    str source = lexer->source;
    for (size_t i = 0; i < name.len;) {
        size_t after = lexer_skip_space(lexer, at);
        if (name.data[i] == ' ') {
            bool beside_symbol = (i > 0 && is_name_symbol(name.data[i - 1])) ||
                                 (i + 1 < name.len && is_name_symbol(name.data[i + 1]));
            if (after == at && !beside_symbol)
                return 0;
            at = after;
            i++;
            continue;
        }
        bool beside_symbol =
            i > 0 && (is_name_symbol(name.data[i]) || is_name_symbol(name.data[i - 1]));
        if (beside_symbol && source.len > at && source.data[at] != name.data[i])
            at = after;
        if (at >= source.len || source.data[at] != name.data[i])
            return 0;
        at++;
        i++;
    }
    bool ends_in_word = !is_name_symbol(name.data[name.len - 1]);
    return ends_in_word && word_end(lexer, at) != at ? 0 : at;
}

// Properties of temporal values and ranges with more than one word (Table 65).
static str properties[] = {{"time offset", 11}, {"start included", 14}, {"end included", 12}};
static const str_array property_names = {properties, COUNT_OF(properties), 0};

static size_t longest_name(const struct lexer *lexer, size_t at, const str_array *names,
                           str *ret_name)
{
    size_t longest = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].data[0] != lexer->source.data[at])
            continue; // a token begins here, and so does the name
        size_t end = lexer_match(lexer, at, names->items[i]);
        if (end > longest) {
            longest = end;
            *ret_name = names->items[i];
        }
    }
    return longest;
}

// ---- members known to many expressions ----
//
// By their first two words: where a name stands in a source, these stand whole, with nothing but
// spaces and symbols between them.

struct feel_members {
    struct arena *arena;
    struct map names;
    struct map by_words; // str_array of the names that begin with the words
};

enum { WORDS_MAX = 128 };

struct words {
    char data[WORDS_MAX]; // what does not fit is left out on both sides
    size_t len;
};

static void add_word(struct words *words, str word)
{
    size_t room = WORDS_MAX - words->len, len = word.len < room ? word.len : room;
    memcpy(words->data + words->len, word.data, len);
    words->len += len;
    if (words->len < WORDS_MAX)
        words->data[words->len++] = ' ';
}

static struct words first_words(const struct lexer *lexer, size_t at)
{
    struct words words;
    words.len = 0;
    size_t end = word_end(lexer, at);
    add_word(&words, str_sub(lexer->source, at, end - at));
    size_t next = lexer_skip_space(lexer, end);
    while (next < lexer->source.len && is_name_symbol(lexer->source.data[next]))
        next = lexer_skip_space(lexer, next + 1);
    add_word(&words, str_sub(lexer->source, next, word_end(lexer, next) - next));
    return words;
}

struct feel_members *feel_members_new(struct arena *arena)
{
    struct feel_members *members = ARENA_NEW(arena, struct feel_members);
    members->arena = arena;
    members->names = members->by_words = map_new(arena);
    return members;
}

void feel_members_add(struct feel_members *members, str name)
{
    if (name.len == 0 || !lexer_is_compound(name) || map_get(&members->names, name))
        return;
    map_put(&members->names, name, members);
    const struct lexer lexer = {.source = name};
    struct words words = first_words(&lexer, 0);
    str_array *names = map_get(&members->by_words, str_from(words.data, words.len));
    if (names == NULL) {
        names = ARENA_NEW(members->arena, str_array);
        map_put(&members->by_words, str_copy(members->arena, str_from(words.data, words.len)),
                names);
    }
    *ARRAY_PUSH(members->arena, names) = name;
}

// A name of one word is a keyword, so nothing that is written after it is a part of it.
static size_t longest_known(const struct lexer *lexer, size_t at, str *ret_name)
{
    struct words words = first_words(lexer, at);
    const struct map *known = &lexer->known_members->by_words;
    const str_array *names = map_get(known, str_from(words.data, words.len));
    size_t end = names ? longest_name(lexer, at, names, ret_name) : 0;
    if (end > 0)
        return end;
    size_t first_end = word_end(lexer, at);
    words.len = 0;
    add_word(&words, str_sub(lexer->source, at, first_end - at));
    add_word(&words, STR_EMPTY);
    names = map_get(known, str_from(words.data, words.len));
    return names ? longest_name(lexer, at, names, ret_name) : 0;
}

static size_t member_name(const struct lexer *lexer, size_t at, str *ret_name)
{
    str known = STR_EMPTY;
    size_t end = longest_name(lexer, at, &lexer->members, ret_name);
    size_t known_end = lexer->known_members ? longest_known(lexer, at, &known) : 0;
    if (known_end <= end)
        return end;
    *ret_name = known;
    return known_end;
}

// "date and time(": built-in functions whose name holds a keyword, where a call stands.
static size_t builtin_name(const struct lexer *lexer, size_t at, str *ret_name)
{
    size_t longest = 0, first_end = word_end(lexer, at), first = first_end - at;
    size_t next_word = lexer_skip_space(lexer, first_end);
    if (next_word == first_end || !starts_name(lexer, next_word))
        return 0; // the names that matter have several words
    for (size_t i = 0; i < builtin_rows; i++) {
        str name = builtins[i].name;
        if (name.len <= first || name.data[first] != ' ' || name.data[0] != lexer->source.data[at])
            continue;
        size_t end = lexer_match(lexer, at, name);
        if (end <= longest)
            continue;
        size_t next = lexer_skip_space(lexer, end);
        if (next < lexer->source.len && lexer->source.data[next] == '(') {
            longest = end;
            *ret_name = name;
        }
    }
    return longest;
}

// Words that follow each other are one name: nothing else may stand there.
static struct token read_words(struct lexer *lexer, size_t at, size_t first_end)
{
    size_t end = first_end;
    for (;;) {
        size_t next = lexer_skip_space(lexer, end);
        if (next == end || !starts_name(lexer, next) || lexer->source.data[next] == '?')
            break;
        size_t next_end = word_end(lexer, next);
        if (keyword_of(str_sub(lexer->source, next, next_end - next)) != TOKEN_NAME)
            break;
        end = next_end;
    }
    str text = str_sub(lexer->source, at, end - at);
    if (end != first_end)
        text = lexer_normalize(lexer->arena, text);
    return (struct token){TOKEN_NAME, at, end, text};
}

static struct token read_name(struct lexer *lexer, size_t at)
{
    str known = STR_EMPTY, function = STR_EMPTY;
    size_t end = lexer->after_dot ? member_name(lexer, at, &known)
                                  : longest_name(lexer, at, &lexer->names, &known);
    if (lexer->after_dot && end == 0)
        end = longest_name(lexer, at, &property_names, &known);
    size_t function_end = lexer->after_dot ? 0 : builtin_name(lexer, at, &function);
    if (function_end > end) {
        end = function_end;
        known = function;
    }
    size_t first_end = word_end(lexer, at);
    str first = str_sub(lexer->source, at, first_end - at);
    if (end > first_end)
        return (struct token){TOKEN_NAME, at, end, known};
    enum token_kind kind = keyword_of(first);
    if (kind != TOKEN_NAME && !lexer->after_dot)
        return (struct token){kind, at, first_end, first};
    if (first.data[0] == '?')
        return (struct token){TOKEN_NAME, at, first_end, first};
    return read_words(lexer, at, first_end);
}

// `any characters`: a name as Camunda writes those that hold operators.
static struct token read_quoted_name(const struct lexer *lexer, size_t at)
{
    str rest = str_from_index(lexer->source, at + 1);
    size_t length = str_find_char(rest, '`');
    if (length == SIZE_MAX || length == 0)
        return (struct token){TOKEN_BAD, at, at + 1,
                              str_of("a name in back quotes that is empty or does not end")};
    return (struct token){TOKEN_NAME, at, at + length + 2, str_sub(rest, 0, length)};
}

static bool is_back_quote(const struct lexer *lexer, size_t at)
{
    return at < lexer->source.len && lexer->source.data[at] == '`';
}

struct token lexer_read_definition(struct lexer *lexer, size_t at, const char *stops)
{
    at = lexer_skip_space(lexer, at);
    if (is_back_quote(lexer, at)) {
        struct token name = read_quoted_name(lexer, at);
        return name.kind == TOKEN_NAME ? name : (struct token){TOKEN_NAME, at, at, STR_EMPTY};
    }
    size_t end = at, last = at;
    str source = lexer->source;
    if (!starts_name(lexer, at))
        return (struct token){TOKEN_NAME, at, at, STR_EMPTY};
    while (end < source.len && strchr(stops, source.data[end]) == NULL) {
        size_t stop, next = word_end(lexer, end);
        if (lexer_word_at(lexer, end, STR("in"), &stop) && end > at)
            break;
        if (next == end && is_name_symbol(source.data[end]))
            next = end + 1;
        if (next == end && (next = lexer_skip_space(lexer, end)) == end)
            break;
        else if (space_length(str_from_index(source, end)) == 0)
            last = next;
        end = next;
    }
    str text = lexer_normalize(lexer->arena, str_sub(source, at, last - at));
    return (struct token){TOKEN_NAME, at, last, text};
}

// ---- literals ----

static size_t digits_end(str source, size_t at)
{
    while (at < source.len && source.data[at] >= '0' && source.data[at] <= '9')
        at++;
    return at;
}

static struct token read_number(const struct lexer *lexer, size_t at)
{
    str source = lexer->source;
    size_t end = digits_end(source, at);
    if (end + 1 < source.len && source.data[end] == '.' && digits_end(source, end + 1) > end + 1)
        end = digits_end(source, end + 1);
    if (end + 1 < source.len && (source.data[end] | 32) == 'e') {
        size_t exponent = end + 1;
        exponent += source.data[exponent] == '+' || source.data[exponent] == '-';
        if (digits_end(source, exponent) > exponent)
            end = digits_end(source, exponent);
    }
    return (struct token){TOKEN_NUMBER, at, end, str_sub(source, at, end - at)};
}

static bool read_hex(str text, size_t width, uint32_t *ret_value)
{
    uint32_t value = 0;
    if (text.len < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        char c = text.data[i], lower = (char)(c | 32);
        if (c >= '0' && c <= '9')
            value = value * 16 + (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (uint32_t)(lower - 'a' + 10);
        else
            return false;
    }
    *ret_value = value;
    return true;
}

// \uXXXX, \uD83D\uDC0E or \UXXXXXX (grammar rule 66). Returns the length after the backslash, 0
// when malformed.
static size_t unescape_unicode(str rest, struct strbuf *out)
{
    uint32_t c, low;
    size_t width = rest.data[0] == 'u' ? 4 : 6, used = 1 + width;
    if (!read_hex(str_from_index(rest, 1), width, &c))
        return 0;
    if (c >= 0xD800 && c < 0xDC00 && str_starts_with(str_from_index(rest, used), STR("\\u")) &&
        read_hex(str_from_index(rest, used + 2), 4, &low) && low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        used += 6;
    }
    if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)
        return 0;
    utf8_add(out, c);
    return used;
}

static size_t unescape(str rest, struct strbuf *out)
{
    static const char from[] = "nrt\"'\\", to[] = "\n\r\t\"'\\";
    if (rest.len == 0)
        return 0;
    if (rest.data[0] == 'u' || rest.data[0] == 'U')
        return unescape_unicode(rest, out);
    const char *found = strchr(from, rest.data[0]);
    if (found == NULL || rest.data[0] == 0) { // kept: patterns write "\d" and "\s"
        strbuf_add_char(out, '\\');
        return SIZE_MAX;
    }
    strbuf_add_char(out, to[found - from]);
    return 1;
}

static struct token bad_token(size_t at, size_t end, const char *why)
{
    return (struct token){TOKEN_BAD, at, end, str_of(why)};
}

static struct token read_string(struct lexer *lexer, size_t at, enum token_kind kind)
{
    str source = lexer->source;
    size_t start = at + (kind == TOKEN_AT), i = start + 1;
    struct strbuf out = strbuf_new(lexer->arena);
    while (i < source.len && source.data[i] != '"') {
        if (source.data[i] != '\\') {
            strbuf_add_char(&out, source.data[i++]);
            continue;
        }
        size_t used = unescape(str_from_index(source, i + 1), &out);
        if (used == 0)
            return bad_token(i, i + 1,
                             "an escape that is none of \\n \\r \\t \\\" \\' \\\\ \\u \\U");
        i += 1 + (used == SIZE_MAX ? 0 : used);
    }
    if (i >= source.len)
        return bad_token(at, source.len, "a string without its closing quote");
    return (struct token){kind, at, i + 1, strbuf_str(&out)};
}

static struct token read_symbol(const struct lexer *lexer, size_t at)
{
    str rest = str_from_index(lexer->source, at);
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        if (symbols[i].text.data[0] == rest.data[0] && str_starts_with(rest, symbols[i].text))
            return (struct token){symbols[i].kind, at, at + symbols[i].text.len, symbols[i].text};
    return bad_token(at, at + 1, "a character that means nothing here");
}

struct token lexer_read(struct lexer *lexer, size_t at)
{
    str source = lexer->source;
    at = lexer_skip_space(lexer, at);
    if (at >= source.len)
        return (struct token){TOKEN_END, at, at, STR_EMPTY};
    char c = source.data[at], next = at + 1 < source.len ? source.data[at + 1] : 0;
    bool is_digit = c >= '0' && c <= '9';
    if (is_digit || (c == '.' && next >= '0' && next <= '9'))
        return read_number(lexer, at);
    if (c == '"')
        return read_string(lexer, at, TOKEN_STRING);
    if (c == '@' && next == '"')
        return read_string(lexer, at, TOKEN_AT);
    if (starts_name(lexer, at))
        return read_name(lexer, at);
    if (c == '`')
        return read_quoted_name(lexer, at);
    return read_symbol(lexer, at);
}

// ---- names out of data ----

enum { COLLECT_DEPTH_MAX = 32, COLLECT_MAX = 1000 };

static void collect(struct arena *arena, feel_value value, str_array *out, int depth)
{
    if (depth > COLLECT_DEPTH_MAX || out->count >= COLLECT_MAX)
        return;
    for (size_t i = 0; value.kind == FEEL_LIST && i < value.list.count && i < COLLECT_MAX; i++)
        collect(arena, value.list.items[i], out, depth + 1);
    for (size_t i = 0; value.kind == FEEL_CONTEXT && i < value.context->count; i++) {
        const struct feel_entry *entry = &value.context->entries[i];
        if (lexer_is_compound(entry->name) && out->count < COLLECT_MAX)
            *ARRAY_PUSH(arena, out) = entry->name;
        collect(arena, entry->value, out, depth + 1);
    }
}

struct feel_compile_options feel_options_for(struct arena *arena, feel_value variables)
{
    size_t count = variables.kind == FEEL_CONTEXT ? variables.context->count : 0;
    str *names = ARENA_ARRAY(arena, str, count);
    str_array members = {0};
    for (size_t i = 0; i < count; i++)
        names[i] = variables.context->entries[i].name;
    collect(arena, variables, &members, 0);
    return (struct feel_compile_options){.names = names,
                                         .name_count = count,
                                         .members = members.items,
                                         .member_count = members.count};
}
