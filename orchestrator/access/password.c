// SPDX-License-Identifier: Apache-2.0
#include "access/password.h"

#include "base/digest.h"
#include "base/utf8.h"
#include "loop/helper.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SALT_BYTES = 16,
    HASH_BYTES = 32,
    BLOCK_SIZE = 8, // r
    PARALLEL = 1,   // p
    MIN_COST = 14,
    MAX_COST = 18,
    MAX_BLOCK_SIZE = 16,
    MAX_PARALLEL = 4,
    TEXT_BYTES = 48, // of salt or digest in base64, with a NUL
};

struct passwords {
    struct helper *helper;
    int64_t cost; // of what is stored from now on: N = 2^cost
};

// users.password, read.
struct stored {
    uint64_t n, r, p;
    unsigned char salt[SALT_BYTES];
    unsigned char hash[HASH_BYTES];
};

struct task {
    char password[PASSWORD_MAX_BYTES];
    size_t password_len;
    bool is_known; // `stored` is somebody's
    struct stored stored;
    int64_t cost;
    bool failed; // there was not memory enough
    bool fits;
    char made[PASSWORD_MAX_STORED]; // what is to be stored
    password_hashed *hashed;
    password_checked *checked;
    void *context;
};

// -- As text: scrypt$N$r$p$salt$digest --------------------------------------------------

static bool from_base64(const char *text, unsigned char *bytes, size_t len)
{
    struct arena arena = ARENA_EMPTY;
    str read;
    bool good = base64_decode(&arena, str_of(text), &read) && read.len == len;
    if (good)
        memcpy(bytes, read.data, len);
    arena_done(&arena);
    return good;
}

static bool is_power_in_range(uint64_t n)
{
    return n >= 1u << MIN_COST && n <= 1u << MAX_COST && (n & (n - 1)) == 0;
}

static bool stored_read(str text, struct stored *ret_stored)
{
    char copy[PASSWORD_MAX_STORED], salt[TEXT_BYTES], hash[TEXT_BYTES];
    unsigned long long n, r, p;
    int end = 0;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (sscanf(copy, "scrypt$%10llu$%3llu$%3llu$%47[A-Za-z0-9+/=]$%47[A-Za-z0-9+/=]%n", &n, &r, &p,
               salt, hash, &end) != 5 ||
        (size_t)end != text.len)
        return false;
    *ret_stored = (struct stored){.n = n, .r = r, .p = p};
    return is_power_in_range(n) && r >= 1 && r <= MAX_BLOCK_SIZE && p >= 1 && p <= MAX_PARALLEL &&
           from_base64(salt, ret_stored->salt, SALT_BYTES) &&
           from_base64(hash, ret_stored->hash, HASH_BYTES);
}

// On a thread, too: EVP_EncodeBlock has no state.
static void stored_write(const struct stored *stored, char ret_text[PASSWORD_MAX_STORED])
{
    unsigned char salt[TEXT_BYTES], hash[TEXT_BYTES];
    EVP_EncodeBlock(salt, stored->salt, SALT_BYTES);
    EVP_EncodeBlock(hash, stored->hash, HASH_BYTES);
    snprintf(ret_text, PASSWORD_MAX_STORED, "scrypt$%llu$%llu$%llu$%s$%s",
             (unsigned long long)stored->n, (unsigned long long)stored->r,
             (unsigned long long)stored->p, (char *)salt, (char *)hash);
}

// -- On a thread ------------------------------------------------------------------------

static bool derive(const struct stored *with, str password, unsigned char ret_hash[HASH_BYTES])
{
    uint64_t most = (128 * with->n * with->r * with->p) + (1 << 20);
    return EVP_PBE_scrypt(password.data, password.len, with->salt, SALT_BYTES, with->n, with->r,
                          with->p, most, ret_hash, HASH_BYTES) == 1;
}

static struct stored with_cost(int64_t cost)
{
    struct stored stored = {.n = (uint64_t)1 << cost, .r = BLOCK_SIZE, .p = PARALLEL};
    random_bytes(stored.salt, SALT_BYTES);
    return stored;
}

static bool make(str password, int64_t cost, char ret_text[PASSWORD_MAX_STORED])
{
    struct stored stored = with_cost(cost);
    if (!derive(&stored, password, stored.hash))
        return false;
    stored_write(&stored, ret_text);
    return true;
}

static bool costs_less(const struct stored *stored, int64_t cost)
{
    return stored->n * stored->r * stored->p < ((uint64_t)1 << cost) * BLOCK_SIZE * PARALLEL;
}

static void run_hash(void *context)
{
    struct task *task = context;
    task->failed = !make(str_from(task->password, task->password_len), task->cost, task->made);
}

static void run_check(void *context)
{
    struct task *task = context;
    str password = str_from(task->password, task->password_len);
    unsigned char hash[HASH_BYTES];
    if (!task->is_known)
        task->stored = with_cost(task->cost);
    task->failed = !derive(&task->stored, password, hash);
    task->fits =
        !task->failed && task->is_known && CRYPTO_memcmp(hash, task->stored.hash, HASH_BYTES) == 0;
    if (task->fits && costs_less(&task->stored, task->cost) &&
        !make(password, task->cost, task->made))
        task->made[0] = '\0';
    OPENSSL_cleanse(hash, sizeof hash);
}

// -- On the loop ------------------------------------------------------------------------

static void on_done(void *context, bool was_run)
{
    struct task *task = context;
    struct error err;
    if (!was_run)
        (void)error_set(&err, ERROR_UNAVAILABLE, "password", "this program is stopping");
    else if (task->failed)
        (void)error_set(&err, ERROR_UNAVAILABLE, "password",
                        "there is not memory enough to check passwords");
    const struct error *why = was_run && !task->failed ? NULL : &err;
    if (task->hashed != NULL)
        task->hashed(task->context, why == NULL ? str_of(task->made) : STR_EMPTY, why);
    else
        task->checked(task->context, why == NULL && task->fits, str_of(task->made), why);
    OPENSSL_cleanse(task, sizeof *task);
    free(task);
}

static struct task *task_new(const struct passwords *passwords, str password, void *context)
{
    struct task *task = calloc(1, sizeof *task);
    check(task != NULL);
    check(password.len <= PASSWORD_MAX_BYTES);
    if (password.len > 0)
        memcpy(task->password, password.data, password.len);
    task->password_len = password.len;
    task->cost = passwords->cost;
    task->context = context;
    return task;
}

static void start(struct passwords *passwords, helper_work *work, struct task *task)
{
    struct error err;
    if (helper_run(passwords->helper, work, on_done, task))
        return;
    (void)error_set(&err, ERROR_UNAVAILABLE, "password", "%d passwords wait to be checked already",
                    PASSWORD_MAX_WAITING);
    if (task->hashed != NULL)
        task->hashed(task->context, STR_EMPTY, &err);
    else
        task->checked(task->context, false, STR_EMPTY, &err);
    OPENSSL_cleanse(task, sizeof *task);
    free(task);
}

static size_t count_characters(str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

bool password_may_be(str password, struct error *err)
{
    if (count_characters(password) < PASSWORD_MIN_CHARACTERS)
        return error_set(err, ERROR_INVALID, "password", "it must have at least %d characters",
                         PASSWORD_MIN_CHARACTERS);
    if (!utf8_is_valid(password) || memchr(password.data, 0, password.len) != NULL)
        return error_set(err, ERROR_INVALID, "password", "it must be text in UTF-8");
    if (password.len > PASSWORD_MAX_BYTES)
        return error_set(err, ERROR_INVALID, "password",
                         "it has %zu bytes, more than PASSWORD_MAX_BYTES (%d)", password.len,
                         PASSWORD_MAX_BYTES);
    return true;
}

void password_hash_async(struct passwords *passwords, str password, password_hashed *done,
                         void *context)
{
    struct error err;
    if (!password_may_be(password, &err)) {
        done(context, STR_EMPTY, &err);
        return;
    }
    struct task *task = task_new(passwords, password, context);
    task->hashed = done;
    start(passwords, run_hash, task);
}

// What is longer than any password is cut, and fits none: it takes as long.
void password_check_async(struct passwords *passwords, str password, str stored,
                          password_checked *done, void *context)
{
    bool may_fit = password.len > 0 && password.len <= PASSWORD_MAX_BYTES;
    struct task *task = task_new(passwords, str_sub(password, 0, PASSWORD_MAX_BYTES), context);
    task->checked = done;
    task->is_known = stored_read(stored, &task->stored) && may_fit;
    start(passwords, run_check, task);
}

bool password_hash_now(str password, int64_t cost, char ret_stored[PASSWORD_MAX_STORED],
                       struct error *err)
{
    if (!password_may_be(password, err))
        return false;
    return make(password, cost, ret_stored) ||
           error_set(err, ERROR_UNAVAILABLE, "password", "there is not memory enough for its hash");
}

struct passwords *passwords_new(struct event_base *loop, const struct config *config)
{
    struct passwords *passwords = calloc(1, sizeof *passwords);
    check(passwords != NULL);
    passwords->cost = config_i64(config, CONFIG_AUTH_PASSWORD_COST);
    passwords->helper = helper_new(loop, PASSWORD_THREADS, PASSWORD_MAX_WAITING);
    return passwords;
}

void passwords_free(struct passwords *passwords)
{
    if (passwords == NULL)
        return;
    helper_free(passwords->helper);
    free(passwords);
}
