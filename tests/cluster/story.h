// SPDX-License-Identifier: Apache-2.0
//
// Golden stories of a cluster: a file says what goes wrong and when, and what is then told, without
// times: who owns a shard, who is refused, what is published again. tests/golden/cluster/*.story.
#ifndef BATON_CLUSTER_STORY_H
#define BATON_CLUSTER_STORY_H

#include "world.h"

struct story;

// Reads the file and sets what it says of the world in *options. NULL: it is no story, said on
// standard error.
struct story *story_read(const char *path, struct world_options *options);
void story_free(struct story *story);

// Lets happen what the story says, in the world that runs now.
void story_begin(struct story *story);

// A line of the story, told when it happens first. Nothing without a story.
void story_tell(const char *format, ...) PRINTF_LIKE(1, 2);

bool story_is_as_told(const struct story *story); // as the file says
void story_explain(const struct story *story);    // the difference, on standard output

#endif
