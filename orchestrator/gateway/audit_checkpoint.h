// SPDX-License-Identifier: Apache-2.0
//
// Signed checkpoints: from time to time one node of the installation signs where all chains end,
// keeps that in PostgreSQL, appends it to a file and sends it to the topic <prefix>.audit. What was
// there before a checkpoint cannot be changed unseen, whatever PostgreSQL is made to say later.
#ifndef BATON_GATEWAY_AUDIT_CHECKPOINT_H
#define BATON_GATEWAY_AUDIT_CHECKPOINT_H

struct gateway;
struct audit_checkpoints;

// NULL without a key that signs.
struct audit_checkpoints *audit_checkpoints_new(struct gateway *gateway);
void audit_checkpoints_free(struct audit_checkpoints *checkpoints);

#endif
