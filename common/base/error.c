// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

bool error_set(struct error *err, enum error_kind kind, const char *place, const char *format, ...)
{
    char text[sizeof err->text + 4]; // the arguments may point into *err
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len >= (int)sizeof err->text) // cut between characters: answers are UTF-8
        text[utf8_cut(str_of(text), sizeof err->text - 1).len] = '\0';
    char where[sizeof err->place];
    snprintf(where, sizeof where, "%s", place ? place : "");
    err->kind = kind;
    memcpy(err->place, where, sizeof where);
    memcpy(err->text, text, sizeof err->text);
    return false;
}

str error_line(struct arena *arena, const struct error *err)
{
    if (err->place[0] == '\0')
        return str_copy(arena, str_of(err->text));
    return str_format(arena, "%s: %s", err->place, err->text);
}
