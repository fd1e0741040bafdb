// SPDX-License-Identifier: Apache-2.0
//
// Secrets of jobs for connectors: fills the places that a job's model names, at the moment of use.
// Each is looked for in mounted files and the environment (settings secrets.…), and then asked of
// the API with the worker's own key, which tells only what the job's model refers to.
//
//     secrets_fill(secrets, task, on_filled, connector);
//
// Values are for what is sent, never for what is answered: secrets_hide takes them out of that.
#ifndef BATON_WORKER_SECRETS_H
#define BATON_WORKER_SECRETS_H

#include "worker/fetch.h"
#include "worker/worker.h"

struct secrets;

enum {
    SECRETS_MAX_NAMES = 20,   // of a job: as many as /v2/secrets/resolve tells at a time
    SECRETS_MIN_HIDDEN = 6,   // bytes: what is shorter would hide ordinary words
    SECRETS_API_MS = 10000,   // for the API to answer
    SECRETS_BACKOFF_MS = 5000 // before a job whose secrets cannot be asked for is tried again
};

struct told_secret {
    str name;
    str value;
    str hosts; // with commas between: where it may be sent; empty: wherever the worker may call
};

// A job with its secrets; lives in the task's arena.
struct filled {
    str variables; // JSON
    str headers;   // JSON
    const struct told_secret *secrets;
    size_t count;
};

// The settings secrets.…; the fetcher outlives it.
struct secrets *secrets_new(const struct config *config, struct fetcher *fetcher);
void secrets_free(struct secrets *secrets);

// err == NULL: the job is filled. Else: ERROR_NOT_FOUND, ERROR_DENIED or ERROR_INVALID name the
// secret that cannot be had, and trying again does not help; ERROR_UNAVAILABLE: it may.
typedef void secrets_filled(void *context, struct worker_task *task, const struct filled *filled,
                            const struct error *err);

// `done` is called once, perhaps from inside.
void secrets_fill(struct secrets *secrets, struct worker_task *task, secrets_filled *done,
                  void *context);

// Whether all of a job's secrets may be sent to where the URL leads. False: ERROR_DENIED, which
// names the first one that may not.
MUST_CHECK bool secrets_may_go(const struct filled *filled, const char *url, struct error *err);

// The text with {{secrets.NAME}} wherever it has a value of theirs: plain, in base64 or
// percent-encoded.
str secrets_hide(struct arena *arena, const struct filled *filled, str text);

// Once they are used.
void secrets_wipe(const struct filled *filled);

#endif
