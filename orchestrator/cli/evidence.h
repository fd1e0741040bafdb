// SPDX-License-Identifier: Apache-2.0
//
// Evidence of a case: one file that an auditor can check without the installation. Its first line
// is a JSON object, its second a compact JWS over the SHA-256 of the first.
//
//   about       who made it of what, and when
//   case        the instance, its variables, decisions, tasks, incidents, definition, entries of
//   the
//               audit log, and what happened in words
//   steps       the instance's rows of history, as they were digested
//   batches     for each batch of its shard's chain that has such a step: the digest before it and
//               the digests of all its rows, so that the steps' own give the digest of the batch,
//               and nothing is told of others
//   links       the digests of the bodies of the batches from there on, to the end of the chain
//   checkpoint  a JWS of that end, signed when the file was made
#ifndef BATON_CLI_EVIDENCE_H
#define BATON_CLI_EVIDENCE_H

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/signature.h"

enum { EVIDENCE_MAX_LINKS = 500000 };

// Writes the file's text. ERROR_NOT_FOUND: nothing is known of such an instance.
MUST_CHECK bool evidence_write(const char *url, uint64_t instance, const struct signature_key *key,
                               struct arena *arena, str *ret_text, struct error *err);

struct evidence_result {
    str instance;
    str time;
    size_t steps, batches, links, entries;
};

// Checks everything that is said above. False and *err says what does not fit.
MUST_CHECK bool evidence_verify(struct arena *arena, str text, const struct signature_key *key,
                                struct evidence_result *ret_result, struct error *err);

#endif
