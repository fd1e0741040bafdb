// SPDX-License-Identifier: Apache-2.0
//
// Writing XML: texts with what XML keeps for itself escaped.
#ifndef BATON_INSIGHT_MARKUP_H
#define BATON_INSIGHT_MARKUP_H

#include "base/strbuf.h"

void markup_text(struct strbuf *out, str text);

// ` name="value"`
void markup_attribute(struct strbuf *out, const char *name, str value);

#endif
