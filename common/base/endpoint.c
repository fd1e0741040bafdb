// SPDX-License-Identifier: Apache-2.0
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

bool endpoint_parse(struct arena *arena, str text, struct endpoint *ret_endpoint)
{
    uint64_t port;
    size_t colon = text.len;
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon < 2 || !str_to_u64(str_from_index(text, colon), &port) || port > UINT16_MAX)
        return false;
    str host = str_sub(text, 0, colon - 1);
    if (host.len > 2 && host.data[0] == '[')
        host = str_sub(host, 1, host.len - 2);
    *ret_endpoint = (struct endpoint){str_cstr(arena, host), (uint16_t)port};
    return true;
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
    struct in_addr v4;
    const char *host = endpoint->host;
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}
