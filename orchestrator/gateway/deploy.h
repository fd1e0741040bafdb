// SPDX-License-Identifier: Apache-2.0
//
// Deployments: files come in, what they import of earlier deployments is looked up, all are checked
// together, stored by their digest, and become definitions by a command to shard 0. Every shard has
// heard of them before the answer is sent, so whoever deploys can start at once.
#ifndef BATON_GATEWAY_DEPLOY_H
#define BATON_GATEWAY_DEPLOY_H

#include "gateway/call.h"
#include "gateway/deployment.h"

struct deploy_file {
    str name;
    str bytes;
};

// `deployment` has the warnings.
typedef void deploy_answer(struct caller *caller, const struct reply *reply,
                           const struct deployment *deployment);

// The graph that a decision of the reply stands in: the one of its file. NULL: none.
const struct deployed_resource *deployed_requirements(const struct reply *reply,
                                                      const struct deployed_resource *decision);

// What people call it.
str deployed_title(const struct deployed_resource *resource);

// At most COMMAND_MAX_RESOURCES files, in the caller's arena.
void gateway_deploy(struct caller *caller, const struct deploy_file *files, size_t count,
                    deploy_answer *answer);

#endif
