// SPDX-License-Identifier: Apache-2.0
//
// Instants and spans in the sentences of causes.
#ifndef BATON_GATEWAY_WHY_TEXT_H
#define BATON_GATEWAY_WHY_TEXT_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

str why_time(struct arena *arena, int64_t time_ms); // 2026-11-30T15:00:00Z
str why_span(struct arena *arena, int64_t span_ms); // 12 minutes
str why_quoted(struct arena *arena, str name);      // 'name'; the default tenant by its name

#endif
