// SPDX-License-Identifier: Apache-2.0
#include "base/secret_reference.h"

static const char open_braces[] = "{{", prefix[] = "secrets.", close_braces[] = "}}",
                  whole_prefix[] = "camunda.secrets.";

bool secret_is_name(str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '\0' ||
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.",
                   name.data[i]) == NULL)
            return false;
    return name.len > 0 && name.len <= SECRET_MAX_NAME_BYTES;
}

str secret_whole(str text)
{
    str name;
    text = str_trim(text);
    if (!str_starts_with(text, str_of(whole_prefix)))
        return STR_EMPTY;
    name = str_from_index(text, sizeof whole_prefix - 1);
    if (name.len > 2 && name.data[0] == '`' && name.data[name.len - 1] == '`')
        name = str_sub(name, 1, name.len - 2);
    return secret_is_name(name) ? name : STR_EMPTY;
}

// What stands between two braces and the next two.
static bool name_in(str inside, str *ret_name)
{
    inside = str_trim(inside);
    if (!str_starts_with(inside, str_of(prefix)))
        return false;
    *ret_name = str_from_index(inside, sizeof prefix - 1);
    return secret_is_name(*ret_name);
}

bool secret_next(str *rest, str *ret_before, str *ret_name)
{
    size_t at = 0;
    while (at < rest->len) {
        str tail = str_from_index(*rest, at);
        size_t begin = str_find(tail, str_of(open_braces));
        if (begin == SIZE_MAX)
            return false;
        str inside = str_from_index(tail, begin + 2);
        size_t end = str_find(inside, str_of(close_braces));
        if (end == SIZE_MAX)
            return false;
        if (name_in(str_sub(inside, 0, end), ret_name)) {
            *ret_before = str_sub(*rest, 0, at + begin);
            *rest = str_from_index(inside, end + 2);
            return true;
        }
        at += begin + 1;
    }
    return false;
}

bool secret_is_in(str text)
{
    str before, name;
    return secret_whole(text).len > 0 || secret_next(&text, &before, &name);
}
