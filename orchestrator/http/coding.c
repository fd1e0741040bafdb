// SPDX-License-Identifier: Apache-2.0
#include "http/coding.h"

// "q=0", "q=0.000": not at all.
static bool is_zero(str weight)
{
    if (!str_starts_with(weight, STR("q=0")))
        return false;
    for (size_t i = 3; i < weight.len; i++)
        if (weight.data[i] != '.' && weight.data[i] != '0')
            return false;
    return true;
}

bool coding_is_wanted(str item, str *ret_name)
{
    size_t end = str_find_char(item, ';');
    *ret_name = str_trim(str_sub(item, 0, end));
    return end == SIZE_MAX || !is_zero(str_trim(str_from_index(item, end + 1)));
}

bool coding_takes_gzip(str header)
{
    str item;
    str name;
    while (str_split(&header, ',', &item))
        if (coding_is_wanted(item, &name) &&
            (str_equal_ignoring_case(name, STR("gzip")) || str_equal(name, STR("*"))))
            return true;
    return false;
}
