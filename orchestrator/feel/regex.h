// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions as XPath and XQuery Functions 3.1 (section 5.6.1) has them, run by PCRE2
// within limits. The syntax is translated: class subtraction, \i and \c, block names, the flags s,
// m, i, x and q.
#ifndef BATON_FEEL_REGEX_H
#define BATON_FEEL_REGEX_H

#include "feel/feel.h"

struct regex;

// For a pattern that a program names. In the arena; NULL when the pattern or the flags are invalid
// or too long. Immutable, may be shared by threads.
const struct regex *regex_prepare(struct arena *arena, str pattern, str flags);

// The same for a pattern that comes up during a run, which pays for it. NULL also when its fuel
// ends.
const struct regex *regex_compile(struct feel_run *run, str pattern, str flags);

// The first match at or after the byte offset. The run pays for every item of the pattern that is
// tried. groups receives the byte offsets of start and end of
// each group, SIZE_MAX when it took no part; the count is regex_group_count + 1. 1 found, 0 not, -1
// a limit was reached.
int regex_find(const struct regex *regex, struct feel_run *run, str text, size_t from,
               size_t *groups);

size_t regex_group_count(const struct regex *regex);

#endif
