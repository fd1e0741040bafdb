// SPDX-License-Identifier: Apache-2.0
//
// Cuts FEEL source into tokens on demand. Where a name ends depends on what is in scope
// (DMN 10.3.1.4): names may hold spaces and operators, so the parser says which such names exist
// and a token is read again when that changes.
#ifndef BATON_FEEL_LEXER_H
#define BATON_FEEL_LEXER_H

#include "base/array.h"
#include "feel/feel.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_AT, // @"…"
    TOKEN_NAME,
    TOKEN_BAD,
#define TOKEN(id, text) TOKEN_##id,
#define KEYWORD(id, text) TOKEN_##id,
#include "feel/tokens.def"
#undef TOKEN
#undef KEYWORD
};

struct token {
    enum token_kind kind;
    size_t start, end; // bytes of the source
    str text; // name: normalized; string: unescaped; number: as written; bad: what is wrong with it
};

typedef ARRAY(str) str_array;

struct lexer {
    struct arena *arena;
    str source;
    str_array names;                          // in scope, of several parts: "first name", "a-b"
    str_array members;                        // of context entries, of several parts
    const struct feel_members *known_members; // more of them; NULL: none
    bool after_dot;
};

// The token at or after the offset.
struct token lexer_read(struct lexer *lexer, size_t at);

// The offset of the next token or the end.
size_t lexer_skip_space(const struct lexer *lexer, size_t at);

// A name being defined, up to one of the stop characters or the word `in`: any name characters and
// symbols (grammar rule 27 to 29). Empty text when there is none.
struct token lexer_read_definition(struct lexer *lexer, size_t at, const char *stops);

// True when the word stands at the offset as a whole word.
bool lexer_word_at(const struct lexer *lexer, size_t at, str word, size_t *ret_end);

// Where the known name ends when it stands at the offset, spaces aside; 0 when it does not.
size_t lexer_match(const struct lexer *lexer, size_t at, str name);

// Does the name need to be known to be read: has it more than one part?
bool lexer_is_compound(str name);

// White space in runs becomes one space; none at the ends.
str lexer_normalize(struct arena *arena, str name);

// "')'", "a name", … for messages.
const char *token_describe(enum token_kind kind);

#endif
