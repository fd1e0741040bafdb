// SPDX-License-Identifier: Apache-2.0
#include "vault/vault.h"

#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VERSION = 1, MAX_TEXT_BYTES = 4096 };

struct named_key {
    char id[VAULT_MAX_ID_BYTES + 1];
    struct vault_key key;
};

// Lies in pages of its own.
struct vault {
    size_t count;
    struct named_key keys[VAULT_MAX_KEYS];
};

void vault_key_wipe(struct vault_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

// -- Memory -----------------------------------------------------------------------------

// Locking may be refused (ulimit -l); not being dumped is not.
static void *protected_new(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED);
    (void)mlock(memory, size);
    (void)madvise(memory, size, MADV_DONTDUMP);
    (void)madvise(memory, size, MADV_WIPEONFORK);
    return memory;
}

static void protected_free(void *memory, size_t size)
{
    OPENSSL_cleanse(memory, size);
    munmap(memory, size);
}

// -- The list of keys -------------------------------------------------------------------

static bool is_id(str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
                   id.data[i]) == NULL)
            return false;
    return id.len > 0 && id.len <= VAULT_MAX_ID_BYTES;
}

static bool refuse_id(const char *place, struct error *err)
{
    return error_set(err, ERROR_INVALID, place,
                     "a key's id has 1 to %d letters, digits, '-', '_' and '.'",
                     VAULT_MAX_ID_BYTES);
}

static const struct named_key *key_named(const struct vault *vault, str id)
{
    for (size_t i = 0; i < vault->count; i++)
        if (str_equal(str_of(vault->keys[i].id), id))
            return &vault->keys[i];
    return NULL;
}

static bool add_key(struct vault *vault, str id, str text, const char *place, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    str bytes;
    bool good = base64_decode(&arena, text, &bytes) && bytes.len == VAULT_KEY_BYTES;
    struct named_key *key = &vault->keys[vault->count];
    if (good) {
        memcpy(key->id, id.data, id.len);
        memcpy(key->key.bytes, bytes.data, VAULT_KEY_BYTES);
        OPENSSL_cleanse((char *)bytes.data, bytes.len);
        vault->count++;
    }
    arena_done(&arena);
    return good || error_set(err, ERROR_INVALID, place,
                             "the key '%.*s' is not %d bytes in base64 (`baton vault key` makes "
                             "one)",
                             STR_ARG(id), VAULT_KEY_BYTES);
}

// "ID BASE64", a line (or word pair) a key; # begins a comment.
static bool read_line(struct vault *vault, str line, const char *place, struct error *err)
{
    str rest = str_trim(line), id;
    if (str_is_empty(rest) || rest.data[0] == '#')
        return true;
    size_t space = 0;
    while (space < rest.len && rest.data[space] != ' ' && rest.data[space] != '\t')
        space++;
    id = str_sub(rest, 0, space);
    if (!is_id(id))
        return refuse_id(place, err);
    if (vault->count == VAULT_MAX_KEYS)
        return error_set(err, ERROR_LIMIT, place, "more than VAULT_MAX_KEYS (%d) keys",
                         VAULT_MAX_KEYS);
    if (key_named(vault, id) != NULL)
        return error_set(err, ERROR_INVALID, place, "the key '%.*s' stands there twice",
                         STR_ARG(id));
    return add_key(vault, id, str_trim(str_from_index(rest, space)), place, err);
}

static bool read_list(struct vault *vault, str text, const char *place, struct error *err)
{
    str line;
    while (str_split(&text, '\n', &line)) {
        str part;
        while (str_split(&line, ';', &part))
            if (!read_line(vault, part, place, err))
                return false;
    }
    return vault->count > 0 || error_set(err, ERROR_INVALID, place, "there is no key in it");
}

// -- Where it comes from ----------------------------------------------------------------

static bool is_private(const char *path, struct error *err)
{
    struct stat file;
    return (stat(path, &file) == 0 && (file.st_mode & (S_IWGRP | S_IRWXO)) == 0) ||
           error_set(err, ERROR_INVALID, "vault.key_file",
                     "'%.200s' can be read or changed by others: chmod 600", path);
}

// What a stream says, into `text`. False: it is longer than a list of keys may be.
static bool read_stream(FILE *stream, char text[MAX_TEXT_BYTES], size_t *ret_len)
{
    setvbuf(stream, NULL, _IONBF, 0); // no copy is left behind
    *ret_len = fread(text, 1, MAX_TEXT_BYTES, stream);
    return *ret_len < MAX_TEXT_BYTES && !ferror(stream);
}

static bool read_file(struct vault *vault, const char *path, char text[MAX_TEXT_BYTES],
                      struct error *err)
{
    static const char place[] = "vault.key_file";
    size_t len;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, ERROR_INVALID, place, "'%.200s': %s", path, strerror(errno));
    bool whole = read_stream(file, text, &len);
    fclose(file);
    if (!whole)
        return error_set(err, ERROR_LIMIT, place, "'%.200s' has %d bytes or more", path,
                         MAX_TEXT_BYTES);
    return is_private(path, err) && read_list(vault, str_from(text, len), place, err);
}

static bool read_command(struct vault *vault, const char *command, char text[MAX_TEXT_BYTES],
                         struct error *err)
{
    static const char place[] = "vault.key_command";
    char bounded[4096];
    size_t len;
    if (strlen(command) > sizeof bounded / 2 || strchr(command, '\'') != NULL)
        return error_set(err, ERROR_INVALID, place,
                         "it is longer than 2048 bytes, or has a quotation mark ': name a script");
    snprintf(bounded, sizeof bounded, "exec timeout %d sh -c '%s'", VAULT_COMMAND_S, command);
    FILE *pipe = popen(bounded, "re");
    if (pipe == NULL)
        return error_set(err, ERROR_INVALID, place, "cannot be run: %s", strerror(errno));
    bool whole = read_stream(pipe, text, &len);
    int status = pclose(pipe);
    if (status != 0)
        return error_set(err, ERROR_INVALID, place, "it ended with %d",
                         WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return (whole ||
            error_set(err, ERROR_LIMIT, place, "it says more than %d bytes", MAX_TEXT_BYTES)) &&
           read_list(vault, str_from(text, len), place, err);
}

static bool read_keys(struct vault *vault, const struct config *config, struct error *err)
{
    const char *keys = config_str(config, CONFIG_VAULT_KEYS),
               *file = config_str(config, CONFIG_VAULT_KEY_FILE),
               *command = config_str(config, CONFIG_VAULT_KEY_COMMAND);
    if ((keys[0] != '\0') + (file[0] != '\0') + (command[0] != '\0') > 1)
        return error_set(err, ERROR_INVALID, "vault.keys",
                         "one of vault.keys, vault.key_file and vault.key_command is set");
    if (keys[0] != '\0')
        return read_list(vault, str_of(keys), "vault.keys", err);
    char *text = protected_new(MAX_TEXT_BYTES);
    bool good = file[0] != '\0'      ? read_file(vault, file, text, err)
                : command[0] != '\0' ? read_command(vault, command, text, err)
                                     : true;
    protected_free(text, MAX_TEXT_BYTES);
    return good;
}

bool vault_open(const struct config *config, struct vault **ret_vault, struct error *err)
{
    struct vault *vault = protected_new(sizeof *vault);
    bool good = read_keys(vault, config, err);
    *ret_vault = good && vault->count > 0 ? vault : NULL;
    if (*ret_vault == NULL)
        protected_free(vault, sizeof *vault);
    return good;
}

void vault_close(struct vault *vault)
{
    if (vault != NULL)
        protected_free(vault, sizeof *vault);
}

str vault_current(const struct vault *vault)
{
    return str_of(vault->keys[0].id);
}

size_t vault_key_count(const struct vault *vault)
{
    return vault->count;
}

str vault_key_id(const struct vault *vault, size_t index)
{
    check(index < vault->count);
    return str_of(vault->keys[index].id);
}

bool vault_has(const struct vault *vault, str id)
{
    return key_named(vault, id) != NULL;
}

bool vault_make_line(struct arena *arena, str id, str *ret_line, struct error *err)
{
    struct vault_key key;
    struct strbuf line = strbuf_new(arena);
    if (!is_id(id))
        return refuse_id("vault", err);
    random_bytes(&key, sizeof key);
    strbuf_add(&line, id);
    strbuf_add_char(&line, ' ');
    base64_encode(&line, str_from((char *)key.bytes, sizeof key.bytes));
    vault_key_wipe(&key);
    *ret_line = strbuf_str(&line);
    return true;
}

str vault_check_of(struct arena *arena, const struct vault *vault, str id)
{
    const struct named_key *key = key_named(vault, id);
    check(key != NULL);
    struct digest digest = digest_hmac(str_from((const char *)key->key.bytes, VAULT_KEY_BYTES),
                                       STR("baton vault key"));
    return digest_hex(arena, str_from((char *)digest.bytes, DIGEST_SIZE));
}

// -- AES-256-GCM: version, nonce, ciphertext, tag -----------------------------------------

str vault_seal(struct arena *arena, const struct vault_key *key, str nonce, str bound, str plain)
{
    unsigned char *out = arena_alloc(arena, plain.len + VAULT_SEALED_EXTRA);
    unsigned char *text = out + 1 + VAULT_NONCE_BYTES;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;
    check(context != NULL && (nonce.len == 0 || nonce.len == VAULT_NONCE_BYTES));
    out[0] = VERSION;
    if (nonce.len > 0)
        memcpy(out + 1, nonce.data, VAULT_NONCE_BYTES);
    else
        random_bytes(out + 1, VAULT_NONCE_BYTES);
    check(
        EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), key->bytes, out + 1, NULL) == 1 &&
        EVP_EncryptUpdate(context, NULL, &len, (const unsigned char *)bound.data, (int)bound.len) ==
            1 &&
        EVP_EncryptUpdate(context, text, &len, (const unsigned char *)plain.data, (int)plain.len) ==
            1 &&
        EVP_EncryptFinal_ex(context, text + len, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, VAULT_TAG_BYTES, text + plain.len) == 1);
    EVP_CIPHER_CTX_free(context);
    return str_from((char *)out, plain.len + VAULT_SEALED_EXTRA);
}

bool vault_unseal(struct arena *arena, const struct vault_key *key, str bound, str sealed,
                  str *ret_plain, struct error *err)
{
    static const char refused[] = "it does not open: it was sealed under another key or for "
                                  "another place, or it was changed";
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    if (sealed.len < VAULT_SEALED_EXTRA || bytes[0] != VERSION)
        return error_set(err, ERROR_INVALID, "vault", "%s", refused);
    size_t plain_len = sealed.len - VAULT_SEALED_EXTRA;
    const unsigned char *text = bytes + 1 + VAULT_NONCE_BYTES;
    unsigned char *plain = arena_alloc(arena, plain_len + 1);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;
    check(context != NULL);
    bool good = EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), key->bytes, bytes + 1, NULL) == 1 &&
                EVP_DecryptUpdate(context, NULL, &len, (const unsigned char *)bound.data,
                                  (int)bound.len) == 1 &&
                EVP_DecryptUpdate(context, plain, &len, text, (int)plain_len) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, VAULT_TAG_BYTES,
                                    (void *)(text + plain_len)) == 1 &&
                EVP_DecryptFinal_ex(context, plain + len, &len) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!good) {
        OPENSSL_cleanse(plain, plain_len);
        return error_set(err, ERROR_INVALID, "vault", "%s", refused);
    }
    plain[plain_len] = '\0';
    *ret_plain = str_from((char *)plain, plain_len);
    return true;
}

// -- Data keys: version, length of the id, id, and the sealed key ---------------------------

static str wrap(struct arena *arena, const struct named_key *by, str bound,
                const struct vault_key *key)
{
    struct strbuf out = strbuf_new(arena);
    size_t len = strlen(by->id);
    strbuf_add_char(&out, VERSION);
    strbuf_add_char(&out, (char)len);
    strbuf_add(&out, str_from(by->id, len));
    strbuf_add(&out, vault_seal(arena, &by->key, STR_EMPTY, bound,
                                str_from((const char *)key->bytes, VAULT_KEY_BYTES)));
    return strbuf_str(&out);
}

str vault_wrap_new(struct arena *arena, const struct vault *vault, str bound,
                   struct vault_key *ret_key)
{
    random_bytes(ret_key, sizeof *ret_key);
    return wrap(arena, &vault->keys[0], bound, ret_key);
}

str vault_wrapped_by(str wrapped)
{
    size_t len = wrapped.len < 2 || wrapped.data[0] != VERSION ? 0 : (unsigned char)wrapped.data[1];
    return len == 0 || len > VAULT_MAX_ID_BYTES ||
                   wrapped.len != 2 + len + VAULT_KEY_BYTES + VAULT_SEALED_EXTRA
               ? STR_EMPTY
               : str_sub(wrapped, 2, len);
}

bool vault_unwrap(const struct vault *vault, str wrapped, str bound, struct vault_key *ret_key,
                  struct error *err)
{
    str id = vault_wrapped_by(wrapped), plain;
    const struct named_key *by = key_named(vault, id);
    if (str_is_empty(id))
        return error_set(err, ERROR_INVALID, "vault", "it is no wrapped key");
    if (by == NULL)
        return error_set(err, ERROR_INVALID, "vault",
                         "the key '%.*s', which wrapped it, is not among the vault's keys",
                         STR_ARG(id));
    struct arena arena = ARENA_EMPTY;
    bool good =
        vault_unseal(&arena, &by->key, bound, str_from_index(wrapped, 2 + id.len), &plain, err);
    if (good) {
        memcpy(ret_key->bytes, plain.data, VAULT_KEY_BYTES);
        OPENSSL_cleanse((char *)plain.data, plain.len);
    }
    arena_done(&arena);
    return good;
}

bool vault_rewrap(struct arena *arena, const struct vault *vault, str wrapped, str bound,
                  str *ret_wrapped, struct error *err)
{
    struct vault_key key;
    if (!vault_unwrap(vault, wrapped, bound, &key, err))
        return false;
    *ret_wrapped = wrap(arena, &vault->keys[0], bound, &key);
    vault_key_wipe(&key);
    return true;
}
