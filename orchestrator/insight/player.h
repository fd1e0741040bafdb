// SPDX-License-Identifier: Apache-2.0
//
// Plays activities on a net, with silent transitions where they make a way. Inside of conformance
// only.
#ifndef BATON_INSIGHT_PLAYER_H
#define BATON_INSIGHT_PLAYER_H

#include "insight/net.h"
#include "insight/variants.h"

enum { PLAYER_DEPTH_MOST = 2 }; // of ways that make way for ways

struct silent_path {
    uint32_t from, to; // places
    uint32_t length;
    const uint32_t *transitions;
};

struct player {
    const struct net *net;
    struct arena scratch;
    const uint32_t *place_rank; // by place: its number in the order of ids
    const uint32_t *place_at_rank;
    // Transitions of each activity: by_label[first_of[a]] …, in the order of their ids.
    const uint32_t *first_of, *by_label;
    const struct silent_path **paths; // by place: those from it, in the order of where they lead
    const uint32_t *path_counts;
    // The state.
    uint32_t *marking;
    uint32_t *fired; // transitions since the trace began
    size_t fired_count, fired_capacity;
    uint32_t missing, consumed, produced;
    bool *is_visited;
    const struct silent_path **wanted; // working memory: ways to take
    size_t wanted_count, wanted_capacity;
    uint32_t *progress;
    size_t progress_capacity;
    bool *is_lacking[PLAYER_DEPTH_MOST + 1]; // by depth and place
};

// Working memory is in the player; player_done gives it back.
void player_init(struct player *player, const struct net *net, const struct event_log *log);
void player_done(struct player *player);

void player_begin(struct player *player); // at the initial marking

bool player_can(const struct player *player, uint32_t transition);
void player_fire(struct player *player, uint32_t transition);

// Does the activity, which must be in the model. False: tokens were missing; they are counted, and
// the transition is fired nevertheless unless `is_strict`.
bool player_do(struct player *player, uint32_t activity, bool is_strict);

bool player_knows(const struct player *player, uint32_t activity);

// Takes silent steps to the final marking, as far as that goes.
void player_end(struct player *player);

// Tokens beyond the final marking, and those that it lacks.
void player_rest(const struct player *player, uint32_t *ret_remaining, uint32_t *ret_lacking);

#endif
