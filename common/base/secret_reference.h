// SPDX-License-Identifier: Apache-2.0
//
// How a model refers to a secret: {{secrets.NAME}} inside a text, or camunda.secrets.NAME as all of
// it. Only texts that stand in a deployed model are looked at, never what comes from data.
#ifndef BATON_BASE_SECRET_REFERENCE_H
#define BATON_BASE_SECRET_REFERENCE_H

#include "base/str.h"

enum { SECRET_MAX_NAME_BYTES = 128 };

// Letters, digits, '_', '-' and '.'.
bool secret_is_name(str name);

// The name in camunda.secrets.NAME, which is all of the text; empty: it is something else.
str secret_whole(str text);

// Takes from *rest what stands before the next {{secrets.NAME}}, and the reference. False: there is
// none; *rest is untouched.
bool secret_next(str *rest, str *ret_before, str *ret_name);

// Whether a text has one in either form.
bool secret_is_in(str text);

#endif
