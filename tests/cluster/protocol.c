// SPDX-License-Identifier: Apache-2.0
//
// cluster-protocol: every interleaving of two nodes that fight for one shard. The model is the
// protocol of docs/architecture.md and nothing else: a shard's row (epoch, next offset, outbox),
// requests that are executed at some time, later than their sender knows, or never, answers that
// are lost, nodes that crash, producers that send in order, and a receiver that skips what it has.
//
//   command topic ─► node ─► COMMIT(epoch, offset) ─► row ─► answer ─► producer ─► receiver
//
// All states within the bounds are visited, breadth first. A broken rule is told with the shortest
// way to it. At last it is proved that from every state a way leads to the end: everything taken,
// published and trimmed.
#include "base/check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NODES = 2,
    RECORDS_MOST = 4, // on the command topic; each makes one record to publish
    SESSION = 2,      // requests of a node that are not executed yet
    ORPHANS = 3,      // requests whose sender will never hear of them
    PRODUCER = 5,     // records handed over and not sent
    OLD = 0x80,       // handed over in an earlier life of the shard: nobody waits for its report
    BATCH_MOST = 2,
};

enum rule {
    RULE_NONE,
#define RULE(name, option, text) RULE_##name,
#include "protocol.def"
#undef RULE
};

enum kind { NOTHING, ACQUIRE, COMMIT, TRIM };
enum standing { IDLE, ACQUIRING, OWNING };

struct request {
    uint8_t kind;
    uint8_t epoch;
    uint8_t offset; // COMMIT: expected
    uint8_t count;  // COMMIT: records
    uint8_t published;
};

struct answer { // executed, not heard of yet
    uint8_t kind;
    bool taken;
    uint8_t epoch;
    uint8_t next;
    uint8_t low;  // ACQUIRE: the first record of the outbox
    uint8_t rows; // ACQUIRE: bit n: record n is the first of a row
};

struct owner {
    uint8_t standing;
    uint8_t epoch;
    uint8_t next;      // committed, as it knows
    uint8_t asked;     // kind of the request that is out
    uint8_t batch;     // records in the commit that is out
    uint8_t rows;      // bit n: record n is the first of an outbox row
    uint8_t published; // records below are with the receiver, by whole rows
    uint8_t trimmed;   // what PostgreSQL was told of that
    uint8_t queued;
    uint8_t producer[PRODUCER];
    struct request session[SESSION];
    struct answer answer;
};

struct state {
    uint8_t epoch;
    uint8_t next; // records below are committed; record n is published as number n
    uint8_t low;  // the outbox holds records low to next - 1
    uint8_t rows;
    uint8_t received;              // numbers below
    uint8_t crashes, cuts, steals; // used up
    struct request orphans[ORPHANS];
    struct owner nodes[NODES];
};

struct bounds {
    uint8_t records, crashes, cuts, steals;
};

struct search {
    struct bounds bounds;
    enum rule without;
    struct state *states;
    uint32_t *parents;
    uint8_t *leads; // a way to the end is known
    uint32_t *table;
    uint32_t count, capacity, slots;
    uint32_t from; // the state whose successors are being made
    char broken[160];
    const char *deed; // what is being done, for the way
    int actor;
};

// -- States ------------------------------------------------------------------------------

static uint64_t hash(const struct state *state)
{
    const unsigned char *bytes = (const unsigned char *)state;
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < sizeof *state; i++)
        value = (value ^ bytes[i]) * 0x100000001b3;
    return value ^ value >> 29;
}

static uint32_t *slot_of(struct search *search, const struct state *state)
{
    uint32_t at = (uint32_t)hash(state) & (search->slots - 1);
    while (search->table[at] != 0 &&
           memcmp(&search->states[search->table[at] - 1], state, sizeof *state) != 0)
        at = (at + 1) & (search->slots - 1);
    return &search->table[at];
}

// A state that can follow. Made or found; the first way to it is the shortest.
static void reach(struct search *search, const struct state *state)
{
    uint32_t *slot = slot_of(search, state);
    if (search->leads != NULL) { // the second walk: does any successor lead to the end?
        if (*slot != 0 && search->leads[*slot - 1])
            search->leads[search->from] = 1;
        return;
    }
    if (*slot != 0)
        return;
    if (search->count == search->capacity) {
        fprintf(stderr, "more than %u states: choose smaller bounds\n", search->capacity);
        exit(2);
    }
    search->states[search->count] = *state;
    search->parents[search->count] = search->from;
    *slot = ++search->count;
}

PRINTF_LIKE(2, 3) static void breaks(struct search *search, const char *format, ...)
{
    va_list args;
    if (search->broken[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(search->broken, sizeof search->broken, format, args);
    va_end(args);
}

// -- The row -----------------------------------------------------------------------------

static uint8_t row_end(uint8_t rows, uint8_t from, uint8_t end)
{
    do
        from++;
    while (from < end && !(rows >> from & 1));
    return from;
}

static void trim(struct state *state, uint8_t published)
{
    while (state->low < state->next && state->low < published)
        state->low = row_end(state->rows, state->low, state->next);
}

static bool is_fenced(const struct search *search, const struct state *state,
                      const struct request *request)
{
    return request->epoch != state->epoch && search->without != RULE_EPOCH &&
           search->without != RULE_FENCE;
}

static bool commit(struct search *search, struct state *state, const struct request *request)
{
    if (is_fenced(search, state, request) ||
        (request->offset != state->next && search->without != RULE_FENCE))
        return false;
    if (request->epoch != state->epoch && search->without == RULE_EPOCH)
        breaks(search, "a commit is done under epoch %u, which is not the owner's", request->epoch);
    if (request->offset != state->next)
        breaks(search, "record %u is committed out of turn", request->offset);
    state->rows |= (uint8_t)(1u << state->next);
    state->next = (uint8_t)(request->offset + request->count);
    trim(state, request->published);
    return true;
}

static struct answer execute(struct search *search, struct state *state,
                             const struct request *request)
{
    struct answer answer = {.kind = request->kind};
    if (request->kind == ACQUIRE) {
        state->epoch++;
        answer.epoch = state->epoch;
        answer.next = state->next;
        answer.low = state->low;
        answer.rows = state->rows;
    } else if (request->kind == COMMIT) {
        answer.taken = !commit(search, state, request);
    } else {
        answer.taken = is_fenced(search, state, request);
        if (!answer.taken)
            trim(state, request->published);
    }
    return answer;
}

// -- Nodes -------------------------------------------------------------------------------

static bool send(struct owner *node, struct request request)
{
    for (size_t i = 0; i < SESSION; i++)
        if (node->session[i].kind == NOTHING) {
            node->session[i] = request;
            node->asked = request.kind;
            return true;
        }
    return false;
}

static bool hand_over(const struct search *search, struct owner *node, uint8_t from, uint8_t end)
{
    if (node->queued + (end - from) > PRODUCER)
        return false;
    for (uint8_t n = from; n < end; n++)
        node->producer[node->queued++] = n;
    if (search->without == RULE_DELIVERED)
        node->published = end;
    return true;
}

// All that is in memory goes; what was handed to the producer is on its way.
static void forget(struct owner *node)
{
    for (uint8_t i = 0; i < node->queued; i++)
        node->producer[i] |= OLD;
    node->standing = IDLE;
    node->epoch = node->next = node->asked = node->batch = 0;
    node->rows = node->published = node->trimmed = 0;
}

static bool hear_acquired(const struct search *search, struct owner *node,
                          const struct answer *answer)
{
    node->standing = OWNING;
    node->epoch = answer->epoch;
    node->next = answer->next;
    node->rows = answer->rows;
    node->published = node->trimmed = answer->low;
    return search->without == RULE_RESEND || hand_over(search, node, answer->low, answer->next);
}

static bool committed(const struct search *search, struct owner *node)
{
    uint8_t first = node->next;
    node->rows |= (uint8_t)(1u << first);
    node->next = (uint8_t)(first + node->batch);
    node->batch = 0;
    return search->without == RULE_AFTER_COMMIT || hand_over(search, node, first, node->next);
}

static bool hear(const struct search *search, struct owner *node)
{
    struct answer answer = node->answer;
    node->answer = (struct answer){0};
    node->asked = NOTHING;
    if (answer.taken) {
        forget(node);
        return true;
    }
    if (answer.kind == ACQUIRE)
        return hear_acquired(search, node, &answer);
    return answer.kind != COMMIT || committed(search, node);
}

// Requests that are out have no sender any more; each is executed at some time or never.
static bool orphan(struct state *state, struct owner *node)
{
    for (size_t i = 0; i < SESSION && node->session[i].kind != NOTHING; i++) {
        size_t at = 0;
        while (at < ORPHANS && state->orphans[at].kind != NOTHING)
            at++;
        if (at == ORPHANS)
            return false;
        state->orphans[at] = node->session[i];
    }
    memset(node->session, 0, sizeof node->session);
    node->answer = (struct answer){0};
    return true;
}

// -- What can happen ---------------------------------------------------------------------

static void drop_orphan(struct state *state, size_t at)
{
    memmove(&state->orphans[at], &state->orphans[at + 1],
            (ORPHANS - 1 - at) * sizeof *state->orphans);
    state->orphans[ORPHANS - 1] = (struct request){0};
}

static void orphans_happen(struct search *search, const struct state *state)
{
    for (size_t i = 0; i < ORPHANS && state->orphans[i].kind != NOTHING; i++) {
        struct state after = *state;
        drop_orphan(&after, i);
        reach(search, &after);
        struct request request = state->orphans[i];
        (void)execute(search, &after, &request);
        reach(search, &after);
    }
}

static bool has_owner(const struct state *state, int except)
{
    for (int i = 0; i < NODES; i++)
        if (i != except &&
            (state->nodes[i].standing == ACQUIRING ||
             (state->nodes[i].standing == OWNING && state->nodes[i].epoch == state->epoch)))
            return true;
    return false;
}

// The group is a hint: now and then a node takes a shard that another still has.
static void acquire(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    bool steals = has_owner(state, i);
    if (state->nodes[i].standing != IDLE || (steals && state->steals == search->bounds.steals))
        return;
    after.steals += steals;
    after.nodes[i].standing = ACQUIRING;
    if (send(&after.nodes[i], (struct request){.kind = ACQUIRE}))
        reach(search, &after);
}

static void commit_some(struct search *search, const struct state *state, int i)
{
    const struct owner *node = &state->nodes[i];
    if (node->standing != OWNING || node->asked != NOTHING)
        return;
    for (uint8_t count = 1; count <= BATCH_MOST && node->next + count <= search->bounds.records;
         count++) {
        struct state after = *state;
        struct owner *owner = &after.nodes[i];
        const struct request request = {.kind = COMMIT,
                                        .epoch = node->epoch,
                                        .offset = node->next,
                                        .count = count,
                                        .published = node->published};
        owner->batch = count;
        owner->trimmed = owner->published;
        bool sent = send(owner, request);
        if (search->without == RULE_AFTER_COMMIT)
            sent = sent && hand_over(search, owner, node->next, (uint8_t)(node->next + count));
        if (sent)
            reach(search, &after);
    }
}

static void trim_some(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    struct owner *node = &after.nodes[i];
    if (node->standing != OWNING || node->asked != NOTHING || node->published == node->trimmed)
        return;
    node->trimmed = node->published;
    if (send(node,
             (struct request){.kind = TRIM, .epoch = node->epoch, .published = node->published}))
        reach(search, &after);
}

static void serve(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    struct owner *node = &after.nodes[i];
    if (node->session[0].kind == NOTHING || node->answer.kind != NOTHING)
        return;
    struct request request = node->session[0];
    memmove(&node->session[0], &node->session[1], (SESSION - 1) * sizeof *node->session);
    node->session[SESSION - 1] = (struct request){0};
    node->answer = execute(search, &after, &request);
    reach(search, &after);
}

static void listen(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    if (state->nodes[i].answer.kind != NOTHING && hear(search, &after.nodes[i]))
        reach(search, &after);
}

static void receive(struct search *search, struct state *state, uint8_t number)
{
    if (number >= state->next)
        breaks(search, "record %u is published and was not committed", number);
    if (number > state->received)
        breaks(search, "record %u is published before the one before it", number);
    if (number == state->received)
        state->received++;
    else if (number < state->received && search->without == RULE_DEDUPLICATION)
        breaks(search, "record %u counts twice", number);
}

static void publish(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    struct owner *node = &after.nodes[i];
    if (node->queued == 0)
        return;
    uint8_t sent = node->producer[0], number = sent & (OLD - 1);
    memmove(&node->producer[0], &node->producer[1], PRODUCER - 1);
    node->producer[PRODUCER - 1] = 0;
    node->queued--;
    bool ends_row = number + 1 >= node->next || node->rows >> (number + 1) & 1;
    if (!(sent & OLD) && ends_row && number + 1 > node->published)
        node->published = (uint8_t)(number + 1);
    receive(search, &after, number);
    reach(search, &after);
}

static void cut(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    struct owner *node = &after.nodes[i];
    if (state->cuts == search->bounds.cuts || node->asked == NOTHING)
        return;
    after.cuts++;
    bool believes = search->without == RULE_UNKNOWN && node->asked == COMMIT;
    if (!orphan(&after, node))
        return;
    node->asked = NOTHING;
    if (!believes)
        forget(node);
    else if (!committed(search, node))
        return;
    reach(search, &after);
}

static void crash(struct search *search, const struct state *state, int i)
{
    struct state after = *state;
    if (state->crashes == search->bounds.crashes || state->nodes[i].standing == IDLE)
        return;
    after.crashes++;
    if (!orphan(&after, &after.nodes[i]))
        return;
    after.nodes[i] = (struct owner){0};
    reach(search, &after);
}

struct deed {
    const char *name;
    void (*happens)(struct search *search, const struct state *state, int node);
};

static const struct deed deeds[] = {
    {"asks for the shard", acquire}, {"sends a commit", commit_some},
    {"sends a trim", trim_some},     {"is served by PostgreSQL", serve},
    {"hears the answer", listen},    {"publishes a record", publish},
    {"loses its connection", cut},   {"crashes", crash},
};

static void follow(struct search *search, uint32_t from)
{
    const struct state state = search->states[from];
    search->from = from;
    search->deed = "a request without a sender is executed or lost";
    search->actor = -1;
    orphans_happen(search, &state);
    for (int i = 0; i < NODES; i++)
        for (size_t d = 0; d < COUNT_OF(deeds) && search->broken[0] == '\0'; d++) {
            search->deed = deeds[d].name;
            search->actor = i;
            deeds[d].happens(search, &state, i);
        }
}

// -- The search --------------------------------------------------------------------------

static void tell_state(const struct state *state)
{
    printf("    row: epoch %u, next %u, outbox from %u; received %u;", state->epoch, state->next,
           state->low, state->received);
    for (int i = 0; i < NODES; i++) {
        static const char *const standings[] = {"idle", "acquiring", "owns"};
        static const char *const kinds[] = {"", ", asks to acquire", ", commits", ", trims"};
        const struct owner *node = &state->nodes[i];
        printf(" node %d %s under %u at %u%s%s", i, standings[node->standing], node->epoch,
               node->next, kinds[node->asked], i + 1 < NODES ? ";" : "\n");
    }
}

static void tell_way(const struct search *search, uint32_t state)
{
    if (state != 0)
        tell_way(search, search->parents[state]);
    tell_state(&search->states[state]);
}

static uint32_t depth_of(const struct search *search, uint32_t state)
{
    uint32_t depth = 0;
    for (; state != 0; state = search->parents[state])
        depth++;
    return depth;
}

static bool is_end(const struct search *search, const struct state *state)
{
    return state->next == search->bounds.records && state->received == search->bounds.records &&
           state->low == state->next;
}

// Successors are mostly younger, so few passes from the youngest to the oldest suffice.
static void check_ends(struct search *search)
{
    search->leads = calloc(search->count, 1);
    check(search->leads != NULL);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = search->count; i-- > 0;) {
            if (search->leads[i])
                continue;
            if (is_end(search, &search->states[i]))
                search->leads[i] = 1;
            else
                follow(search, i);
            changed = changed || search->leads[i];
        }
    }
    for (uint32_t i = 0; i < search->count; i++)
        if (!search->leads[i]) {
            search->from = i;
            search->actor = -1;
            search->deed = "and from here no way leads to the end";
            breaks(search, "not everything is taken, published and trimmed");
            return;
        }
}

static bool run(struct search *search)
{
    search->states = calloc(search->capacity, sizeof *search->states);
    search->parents = calloc(search->capacity, sizeof *search->parents);
    search->table = calloc(search->slots, sizeof *search->table);
    check(search->states != NULL && search->parents != NULL && search->table != NULL);
    reach(search, &(struct state){0});
    for (uint32_t i = 0; i < search->count && search->broken[0] == '\0'; i++)
        follow(search, i);
    uint32_t depth = depth_of(search, search->count - 1);
    if (search->broken[0] == '\0')
        check_ends(search);
    printf("%u states, depth %u, with %u records, %u crashes, %u lost connections, %u take-overs: "
           "%s\n",
           search->count, depth, search->bounds.records, search->bounds.crashes,
           search->bounds.cuts, search->bounds.steals,
           search->broken[0] ? search->broken
                             : "all promises hold, and every state leads to the end");
    if (search->broken[0] == '\0')
        return true;
    tell_way(search, search->from);
    if (search->actor >= 0)
        printf("    node %d ", search->actor);
    printf("%s\n", search->deed);
    return false;
}

static void search_free(struct search *search)
{
    free(search->states);
    free(search->parents);
    free(search->table);
    free(search->leads);
}

// -- The command line --------------------------------------------------------------------

static const struct {
    const char *option;
    const char *text;
} rules[] = {
    {"", ""},
#define RULE(name, option, text) {option, text},
#include "protocol.def"
#undef RULE
};

static int usage(void)
{
    printf("usage: cluster-protocol [--records N] [--crashes N] [--cuts N] [--takeovers N]\n"
           "                        [--without RULE]\n"
           "with --without it succeeds when a promise is found broken:\n");
    for (size_t i = 1; i < COUNT_OF(rules); i++)
        printf("  %-18s %s\n", rules[i].option, rules[i].text);
    return 2;
}

static enum rule rule_named(const char *name)
{
    for (size_t i = 1; i < COUNT_OF(rules); i++)
        if (strcmp(rules[i].option, name) == 0)
            return (enum rule)i;
    exit(usage());
}

static bool read_option(struct search *search, const char *name, const char *value)
{
    uint8_t number = (uint8_t)strtoul(value, NULL, 10);
    if (strcmp(name, "--records") == 0 && number >= 1 && number <= RECORDS_MOST)
        search->bounds.records = number;
    else if (strcmp(name, "--crashes") == 0)
        search->bounds.crashes = number;
    else if (strcmp(name, "--cuts") == 0)
        search->bounds.cuts = number;
    else if (strcmp(name, "--takeovers") == 0)
        search->bounds.steals = number;
    else if (strcmp(name, "--without") == 0)
        search->without = rule_named(value);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct search search = {.bounds = {.records = 2, .crashes = 1, .cuts = 1, .steals = 1},
                            .capacity = 60u << 20};
    search.slots = 1u << 27;
    for (int i = 1; i < argc; i += 2)
        if (i + 1 >= argc || !read_option(&search, argv[i], argv[i + 1]))
            return usage();
    bool holds = run(&search);
    search_free(&search);
    return holds == (search.without == RULE_NONE) ? 0 : 1;
}
