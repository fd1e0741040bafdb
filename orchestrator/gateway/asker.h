// SPDX-License-Identifier: Apache-2.0
//
// Who asks this node for jobs, noted in PostgreSQL every few seconds (job_askers): whoever wonders
// why a job waits, or why a worker gets none, hears who asked last, and when.
#ifndef BATON_GATEWAY_ASKER_H
#define BATON_GATEWAY_ASKER_H

#include "base/str.h"

struct gateway;

enum {
    ASKERS_NOTED = 5000, // between two notes; more are noted when they ask again
    ASKERS_NOTE_MS = 3000,
};

struct asker {
    str type, tenant, worker;
    str processes; // whose jobs it may have (process_list_has)
    bool leases;   // takes jobs that go to who answers with the token of its attempt alone
};

struct asker_desk *asker_desk_new(struct gateway *gateway);
void asker_desk_free(struct asker_desk *desk); // what was not noted yet is forgotten

// It has asked just now. The texts are copied.
void asker_seen(struct asker_desk *desk, const struct asker *asker);

#endif
