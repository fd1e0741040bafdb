// SPDX-License-Identifier: Apache-2.0
#include "cli/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "access/fetch.h"
#include "base/digest.h"

enum { MAX_PASSWORD_BYTES = 1024, MAX_TOKEN_BYTES = 16384 };

static str variable(const char *name)
{
    return str_of(getenv(name));
}

static str either(const char *first, const char *second)
{
    str value = variable(first);
    return value.len > 0 ? value : variable(second);
}

// -- Passwords --------------------------------------------------------------------------

static bool read_line(struct arena *arena, FILE *file, int most, str *ret_line)
{
    char *bytes = arena_alloc(arena, (size_t)most + 2);
    if (fgets(bytes, most + 2, file) == NULL)
        return false;
    size_t len = strcspn(bytes, "\r\n");
    *ret_line = str_from(bytes, len);
    return len <= (size_t)most;
}

static bool ask(struct arena *arena, const char *prompt, str *ret_line)
{
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return false;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s: ", prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    bool read = read_line(arena, stdin, MAX_PASSWORD_BYTES, ret_line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return read;
}

static bool read_file(struct arena *arena, str path, int most, str *ret_line)
{
    if (str_equal(path, STR("-")))
        return read_line(arena, stdin, most, ret_line);
    FILE *file = fopen(str_cstr(arena, path), "re");
    if (file == NULL)
        return false;
    bool read = read_line(arena, file, most, ret_line);
    fclose(file);
    return read;
}

bool credentials_read_password(struct arena *arena, str file, bool is_new, str *ret_password,
                               struct error *err)
{
    str again;
    if (file.len > 0)
        return read_file(arena, file, MAX_PASSWORD_BYTES, ret_password) ||
               error_set(err, ERROR_INVALID, "--password-file", "'%.200s' cannot be read",
                         str_cstr(arena, file));
    if (!isatty(STDIN_FILENO))
        return error_set(err, ERROR_INVALID, "password",
                         "nobody can be asked for it: name a file with --password-file (- is "
                         "standard input)");
    if (!ask(arena, is_new ? "New password" : "Password", ret_password) ||
        (is_new && !ask(arena, "Once more", &again)))
        return error_set(err, ERROR_INVALID, "password", "none was given");
    return !is_new || str_equal(*ret_password, again) ||
           error_set(err, ERROR_INVALID, "password", "the two are not the same");
}

// -- What to show -----------------------------------------------------------------------

static str bearer(struct arena *arena, str token)
{
    return str_format(arena, "Bearer %.*s", STR_ARG(token));
}

static str basic(struct arena *arena, str user, str password)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, STR("Basic "));
    base64_encode(&out, str_format(arena, "%.*s:%.*s", STR_ARG(user), STR_ARG(password)));
    return strbuf_str(&out);
}

static bool find_basic(struct arena *arena, const struct client_options *options, str user,
                       str *ret_authorization, struct error *err)
{
    str password = either("BATON_CLI_PASSWORD", "CAMUNDA_BASIC_AUTH_PASSWORD"),
        file = options->password_file.len > 0 ? options->password_file
                                              : variable("BATON_CLI_PASSWORD_FILE");
    if ((options->password_file.len > 0 || password.len == 0) &&
        !credentials_read_password(arena, file, false, &password, err))
        return false;
    *ret_authorization = basic(arena, user, password);
    return true;
}

// The same variables, and the same request, as Camunda's clients have.
static bool fetch_token(struct arena *arena, str url, str *ret_authorization, struct error *err)
{
    struct strbuf form = strbuf_new(arena);
    struct json *json;
    struct error ignored;
    str answer, audience = either("CAMUNDA_TOKEN_AUDIENCE", "ZEEBE_TOKEN_AUDIENCE"),
                scope = either("CAMUNDA_TOKEN_SCOPE", "ZEEBE_TOKEN_SCOPE");
    form_add(&form, "grant_type", STR("client_credentials"));
    form_add(&form, "client_id", either("CAMUNDA_CLIENT_ID", "ZEEBE_CLIENT_ID"));
    form_add(&form, "client_secret", either("CAMUNDA_CLIENT_SECRET", "ZEEBE_CLIENT_SECRET"));
    if (audience.len > 0)
        form_add(&form, "audience", audience);
    if (scope.len > 0)
        form_add(&form, "scope", scope);
    const struct fetch fetch = {.url = url, .form = strbuf_str(&form)};
    if (!fetch_run(arena, &fetch, &answer, err))
        return false;
    str token = json_parse(arena, answer, &json, &ignored)
                    ? json_get_str(json, STR("access_token"), STR_EMPTY)
                    : STR_EMPTY;
    *ret_authorization = bearer(arena, token);
    return token.len > 0 || error_set(err, ERROR_DENIED, str_cstr(arena, str_sub(url, 0, 90)),
                                      "it answers without a token");
}

static bool find_in_environment(struct arena *arena, const struct client_options *options,
                                str *ret_authorization, struct error *err)
{
    str token = either("BATON_CLI_TOKEN", "BATON_CLI_KEY"),
        user = either("BATON_CLI_USER", "CAMUNDA_BASIC_AUTH_USERNAME"),
        url = either("CAMUNDA_OAUTH_URL", "ZEEBE_AUTHORIZATION_SERVER_URL"),
        file = variable("BATON_CLI_KEY_FILE");
    if (token.len == 0 && file.len > 0 && !read_file(arena, file, MAX_TOKEN_BYTES, &token))
        return error_set(err, ERROR_INVALID, "BATON_CLI_KEY_FILE", "'%.200s' cannot be read",
                         str_cstr(arena, file));
    if (token.len > 0)
        *ret_authorization = bearer(arena, token);
    else if (user.len > 0)
        return find_basic(arena, options, user, ret_authorization, err);
    else if (url.len > 0 && either("CAMUNDA_CLIENT_ID", "ZEEBE_CLIENT_ID").len > 0)
        return fetch_token(arena, url, ret_authorization, err);
    return true;
}

bool credentials_find(struct arena *arena, const struct client_options *options,
                      str *ret_authorization, struct error *err)
{
    *ret_authorization = STR_EMPTY;
    if (options->user.len > 0)
        return find_basic(arena, options, options->user, ret_authorization, err);
    if (options->token.len > 0)
        *ret_authorization = bearer(arena, options->token);
    else if (options->key.len > 0)
        *ret_authorization = bearer(arena, options->key);
    else
        return find_in_environment(arena, options, ret_authorization, err);
    return true;
}
