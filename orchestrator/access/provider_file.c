// SPDX-License-Identifier: Apache-2.0
#include "access/provider_file.h"

#include "access/claims.h"
#include "access/jwt.h"
#include "base/json.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { TEXT, LIST, FLAG, NUMBER };

static const struct member {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *initial; // TEXT and LIST
    int64_t number;      // FLAG and NUMBER
    const char *allowed;
} members[] = {
#define TEXT(name, initial, allowed, text)                                                         \
    {#name, TEXT, offsetof(struct provider_settings, name), initial, 0, allowed},
#define LIST(name, initial, allowed, text)                                                         \
    {#name, LIST, offsetof(struct provider_settings, name), initial, 0, allowed},
#define FLAG(name, initial, allowed, text)                                                         \
    {#name, FLAG, offsetof(struct provider_settings, name), NULL, initial, allowed},
#define NUMBER(name, initial, allowed, text)                                                       \
    {#name, NUMBER, offsetof(struct provider_settings, name), NULL, initial, allowed},
#include "access/providers.def"
#undef TEXT
#undef LIST
#undef FLAG
#undef NUMBER
};

struct reading {
    struct arena *arena;
    size_t index; // of the provider
    const struct member *member;
    struct error *err;
};

static bool refuse(const struct reading *reading, const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(const struct reading *reading, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(reading->err, ERROR_INVALID, "auth.providers", "[%zu]%s%s: %s", reading->index,
                     reading->member != NULL ? "." : "",
                     reading->member != NULL ? reading->member->name : "", text);
}

// -- Values -----------------------------------------------------------------------------

static bool is_name(str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-", text.data[i], 37) == NULL)
            return false;
    return text.len > 0 && text.len <= 40;
}

static bool is_url(str text)
{
    bool is_web = str_starts_with(text, STR("https://")) || str_starts_with(text, STR("http://"));
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] == 127)
            return false;
    str host = str_from_index(text, str_find(text, STR("://")) + 3);
    host = str_sub(host, 0, str_find_char(host, '/'));
    return is_web && host.len > 0 && str_find_char(host, '@') == SIZE_MAX &&
           str_find_char(text, '#') == SIZE_MAX;
}

static bool check_text(const struct reading *reading, str text)
{
    const char *allowed = reading->member->allowed;
    struct error why;
    enum jwt_algorithm ignored;
    if (strcmp(allowed, "name") == 0 && !is_name(text))
        return refuse(reading, "'%.60s' must be 1 to 40 small letters, digits and '-'",
                      str_cstr(reading->arena, text));
    if (text.len == 0)
        return true;
    if (strcmp(allowed, "url") == 0 && !is_url(text))
        return refuse(reading, "'%.100s' is no address that begins with https:// or http://",
                      str_cstr(reading->arena, text));
    if (strcmp(allowed, "feel") == 0 && !claims_check(text, &why))
        return refuse(reading, "%.200s", why.text);
    if (strcmp(allowed, "algorithm") == 0 && !jwt_algorithm_find(text, &ignored))
        return refuse(reading, "'%.30s' is no signature that is accepted (RS256 … EdDSA)",
                      str_cstr(reading->arena, text));
    return true;
}

static bool read_list(const struct reading *reading, const struct json *value,
                      struct texts *ret_list)
{
    if (value->type != JSON_ARRAY || value->count > PROVIDER_MAX_LIST)
        return refuse(reading, "a list of at most %d texts is expected", PROVIDER_MAX_LIST);
    str *items = ARENA_ARRAY(reading->arena, str, value->count);
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].type != JSON_STRING || value->items[i].text.len == 0)
            return refuse(reading, "item %zu must be a text", i);
        items[i] = value->items[i].text;
        if (!check_text(reading, items[i]))
            return false;
    }
    *ret_list = (struct texts){items, value->count};
    return true;
}

static bool read_number(const struct reading *reading, const struct json *value,
                        int64_t *ret_number)
{
    long long low, high;
    check(sscanf(reading->member->allowed, "%lld..%lld", &low, &high) == 2);
    if (value->type != JSON_NUMBER || !str_to_i64(value->text, ret_number) || *ret_number < low ||
        *ret_number > high)
        return refuse(reading, "a number from %lld to %lld is expected", low, high);
    return true;
}

static bool read_member(const struct reading *reading, const struct json *value, void *target)
{
    switch (reading->member->kind) {
    case TEXT:
        if (value->type != JSON_STRING)
            return refuse(reading, "a text is expected");
        *(str *)target = value->text;
        return check_text(reading, value->text);
    case LIST:
        return read_list(reading, value, target);
    case FLAG:
        if (value->type != JSON_BOOL)
            return refuse(reading, "true or false is expected");
        *(bool *)target = value->boolean;
        return true;
    case NUMBER:
        return read_number(reading, value, target);
    }
    check_unreachable();
}

// -- Providers --------------------------------------------------------------------------

static struct texts words(struct arena *arena, const char *text)
{
    str rest = str_of(text), word;
    str *items = ARENA_ARRAY(arena, str, PROVIDER_MAX_LIST);
    size_t count = 0;
    while (rest.len > 0 && str_split(&rest, ' ', &word))
        items[count++] = word;
    return (struct texts){items, count};
}

static bool set_initial(struct reading *reading, struct provider_settings *settings)
{
    void *target = (char *)settings + reading->member->offset;
    switch (reading->member->kind) {
    case TEXT:
        if (reading->member->initial == NULL)
            return refuse(reading, "it must be there");
        *(str *)target = str_of(reading->member->initial);
        return true;
    case LIST:
        *(struct texts *)target = words(reading->arena, reading->member->initial);
        return true;
    case FLAG:
        *(bool *)target = reading->member->number != 0;
        return true;
    case NUMBER:
        *(int64_t *)target = reading->member->number;
        return true;
    }
    check_unreachable();
}

static bool read_file(struct arena *arena, const char *path, size_t most, str *ret_text)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char *bytes = arena_alloc(arena, most + 1);
    size_t len = fread(bytes, 1, most + 1, file);
    bool good = !ferror(file) && len <= most;
    fclose(file);
    *ret_text = str_from(bytes, len);
    return good;
}

static bool find_secret(struct reading *reading, struct provider_settings *settings)
{
    enum { MAX_SECRET_BYTES = 4096 };
    int ways = (settings->client_secret.len > 0) + (settings->client_secret_env.len > 0) +
               (settings->client_secret_file.len > 0);
    reading->member = NULL;
    if (ways > 1)
        return refuse(reading,
                      "of client_secret, client_secret_env and client_secret_file only one");
    if (settings->client_secret_env.len > 0) {
        const char *name = str_cstr(reading->arena, settings->client_secret_env);
        settings->client_secret = str_copy(reading->arena, str_of(getenv(name)));
        if (settings->client_secret.len == 0)
            return refuse(reading, "client_secret_env: there is no variable '%.60s'", name);
    }
    if (settings->client_secret_file.len > 0) {
        const char *path = str_cstr(reading->arena, settings->client_secret_file);
        if (!read_file(reading->arena, path, MAX_SECRET_BYTES, &settings->client_secret))
            return refuse(reading, "client_secret_file: '%.100s' cannot be read", path);
        settings->client_secret = str_trim(settings->client_secret);
    }
    return true;
}

// What the members say together.
static bool complete(struct reading *reading, struct provider_settings *settings)
{
    if (!find_secret(reading, settings))
        return false;
    if (settings->audiences.count == 0 && settings->client_id.len == 0)
        return refuse(reading, "audiences or client_id must say which tokens are for Baton");
    if (settings->audiences.count == 0)
        settings->audiences = (struct texts){&settings->client_id, 1};
    if (settings->discovery_url.len == 0 && settings->jwks_url.len == 0 &&
        !is_url(settings->issuer))
        return refuse(reading, "the issuer is no address: discovery_url or jwks_url must be there");
    if (settings->discovery_url.len == 0 && is_url(settings->issuer))
        settings->discovery_url =
            str_join2(reading->arena,
                      str_ends_with(settings->issuer, STR("/"))
                          ? str_sub(settings->issuer, 0, settings->issuer.len - 1)
                          : settings->issuer,
                      STR("/.well-known/openid-configuration"));
    if (settings->label.len == 0)
        settings->label = settings->name;
    for (size_t i = 0; i < settings->algorithms.count; i++) {
        enum jwt_algorithm algorithm;
        check(jwt_algorithm_find(settings->algorithms.items[i], &algorithm));
        settings->allowed |= 1u << algorithm;
    }
    return true;
}

static bool read_provider(struct reading *reading, const struct json *object,
                          struct provider_settings *settings)
{
    reading->member = NULL;
    if (object->type != JSON_OBJECT)
        return refuse(reading, "an object is expected");
    for (size_t i = 0; i < object->count; i++) {
        size_t at = 0;
        while (at < COUNT_OF(members) &&
               !str_equal(object->members[i].name, str_of(members[at].name)))
            at++;
        if (at == COUNT_OF(members))
            return refuse(reading, "there is no member '%.60s'",
                          str_cstr(reading->arena, object->members[i].name));
    }
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        reading->member = &members[i];
        const struct json *value = json_get(object, str_of(members[i].name));
        if (!(value != NULL ? read_member(reading, value, (char *)settings + members[i].offset)
                            : set_initial(reading, settings)))
            return false;
    }
    return complete(reading, settings);
}

static bool check_distinct(struct reading *reading, const struct provider_settings *all)
{
    const struct provider_settings *last = &all[reading->index];
    for (size_t i = 0; i < reading->index; i++) {
        if (str_equal(all[i].name, last->name))
            return refuse(reading, "provider [%zu] has this name, too", i);
        if (str_equal(all[i].issuer, last->issuer))
            return refuse(reading, "provider [%zu] has this issuer, too", i);
    }
    return true;
}

bool provider_file_read(struct arena *arena, const char *path,
                        struct provider_settings **ret_providers, size_t *ret_count,
                        struct error *err)
{
    struct json *json;
    struct error why;
    str text;
    *ret_count = 0;
    *ret_providers = NULL;
    if (path[0] == '\0')
        return true;
    if (!read_file(arena, path, PROVIDERS_MAX_FILE_BYTES, &text))
        return error_set(err, ERROR_INVALID, "auth.providers", "'%.200s' cannot be read", path);
    if (!json_parse(arena, text, &json, &why))
        return error_set(err, ERROR_INVALID, "auth.providers", "'%.100s': %.250s", path, why.text);
    if (json->type != JSON_ARRAY || json->count > PROVIDERS_MAX)
        return error_set(err, ERROR_INVALID, "auth.providers",
                         "'%.100s' must have a list of at most %d providers", path, PROVIDERS_MAX);
    struct provider_settings *all = ARENA_ARRAY(arena, struct provider_settings, json->count);
    struct reading reading = {.arena = arena, .err = err};
    for (; reading.index < json->count; reading.index++)
        if (!read_provider(&reading, &json->items[reading.index], &all[reading.index]) ||
            !check_distinct(&reading, all))
            return false;
    *ret_providers = all;
    *ret_count = json->count;
    return true;
}
