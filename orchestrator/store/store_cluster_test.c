// SPDX-License-Identifier: Apache-2.0
// The store against a real PostgreSQL: fencing, set-based writes, loading, the rules of the schema.
#include "store/migrate.h"
#include "store/query.h"
#include "store/store.h"

#include "base/clock.h"
#include "record/key.h"
#include "wire/wire.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_SECONDS = 30, SHARD = 2 };

struct scene {
    struct event_base *loop;
    struct arena arena;
    char url[256];
    struct store *store;
    struct store_shard shard;
    str outbox_payload;
    enum store_outcome outcome;
    struct error err;
    str loaded[4];
    size_t loaded_count;
    size_t due_count;
    struct store_due dues[8];
    size_t rows;
    str value;
};

static struct scene scene;

static const char *from_environment(const char *name)
{
    static char value[512];
    if (getenv(name) != NULL)
        return getenv(name);
    FILE *file = fopen(BINARY_ROOT "/cluster/env", "r");
    assert_non_null(file);
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '=') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + strlen(name) + 1, "\n"),
                     line + strlen(name) + 1);
            found = true;
        }
    fclose(file);
    assert_true(found);
    return value;
}

static void give_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    fail_msg("nothing happened for %d seconds", PATIENCE_SECONDS);
}

static void run(void)
{
    struct event *patience = evtimer_new(scene.loop, give_up, NULL);
    const struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
    event_add(patience, &limit);
    event_base_dispatch(scene.loop);
    event_free(patience);
}

static void stop(void)
{
    event_base_loopbreak(scene.loop);
}

static void on_connected(void *context)
{
    (void)context;
    stop();
}

static void on_lost(void *context, const struct error *err)
{
    (void)context;
    fail_msg("connection lost: %s", err->text);
}

static void on_done(void *context, enum store_outcome outcome, const struct error *err)
{
    (void)context;
    scene.outcome = outcome;
    scene.err = *err;
    stop();
}

static int make_database(void **state)
{
    (void)state;
    const char *server = from_environment("BATON_TEST_POSTGRES");
    struct error err;
    int applied;
    char sql[64];
    snprintf(sql, sizeof sql, "CREATE DATABASE store_%d", (int)getpid());
    if (!query_run_blocking(server, str_of(sql), NULL, 0, NULL, NULL, &err))
        fail_msg("%s", err.text);
    snprintf(scene.url, sizeof scene.url, "%s dbname=store_%d", server, (int)getpid());
    if (!store_migrate_up(scene.url, &applied, &err))
        fail_msg("%s: %s", err.place, err.text);
    assert_true(applied >= 2);
    scene.loop = event_base_new();
    const struct store_options options = {.url = scene.url, .node = "tester", .connections = 2};
    const struct store_handler handler = {NULL, on_connected, on_lost};
    scene.store = store_new(&options, &handler, scene.loop);
    run();
    return 0;
}

static int drop_database(void **state)
{
    (void)state;
    struct error err;
    char sql[80];
    store_free(scene.store);
    event_base_free(scene.loop);
    arena_done(&scene.arena);
    snprintf(sql, sizeof sql, "DROP DATABASE store_%d WITH (FORCE)", (int)getpid());
    return query_run_blocking(from_environment("BATON_TEST_POSTGRES"), str_of(sql), NULL, 0, NULL,
                              NULL, &err)
               ? 0
               : 1;
}

static void on_acquired(void *context, enum store_outcome outcome, const struct store_shard *shard,
                        const struct error *err)
{
    (void)context;
    scene.outcome = outcome;
    scene.err = *err;
    scene.shard = *shard;
    scene.outbox_payload =
        shard->outbox_count ? str_copy(&scene.arena, shard->outbox[0].payload) : STR_EMPTY;
    scene.shard.image = str_copy(&scene.arena, shard->image);
    stop();
}

static void acquire(void)
{
    store_acquire(scene.store, SHARD, on_acquired, NULL);
    run();
    assert_int_equal(scene.outcome, STORE_DONE);
}

static struct instance_row instance(enum row_change change, uint64_t key)
{
    return (struct instance_row){
        .change = change,
        .key = key,
        .definition = 7,
        .process_id = STR("mortgage"),
        .version = 1,
        .tenant = STR("<default>"),
        .state = INSTANCE_ACTIVE,
        .started_ms = clock_now_ms(),
        .variables = STR("{\"amount\":1.50}"),
        .events = 1,
        .image = STR("image-bytes"),
    };
}

static struct job_row job(enum row_change change, uint64_t key, int64_t due_ms)
{
    return (struct job_row){
        .change = change,
        .key = key,
        .instance = key - 1,
        .element_instance = key - 1,
        .element_id = STR("check"),
        .process_id = STR("mortgage"),
        .type = STR("bureau"),
        .tenant = STR("<default>"),
        .state = JOB_OFFERED,
        .attempt = 3,
        .due_ms = due_ms,
        .timeout_ms = 60000,
        .created_ms = clock_now_ms(),
        .error_message = STR("a\0b"),
    };
}

static void add_history(struct changes *changes, uint64_t stream, uint64_t sequence)
{
    static const struct event events[] = {
        {.type = EVENT_PROCESS_ACTIVATED, .time_ms = 5, .key = 11, .name = {"mortgage", 8}},
        {.type = EVENT_JOB_CREATED, .time_ms = 5, .key = 12, .number = -1, .name = {"bureau", 6}},
    };
    *ARRAY_PUSH(&scene.arena, &changes->history) = (struct history_row){
        .stream_kind = STREAM_INSTANCE,
        .stream = stream,
        .sequence = sequence,
        .time_ms = clock_now_ms(),
        .offset = 0,
        .cause = COMMAND_CREATE_INSTANCE,
        .principal = STR("anna"),
        .count = COUNT_OF(events),
        .events = events,
    };
}

static void commit(struct changes *changes, int64_t from, int64_t to)
{
    struct arena turn = ARENA_EMPTY;
    changes->next_key = 100;
    changes->clock_ms = clock_now_ms();
    struct store_commit batch = {
        .shard = SHARD,
        .epoch = scene.shard.epoch,
        .expected_offset = from,
        .next_offset = to,
        .batch = scene.shard.batch + 1,
        .changes = changes,
        .packed = store_pack(scene.shard.chain, changes, &turn),
        .first_outbound = scene.shard.next_outbound,
        .next_outbound = scene.shard.next_outbound + 2,
        .outbound = STR("two records"),
        .published = 1,
        .last_record = STR("digest"),
    };
    store_commit(scene.store, &batch, &turn, on_done, NULL);
    arena_done(&turn); // libpq has its own copy
    run();
    if (scene.outcome == STORE_DONE) {
        scene.shard.batch++;
        scene.shard.chain = batch.packed.chain;
        scene.shard.next_outbound += 2;
        scene.shard.next_offset = to;
    }
}

static void on_rows(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)err;
    scene.rows = query_row_count(rows);
    scene.value = scene.rows ? str_copy(&scene.arena, query_value(rows, 0, 0)) : STR_EMPTY;
}

static str ask(const char *sql)
{
    struct error err;
    if (!query_run_blocking(scene.url, str_of(sql), NULL, 0, on_rows, NULL, &err))
        fail_msg("%s", err.text);
    return scene.value;
}

static void assert_answer(const char *sql, const char *wanted)
{
    assert_string_equal(str_cstr(&scene.arena, ask(sql)), wanted);
}

static void a_commit_writes_everything_or_nothing(void **state)
{
    (void)state;
    acquire();
    struct changes changes = {0};
    uint64_t key = key_make(SHARD, 11);
    *ARRAY_PUSH(&scene.arena, &changes.instances) = instance(ROW_INSERT, key);
    *ARRAY_PUSH(&scene.arena, &changes.jobs) = job(ROW_INSERT, key + 1, clock_now_ms() + 1000);
    add_history(&changes, key, 1);
    changes.shard_image = STR("shard-state");
    commit(&changes, 0, 1);
    assert_int_equal(scene.outcome, STORE_DONE);
    assert_answer("SELECT count(*) FROM instances", "1");
    assert_answer("SELECT error_message FROM jobs", "a?b");
    assert_answer("SELECT count(*) FROM outbox", "1");

    commit(&changes, 1, 2); // the same keys again: the insert fails, so does all of it
    assert_int_equal(scene.outcome, STORE_REFUSED);
    assert_answer("SELECT next_offset FROM shards WHERE shard = 2", "1");
    assert_answer("SELECT count(*) FROM outbox", "1");
}

static void rows_are_updated_and_deleted_in_sets(void **state)
{
    (void)state;
    struct changes changes = {0};
    uint64_t key = key_make(SHARD, 11);
    struct instance_row *row = ARRAY_PUSH(&scene.arena, &changes.instances);
    *row = instance(ROW_UPDATE, key);
    row->state = INSTANCE_COMPLETED;
    row->ended_ms = clock_now_ms();
    row->image = STR_EMPTY;
    *ARRAY_PUSH(&scene.arena, &changes.jobs) =
        (struct job_row){.change = ROW_DELETE, .key = key + 1};
    *ARRAY_PUSH(&scene.arena, &changes.instances) = instance(ROW_INSERT, key + 10);
    add_history(&changes, key, 2);
    commit(&changes, 1, 2);
    assert_int_equal(scene.outcome, STORE_DONE);
    assert_answer("SELECT count(*) FROM jobs", "0");
    assert_answer("SELECT string_agg(state::text, ',' ORDER BY key) FROM instances", "2,1");
}

static void an_old_epoch_commits_nothing(void **state)
{
    (void)state;
    struct store_shard old = scene.shard;
    acquire();
    assert_int_equal(scene.shard.epoch, old.epoch + 1);
    assert_int_equal(scene.shard.next_offset, 2);
    assert_string_equal(str_cstr(&scene.arena, scene.outbox_payload), "two records");
    assert_string_equal(str_cstr(&scene.arena, scene.shard.image), "shard-state");
    struct store_shard current = scene.shard;
    scene.shard.epoch = old.epoch;
    struct changes changes = {0};
    commit(&changes, 2, 3);
    assert_int_equal(scene.outcome, STORE_TAKEN);
    scene.shard = current;
    commit(&changes, 1, 3); // ours, but not from where it stands
    assert_int_equal(scene.outcome, STORE_TAKEN);
}

static void a_group_is_noted_with_so_many_members_of_such_a_length(void **state)
{
    (void)state;
    static char letters[4 * LIMIT_NAME_BYTES];
    str members[2 * STORE_GROUP_MEMBERS] = {STR("\xff\xfe"), {"a\0b", 3}};
    memset(letters, 'w', sizeof letters);
    for (size_t i = 2; i < COUNT_OF(members); i++)
        members[i] = (str){letters, sizeof letters - i};
    const struct store_group group = {.type = STR("pay"),
                                      .knows_members = true,
                                      .members = members,
                                      .member_count = COUNT_OF(members)};
    store_note_group(scene.store, SHARD, &group, on_done, NULL);
    run();
    assert_int_equal(scene.outcome, STORE_DONE);
    assert_answer("SELECT cardinality(members) || ' ' || octet_length(array_to_string(members, ''))"
                  " FROM job_groups WHERE type = 'pay'",
                  "100 51200");
}

static void on_loaded(void *context, const struct store_stream *stream, str image)
{
    (void)context, (void)stream;
    scene.loaded[scene.loaded_count++] = str_copy(&scene.arena, image);
}

static void streams_are_loaded_together(void **state)
{
    (void)state;
    struct changes changes = {0};
    *ARRAY_PUSH(&scene.arena, &changes.mailboxes) =
        (struct mailbox_row){.change = ROW_INSERT,
                             .key = key_make(SHARD, 40),
                             .name = STR("paid"),
                             .correlation_key = STR("4711"),
                             .image = STR("mailbox-image")};
    const struct mailbox_entry_row entries[] = {
        {ROW_INSERT, key_make(SHARD, 41), key_make(SHARD, 40), 2, STR("+second")},
        {ROW_INSERT, key_make(SHARD, 42), key_make(SHARD, 40), 1, STR("+first")},
        {ROW_INSERT, key_make(SHARD, 44), key_make(SHARD, 43), 1, STR("+of another")},
    };
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        *ARRAY_PUSH(&scene.arena, &changes.mailbox_entries) = entries[i];
    commit(&changes, 2, 3);
    const struct store_stream streams[] = {
        {.kind = STREAM_INSTANCE, .instance = key_make(SHARD, 21)},
        {.kind = STREAM_INSTANCE, .instance = key_make(SHARD, 11)}, // has ended
        {.kind = STREAM_MAILBOX, .name = STR("paid"), .correlation_key = STR("4711")},
        {.kind = STREAM_MAILBOX, .name = STR("paid"), .correlation_key = STR("4712")},
    };
    const struct store_load load = {.shard = SHARD,
                                    .count = COUNT_OF(streams),
                                    .streams = streams,
                                    .loaded = on_loaded,
                                    .done = on_done};
    store_load_streams(scene.store, &load);
    run();
    assert_int_equal(scene.outcome, STORE_DONE);
    assert_int_equal(scene.loaded_count, 2);
    assert_true(str_equal(scene.loaded[0], STR("image-bytes")));
    assert_true(str_equal(scene.loaded[1], STR("mailbox-image+first+second")));
}

static void on_dues(void *context, enum store_outcome outcome, const struct store_due *dues,
                    size_t count, bool complete)
{
    (void)context;
    assert_int_equal(outcome, STORE_DONE);
    assert_true(complete && count <= COUNT_OF(scene.dues));
    memcpy(scene.dues, dues, count * sizeof *dues);
    scene.due_count = count;
    stop();
}

static void what_falls_due_comes_soonest_first(void **state)
{
    (void)state;
    int64_t now = clock_now_ms();
    struct changes changes = {0};
    *ARRAY_PUSH(&scene.arena, &changes.jobs) = job(ROW_INSERT, key_make(SHARD, 50), now + 900);
    *ARRAY_PUSH(&scene.arena, &changes.timers) = (struct timer_row){.change = ROW_INSERT,
                                                                    .key = key_make(SHARD, 51),
                                                                    .instance = 5,
                                                                    .element_id = STR("t"),
                                                                    .due_ms = now + 100};
    *ARRAY_PUSH(&scene.arena, &changes.timers) = (struct timer_row){.change = ROW_INSERT,
                                                                    .key = key_make(SHARD, 52),
                                                                    .instance = 5,
                                                                    .element_id = STR("t"),
                                                                    .due_ms = now + 100000};
    commit(&changes, 3, 4);
    store_find_due(scene.store, SHARD, now + 1000, on_dues, NULL);
    run();
    assert_int_equal(scene.due_count, 2);
    assert_int_equal(scene.dues[0].type, COMMAND_FIRE_TIMER);
    assert_int_equal(scene.dues[0].due_ms, now + 100);
    assert_int_equal(scene.dues[1].type, COMMAND_TIME_OUT_JOB);
    assert_int_equal(scene.dues[1].attempt, 3);
}

static void history_is_readable_for_people(void **state)
{
    (void)state;
    assert_answer("SELECT string_agg(event || ' ' || coalesce(name, '') || ' ' || "
                  "coalesce(number::text, ''), "
                  "'; ' ORDER BY sequence, position) FROM readable_history WHERE sequence = 1",
                  "PROCESS_ACTIVATED mortgage ; JOB_CREATED bureau -1");
    assert_answer("SELECT DISTINCT command FROM readable_history", "CREATE_INSTANCE");
    assert_answer("SELECT state FROM readable_instances ORDER BY key LIMIT 1", "completed");
}

static void the_chain_follows_from_history(void **state)
{
    (void)state;
    assert_answer("SELECT count(*) FROM shards s JOIN history_batches b USING (shard) "
                  "WHERE b.batch = 2 AND length(b.digest) = 32 AND b.rows = 1",
                  "1");
}

// DESIGN.md section 6: room to grow past one primary.
static void every_key_of_instance_data_begins_with_the_shard(void **state)
{
    (void)state;
    assert_answer(
        "SELECT coalesce(string_agg(c.relname, ','), '') FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] "
        "WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND a.attname <> 'shard' "
        "AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = t.oid AND s.attname = 'shard')",
        "");
    assert_answer("SELECT count(*) FROM pg_constraint WHERE contype = 'f'", "0");
    // What belongs to the installation, as users do.
    assert_answer("SELECT coalesce(string_agg(seqrelid::regclass::text, ',' ORDER BY "
                  "seqrelid::regclass::text), '') FROM pg_sequence",
                  "access_history_number_seq,audit_chains_id_seq,audit_checkpoints_number_seq,"
                  "audit_holds_key_seq,"
                  "authorizations_key_seq");
    assert_answer(
        "SELECT coalesce(string_agg(relname, ','), '') FROM pg_class t WHERE relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_index i "
        "WHERE i.indrelid = t.oid AND i.indisprimary)",
        "");
}

static struct subscription_row waits_for_go(uint64_t number, enum subscription_kind kind)
{
    return (struct subscription_row){.change = ROW_INSERT,
                                     .key = key_make(SHARD, number),
                                     .instance = number + 1,
                                     .element_instance = number + 2,
                                     .kind = kind,
                                     .element_id = STR("t"),
                                     .name = STR("go"),
                                     .correlation_key = STR_EMPTY,
                                     .created_ms = clock_now_ms(),
                                     .tenant = STR_EMPTY};
}

static uint64_t number_in(str image, size_t index)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | (unsigned char)image.data[index * 8 + i];
    return number;
}

static void what_grows_is_loaded_by_its_key_and_in_pieces(void **state)
{
    (void)state;
    struct changes changes = {0};
    int64_t until_ms = clock_now_ms() + 1000000, over_ms = clock_now_ms() - 1000000;
    for (uint64_t i = 0; i < 5; i++)
        *ARRAY_PUSH(&scene.arena, &changes.subscriptions) =
            waits_for_go(60 + i, i == 2 ? SUBSCRIPTION_MESSAGE : SUBSCRIPTION_SIGNAL);
    *ARRAY_PUSH(&scene.arena, &changes.remembered) =
        (struct remembered_row){STR_EMPTY, STR("a"), 77, over_ms};
    *ARRAY_PUSH(&scene.arena, &changes.remembered) =
        (struct remembered_row){STR_EMPTY, STR("b"), 78, over_ms};
    commit(&changes, scene.shard.next_offset, scene.shard.next_offset + 1);
    assert_int_equal(scene.outcome, STORE_DONE);
    changes = (struct changes){0};
    *ARRAY_PUSH(&scene.arena, &changes.remembered) =
        (struct remembered_row){STR_EMPTY, STR("a"), 79, until_ms}; // its time was over
    commit(&changes, scene.shard.next_offset, scene.shard.next_offset + 1);
    const struct store_stream streams[] = {
        {.kind = STREAM_WAITING,
         .instance = key_make(SHARD, 60),
         .most = 2,
         .name = STR("go"),
         .correlation_key = STR_EMPTY,
         .tenant = STR_EMPTY},
        {.kind = STREAM_REMEMBERED,
         .name = STR("a"),
         .correlation_key = STR_EMPTY,
         .tenant = STR_EMPTY},
        {.kind = STREAM_REMEMBERED,
         .name = STR("c"),
         .correlation_key = STR_EMPTY,
         .tenant = STR_EMPTY},
    };
    const struct store_load load = {.shard = SHARD,
                                    .count = COUNT_OF(streams),
                                    .streams = streams,
                                    .loaded = on_loaded,
                                    .done = on_done};
    scene.loaded_count = 0;
    store_load_streams(scene.store, &load);
    run();
    assert_int_equal(scene.loaded_count, 2);
    assert_int_equal(number_in(scene.loaded[0], 0), 79);
    assert_int_equal(number_in(scene.loaded[0], 1), until_ms);
    assert_int_equal(scene.loaded[1].len, 2 * 24); // above 60, no message, not the last
    assert_int_equal(number_in(scene.loaded[1], 0), key_make(SHARD, 61));
    assert_int_equal(number_in(scene.loaded[1], 1), 62);
    assert_int_equal(number_in(scene.loaded[1], 5), 65);
    store_find_due(scene.store, SHARD, 0, on_dues, NULL); // forgets what is over
    run();
    assert_answer("SELECT string_agg(id, ',') FROM remembered", "a");
}

// -- Snapshots --------------------------------------------------------------------------

struct snapshot_reading {
    struct query_pool *pool;
    size_t answers;
    str found[3];
};

static void count_shards(struct query_pool *pool, bool begins, query_done *done, void *context)
{
    const struct statement statement = {.sql = "SELECT count(*) FROM projections"};
    if (begins)
        query_snapshot(pool, statement, done, context);
    else
        query_on(pool, statement, done, context);
}

static void on_count(void *context, const struct query_rows *rows, const struct error *err)
{
    struct snapshot_reading *reading = context;
    if (rows == NULL)
        fail_msg("%s", err->text);
    reading->found[reading->answers++] = str_copy(&scene.arena, query_value(rows, 0, 0));
    ask("INSERT INTO projections (shard) SELECT 1000 + count(*) FROM projections");
    if (reading->answers == 1)
        count_shards(reading->pool, false, on_count, reading);
    else if (reading->answers == 2) // the snapshot ends: this one begins another
        count_shards(reading->pool, true, on_count, reading);
    else
        stop();
}

static void on_failure(void *context, const struct query_rows *rows, const struct error *err)
{
    struct snapshot_reading *reading = context;
    assert_null(rows);
    assert_int_equal(err->kind, ERROR_IO);
    count_shards(reading->pool, true, on_count, reading);
}

static void a_snapshot_sees_nothing_that_is_committed_later(void **state)
{
    (void)state;
    struct snapshot_reading reading = {.pool = query_pool_new(scene.url, "test", 1, scene.loop)};
    while (!query_pool_is_ready(reading.pool))
        event_base_loop(scene.loop, EVLOOP_ONCE);
    query_snapshot(reading.pool, (struct statement){.sql = "SELECT 1 / 0"}, on_failure, &reading);
    run();
    assert_string_equal(str_cstr(&scene.arena, reading.found[0]), "0");
    assert_string_equal(str_cstr(&scene.arena, reading.found[1]), "0");
    assert_string_equal(str_cstr(&scene.arena, reading.found[2]), "2");
    query_pool_free(reading.pool);
    ask("DELETE FROM projections");
}

static void a_url_that_cannot_be_read_is_an_invalid_setting(void **state)
{
    (void)state;
    struct error err;
    assert_true(store_check_url("postgresql:///baton", &err));
    assert_true(store_check_url("host=nowhere dbname=x", &err));
    assert_false(store_check_url("nonsense=1", &err));
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_string_equal(err.place, "postgres.url");
    assert_non_null(strstr(err.text, "\"nonsense\""));
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    struct error err;
    int applied;
    assert_true(store_migrate_verify(scene.url, &err));
    ask("INSERT INTO schema_migrations (number, name, digest) VALUES (9999, 'later', '')");
    assert_false(store_migrate_verify(scene.url, &err));
    assert_non_null(strstr(err.text, "newer"));
    assert_false(store_migrate_up(scene.url, &applied, &err));
    ask("DELETE FROM schema_migrations WHERE number = 9999");
    ask("UPDATE schema_migrations SET digest = 'x' WHERE number = 1");
    assert_false(store_migrate_verify(scene.url, &err));
    assert_non_null(strstr(err.text, "another text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_writes_everything_or_nothing),
        cmocka_unit_test(rows_are_updated_and_deleted_in_sets),
        cmocka_unit_test(an_old_epoch_commits_nothing),
        cmocka_unit_test(a_group_is_noted_with_so_many_members_of_such_a_length),
        cmocka_unit_test(streams_are_loaded_together),
        cmocka_unit_test(what_falls_due_comes_soonest_first),
        cmocka_unit_test(history_is_readable_for_people),
        cmocka_unit_test(the_chain_follows_from_history),
        cmocka_unit_test(every_key_of_instance_data_begins_with_the_shard),
        cmocka_unit_test(what_grows_is_loaded_by_its_key_and_in_pieces),
        cmocka_unit_test(a_snapshot_sees_nothing_that_is_committed_later),
        cmocka_unit_test(a_url_that_cannot_be_read_is_an_invalid_setting),
        cmocka_unit_test(a_newer_schema_is_refused),
    };
    return cmocka_run_group_tests(tests, make_database, drop_database);
}
