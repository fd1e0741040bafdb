// SPDX-License-Identifier: Apache-2.0
#include "vault/secret.h"

#include "base/array.h"
#include "base/secret_reference.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char place[] = "secret";

static bool not_found(str name, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, place, "there is no secret '%.*s'", STR_ARG(name));
}

// NULL: no directory is set, or a name would lead out of it.
static const char *path_of(const struct config *config, struct arena *arena, str tenant, str name)
{
    const char *directory = config_str(config, CONFIG_SECRETS_DIRECTORY);
    bool leads_out =
        (name.len > 0 && name.data[0] == '.') ||
        (tenant.len > 0 && (tenant.data[0] == '.' || str_find_char(tenant, '/') != SIZE_MAX));
    if (directory[0] == '\0' || leads_out)
        return NULL;
    str path = tenant.len > 0
                   ? str_format(arena, "%s/%.*s/%.*s", directory, STR_ARG(tenant), STR_ARG(name))
                   : str_format(arena, "%s/%.*s", directory, STR_ARG(name));
    return str_cstr(arena, path);
}

static bool read_file(struct arena *arena, const char *path, str name, str *ret_value,
                      struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? not_found(name, err)
                   : error_set(err, ERROR_INVALID, place, "the secret '%.*s' cannot be read: %s",
                               STR_ARG(name), strerror(errno));
    char *text = arena_alloc(arena, SECRET_MAX_VALUE_BYTES + 2);
    setvbuf(file, NULL, _IONBF, 0);
    size_t len = fread(text, 1, SECRET_MAX_VALUE_BYTES + 2, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return error_set(err, ERROR_INVALID, place, "the secret '%.*s' cannot be read",
                         STR_ARG(name));
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > SECRET_MAX_VALUE_BYTES)
        return error_set(err, ERROR_LIMIT, place,
                         "the secret '%.*s' has more than SECRET_MAX_VALUE_BYTES (%d) bytes",
                         STR_ARG(name), SECRET_MAX_VALUE_BYTES);
    *ret_value = str_from(text, len);
    return true;
}

static bool read_variable(const struct config *config, struct arena *arena, str name,
                          str *ret_value, struct error *err)
{
    const char *prefix = config_str(config, CONFIG_SECRETS_ENVIRONMENT);
    str variable = str_format(arena, "%s%.*s", prefix, STR_ARG(name));
    const char *value = prefix[0] == '\0' ? NULL : getenv(str_cstr(arena, variable));
    if (value == NULL)
        return not_found(name, err);
    *ret_value = str_copy(arena, str_of(value));
    return true;
}

bool secret_outside(const struct config *config, struct arena *arena, str tenant, str name,
                    str *ret_value, struct error *err)
{
    const char *path = path_of(config, arena, tenant, name);
    (void)not_found(name, err);
    if (path != NULL && read_file(arena, path, name, ret_value, err))
        return true;
    if (err->kind != ERROR_NOT_FOUND || tenant.len > 0)
        return false;
    return read_variable(config, arena, name, ret_value, err);
}

struct names_found {
    size_t count, capacity;
    str *items;
};

static void add_files(const struct config *config, struct arena *arena, str tenant,
                      struct names_found *found)
{
    const char *path = path_of(config, arena, tenant, STR_EMPTY);
    DIR *directory = path == NULL ? NULL : opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (entry->d_type != DT_DIR && entry->d_name[0] != '.' &&
            secret_is_name(str_of(entry->d_name)))
            *ARRAY_PUSH(arena, found) = str_copy(arena, str_of(entry->d_name));
    if (directory != NULL)
        closedir(directory);
}

const str *secret_outside_names(const struct config *config, struct arena *arena, str tenant,
                                size_t *ret_count)
{
    struct names_found found = {0};
    str prefix = str_of(config_str(config, CONFIG_SECRETS_ENVIRONMENT));
    add_files(config, arena, tenant, &found);
    for (char **at = environ; prefix.len > 0 && tenant.len == 0 && *at != NULL; at++) {
        str variable = str_of(*at);
        if (!str_starts_with(variable, prefix))
            continue;
        str name = str_from_index(variable, prefix.len);
        name = str_sub(name, 0, str_find_char(name, '='));
        if (secret_is_name(name))
            *ARRAY_PUSH(arena, &found) = str_copy(arena, name);
    }
    *ret_count = found.count;
    return found.items;
}

str secret_bound(struct arena *arena, str tenant, str name)
{
    return str_format(arena, "secret\n%.*s\n%.*s", STR_ARG(tenant), STR_ARG(name));
}
