// SPDX-License-Identifier: Apache-2.0
//
// Process instances, for what else makes them.
#ifndef BATON_API_INSTANCE_H
#define BATON_API_INSTANCE_H

#include "api/request.h"

// Sends the creation and answers as POST /v2/process-instances does.
void instance_create(struct request *request, const struct create_instance *create);

#endif
