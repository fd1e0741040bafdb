// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_people.h"

#include <stdio.h>

static const struct {
    const char *method, *path, *body;
} requests[] = {
#define PEOPLE(method, path, body) {method, path, body},
#include "cli/dev_people.def"
#undef PEOPLE
};

enum { HTTP_CONFLICT = 409 };

bool dev_people_make(const struct client_options *client, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    bool good = true;
    for (size_t i = 0; good && i < COUNT_OF(requests); i++) {
        struct client_answer answer = {0};
        good = client_send(&arena, client, requests[i].method, str_of(requests[i].path),
                           str_of(requests[i].body), &answer, err) ||
               answer.status == HTTP_CONFLICT;
    }
    arena_done(&arena);
    return good;
}

void dev_people_print(void)
{
    printf(
        "  users      admin (may do everything), otto (sees the default tenant and north, changes "
        "nothing),\n"
        "             nora (clerk of north), sven (clerk of south); password of all: " DEV_PASSWORD
        "\n"
        "             baton list instances --user nora --password-file …\n");
}
