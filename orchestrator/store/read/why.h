// SPDX-License-Identifier: Apache-2.0
//
// The facts behind "why does nothing happen": rows for gateway/why.c, which knows their columns by
// these enums. Times are milliseconds, 0 or NULL where there is none.
#ifndef BATON_STORE_READ_WHY_H
#define BATON_STORE_READ_WHY_H

#include "store/read/scope.h"
#include "store/statement.h"

// Columns of the view why_jobs.
enum why_job_column {
    WHY_JOB_KEY,
    WHY_JOB_TYPE,
    WHY_JOB_TENANT,
    WHY_JOB_PROCESS,
    WHY_JOB_DEFINITION,
    WHY_JOB_INSTANCE,
    WHY_JOB_ELEMENT,
    WHY_JOB_ELEMENT_INSTANCE,
    WHY_JOB_STATE,
    WHY_JOB_END, // enum job_end; 0: it is open
    WHY_JOB_SUSPENDED,
    WHY_JOB_ATTEMPT,
    WHY_JOB_RETRIES,
    WHY_JOB_DUE,
    WHY_JOB_OFFERED,
    WHY_JOB_ENDED,
    WHY_JOB_WORKER,
    WHY_JOB_MESSAGE,
    WHY_JOB_NOW,
    WHY_JOB_INCIDENT, // from here on of open jobs alone
    WHY_JOB_INCIDENT_KIND,
    WHY_JOB_INCIDENT_MESSAGE,
    WHY_JOB_FIT, // worker, tenant, seen
    WHY_JOB_ABROAD = WHY_JOB_FIT + 3,
    WHY_JOB_BARRED = WHY_JOB_ABROAD + 3,
    WHY_JOB_UNLEASED = WHY_JOB_BARRED + 3,
    WHY_JOB_LOOKED = WHY_JOB_UNLEASED + 3, // NULL: the group was not looked for
    WHY_JOB_MEMBER_COUNT,                  // NULL: not known
    WHY_JOB_MEMBERS,
    WHY_JOB_LAG,
    WHY_JOB_MEMBER_SEEN,
    WHY_JOB_AHEAD,
    WHY_JOB_SHARD,
    WHY_JOB_BREAKER_KIND, // enum breaker_kind; NULL: none stands before it
    WHY_JOB_BREAKER_NAME,
    WHY_JOB_BREAKER_CAUSE,
    WHY_JOB_BREAKER_OPENED,
    WHY_JOB_BREAKER_PROBES,
};

// What is open of an instance, by its keys: no table of the step has an index by instance.
struct why_keys {
    uint64_t instance;
    const uint64_t *keys;
    size_t count;
};

// An open job; those of an instance; one that is over, from the records.
struct statement read_why_job(struct arena *arena, struct scope scope, uint64_t job);
struct statement read_why_jobs(struct arena *arena, struct scope scope,
                               const struct why_keys *jobs);
struct statement read_why_ended_job(struct arena *arena, struct scope scope, uint64_t job);

// How many jobs of types and tenants, by place, are in flight on the shard of a key.
enum { WHY_FLIGHT_ROWS = 10000 }; // that are looked at
enum why_flight_column {          // of the function why_flights
    WHY_FLIGHT_TYPE,
    WHY_FLIGHT_TENANT,
    WHY_FLIGHT_COUNT,
    WHY_FLIGHT_IS_CUT, // there are more rows than are looked at
    WHY_FLIGHT_SHARE,  // of the tenant in the cluster; NULL: none
    WHY_FLIGHT_PART,   // of the share, this shard's
};
struct why_flights {
    uint64_t key;
    const str *types, *tenants;
    size_t count;
};
struct statement read_why_flights(struct arena *arena, const struct why_flights *flights);

// name, whether the tenant has it, whether jobs of the process may have it.
struct why_secrets {
    const str *names;
    size_t count;
    str tenant, process_id;
};
struct statement read_why_secrets(struct arena *arena, const struct why_secrets *secrets);

// process id, definition, state, ended, tenant.
struct statement read_why_instance(struct arena *arena, struct scope scope, uint64_t instance);

// image (bytes): of one that runs, no row of another.
struct statement read_why_image(struct arena *arena, struct scope scope, uint64_t instance);

// What the instance's tokens wait for, jobs apart, at most 200 of each kind. The keys are those of
// its timers and subscriptions.
enum why_wait_column { // of the function why_waits
    WHY_WAITS_KIND,    // enum why_wait_kind by its name
    WHY_WAITS_ELEMENT_INSTANCE,
    WHY_WAITS_KEY,
    WHY_WAITS_ELEMENT,
    WHY_WAITS_ELEMENT_TYPE,
    WHY_WAITS_NAME,
    WHY_WAITS_KEY_TEXT,
    WHY_WAITS_WANTED_KEY,
    WHY_WAITS_TENANT,
    WHY_WAITS_OTHER_TENANT,
    WHY_WAITS_IS_OVER,
    WHY_WAITS_HAS_MORE,
    WHY_WAITS_UNTIL,
};
struct statement read_why_waits(struct arena *arena, struct scope scope,
                                const struct why_keys *waits);

// What a worker of this name asks for and has.
enum why_worker_column {
    WHY_WORKER_KIND, // POLL, KAFKA, HOLDS
    WHY_WORKER_TYPE,
    WHY_WORKER_TENANT,
    WHY_WORKER_PROCESS,
    WHY_WORKER_KEY,
    WHY_WORKER_ELEMENT,
    WHY_WORKER_SEEN,
    WHY_WORKER_UNTIL,
    WHY_WORKER_NUMBER, // POLL: jobs that nobody has; KAFKA: the group's lag
    WHY_WORKER_NOW,
};
struct statement read_why_worker(struct arena *arena, struct scope scope, str worker);

// Of a message by its key; of what is called so, with a correlation key or (data == NULL) with any.
enum why_news_column {
    WHY_NEWS_KIND, // enum why_news_kind by its name
    WHY_NEWS_KEY,
    WHY_NEWS_INSTANCE,
    WHY_NEWS_ELEMENT,
    WHY_NEWS_NAME,
    WHY_NEWS_CORRELATION_KEY,
    WHY_NEWS_TENANT,
    WHY_NEWS_SINCE,
    WHY_NEWS_UNTIL,
};
struct statement read_why_message(struct arena *arena, struct scope scope, uint64_t message);
struct statement read_why_name(struct arena *arena, struct scope scope, str name,
                               str correlation_key);
struct statement read_why_wanted(struct arena *arena, struct scope scope, str name); // who waits

#endif
