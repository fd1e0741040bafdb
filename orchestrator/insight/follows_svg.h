// SPDX-License-Identifier: Apache-2.0
//
// A directly-follows graph as a picture: activities with how often they were done, and the ways
// between them, thicker where more cases went, with their number and the median of their time.
#ifndef BATON_INSIGHT_FOLLOWS_SVG_H
#define BATON_INSIGHT_FOLLOWS_SVG_H

#include "insight/follows.h"

enum { FOLLOWS_SVG_EDGES_MOST = 300 };

// In the arena. At most so many ways, the most frequent ones; *ret_left_out counts the others.
str follows_write_svg(struct arena *arena, const struct event_log *log,
                      const struct follows *follows, size_t *ret_left_out);

#endif
