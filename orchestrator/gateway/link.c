// SPDX-License-Identifier: Apache-2.0
#include "gateway/link.h"

#include "base/digest.h"
#include "gateway/gateway_private.h"

static str sign(const struct gateway *gateway, struct arena *arena, const char *purpose, str body)
{
    struct digest digest =
        digest_hmac(gateway->options.secret, str_format(arena, "%s\n%.*s", purpose, STR_ARG(body)));
    return base64url_encode(arena, str_from(digest.bytes, sizeof digest.bytes));
}

str link_make(const struct gateway *gateway, struct arena *arena, const char *purpose, str text)
{
    str body = base64url_encode(arena, text);
    return str_format(arena, "%.*s.%.*s", STR_ARG(body),
                      STR_ARG(sign(gateway, arena, purpose, body)));
}

bool link_read(const struct gateway *gateway, struct arena *arena, const char *purpose, str link,
               str *ret_text)
{
    str signature = link, body;
    return str_split(&signature, '.', &body) &&
           digest_equal(signature, sign(gateway, arena, purpose, body)) &&
           base64url_decode(arena, body, ret_text);
}
