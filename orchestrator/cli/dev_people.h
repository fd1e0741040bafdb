// SPDX-License-Identifier: Apache-2.0
//
// The users, roles and tenants of `baton dev --auth`, to try who may do what.
#ifndef BATON_CLI_DEV_PEOPLE_H
#define BATON_CLI_DEV_PEOPLE_H

#include "cli/client.h"

#define DEV_PASSWORD "baton-dev" // of all of them
#define DEV_TENANTS "north,south"

// Makes those who are not there yet.
MUST_CHECK bool dev_people_make(const struct client_options *client, struct error *err);

void dev_people_print(void);

#endif
