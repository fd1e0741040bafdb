// SPDX-License-Identifier: Apache-2.0
#include "gateway/credential.h"

#include "base/digest.h"

static bool begins_with(str text, str with)
{
    return str_equal_ignoring_case(str_sub(text, 0, with.len), with);
}

struct credential credential_read(struct arena *arena, str authorization)
{
    static const char bearer[] = "Bearer ", basic[] = "Basic ";
    struct credential credential = {
        .kind = CREDENTIAL_NONE, .user = STR_EMPTY, .secret = STR_EMPTY, .address = STR_EMPTY};
    str decoded;
    if (begins_with(authorization, str_of(bearer))) {
        credential.kind = CREDENTIAL_BEARER;
        credential.secret = str_trim(str_from_index(authorization, sizeof bearer - 1));
        return credential;
    }
    if (!begins_with(authorization, str_of(basic)) ||
        !base64_decode(arena, str_trim(str_from_index(authorization, sizeof basic - 1)), &decoded))
        return credential;
    size_t colon = str_find_char(decoded, ':');
    if (colon == SIZE_MAX || str_find_char(decoded, '\0') != SIZE_MAX)
        return credential;
    credential.kind = CREDENTIAL_BASIC;
    credential.user = str_sub(decoded, 0, colon);
    credential.secret = str_from_index(decoded, colon + 1);
    return credential;
}

struct credential credential_of_certificate(str claims)
{
    return (struct credential){
        .kind = CREDENTIAL_CERTIFICATE, .user = STR_EMPTY, .secret = claims, .address = STR_EMPTY};
}

bool credential_is_key(const struct credential *credential, str key)
{
    return key.len > 0 && credential->kind != CREDENTIAL_NONE &&
           digest_equal(credential->secret, key);
}
