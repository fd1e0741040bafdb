// SPDX-License-Identifier: Apache-2.0
// "+2" sends a letter (a, b, c, …) to partition 2, "!" hands over what may go, "-b" delivers b,
// "xb" refuses b. What each "!" handed over: the letters of each lane, in the order of the lanes;
// in brackets, what was taken out with a refused one; "<b" gives b back, to go again alone.
#include "bus/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

enum { LIMIT = 2, LETTERS = 26 };

static const char *const cases[][2] = {
    {"+0!", "a;"},
    {"+0+0+0!", "abc;"},
    {"+0!+0!-a!", "a;;b;"},
    {"+0!+0+0!-a!", "a;;bc;"},
    {"+0+0!-a+0!-b!", "ab;;c;"},       // all of a request must be back
    {"+0+1!", "a,b;"},                 // two lanes at a time …
    {"+0+1+2!-a!", "a,b;c;"},          // … the third waits for one of them
    {"+0+1+2+3!-b-a!", "a,b;c,d;"},    // first come, first served
    {"+0+1!+0+2!-a!", "a,b;;d;"},      // lane 2 was ready before lane 0
    {"+0+1!+0+2!-a!-b!", "a,b;;d;c;"}, //
    {"+0!-a+0!-b+0!", "a;b;c;"},       //
    {"+1+0+1+0!", "ac,bd;"},           // order within a lane is kept
    {"!", ";"},
    {"+0!xa!", "a;[];"},
    {"+0!+0+0xa!", "a;[bc];"},
    {"+0!+0xa+0!", "a;[b]c;"},              // the lane goes on with what comes later
    {"+0+0!+0xa+0!-b!", "ab;[c];d;"},       // … when all of the request is back
    {"+0+0!+0xa+0xb!", "ab;[c][d];"},       //
    {"+0+1!+0+1xa!-b!", "a,b;[c];d;"},      // other lanes do not care
    {"+0+1!+0+2+3xa!", "a,b;[c]d;"},        // and get the room
    {"+0+1!+2+0xa+0-b!", "a,b;[d]c,e;"},    //
    {"+0+0!<a<b!", "ab;a;"},                // what comes back goes one by one …
    {"+0+0!+0+0<a<b!-a!-b!", "ab;a;b;cd;"}, // … before what waits, which goes together
    {"+0+0+0!<a-b!<c!-a!", "abc;;a;c;"},    // when all of the request is back
    {"+0+0!<a<b!xa!", "ab;a;[b];"},         // order holds
    {"+0+0+0!+0<axb<c!", "abc;[ad]c;"},     //
    {"+0+0!<a<b!xa+0+0!", "ab;a;[b]cd;"},   // and what comes later goes together
};

struct scene {
    struct arena arena;
    struct lanes lanes;
    struct idmap partitions;
    struct letter letters[LETTERS];
    size_t sent;
    char text[64];
    size_t len;
};

static void hand_over(struct scene *scene)
{
    struct letter *letter;
    bool first = true;
    while ((letter = lanes_take(&scene->lanes)) != NULL) {
        if (!first)
            scene->text[scene->len++] = ',';
        for (; letter != NULL; letter = letter->next)
            scene->text[scene->len++] = (char)('a' + (letter - scene->letters));
        first = false;
    }
    scene->text[scene->len++] = ';';
}

static void refuse(struct scene *scene, const struct letter *refused)
{
    struct letter *letter = lane_refused(&scene->lanes, refused);
    scene->text[scene->len++] = '[';
    for (; letter != NULL; letter = letter->next)
        scene->text[scene->len++] = (char)('a' + (letter - scene->letters));
    scene->text[scene->len++] = ']';
}

static void act(struct scene *scene, char what, char argument)
{
    if (what == '!')
        hand_over(scene);
    else if (what == '-')
        lane_delivered(&scene->lanes, &scene->letters[argument - 'a']);
    else if (what == '<')
        lane_back(&scene->lanes, &scene->letters[argument - 'a']);
    else if (what == 'x')
        refuse(scene, &scene->letters[argument - 'a']);
    else
        lane_add(&scene->lanes, lanes_get(&scene->lanes, &scene->partitions, argument - '0'),
                 &scene->letters[scene->sent++]);
}

static void what_is_under_way_goes_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene scene = {0};
        scene.lanes = lanes_new(&scene.arena, LIMIT);
        scene.partitions = idmap_new(&scene.arena);
        for (const char *at = cases[i][0]; *at != '\0'; at += *at == '!' ? 1 : 2)
            act(&scene, at[0], at[1]);
        assert_string_equal(scene.text, cases[i][1]);
        arena_done(&scene.arena);
    }
}

static size_t take_count(struct lanes *lanes)
{
    size_t count = 0;
    for (struct letter *letter = lanes_take(lanes); letter != NULL; letter = letter->next)
        count++;
    return count;
}

static void a_request_has_a_size(void **state)
{
    (void)state;
    static struct letter letters[LANE_MOST_LETTERS + 3];
    struct arena arena = ARENA_EMPTY;
    struct lanes lanes = lanes_new(&arena, 1);
    struct idmap partitions = idmap_new(&arena);
    struct lane *lane = lanes_get(&lanes, &partitions, 0);
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        letters[i].bytes = i < 3 ? LANE_MOST_BYTES - 1 : 1;
        lane_add(&lanes, lane, &letters[i]);
    }
    const size_t wanted[] = {1, 1, 2, LANE_MOST_LETTERS - 1};
    for (size_t i = 0, at = 0; i < COUNT_OF(wanted); i++) {
        assert_int_equal(take_count(&lanes), wanted[i]);
        for (size_t j = 0; j < wanted[i]; j++)
            lane_delivered(&lanes, &letters[at++]);
    }
    assert_null(lanes_take(&lanes));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_under_way_goes_first),
        cmocka_unit_test(a_request_has_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
