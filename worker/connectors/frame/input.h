// SPDX-License-Identifier: Apache-2.0
//
// Reading a connector's inputs. Errors name the input as a model writes it.
#ifndef BATON_CONNECTOR_INPUT_H
#define BATON_CONNECTOR_INPUT_H

#include "base/json.h"

enum {
    INPUT_DEFAULT_TIMEOUT_S = 20,
    INPUT_MAX_TIMEOUT_S = 600, // to connect, and to wait for an answer
};

struct input {
    const char *connector; // the place in errors: "http connector"
    struct arena *arena;
    const struct json *object;
    struct error *err;
};

// The variables of a job, a JSON object.
MUST_CHECK bool input_open(struct input *input, str variables);

// False with input->err: ERROR_INVALID at this connector.
bool input_wrong(const struct input *input, const char *format, ...) PRINTF_LIKE(2, 3);

// ", found '…'" for a message; empty for a value of more than 100 bytes. A part of a value never
// stands in a message: it may be a part of a secret, which is only known as a whole when secrets
// are taken out.
str input_found(struct arena *arena, str value);

// Strings and numbers as their text, anything else as JSON; in the arena.
str input_text(struct arena *arena, const struct json *value);

// No line breaks and no other control characters than tabs: what has them could end a header.
bool input_is_one_line(str value);

// Whole seconds, 1 to INPUT_MAX_TIMEOUT_S; INPUT_DEFAULT_TIMEOUT_S when absent or null.
MUST_CHECK bool input_seconds(const struct input *input, str name, long *ret_ms);

#endif
