// SPDX-License-Identifier: Apache-2.0
//
// Deployed resources stand in two messages: the deploy command and its reply. Private to wire.
#ifndef BATON_WIRE_RESOURCE_H
#define BATON_WIRE_RESOURCE_H

#include "record/command.h"

#include "baton/v1/reply.pb-c.h"

Baton__V1__DeployedResource **
pack_resources(struct arena *arena, const struct deployed_resource *resources, size_t count);
struct deployed_resource *unpack_resources(struct arena *arena,
                                           Baton__V1__DeployedResource **messages, size_t count);

#endif
