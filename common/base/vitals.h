// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus' own clients tell of every process: which build it is, and what it uses.
#ifndef BATON_BASE_VITALS_H
#define BATON_BASE_VITALS_H

#include "base/strbuf.h"

// "<prefix>_build_info" with the version, and "process_…". What the system does not tell is left
// out.
void vitals_print(const char *prefix, struct strbuf *out);

#endif
