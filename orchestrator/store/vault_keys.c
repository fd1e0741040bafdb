// SPDX-License-Identifier: Apache-2.0
#include "store/vault_keys.h"

#include "store/query.h"
#include "vault/personal.h"

struct checking {
    const struct vault *vault;
    struct arena arena;
    struct error *err;
    bool good;
};

static bool refuse_missing(str id, struct error *err)
{
    return error_set(err, ERROR_INVALID, "vault.keys",
                     "secrets, personal data or records that wait to be sent are sealed under the "
                     "key '%.*s', which is not among the vault's keys: put it back (behind the "
                     "current one), or delete what is sealed from the tables secrets, "
                     "personal_keys and outbox",
                     STR_ARG(id));
}

static void on_keys(void *context, const struct query_rows *rows, const struct error *err)
{
    struct checking *checking = context;
    (void)err; // query_run_blocking gives it
    for (size_t i = 0; rows != NULL && checking->good && i < query_row_count(rows); i++) {
        str id = query_value(rows, i, 0), proof = query_value(rows, i, 1);
        bool is_there = checking->vault != NULL && vault_has(checking->vault, id);
        bool is_used = query_bool(rows, i, 2);
        if (is_used && !is_there)
            checking->good = refuse_missing(id, checking->err);
        else if (is_there &&
                 !str_equal(vault_check_of(&checking->arena, checking->vault, id), proof))
            checking->good =
                error_set(checking->err, ERROR_INVALID, "vault.keys",
                          "the key '%.*s' is not the one that this installation knows by that "
                          "id: give a new key a new id",
                          STR_ARG(id));
    }
}

static void on_noted(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)rows, (void)err;
}

static bool note_keys(const char *url, struct checking *checking, struct error *err)
{
    static const char sql[] =
        "INSERT INTO vault_keys (id, proof) VALUES ($1::text, $2::text) ON CONFLICT DO NOTHING";
    size_t count = checking->vault != NULL ? vault_key_count(checking->vault) : 0;
    for (size_t i = 0; i < count; i++) {
        str id = vault_key_id(checking->vault, i);
        const str parameters[] = {id, vault_check_of(&checking->arena, checking->vault, id)};
        if (!query_run_blocking(url, str_of(sql), parameters, COUNT_OF(parameters), on_noted, NULL,
                                err))
            return false;
    }
    return true;
}

// -- Nodes ------------------------------------------------------------------------------

static void on_other(void *context, const struct query_rows *rows, const struct error *err)
{
    struct checking *checking = context;
    (void)err;
    if (rows == NULL || query_row_count(rows) == 0)
        return;
    str node = query_value(rows, 0, 0), theirs = query_value(rows, 0, 1);
    if (query_bool(rows, 0, 2))
        checking->good = error_set(
            checking->err, ERROR_INVALID, "vault.keys",
            "the key '%.*s' would seal, and the node '%.*s', which runs, does not have it and "
            "could not read that: put it behind the others first, until all nodes have it",
            STR_ARG(vault_current(checking->vault)), STR_ARG(node));
    else
        checking->good = error_set(
            checking->err, ERROR_INVALID, "vault.keys",
            "the node '%.*s', which runs, seals under the key '%.*s', which is not among the "
            "vault's keys here",
            STR_ARG(node), STR_ARG(theirs));
}

static str ids_of(struct checking *checking)
{
    size_t count = vault_key_count(checking->vault);
    str *ids = ARENA_ARRAY(&checking->arena, str, count);
    for (size_t i = 0; i < count; i++)
        ids[i] = vault_key_id(checking->vault, i);
    return statement_array(&checking->arena, ids, count);
}

static bool note_node(const char *url, const char *node, struct checking *checking,
                      struct error *err)
{
    static const char sql[] =
        "WITH gone AS (DELETE FROM vault_nodes v WHERE v.node <> $1::text AND v.seen < now() - "
        "interval '1 hour' AND NOT vault_node_runs(v.node)) INSERT INTO vault_nodes (node, keys) "
        "VALUES ($1::text, $2::text[]) ON CONFLICT (node) DO UPDATE SET keys = excluded.keys, seen "
        "= now()";
    const str parameters[] = {str_of(node), ids_of(checking)};
    return query_run_blocking(url, str_of(sql), parameters, COUNT_OF(parameters), on_noted, NULL,
                              err);
}

// Noted first, then looked: of two that begin at the same time, one that has come further is seen.
static bool agree_with_nodes(const char *url, const char *node, struct checking *checking,
                             struct error *err)
{
    static const char sql[] =
        "SELECT v.node, v.keys[1], NOT $2::text = ANY (v.keys) FROM vault_nodes v WHERE v.node <> "
        "$1::text AND vault_node_runs(v.node) AND (NOT $2::text = ANY (v.keys) OR NOT v.keys[1] = "
        "ANY ($3::text[])) ORDER BY v.node LIMIT 1";
    if (checking->vault == NULL)
        return true;
    const str parameters[] = {str_of(node), vault_current(checking->vault), ids_of(checking)};
    return (node[0] == '\0' || note_node(url, node, checking, err)) &&
           query_run_blocking(url, str_of(sql), parameters, COUNT_OF(parameters), on_other,
                              checking, err) &&
           checking->good;
}

bool store_check_vault(const char *url, const char *node, const struct vault *vault,
                       struct error *err)
{
    static const char sql[] =
        "SELECT id, proof, EXISTS (SELECT FROM secrets s WHERE s.vault_key = k.id) OR "
        "EXISTS (SELECT FROM users u WHERE u.totp_key = k.id) OR "
        "EXISTS (SELECT FROM personal_index p WHERE p.vault_key = k.id) OR EXISTS (SELECT FROM "
        "personal_keys p WHERE p.vault_key = k.id AND p.wrapped IS NOT NULL) OR EXISTS (SELECT "
        "FROM "
        "outbox o WHERE o.vault_key = k.id) FROM vault_keys k";
    struct checking checking = {.vault = vault, .arena = ARENA_EMPTY, .err = err, .good = true};
    bool good = query_run_blocking(url, str_of(sql), NULL, 0, on_keys, &checking, err) &&
                checking.good && note_keys(url, &checking, err) &&
                agree_with_nodes(url, node, &checking, err);
    arena_done(&checking.arena);
    return good;
}

// -- Persons ----------------------------------------------------------------------------

struct indexing {
    struct arena arena;
    str wrapped;
};

static void on_index(void *context, const struct query_rows *rows, const struct error *err)
{
    struct indexing *indexing = context;
    (void)err;
    if (rows != NULL && query_row_count(rows) == 1)
        indexing->wrapped = query_bytes(rows, 0, 0, &indexing->arena);
}

// Several nodes may try at once: the first one's stays.
static bool make_index(const char *url, const struct vault *vault, struct indexing *indexing,
                       struct error *err)
{
    static const char sql[] = "INSERT INTO personal_index (wrapped, vault_key) VALUES "
                              "($1::bytea, $2::text) ON CONFLICT DO NOTHING";
    struct vault_key key;
    str bound = personal_bound(&indexing->arena, STR_EMPTY, 0, 0);
    str wrapped = vault_wrap_new(&indexing->arena, vault, bound, &key);
    const str parameters[] = {query_hex(&indexing->arena, wrapped), vault_current(vault)};
    vault_key_wipe(&key);
    return query_run_blocking(url, str_of(sql), parameters, COUNT_OF(parameters), on_noted, NULL,
                              err);
}

bool store_person_index(const char *url, const struct vault *vault, struct vault_key *ret_index,
                        struct error *err)
{
    static const char sql[] = "SELECT wrapped FROM personal_index";
    struct indexing indexing = {ARENA_EMPTY, STR_EMPTY};
    bool good = query_run_blocking(url, str_of(sql), NULL, 0, on_index, &indexing, err);
    if (good && str_is_empty(indexing.wrapped))
        good = make_index(url, vault, &indexing, err) &&
               query_run_blocking(url, str_of(sql), NULL, 0, on_index, &indexing, err);
    good = good && vault_unwrap(vault, indexing.wrapped,
                                personal_bound(&indexing.arena, STR_EMPTY, 0, 0), ret_index, err);
    arena_done(&indexing.arena);
    return good;
}
