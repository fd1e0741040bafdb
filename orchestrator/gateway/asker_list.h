// SPDX-License-Identifier: Apache-2.0
//
// Who asked for jobs since the list was begun, each once, and who of them is still to be noted. It
// has limits, so that names that callers make up fill neither memory nor the table, and one tenant
// takes no place from another: who is beyond them is left out.
#ifndef BATON_GATEWAY_ASKER_LIST_H
#define BATON_GATEWAY_ASKER_LIST_H

#include "base/array.h"
#include "base/map.h"

enum {
    ASKERS_OF_TYPE = 50,     // workers of one type and tenant
    ASKERS_OF_TENANT = 1000, // of all types
    ASKERS_LISTED = 20000,   // of all tenants
};

struct asker {
    str type, tenant, worker;
    str processes; // whose jobs it may have (process_list_has)
    bool leases;   // takes jobs that go to who answers with the token of its attempt alone
};

struct asker_list {
    struct arena arena;
    struct map seen;                   // by type, tenant and worker
    struct map counts;                 // by type and tenant, and by tenant alone
    ARRAY(const struct asker *) fresh; // to be noted, or anew: it takes leases now
};

struct asker_list *asker_list_new(void);
void asker_list_free(struct asker_list *list);

// It has asked just now. The texts are copied. False: beyond a limit.
bool asker_list_add(struct asker_list *list, const struct asker *asker);

// Who is still to be noted, as JSON: [[type, tenant, worker, processes, leases], …]. They are noted
// now. Empty: nobody.
str asker_list_take(struct asker_list *list, struct arena *arena);

#endif
