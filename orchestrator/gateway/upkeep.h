// SPDX-License-Identifier: Apache-2.0
//
// What a database needs from time to time: partitions of history for the months to come, and old
// history and ended instances dropped when history.retention_days says so. Every api node looks
// after it; an advisory lock lets one of them work.
#ifndef BATON_GATEWAY_UPKEEP_H
#define BATON_GATEWAY_UPKEEP_H

struct gateway;
struct upkeep;

struct upkeep *upkeep_new(struct gateway *gateway);
void upkeep_free(struct upkeep *upkeep);

#endif
