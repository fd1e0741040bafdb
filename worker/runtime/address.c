// SPDX-License-Identifier: Apache-2.0
#include "worker/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct range_v4 {
    uint32_t base;
    unsigned bits;
};

// RFC 6890 and its successors: what is not globally reachable.
static const struct range_v4 special_v4[] = {
    {0x00000000, 8},  // 0.0.0.0/8       this network
    {0x0A000000, 8},  // 10.0.0.0/8      private
    {0x64400000, 10}, // 100.64.0.0/10   shared
    {0x7F000000, 8},  // 127.0.0.0/8     loopback
    {0xA9FE0000, 16}, // 169.254.0.0/16  link-local, cloud metadata
    {0xAC100000, 12}, // 172.16.0.0/12   private
    {0xC0000000, 24}, // 192.0.0.0/24    protocol assignments
    {0xC0000200, 24}, // 192.0.2.0/24    documentation
    {0xC0A80000, 16}, // 192.168.0.0/16  private
    {0xC6120000, 15}, // 198.18.0.0/15   benchmarking
    {0xC6336400, 24}, // 198.51.100.0/24 documentation
    {0xCB007100, 24}, // 203.0.113.0/24  documentation
    {0xE0000000, 4},  // 224.0.0.0/4     multicast
    {0xF0000000, 4},  // 240.0.0.0/4     reserved, broadcast
};

static bool is_special_v4(uint32_t address)
{
    for (size_t i = 0; i < COUNT_OF(special_v4); i++)
        if ((address ^ special_v4[i].base) >> (32 - special_v4[i].bits) == 0)
            return true;
    return false;
}

static uint32_t read_v4(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_special_v6(const unsigned char *a)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const unsigned char nat64[12] = {0, 0x64, 0xFF, 0x9B};
    static const unsigned char zeros[12] = {0};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0 || memcmp(a, zeros, 12) == 0)
        return is_special_v4(read_v4(a + 12)) || memcmp(a, zeros, 12) == 0;
    if (a[0] == 0x20 && a[1] == 0x02) // 2002::/16, 6to4
        return is_special_v4(read_v4(a + 2));
    bool is_global = (a[0] & 0xE0) == 0x20; // 2000::/3
    bool is_documentation = a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8;
    bool is_teredo = a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0;
    return !is_global || is_documentation || is_teredo;
}

bool address_is_special(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_special_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_special_v6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
    return true;
}

static bool entry_matches(str entry, str host, unsigned port)
{
    uint64_t wanted;
    if (str_equal(entry, STR("*")) || str_equal_ignoring_case(entry, host))
        return true;
    size_t colon = entry.len;
    while (colon > 0 && entry.data[colon - 1] != ':')
        colon--;
    return colon > 1 && str_equal_ignoring_case(str_sub(entry, 0, colon - 1), host) &&
           str_to_u64(str_from_index(entry, colon), &wanted) && wanted == port;
}

bool address_is_allowed(str list, str host, unsigned port)
{
    str entry;
    while (str_split(&list, ',', &entry)) {
        entry = str_trim(entry);
        if (entry.len > 0 && entry_matches(entry, host, port))
            return true;
    }
    return false;
}
