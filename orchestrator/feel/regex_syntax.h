// SPDX-License-Identifier: Apache-2.0
//
// XPath's regular expression syntax, written anew as PCRE2's.
#ifndef BATON_FEEL_REGEX_SYNTAX_H
#define BATON_FEEL_REGEX_SYNTAX_H

#include "base/strbuf.h"

enum { REGEX_NESTING_MAX = 50 };

struct regex_flags {
    bool free_spacing; // x
    bool literal;      // q
};

// False when the pattern is not XPath's: unknown escapes, unbalanced classes, constructs of Perl's
// such as (?= or \b.
MUST_CHECK bool regex_translate(struct arena *arena, str pattern, struct regex_flags flags,
                                str *ret_pattern);

#endif
