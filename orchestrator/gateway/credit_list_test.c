// SPDX-License-Identifier: Apache-2.0
// Credits of a turn -> the commands that carry them, and what stays counted when one is not sent.
#include "gateway/credit_list.h"

#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { MANY = 1001, SHARDS = 2, BEFORE = 3, NOW = 9 };

static struct {
    size_t commands;
    size_t credits;
    size_t refused; // the n-th command, from 1; 0: none
    size_t longest; // bytes of a command
} it;

static bool post(void *context, struct command *command, uint32_t shard, struct error *err)
{
    (void)context;
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    struct command again;
    assert_true(shard < SHARDS);
    it.commands++;
    wire_encode_command(&out, command);
    assert_true(wire_decode_command(&arena, strbuf_str(&out), &again, err));
    it.longest = out.len > it.longest ? out.len : it.longest;
    it.credits += again.job_credits.credit_count;
    arena_done(&arena);
    return it.commands != it.refused ||
           error_set(err, ERROR_UNAVAILABLE, "kafka", "the producer's queue is full");
}

// One credit for each of `given`, with the longest names.
static void say_all(uint32_t given[MANY])
{
    static char name[LIMIT_NAME_BYTES];
    struct credit_list list = credit_list_new(&(struct credit_sender){
        .shard_count = SHARDS, .like = {.gateway = 7, .expires_ms = 1000}, .post = post});
    memset(name, 'n', sizeof name);
    for (size_t i = 0; i < MANY; i++) {
        struct job_credit credit = {.type = {name, LIMIT_JOB_TYPE_BYTES},
                                    .tenant = {name, sizeof name},
                                    .worker = {name, sizeof name},
                                    .lease_ms = LIMIT_LEASE_MS,
                                    .count = NOW};
        given[i] = NOW;
        credit_list_add(&list, 1, &credit, &given[i], BEFORE);
    }
    credit_list_end(&list);
}

static void many_credits_are_many_commands(void **state)
{
    (void)state;
    uint32_t given[MANY];
    memset(&it, 0, sizeof it);
    say_all(given);
    assert_int_equal(it.commands, MANY / CREDITS_PER_COMMAND + 1);
    assert_int_equal(it.credits, MANY);
    assert_true(it.longest < LIMIT_RECORD_BYTES);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(given[i], NOW);
}

static void what_was_not_sent_was_not_given(void **state)
{
    (void)state;
    uint32_t given[MANY];
    memset(&it, 0, sizeof it);
    it.refused = 2;
    say_all(given);
    for (size_t i = 0; i < MANY; i++) {
        bool is_lost = i / CREDITS_PER_COMMAND == 1;
        assert_int_equal(given[i], is_lost ? BEFORE : NOW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_credits_are_many_commands),
        cmocka_unit_test(what_was_not_sent_was_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
