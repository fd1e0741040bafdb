// SPDX-License-Identifier: Apache-2.0
//
// The part of YAML that process tests are written in, as a JSON tree: block maps and lists by
// indentation, flow values as JSON with unquoted words, comments, quoted and plain scalars.
// Anchors, tags, documents and folded text are refused.
#ifndef BATON_CLI_YAML_H
#define BATON_CLI_YAML_H

#include "base/json.h"

enum { YAML_MAX_DEPTH = 32 };

MUST_CHECK bool yaml_parse(struct arena *arena, str text, struct json **ret_value,
                           struct error *err);

#endif
