// SPDX-License-Identifier: Apache-2.0
#include "gateway/credential.h"

#include "base/digest.h"

str credential_read(struct arena *arena, str authorization, str *ret_principal)
{
    static const char bearer[] = "Bearer ", basic[] = "Basic ";
    str decoded;
    *ret_principal = STR_EMPTY;
    if (str_starts_with(authorization, str_of(bearer)))
        return str_trim(str_from_index(authorization, sizeof bearer - 1));
    if (!str_starts_with(authorization, str_of(basic)) ||
        !base64_decode(arena, str_trim(str_from_index(authorization, sizeof basic - 1)), &decoded))
        return STR_EMPTY;
    size_t colon = str_find_char(decoded, ':');
    *ret_principal = str_sub(decoded, 0, colon);
    return colon == SIZE_MAX ? STR_EMPTY : str_from_index(decoded, colon + 1);
}
