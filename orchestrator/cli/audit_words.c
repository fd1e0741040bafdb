// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_words.h"

#include <string.h>

bool audit_read_words(const struct operation *operation, int from, struct audit_word *words,
                      size_t count)
{
    for (int i = from; i < operation->argc; i += 2) {
        size_t k = 0;
        while (k < count && strcmp(operation->argv[i], words[k].name) != 0)
            k++;
        if (k == count || i + 1 == operation->argc)
            return false;
        words[k].value = operation->argv[i + 1];
    }
    return true;
}

struct signature_key *audit_read_key(const struct operation *operation, const char *path,
                                     struct error *err)
{
    const char *set = config_str(&operation->config, CONFIG_AUDIT_SIGNING_KEY);
    if (path == NULL && set[0] == '\0') {
        (void)error_set(err, ERROR_INVALID, "--key",
                        "name the file of the key, or set audit.signing_key");
        return NULL;
    }
    return signature_key_read(path != NULL ? path : set, err);
}

struct signature_key *audit_read_signing_key(const struct operation *operation, const char *path,
                                             struct error *err)
{
    struct signature_key *key = audit_read_key(operation, path, err);
    if (key == NULL || signature_key_can_sign(key))
        return key;
    signature_key_free(key);
    (void)error_set(err, ERROR_INVALID, "--key", "a public key cannot sign");
    return NULL;
}
