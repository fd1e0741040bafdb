// SPDX-License-Identifier: Apache-2.0
//
// Structured log lines on standard error, one line a happening, as text for people or JSON for
// programs. Only the rim logs: one failure, one line.
#ifndef BATON_BASE_LOG_H
#define BATON_BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

// Process-wide, set once at start.
void log_configure(enum log_level lowest, bool as_json, const char *node);

// component names the speaker: "node", "api", "bus". Safe from any thread.
void log_write(enum log_level level, const char *component, const char *format, ...)
    PRINTF_LIKE(3, 4);
void log_failure(const char *component, const struct error *err);

#define log_debug(component, ...) log_write(LOG_DEBUG, component, __VA_ARGS__)
#define log_info(component, ...) log_write(LOG_INFO, component, __VA_ARGS__)
#define log_warning(component, ...) log_write(LOG_WARNING, component, __VA_ARGS__)
#define log_error(component, ...) log_write(LOG_ERROR, component, __VA_ARGS__)

#endif
