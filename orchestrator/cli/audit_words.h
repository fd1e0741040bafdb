// SPDX-License-Identifier: Apache-2.0
//
// What the commands on audits and evidence share: words beside settings, and the key that signs.
#ifndef BATON_CLI_AUDIT_WORDS_H
#define BATON_CLI_AUDIT_WORDS_H

#include "base/signature.h"
#include "cli/operation.h"

// "--since FILE"
struct audit_word {
    const char *name;
    const char *value; // NULL: not given
};

// Takes them out of what is left of the command line, from a word on. False when there is another.
MUST_CHECK bool audit_read_words(const struct operation *operation, int from,
                                 struct audit_word *words, size_t count);

// From the file, or else from audit.signing_key. NULL and *err.
MUST_CHECK struct signature_key *audit_read_key(const struct operation *operation, const char *path,
                                                struct error *err);

// The same, of one that can sign.
MUST_CHECK struct signature_key *audit_read_signing_key(const struct operation *operation,
                                                        const char *path, struct error *err);

#endif
