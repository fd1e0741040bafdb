// SPDX-License-Identifier: Apache-2.0
//
// What somebody may have meant by a word that is none of those that are known.
#ifndef BATON_CLI_GUESS_H
#define BATON_CLI_GUESS_H

#include "base/str.h"

enum { GUESS_MOST_BYTES = 64 }; // longer words are not guessed at

struct guess {
    str word; // as it was written
    str best; // empty: nothing is near enough
    size_t distance;
};

struct guess guess_new(str word);

// A known word, which stays where it is as long as the guess is used. The first of equally near
// ones stays.
void guess_offer(struct guess *guess, str known);

#endif
