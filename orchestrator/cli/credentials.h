// SPDX-License-Identifier: Apache-2.0
//
// Who the command line is at the API: what options say, else the environment, else nobody.
#ifndef BATON_CLI_CREDENTIALS_H
#define BATON_CLI_CREDENTIALS_H

#include "cli/client.h"

// The value of the header Authorization; empty: none. Options count before the environment. There a
// token or an API key counts first, then a user (whose password is in a file, the environment or
// asked for at the terminal), then a client's credentials in the variables of Camunda's clients,
// for which a token is fetched. False: it is there and cannot be used.
MUST_CHECK bool credentials_find(struct arena *arena, const struct client_options *options,
                                 str *ret_authorization, struct error *err);

// A new password, or one's own: from the file ("-": standard input), else asked for at the
// terminal, twice where it is new. `file` may be empty.
MUST_CHECK bool credentials_read_password(struct arena *arena, str file, bool is_new,
                                          str *ret_password, struct error *err);

#endif
