// SPDX-License-Identifier: Apache-2.0
#include "store/vault_keys.h"

#include "store/query.h"

struct checking {
    const struct vault *vault;
    struct arena arena;
    struct error *err;
    bool good;
};

static bool refuse_missing(str id, struct error *err)
{
    return error_set(err, ERROR_INVALID, "vault.keys",
                     "secrets are sealed under the key '%.*s', which is not among the vault's "
                     "keys: put it back (behind the current one), or delete those secrets from "
                     "the table secrets",
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

bool store_check_vault(const char *url, const struct vault *vault, struct error *err)
{
    static const char sql[] =
        "SELECT id, proof, EXISTS (SELECT FROM secrets s WHERE s.vault_key = k.id) FROM "
        "vault_keys k";
    struct checking checking = {.vault = vault, .arena = ARENA_EMPTY, .err = err, .good = true};
    bool good = query_run_blocking(url, str_of(sql), NULL, 0, on_keys, &checking, err) &&
                checking.good && note_keys(url, &checking, err);
    arena_done(&checking.arena);
    return good;
}
