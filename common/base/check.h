// SPDX-License-Identifier: Apache-2.0
//
// Bugs abort. check() stays on in production: a wrong orchestrator that stops is better than one
// that goes on. For failures of the outside world see error.h; for failures of a user's process see
// the engine's incidents.
#ifndef BATON_BASE_CHECK_H
#define BATON_BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(index, first) __attribute__((format(printf, index, first)))
#define NORETURN __attribute__((noreturn))

// Runs the function on the variable when it leaves scope: CLEANUP(strbuf_done) struct strbuf b = …;
#define CLEANUP(function) __attribute__((cleanup(function)))

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

// Prints where and what to standard error and aborts.
NORETURN void check_failed(const char *file, int line, const char *what);

#define check(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define check_unreachable() check_failed(__FILE__, __LINE__, "unreachable")

#endif
