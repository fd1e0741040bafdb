// SPDX-License-Identifier: Apache-2.0
//
// What commands that ask the API for one change share: a JSON body that is put together, sent, and
// said to be done.
#ifndef BATON_CLI_ACT_H
#define BATON_CLI_ACT_H

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/options.h"

struct act {
    struct client_options client;
    struct arena arena;
    struct strbuf body;
    struct json_writer writer;
};

void act_begin(struct act *act);
void act_add_text(struct act *act, const char *name, str value); // nothing when empty

// "name": the JSON that the option holds, or the file that it names with @.
MUST_CHECK bool act_add_json(struct act *act, const char *name, str option, struct error *err);

// "a=b,c=d" as [{"sourceElementId": a, "targetElementId": b}, …]; nothing when empty. False: it is
// written otherwise, which act_complain_pairs says.
MUST_CHECK bool act_add_pairs(struct act *act, const char *name, str text);
int act_complain_pairs(const char *option);

// Sends what has been put together; NULL `done`: the answer is printed as it is. Returns the exit
// code.
int act_send(struct act *act, str path, const char *done);
int act_finish(struct act *act, int code);

#endif
