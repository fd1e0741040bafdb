// SPDX-License-Identifier: Apache-2.0
#include "http/form.h"

#include "base/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(struct arena *arena, str text, str *ret_text)
{
    char *out = arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0')
            return false;
        out[len++] = c;
    }
    *ret_text = str_from(out, len);
    return utf8_is_valid(*ret_text);
}

static bool has_field(const struct form *form, str name)
{
    for (size_t i = 0; i < form->count; i++)
        if (str_equal(form->fields[i].name, name))
            return true;
    return false;
}

bool form_parse(struct arena *arena, str body, struct form *ret_form, struct error *err)
{
    struct form form = {.fields = ARENA_ARRAY(arena, struct form_field, FORM_MAX_FIELDS)};
    str rest = body, part, name;
    if (body.len > FORM_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "form",
                         "it has %zu bytes, more than FORM_MAX_BYTES (%d)", body.len,
                         FORM_MAX_BYTES);
    while (rest.len > 0 && str_split(&rest, '&', &part)) {
        struct form_field field;
        str value = part;
        if (part.len == 0)
            continue;
        (void)str_split(&value, '=', &name);
        if (form.count == FORM_MAX_FIELDS)
            return error_set(err, ERROR_LIMIT, "form",
                             "it has more than FORM_MAX_FIELDS (%d) fields", FORM_MAX_FIELDS);
        if (!decode(arena, name, &field.name) || !decode(arena, value, &field.value))
            return error_set(err, ERROR_INVALID, "form",
                             "field %zu is not percent-encoded UTF-8 without U+0000",
                             form.count + 1);
        if (has_field(&form, field.name))
            return error_set(err, ERROR_INVALID, "form", "the field '%.60s' is there twice",
                             str_cstr(arena, field.name));
        form.fields[form.count++] = field;
    }
    *ret_form = form;
    return true;
}

str form_get(const struct form *form, str name)
{
    for (size_t i = 0; form != NULL && i < form->count; i++)
        if (str_equal(form->fields[i].name, name))
            return form->fields[i].value;
    return STR_EMPTY;
}

str cookie_get(str header, str name)
{
    str rest = header, part, found = STR_EMPTY;
    bool is_there = false;
    while (rest.len > 0 && str_split(&rest, ';', &part)) {
        str value = str_trim(part), own;
        if (!str_split(&value, '=', &own) || value.data == NULL || !str_equal(own, name))
            continue;
        if (is_there)
            return STR_EMPTY;
        if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
            value = str_sub(value, 1, value.len - 2);
        found = value;
        is_there = true;
    }
    return found;
}
