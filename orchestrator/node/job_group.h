// SPDX-License-Identifier: Apache-2.0
//
// The consumer group of a job type's workers, noted in PostgreSQL now and then: who asks why a job
// waits hears whether anybody reads its topic, and how far behind they are.
#ifndef BATON_NODE_JOB_GROUP_H
#define BATON_NODE_JOB_GROUP_H

#include "base/str.h"

struct node;

struct job_group {
    struct node *node;
    str type;
    const char *name; // of the group
    int64_t lag;
    int64_t noted_ms; // 0: never
    bool is_asking;
};

// How far behind the group is has been looked up. Asks for its members and notes both, unless that
// was done a moment ago.
void job_group_look(struct job_group *group, int64_t lag, int64_t now_ms);

#endif
