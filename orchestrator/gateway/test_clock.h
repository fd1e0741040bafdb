// SPDX-License-Identifier: Apache-2.0
//
// What tests of processes ask for beside processes: another time, and an installation that is empty
// again. All of it fails with ERROR_DENIED unless engine.test_clock is set.
#ifndef BATON_GATEWAY_TEST_CLOCK_H
#define BATON_GATEWAY_TEST_CLOCK_H

#include "gateway/caller.h"
#include "store/catalogue/test_clock.h"

// `now`: valid during the call.
typedef void test_clock_answer(struct caller *caller, const struct clock_row *now);

// What time it is.
void gateway_clock(struct caller *caller, test_clock_answer *answer);

// Answered when every shard goes by it: what is due by then is on its way.
void gateway_set_clock(struct caller *caller, const struct test_clock *clock,
                       test_clock_answer *answer);
void gateway_move_clock(struct caller *caller, int64_t by_ms, test_clock_answer *answer);

// Deletes everything that ran, waits or was deployed. Answered when every shard begins anew, with
// the number of the purge. The clock stays as it is.
typedef void purge_answer(struct caller *caller, uint64_t number);
void gateway_purge(struct caller *caller, purge_answer *answer);

// Whether callers may ask for these; false after failing.
MUST_CHECK bool gateway_is_for_tests(struct caller *caller);

#endif
