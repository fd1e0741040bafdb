// SPDX-License-Identifier: Apache-2.0
//
// Everybody beside the nodes: callers who deploy, start and send messages, workers that answer
// twice, late, wrongly or never, and whoever writes records that cannot be done.
#ifndef BATON_CLUSTER_LOAD_H
#define BATON_CLUSTER_LOAD_H

#include "kafka.h"
#include "store/store.h"

#define LOAD_SECRET "the key of all tokens in this world"

struct load *load_new(void);
void load_free(struct load *load);

void load_stop(void); // nothing new is begun; what was begun goes on
void load_appended(const struct kafka_topic *topic, int32_t partition,
                   const struct kafka_record *record);

// What promises.c finds in commits.
void load_definition_published(void); // on one shard
void load_instance_made(uint64_t key, str process, str business_id);
// A record of this commit went to the dead letters.
void load_set_aside(const struct store_commit *commit, str value, str why);
void load_quarantined(int64_t offset);

// Everything that was asked for has been answered and has ended. When not, the text says what.
bool load_is_settled(char *ret_text, size_t size);

uint64_t load_started(void);

#endif
