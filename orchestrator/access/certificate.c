// SPDX-License-Identifier: Apache-2.0
//
// Clients' certificates: TLS has checked where they come from (api.tls_client_ca); here a setting
// says which client one names. Mapping rules see its claims.
#include "access/proof_private.h"

#include "access/claims.h"

void certificate_prove(struct proving *proving)
{
    struct arena *arena = &proving->arena;
    struct json *claims;
    struct error err;
    if (!json_parse(arena, proving->secret, &claims, &err)) {
        proving_fail(proving, &err);
        return;
    }
    struct subject subject = {
        .kind = SUBJECT_CLIENT,
        .id = claims_text(
            arena, str_of(config_str(proving->proof->config, CONFIG_AUTH_CERTIFICATE_CLIENT)),
            claims),
        .claims = claims,
        .proof = str_format(arena, "certificate %.*s",
                            STR_ARG(json_get_str(claims, STR("fingerprint"), STR_EMPTY))),
        .until_ms = json_get_i64(claims, STR("not_after"), 0) * 1000};
    if (subject.id.len == 0)
        proving_refuse(proving, "certificate",
                       "the certificate names no client (auth.certificate_client)");
    else
        proving_succeed(proving, &subject);
}
