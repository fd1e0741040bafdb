// SPDX-License-Identifier: Apache-2.0
//
// Named installations: where each is, and who one is there. They stand in one file of the person's
// own, which has no secrets: only the names of files that have them.
#ifndef BATON_CLI_PROFILE_H
#define BATON_CLI_PROFILE_H

#include "base/array.h"
#include "base/error.h"
#include "cli/options.h"

enum { PROFILES_MAX = 200 };

#define PROFILE_FIELDS 6 // rows of profile.def

struct profile {
    str name;
    str values[PROFILE_FIELDS]; // empty: not set
};

struct profiles {
    str path;    // BATON_CLI_PROFILES, else baton/profiles.json below XDG_CONFIG_HOME or ~/.config
    str current; // empty: none
    ARRAY(struct profile) items;
};

const char *profile_field(size_t field); // "api"
struct cli_option profile_option(size_t field, str *ret_value);

// No file is no profiles. False when it cannot be read, or is none.
MUST_CHECK bool profiles_read(struct arena *arena, struct profiles *ret_profiles,
                              struct error *err);

// All of it or nothing: a new file takes the old one's place. Readable by its owner alone.
MUST_CHECK bool profiles_write(struct arena *arena, const struct profiles *profiles,
                               struct error *err);

struct profile *profiles_find(const struct profiles *profiles, str name);

// Puts a profile into the environment, in place of what stands there, where all that ask who and
// where look: the one that is named; else, where no address is given, that of BATON_CLI_PROFILE;
// else, where the environment has no address either, the current one. False when there is none of
// the name.
MUST_CHECK bool profile_apply(struct arena *arena, str name, str address, struct error *err);

#endif
