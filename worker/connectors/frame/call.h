// SPDX-License-Identifier: Apache-2.0
//
// One job on its way through a connector: its secrets are filled in, the connector is called with
// what it may send, and its end is answered by the task's headers (outcome.h) with the secrets
// taken out. A connector answers each call once, by call_end or call_refuse.
#ifndef BATON_CONNECTOR_CALL_H
#define BATON_CONNECTOR_CALL_H

#include "connector/outcome.h"
#include "worker/secrets.h"

// What the connectors of a program share.
struct connector_site {
    struct event_base *loop;
    const struct config *config;
    struct fetcher *fetcher;
    struct secrets *secrets;
    str allowed; // hosts that may have special addresses
};

// A job in its task's arena.
struct call {
    const struct connector_site *site;
    struct worker_task *task;
    struct arena *arena;
    struct filled filled; // variables and headers with their secrets
    void *connector;
    void (*begin)(struct call *call);
};

// Begins a call as soon as its secrets are known, perhaps from inside. A secret that cannot be had
// fails the job; `begin` is then not called.
void call_open(const struct connector_site *site, struct worker_task *task,
               void (*begin)(struct call *call), void *connector);

// The text without the call's secrets; in its arena.
str call_hide(struct call *call, str text);

// The end of what was tried: the response must hold no secrets (call_hide), the message may.
void call_end(struct call *call, const struct outcome *outcome);

// What is wrong with the inputs: the job fails as POISON, without retries.
void call_refuse(struct call *call, const struct error *err);

// What the job shows to the other system, for an incident: the secrets that stand below a place of
// its inputs ("/variables/authentication"), by their names; `otherwise` when there are none.
str call_credential(const struct call *call, str place, str otherwise);

#endif
