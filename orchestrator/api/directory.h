// SPDX-License-Identifier: Apache-2.0
//
// What the files on users, groups, roles, tenants and mapping rules share.
#ifndef BATON_API_DIRECTORY_H
#define BATON_API_DIRECTORY_H

#include "api/api_private.h"
#include "store/catalogue/directory.h"

struct directory {
    enum directory_kind kind;
    const char *segment; // of paths: "users"
    const char *noun;
    const char *id; // in bodies: "username"
    const struct collection *collection;
    const struct collection *members; // of this kind, in others; NULL: it is no member
};

// What the path's n-th part is about: /v2/groups/{}/users has groups (1) and users (3).
const struct directory *directory_of(const struct request *request, size_t part);

// Runs a statement that touches a row; the answer is given by `done` when it did, else it is 409 or
// 404.
struct directory_change {
    struct request *request; // where it waits for a password's digest, …
    void (*run)(struct request *request, const struct directory_change *change); // … then this
    const struct directory *directory;
    struct directory_entry entry;
    void (*done)(struct request *request, const struct directory_change *change);
    bool is_new; // when no row was touched there was one already; else there is none
    str name;
};

void directory_run(struct request *request, struct statement statement,
                   const struct directory_change *change);

void directory_answer_entry(struct request *request, const struct directory_change *change,
                            int status);

// What an authorization that is asked for is; the shape of the body has been checked. False: no
// such one can be given.
MUST_CHECK bool authorization_read(struct arena *arena, const struct json *body,
                                   struct authorization *authorization, struct error *err);

// Users and groups may be a provider's, of whom there is no row.
bool directory_has_providers(struct request *request);

// What nodes remember of permissions counts no more.
void directory_changed(struct request *request);

#endif
