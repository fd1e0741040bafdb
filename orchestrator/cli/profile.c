// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "cli/files.h"

static const struct {
    const char *name, *variable, *value, *help;
} fields[] = {
#define PROFILE(name, variable, value, help) {name, variable, value, help},
#include "cli/profile.def"
#undef PROFILE
};
_Static_assert(COUNT_OF(fields) == PROFILE_FIELDS, "PROFILE_FIELDS counts the rows of profile.def");

// What else tells who somebody is, or where the API is: a profile stands in its place.
static const char *const others[] = {"BATON_CLI_TOKEN",
                                     "BATON_CLI_KEY",
                                     "BATON_CLI_PASSWORD",
                                     "CAMUNDA_REST_ADDRESS",
                                     "ZEEBE_REST_ADDRESS",
                                     "CAMUNDA_BASIC_AUTH_USERNAME",
                                     "CAMUNDA_BASIC_AUTH_PASSWORD",
                                     "CAMUNDA_OAUTH_URL",
                                     "ZEEBE_AUTHORIZATION_SERVER_URL"};

const char *profile_field(size_t field)
{
    return fields[field].name;
}

struct cli_option profile_option(size_t field, str *ret_value)
{
    return (struct cli_option){.name = fields[field].name,
                               .value = fields[field].value,
                               .help = fields[field].help,
                               .text = ret_value};
}

static str variable(const char *name)
{
    return str_of(getenv(name));
}

// -- The file ---------------------------------------------------------------------------

static str path_of(struct arena *arena)
{
    str own = variable("BATON_CLI_PROFILES"), config = variable("XDG_CONFIG_HOME"),
        home = variable("HOME");
    if (own.len > 0)
        return own;
    if (config.len > 0)
        return str_join2(arena, config, STR("/baton/profiles.json"));
    return home.len > 0 ? str_join2(arena, home, STR("/.config/baton/profiles.json")) : STR_EMPTY;
}

static void take(struct arena *arena, struct profiles *profiles, const struct json_member *member)
{
    struct profile profile = {.name = member->name};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        profile.values[i] = json_get_str(&member->value, str_of(fields[i].name), STR_EMPTY);
    *ARRAY_PUSH(arena, &profiles->items) = profile;
}

bool profiles_read(struct arena *arena, struct profiles *ret_profiles, struct error *err)
{
    struct json *json;
    struct error inner;
    str text;
    *ret_profiles = (struct profiles){.path = path_of(arena)};
    const char *path = str_cstr(arena, ret_profiles->path);
    if (ret_profiles->path.len == 0 || (access(path, F_OK) != 0 && errno == ENOENT))
        return true;
    if (!cli_read_file(arena, path, &text, err))
        return false;
    if (!json_parse(arena, text, &json, &inner))
        return error_set(err, ERROR_INVALID, path, "is no file of profiles: %s", inner.text);
    const struct json *all = json_get(json, STR("profiles"));
    if (!json_is(all, JSON_OBJECT))
        return error_set(err, ERROR_INVALID, path,
                         "is no file of profiles: \"profiles\" is missing");
    ret_profiles->current = json_get_str(json, STR("current"), STR_EMPTY);
    for (size_t i = 0; i < all->count; i++)
        take(arena, ret_profiles, &all->members[i]);
    return true;
}

static str text_of(struct arena *arena, const struct profiles *profiles)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("current"));
    json_string(&w, profiles->current);
    json_key(&w, STR("profiles"));
    json_begin_object(&w);
    for (size_t i = 0; i < profiles->items.count; i++) {
        const struct profile *profile = &profiles->items.items[i];
        json_key(&w, profile->name);
        json_begin_object(&w);
        for (size_t field = 0; field < COUNT_OF(fields); field++) {
            if (profile->values[field].len == 0)
                continue;
            json_key(&w, str_of(fields[field].name));
            json_string(&w, profile->values[field]);
        }
        json_end_object(&w);
    }
    json_end_object(&w);
    json_end_object(&w);
    strbuf_add_char(&out, '\n');
    return strbuf_str(&out);
}

// The folders above the file, as far as they are missing.
static void make_folders(struct arena *arena, str path)
{
    char *folder = arena_alloc(arena, path.len + 1);
    for (size_t i = 0; i < path.len; i++) {
        folder[i] = '\0';
        if (i > 0 && path.data[i] == '/')
            (void)mkdir(folder, 0700);
        folder[i] = path.data[i];
    }
}

bool profiles_write(struct arena *arena, const struct profiles *profiles, struct error *err)
{
    if (profiles->path.len == 0)
        return error_set(err, ERROR_INVALID, "HOME",
                         "is not set, and neither is BATON_CLI_PROFILES: "
                         "there is no place for profiles");
    const char *path = str_cstr(arena, profiles->path);
    const char *made = str_cstr(arena, str_join2(arena, profiles->path, STR(".new")));
    str text = text_of(arena, profiles);
    make_folders(arena, profiles->path);
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (written && rename(made, path) == 0)
        return true;
    return error_set(err, ERROR_IO, path, "cannot be written: %s", strerror(errno));
}

struct profile *profiles_find(const struct profiles *profiles, str name)
{
    for (size_t i = 0; i < profiles->items.count; i++)
        if (str_equal(profiles->items.items[i].name, name))
            return &profiles->items.items[i];
    return NULL;
}

// -- Use --------------------------------------------------------------------------------

static bool environment_says_where(void)
{
    return variable("BATON_CLI_URL").len > 0 || variable("CAMUNDA_REST_ADDRESS").len > 0 ||
           variable("ZEEBE_REST_ADDRESS").len > 0;
}

static void put(struct arena *arena, const struct profile *profile)
{
    for (size_t i = 0; i < COUNT_OF(others); i++)
        unsetenv(others[i]);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (profile->values[i].len > 0)
            setenv(fields[i].variable, str_cstr(arena, profile->values[i]), 1);
        else
            unsetenv(fields[i].variable);
    }
}

bool profile_apply(struct arena *arena, str name, str address, struct error *err)
{
    struct profiles profiles;
    if (name.len == 0 && address.len > 0)
        return true;
    str wanted = name.len > 0 ? name : variable("BATON_CLI_PROFILE");
    if (wanted.len == 0 && environment_says_where())
        return true;
    if (!profiles_read(arena, &profiles, err))
        return false;
    if (wanted.len == 0)
        wanted = profiles.current;
    if (wanted.len == 0)
        return true;
    const struct profile *profile = profiles_find(&profiles, wanted);
    if (profile == NULL)
        return error_set(err, ERROR_NOT_FOUND, str_cstr(arena, wanted),
                         "is no profile: `baton profile list` shows those that are, `baton profile "
                         "set` makes one");
    put(arena, profile);
    return true;
}
