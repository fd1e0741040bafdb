// SPDX-License-Identifier: Apache-2.0
//
// What a caller may ask for in one poll for jobs.
#ifndef BATON_GATEWAY_JOB_POLL_H
#define BATON_GATEWAY_JOB_POLL_H

#include "gateway/job_gateway.h"

// The poll's names are short enough, and its tenants few; tenants that stand twice are left out.
// The caller's arena takes the new list. False and *err otherwise.
MUST_CHECK bool job_poll_check(struct job_poll *poll, struct error *err);

#endif
