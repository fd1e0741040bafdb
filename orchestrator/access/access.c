// SPDX-License-Identifier: Apache-2.0
//
// A credential's way: remembered, or else proved, mapped by the rules that fit its claims, and
// given what PostgreSQL says. Whoever shows the same credential meanwhile waits for the same
// answer.
#include "access/access.h"

#include "access/build.h"
#include "access/rules.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/map.h"
#include "loop/pending.h"
#include "loop/timer.h"
#include "store/query.h"
#include "store/read/given.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 1000, MS = 1000 };

struct waiter {
    struct waiter *next;
    struct arena *arena;
    access_answer *answer;
    void *context;
};

// One credential: on its way, or remembered.
struct entry {
    struct access *access;
    struct arena arena;
    struct digest digest; // of the credential
    uint64_t epoch;       // of what it was made from
    int64_t until_ms;
    struct subject subject;
    struct names rules;
    struct identity identity;
    struct waiter *waiters;
};

struct access {
    const struct config *config;
    struct query_pool *pool;
    struct proof *proof;
    struct timer *timer;
    struct pending_list pending; // of the pool
    unsigned char key[DIGEST_SIZE];
    struct arena arena;
    struct idmap remembered; // by the digest's first bytes
    struct arena proving_arena;
    struct idmap proving;
    size_t waiting;
    uint64_t epoch;  // of what was given: grows when something changes
    int64_t version; // of PostgreSQL's; 0: not known
    struct arena rule_arena;
    struct rule *rules;
    size_t rule_count;
    uint64_t rule_epoch; // of the rules; 0: not read
};

// -- Remembering ------------------------------------------------------------------------

static uint64_t place_of(const struct digest *digest)
{
    uint64_t place;
    memcpy(&place, digest->bytes, sizeof place);
    return place == 0 ? 1 : place;
}

static void free_entry(struct entry *entry)
{
    arena_done(&entry->arena);
    free(entry);
}

static void forget_all(struct idmap *map)
{
    size_t cursor = 0;
    uint64_t place;
    void *entry;
    while (idmap_next(map, &cursor, &place, &entry))
        free_entry(entry);
    struct arena *arena = map->arena;
    arena_reset(arena);
    *map = idmap_new(arena);
}

void access_forget(struct access *access)
{
    access->epoch++;
    forget_all(&access->remembered);
}

uint64_t access_epoch(const struct access *access)
{
    return access->epoch;
}

static struct digest digest_of(const struct access *access, const struct credential *credential)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf text = strbuf_new(&arena);
    strbuf_format(&text, "%d %zu ", (int)credential->kind, credential->user.len);
    strbuf_add(&text, credential->user);
    strbuf_add(&text, credential->secret);
    struct digest digest =
        digest_hmac(str_from(access->key, sizeof access->key), strbuf_str(&text));
    arena_done(&arena);
    return digest;
}

static struct entry *find(struct idmap *map, const struct digest *digest)
{
    struct entry *entry = idmap_get(map, place_of(digest));
    return entry != NULL && digest_equal(str_from(entry->digest.bytes, DIGEST_SIZE),
                                         str_from(digest->bytes, DIGEST_SIZE))
               ? entry
               : NULL;
}

static struct entry *remembered(struct access *access, const struct digest *digest)
{
    struct entry *entry = find(&access->remembered, digest);
    if (entry == NULL || entry->until_ms > clock_now_ms())
        return entry;
    idmap_remove(&access->remembered, place_of(digest));
    free_entry(entry);
    return NULL;
}

static void remember(struct access *access, struct entry *entry)
{
    if (access->remembered.count >= ACCESS_MAX_REMEMBERED)
        forget_all(&access->remembered);
    struct entry *old = idmap_remove(&access->remembered, place_of(&entry->digest));
    if (old != NULL)
        free_entry(old);
    idmap_put(&access->remembered, place_of(&entry->digest), entry);
}

// -- Answering --------------------------------------------------------------------------

static void answer_all(struct entry *entry, const struct identity *identity,
                       const struct error *err)
{
    struct waiter *waiter = entry->waiters;
    entry->waiters = NULL;
    while (waiter != NULL) {
        struct waiter *next = waiter->next;
        entry->access->waiting--;
        waiter->answer(waiter->context,
                       identity == NULL ? NULL : identity_copy(waiter->arena, identity), err);
        free(waiter);
        waiter = next;
    }
}

static void refuse(struct entry *entry, const struct error *err)
{
    idmap_remove(&entry->access->proving, place_of(&entry->digest));
    answer_all(entry, NULL, err);
    free_entry(entry);
}

static void accept(struct entry *entry)
{
    struct access *access = entry->access;
    int64_t until_ms = clock_now_ms() + ACCESS_REMEMBERED_S * MS;
    entry->until_ms = until_ms < entry->subject.until_ms ? until_ms : entry->subject.until_ms;
    idmap_remove(&access->proving, place_of(&entry->digest));
    bool is_current = entry->epoch == access->epoch;
    if (is_current)
        remember(access, entry);
    answer_all(entry, &entry->identity, NULL);
    if (!is_current)
        free_entry(entry);
}

// -- What was given ---------------------------------------------------------------------

static struct entry *end_of(void *context, const struct query_rows *rows, const struct error *err)
{
    struct pending *pending = context;
    struct entry *entry = pending_end(pending);
    if (entry == NULL || rows != NULL)
        return entry;
    refuse(entry, err);
    return NULL;
}

static void on_given(void *context, const struct query_rows *rows, const struct error *err)
{
    struct entry *entry = end_of(context, rows, err);
    if (entry == NULL)
        return;
    struct access *access = entry->access;
    identity_begin(&entry->arena, &entry->subject, query_row_count(rows), &entry->identity);
    for (size_t i = 0; i < query_row_count(rows); i++)
        identity_give(&entry->arena, &entry->identity,
                      &(struct gift){.kind = (int)query_i64(rows, i, 0),
                                     .id = query_value(rows, i, 1),
                                     .resource_type = query_value(rows, i, 2),
                                     .resource_id = query_value(rows, i, 3),
                                     .permissions = query_value(rows, i, 4)});
    identity_end(&entry->arena, &entry->identity, config_bool(access->config, CONFIG_AUTH_TENANTS));
    accept(entry);
}

static void ask_what_was_given(struct entry *entry)
{
    struct access *access = entry->access;
    const struct subject *subject = &entry->subject;
    entry->rules =
        rules_that_fit(&entry->arena, access->rules, access->rule_count, subject->claims);
    const struct given_to to = {.kind = (int)subject->kind,
                                .id = subject->id,
                                .groups = subject->groups,
                                .group_count = subject->group_count,
                                .rules = entry->rules.items,
                                .rule_count = entry->rules.count};
    query_statement(access->pool, read_given(&entry->arena, &to), on_given,
                    pending_new(&access->pending, entry));
}

static void on_rules(void *context, const struct query_rows *rows, const struct error *err)
{
    struct entry *entry = end_of(context, rows, err);
    if (entry == NULL)
        return;
    struct access *access = entry->access;
    struct arena *arena = &access->rule_arena;
    arena_reset(arena);
    access->rule_count = query_row_count(rows);
    access->rules = ARENA_ARRAY(arena, struct rule, access->rule_count);
    for (size_t i = 0; i < access->rule_count; i++)
        access->rules[i] = (struct rule){.id = str_copy(arena, query_value(rows, i, 0)),
                                         .claim_name = str_copy(arena, query_value(rows, i, 1)),
                                         .claim_value = str_copy(arena, query_value(rows, i, 2))};
    access->rule_epoch = entry->epoch;
    ask_what_was_given(entry);
}

// -- Proving ----------------------------------------------------------------------------

static void on_proved(void *context, const struct subject *subject, const struct error *err)
{
    struct entry *entry = context;
    struct access *access = entry->access;
    if (subject == NULL) {
        refuse(entry, err);
        return;
    }
    subject_copy(&entry->arena, subject, &entry->subject);
    if (subject->claims != NULL && access->rule_epoch != entry->epoch)
        query_statement(access->pool, read_mapping_rules(&entry->arena), on_rules,
                        pending_new(&access->pending, entry));
    else
        ask_what_was_given(entry);
}

static void wait_with(struct entry *entry, struct arena *arena, access_answer *answer,
                      void *context)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    check(waiter != NULL);
    *waiter = (struct waiter){entry->waiters, arena, answer, context};
    entry->waiters = waiter;
    entry->access->waiting++;
}

static struct entry *begin(struct access *access, const struct digest *digest)
{
    struct entry *entry = calloc(1, sizeof *entry);
    check(entry != NULL);
    entry->access = access;
    entry->digest = *digest;
    entry->epoch = access->epoch;
    idmap_put(&access->proving, place_of(digest), entry);
    return entry;
}

static bool is_busy(const struct access *access, const struct digest *digest)
{
    return access->waiting >= ACCESS_MAX_WAITING ||
           idmap_get(&access->proving, place_of(digest)) != NULL; // another's, of the same place
}

void access_identify(struct access *access, struct arena *arena,
                     const struct credential *credential, access_answer *answer, void *context)
{
    struct error err;
    const struct digest digest = digest_of(access, credential);
    struct entry *entry = remembered(access, &digest);
    if (entry != NULL) {
        answer(context, identity_copy(arena, &entry->identity), NULL);
        return;
    }
    entry = find(&access->proving, &digest);
    if (entry == NULL && is_busy(access, &digest)) {
        (void)error_set(&err, ERROR_UNAVAILABLE, "",
                        "more than ACCESS_MAX_WAITING (%d) credentials are being checked",
                        ACCESS_MAX_WAITING);
        answer(context, NULL, &err);
        return;
    }
    bool is_new = entry == NULL;
    if (is_new)
        entry = begin(access, &digest);
    wait_with(entry, arena, answer, context);
    if (is_new)
        proof_check(access->proof, credential, on_proved, entry);
}

// -- Changes on other nodes -------------------------------------------------------------

static void on_version(void *context, const struct query_rows *rows, const struct error *err)
{
    struct access *access = pending_end(context);
    (void)err; // what is remembered ends by itself within a minute
    if (access == NULL)
        return;
    int64_t version = rows != NULL && query_row_count(rows) > 0 ? query_i64(rows, 0, 0) : 0;
    if (version != 0 && version != access->version) {
        access->version = version;
        access_forget(access);
    }
    timer_set(access->timer, LOOK_MS);
}

static void look(void *context)
{
    struct access *access = context;
    struct arena arena = ARENA_EMPTY;
    query_statement(access->pool, read_access_version(&arena), on_version,
                    pending_new(&access->pending, access));
    arena_done(&arena);
}

// -- Life -------------------------------------------------------------------------------

struct access *access_new(struct event_base *loop, const struct config *config,
                          struct query_pool *pool, const struct vault *vault, struct error *err)
{
    struct access *access = calloc(1, sizeof *access);
    check(access != NULL);
    access->config = config;
    access->pool = pool;
    access->epoch = 1;
    access->remembered = idmap_new(&access->arena);
    access->proving = idmap_new(&access->proving_arena);
    random_bytes(access->key, sizeof access->key);
    access->proof = proof_new(loop, config, pool, vault, err);
    if (access->proof == NULL) {
        access_free(access);
        return NULL;
    }
    access->timer = timer_new(loop, look, access);
    timer_set(access->timer, LOOK_MS);
    return access;
}

static void refuse_all(struct access *access)
{
    struct error err;
    size_t cursor = 0;
    uint64_t place;
    void *entry;
    (void)error_set(&err, ERROR_UNAVAILABLE, "", "this node is stopping");
    while (idmap_next(&access->proving, &cursor, &place, &entry)) {
        refuse(entry, &err);
        cursor = 0; // the map moves what is behind a hole
    }
}

void access_free(struct access *access)
{
    if (access == NULL)
        return;
    pending_cancel(&access->pending);
    proof_free(access->proof);
    refuse_all(access);
    timer_free(access->timer);
    forget_all(&access->remembered);
    arena_done(&access->arena);
    arena_done(&access->proving_arena);
    arena_done(&access->rule_arena);
    free(access);
}

struct proof *access_proof(struct access *access)
{
    return access->proof;
}
