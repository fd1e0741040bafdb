// SPDX-License-Identifier: Apache-2.0
#include "access/session.h"

#include "access/proof_private.h"
#include "base/digest.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"

enum { RANDOM_BYTES = 32, ID_BYTES = 8, MAX_AGENT_BYTES = 200 };

str session_random(struct arena *arena)
{
    unsigned char bytes[RANDOM_BYTES];
    random_bytes(bytes, sizeof bytes);
    return base64url_encode(arena, str_from(bytes, sizeof bytes));
}

str session_digest(struct arena *arena, str cookie)
{
    struct digest digest = digest_sha256(cookie);
    return str_copy(arena, str_from(digest.bytes, DIGEST_SIZE));
}

// Cut between characters.
static str cut(str text, size_t most)
{
    size_t len = text.len < most ? text.len : most;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return str_sub(text, 0, len);
}

struct statement session_begin(struct arena *arena, const struct config *config,
                               const struct session_start *start, str *ret_cookie)
{
    unsigned char id[ID_BYTES];
    random_bytes(id, sizeof id);
    *ret_cookie = session_random(arena);
    const struct session_row row = {
        .digest = session_digest(arena, *ret_cookie),
        .id = digest_hex(arena, str_from(id, sizeof id)),
        .username = start->username,
        .provider = start->provider,
        .provider_session = start->provider_session,
        .subject = start->subject,
        .id_token = start->id_token,
        .claims = start->claims,
        .seconds = config_i64(config, CONFIG_AUTH_SESSION_S),
        .address = start->address,
        .agent = cut(start->agent, MAX_AGENT_BYTES),
        .replaces = start->replaced.len > 0 ? session_digest(arena, start->replaced) : STR_EMPTY};
    return catalogue_session_add(arena, &row);
}

static bool add_claims(struct proving *proving, str provider_name, str claims,
                       struct subject *subject)
{
    struct arena *arena = &proving->arena;
    const struct provider *provider = providers_named(proving->proof->providers, provider_name);
    struct error ignored;
    struct json *json;
    if (provider == NULL || !json_parse(arena, str_copy(arena, claims), &json, &ignored))
        return false;
    subject_add_claims(arena, provider_settings(provider), json, subject);
    subject->proof = str_format(arena, "session of %.*s", STR_ARG(provider_name));
    return true;
}

static void on_session(struct proving *proving, const struct query_rows *rows)
{
    struct arena *arena = &proving->arena;
    if (query_row_count(rows) == 0) {
        proving_refuse(proving, "session", "the session has ended: log in again");
        return;
    }
    if (query_bool(rows, 0, SESSION_IS_STALE))
        proof_post(proving->proof, catalogue_session_used(arena, proving->id));
    struct subject subject = {.kind = SUBJECT_USER,
                              .id = str_copy(arena, query_value(rows, 0, SESSION_USERNAME)),
                              .proof = STR("session"),
                              .until_ms = query_i64(rows, 0, SESSION_ENDS_MS)};
    str provider = query_value(rows, 0, SESSION_PROVIDER);
    if (provider.len > 0 &&
        !add_claims(proving, provider, query_value(rows, 0, SESSION_CLAIMS), &subject)) {
        proving_refuse(proving, "session",
                       "the session is of a provider that is not known any more");
        return;
    }
    proving_succeed(proving, &subject);
}

void session_prove(struct proving *proving)
{
    proving->id = session_digest(&proving->arena, proving->secret);
    proving_ask(proving, read_session(&proving->arena, proving->id, session_idle_s(proving->proof)),
                on_session);
}
