// SPDX-License-Identifier: Apache-2.0
#include "cli/guess.h"

// A slip in every third letter is still a slip.
enum { LETTERS_A_SLIP = 3 };

struct guess guess_new(str word)
{
    return (struct guess){.word = word, .distance = word.len / LETTERS_A_SLIP + 1};
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t less = a < b ? a : b;
    return less < c ? less : c;
}

// How many bytes are to be put in, left out, changed or swapped with their neighbour to make one
// of the other (the restricted Damerau-Levenshtein distance).
static size_t distance_of(str a, str b)
{
    size_t rows[3][GUESS_MOST_BYTES + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = last[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            now[j] = least(last[j] + 1, now[j - 1] + 1, change);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                now[j] = least(now[j], before[j - 2] + 1, now[j]);
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b.len];
}

void guess_offer(struct guess *guess, str known)
{
    if (guess->word.len > GUESS_MOST_BYTES || known.len > GUESS_MOST_BYTES)
        return;
    size_t distance = distance_of(guess->word, known);
    if (distance >= guess->distance)
        return;
    guess->distance = distance;
    guess->best = known;
}
