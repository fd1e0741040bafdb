// SPDX-License-Identifier: Apache-2.0
//
// Any bytes may arrive on a connection, in any pieces: the guard's verdict does not depend on the
// pieces, and the multipart reader takes or refuses whatever body comes.
#include "http/guard.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct guard whole;
    static struct guard pieces;
    whole = (struct guard){0};
    pieces = (struct guard){0};
    str bytes = str_from(data, size);
    guard_feed(&whole, bytes);
    for (size_t at = 0; at < size; at++)
        guard_feed(&pieces, str_sub(bytes, at, 1));
    check(whole.objection == pieces.objection && whole.state == pieces.state);

    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct multipart_part *parts;
    size_t count;
    if (!multipart_parse(&arena, STR("multipart/form-data; boundary=b"), bytes, &parts, &count,
                         &err))
        count = 0;
    arena_done(&arena);
    return 0;
}
