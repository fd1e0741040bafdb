// SPDX-License-Identifier: Apache-2.0
//
// Proves the entries of the audit log that are no command's: the chain of digests of each node
// (schemas/0210_audit.sql), computed here and not by the database.
#include "base/digest.h"
#include "cli/audit.h"
#include "cli/audit_heads.h"
#include "store/query.h"
#include "store/read/audit.h"

#include <string.h>

enum { CHUNK = 10000 };

struct chain {
    int64_t id;
    str name;
    uint64_t number; // of the last entry, as the chain's row has it
    str digest;      // likewise
    uint64_t at;     // the last one that was looked at
    struct digest head;
    struct digest expected; // of the entry with `number`
};

struct checking {
    const struct audit_wanted *wanted;
    audit_tell *tell;
    void *context;
    struct audit_result *result;
    struct arena arena; // of all
    struct arena chunk;
    struct chain *chains;
    size_t chain_count;
    struct chain *chain; // that is being read
    size_t rows;
};

static void tell(struct checking *checking, uint64_t number, const char *what)
{
    struct arena arena = ARENA_EMPTY;
    checking->result->problems++;
    checking->tell(checking->context,
                   str_format(&arena, "audit chain '%.*s', entry %llu: %s",
                              STR_ARG(checking->chain->name), (unsigned long long)number, what));
    arena_done(&arena);
}

// audit_bytes() of the schema.
static str bytes_of(struct checking *checking, const struct query_rows *rows, size_t row)
{
    struct strbuf out = strbuf_new(&checking->chunk);
    for (size_t i = 0; i < AUDIT_ENTRY_TEXTS; i++) {
        size_t column = AUDIT_ENTRY_FIRST_TEXT + i;
        str text = query_value(rows, row, column);
        if (query_is_null(rows, row, column)) {
            strbuf_add_char(&out, '-');
            continue;
        }
        strbuf_format(&out, "%zu:", text.len);
        strbuf_add(&out, text);
    }
    return strbuf_str(&out);
}

// What a checkpoint has signed is there, or something else is.
static void check_head(struct checking *checking)
{
    struct audit_heads *heads = checking->wanted->heads;
    const struct chain *chain = checking->chain;
    const struct audit_head *head =
        heads == NULL ? NULL
                      : audit_heads_differ(heads, HEAD_CHAIN, chain->id, chain->at,
                                           str_from(chain->head.bytes, DIGEST_SIZE));
    if (head != NULL)
        tell(checking, chain->at,
             "is not what a checkpoint has signed: it or what was before it was changed");
}

// Entries that retention has taken: their chain goes on from the digest that was kept.
static void pass_retired(struct checking *checking)
{
    const struct chain *chain = checking->chain;
    struct audit_heads *heads = checking->wanted->heads;
    if (chain->at == 0)
        return;
    if (!checking->wanted->entries_may_be_retired)
        tell(checking, chain->at, "and all before it are gone, and audit.retention_days is 0");
    checking->result->retired += chain->at;
    for (size_t i = 0; heads != NULL && i < heads->list.count; i++) {
        struct audit_head *head = &heads->list.items[i];
        if (head->kind == HEAD_CHAIN && head->id == chain->id && head->number < chain->at)
            head->is_found = true;
    }
    check_head(checking);
}

static void check_entry(struct checking *checking, const struct query_rows *rows, size_t row)
{
    struct chain *chain = checking->chain;
    uint64_t number = query_u64(rows, row, AUDIT_ENTRY_NUMBER);
    str stored = query_bytes(rows, row, AUDIT_ENTRY_DIGEST, &checking->chunk);
    if (number != chain->at + 1)
        tell(checking, chain->at + 1, "is missing");
    chain->at = number;
    chain->head = digest_chain(chain->head, bytes_of(checking, rows, row));
    if (!str_equal(stored, str_from(chain->head.bytes, DIGEST_SIZE)))
        tell(checking, number, "its digest does not follow from what it says");
    if (stored.len == DIGEST_SIZE)
        memcpy(chain->head.bytes, stored.data, DIGEST_SIZE); // each damage is told once
    if (number == chain->number)
        chain->expected = chain->head;
    check_head(checking);
    checking->result->entries++;
}

static void on_entries(void *context, const struct query_rows *rows, const struct error *err)
{
    struct checking *checking = context;
    (void)err;
    checking->rows = query_row_count(rows);
    for (size_t i = 0; i < checking->rows; i++)
        check_entry(checking, rows, i);
}

// What was written since the row was read goes on from it.
static void check_end(struct checking *checking)
{
    const struct chain *chain = checking->chain;
    const struct digest *head = chain->at == chain->number ? &chain->head : &chain->expected;
    if (chain->at < chain->number)
        tell(checking, chain->number, "is the chain's last one and is missing");
    else if (!str_equal(chain->digest, str_from(head->bytes, DIGEST_SIZE)))
        tell(checking, chain->number, "its digest is not the one in the chain's row");
}

static bool check_chain(struct checking *checking, const char *url, struct error *err)
{
    struct chain *chain = checking->chain;
    pass_retired(checking);
    do {
        struct statement statement =
            read_audit_entries(&checking->chunk, chain->id, chain->at, CHUNK);
        if (!query_run_blocking(url, str_of(statement.sql), statement.parameters, statement.count,
                                on_entries, checking, err))
            return false;
        arena_reset(&checking->chunk);
    } while (checking->rows > 0);
    check_end(checking);
    return true;
}

static void on_chains(void *context, const struct query_rows *rows, const struct error *err)
{
    struct checking *checking = context;
    struct arena *arena = &checking->arena;
    (void)err;
    checking->chain_count = query_row_count(rows);
    checking->chains = ARENA_ARRAY(arena, struct chain, checking->chain_count);
    for (size_t i = 0; i < checking->chain_count; i++) {
        struct chain *chain = &checking->chains[i];
        str base = query_bytes(rows, i, AUDIT_CHAIN_BASE, arena);
        *chain = (struct chain){.id = query_i64(rows, i, AUDIT_CHAIN_ID),
                                .name = str_copy(arena, query_value(rows, i, AUDIT_CHAIN_NAME)),
                                .number = query_u64(rows, i, AUDIT_CHAIN_NUMBER),
                                .digest = query_bytes(rows, i, AUDIT_CHAIN_DIGEST, arena),
                                .at = query_u64(rows, i, AUDIT_CHAIN_FIRST) - 1};
        if (base.len == DIGEST_SIZE)
            memcpy(chain->head.bytes, base.data, DIGEST_SIZE);
    }
}

bool audit_check_entries(const struct audit_wanted *wanted, audit_tell *say, void *context,
                         struct audit_result *result, struct error *err)
{
    const char *url = wanted->url;
    struct checking checking = {
        .wanted = wanted, .tell = say, .context = context, .result = result};
    struct statement statement = read_audit_chains(&checking.arena);
    bool good = query_run_blocking(url, str_of(statement.sql), NULL, 0, on_chains, &checking, err);
    for (size_t i = 0; i < checking.chain_count && good; i++) {
        checking.chain = &checking.chains[i];
        good = check_chain(&checking, url, err);
    }
    arena_done(&checking.arena);
    arena_done(&checking.chunk);
    return good;
}
