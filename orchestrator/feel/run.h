// SPDX-License-Identifier: Apache-2.0
//
// What one evaluation may use: memory, fuel and depth, counted here; and what it has to say, as
// warnings.
#ifndef BATON_FEEL_RUN_H
#define BATON_FEEL_RUN_H

#include "feel/feel.h"

// Ends the run; everything evaluated afterwards is null at once. Returns null.
feel_value run_stop(struct feel_run *run, enum feel_stop why);

// Ends the run with what did not hold. Returns null.
feel_value run_fail(struct feel_run *run, str failure);

// Memory from the turn's arena, not cleared; NULL when the run's limit is reached.
void *run_alloc(struct feel_run *run, size_t size);

// Spends fuel; false when there is none left.
static inline bool run_spend(struct feel_run *run, uint64_t steps)
{
    if (run->fuel > steps) {
        run->fuel -= steps;
        return true;
    }
    run_stop(run, FEEL_OUT_OF_FUEL);
    return false;
}

enum { POSITION_UNKNOWN = UINT32_MAX };

// Notes why a result is null. Returns null, so that an evaluation can end with it.
feel_value run_warn(struct feel_run *run, uint32_t position, const char *format, ...)
    PRINTF_LIKE(3, 4);

// A list being built.
struct list_builder {
    struct feel_run *run;
    feel_value *items;
    size_t count, capacity;
};

struct list_builder list_builder_new(struct feel_run *run);
MUST_CHECK bool list_add(struct list_builder *list,
                         feel_value value);             // false when a limit is reached
feel_value list_value(const struct list_builder *list); // null when a limit was reached

// A string value of the builder's text; null with a warning when it is longer than allowed.
feel_value run_string(struct feel_run *run, const struct strbuf *text);

// Equality (feel_equal) that is paid with fuel by what is looked at.
int run_equal(struct feel_run *run, feel_value a, feel_value b);

// Order (feel_compare) that is paid with fuel by the text that is looked at.
int run_compare(struct feel_run *run, feel_value a, feel_value b);

#endif
