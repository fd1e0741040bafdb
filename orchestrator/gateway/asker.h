// SPDX-License-Identifier: Apache-2.0
//
// Who asks this node for jobs, noted in PostgreSQL every few seconds (job_askers): whoever wonders
// why a job waits, or why a worker gets none, hears who asked last, and when.
#ifndef BATON_GATEWAY_ASKER_H
#define BATON_GATEWAY_ASKER_H

#include "gateway/asker_list.h"

struct gateway;

enum {
    ASKERS_NOTE_MS = 3000,   // who has come is noted so soon
    ASKERS_AGAIN_MS = 15000, // who asks on is noted again so rarely; below WHY_RECENT_MS
};

struct asker_desk *asker_desk_new(struct gateway *gateway);
void asker_desk_free(struct asker_desk *desk); // what was not noted yet is forgotten

// It has asked just now. The texts are copied; who is beyond a limit of the list is not noted.
void asker_seen(struct asker_desk *desk, const struct asker *asker);

#endif
