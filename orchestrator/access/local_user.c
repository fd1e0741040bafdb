// SPDX-License-Identifier: Apache-2.0
#include "access/local_user.h"

#include "access/password.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/catalogue/credential.h"
#include "store/query.h"
#include "store/read/credential.h"

#include <openssl/crypto.h>

enum { MAX_NAME_BYTES = 256 };

static void on_rows(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    if (rows != NULL)
        *(size_t *)context = query_row_count(rows);
}

static bool run(const struct config *config, struct statement statement, size_t *ret_rows,
                struct error *err)
{
    *ret_rows = 0;
    return query_run_blocking(config_str(config, CONFIG_POSTGRES_URL), str_of(statement.sql),
                              statement.parameters, statement.count, on_rows, ret_rows, err);
}

static bool check_name(str name, struct error *err)
{
    bool is_plain = name.len > 0 && name.len <= MAX_NAME_BYTES && utf8_is_valid(name) &&
                    str_find_char(name, ':') == SIZE_MAX;
    for (size_t i = 0; i < name.len; i++)
        is_plain = is_plain && (unsigned char)name.data[i] > ' ' && name.data[i] != 127;
    return is_plain ||
           error_set(err, ERROR_INVALID, "user", "a name has 1 to %d bytes, no spaces and no colon",
                     MAX_NAME_BYTES);
}

bool local_user_add(const struct config *config, const struct local_user *user, bool *ret_added,
                    struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    char stored[PASSWORD_MAX_STORED] = "";
    size_t rows;
    *ret_added = false;
    bool good = check_name(user->name, err) &&
                run(config, read_user_secret(&arena, user->name), &rows, err);
    if (good && rows == 0) {
        good = password_hash_now(user->password, config_i64(config, CONFIG_AUTH_PASSWORD_COST),
                                 stored, err) &&
               run(config, catalogue_user_add(&arena, user->name, str_of(stored), user->is_admin),
                   &rows, err);
        *ret_added = good && rows > 0;
    }
    OPENSSL_cleanse(stored, sizeof stored);
    arena_done(&arena);
    return good;
}

bool local_user_set_password(const struct config *config, str name, str password, bool *ret_found,
                             struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    char stored[PASSWORD_MAX_STORED] = "";
    size_t rows = 0;
    bool good =
        password_hash_now(password, config_i64(config, CONFIG_AUTH_PASSWORD_COST), stored, err) &&
        run(config, catalogue_password_set(&arena, name, str_of(stored), STR_EMPTY), &rows, err);
    *ret_found = good && rows > 0;
    OPENSSL_cleanse(stored, sizeof stored);
    arena_done(&arena);
    return good;
}

bool local_user_add_first(const struct config *config, struct error *err)
{
    const struct local_user user = {.name = str_of(config_str(config, CONFIG_AUTH_ADMIN_USER)),
                                    .password =
                                        str_of(config_str(config, CONFIG_AUTH_ADMIN_PASSWORD)),
                                    .is_admin = true};
    bool added;
    if (user.name.len == 0)
        return true;
    if (!local_user_add(config, &user, &added, err))
        return false;
    if (added)
        log_info("access", "the administrator %.*s was made (auth.admin_user)", STR_ARG(user.name));
    return true;
}
