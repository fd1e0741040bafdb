// SPDX-License-Identifier: Apache-2.0
//
// Local users straight in PostgreSQL, blocking: for the command line, and for the first
// administrator at the start, when nobody can be asked for a permission yet.
#ifndef BATON_ACCESS_LOCAL_USER_H
#define BATON_ACCESS_LOCAL_USER_H

#include "base/config.h"

struct local_user {
    str name;
    str password;
    bool is_admin; // a member of the role admin
};

// *ret_added: false when there is one of the name, who stays as they are.
MUST_CHECK bool local_user_add(const struct config *config, const struct local_user *user,
                               bool *ret_added, struct error *err);

// Another password; ends all sessions. *ret_found: false when there is no such user.
MUST_CHECK bool local_user_set_password(const struct config *config, str name, str password,
                                        bool *ret_found, struct error *err);

// The settings auth.admin_user and auth.admin_password; nothing where they are not set.
MUST_CHECK bool local_user_add_first(const struct config *config, struct error *err);

#endif
