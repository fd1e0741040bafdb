// SPDX-License-Identifier: Apache-2.0
//
// Whatever comes as a form or as cookies is read within its bounds or refused; what was read is
// text.
#include "http/form.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct form form;
    str text = str_from(data, size);
    if (form_parse(&arena, text, &form, &err)) {
        check(form.count <= FORM_MAX_FIELDS);
        for (size_t i = 0; i < form.count; i++) {
            str value = form.fields[i].value;
            check(utf8_is_valid(value) &&
                  (value.len == 0 || memchr(value.data, 0, value.len) == NULL));
            check(str_equal(form_get(&form, form.fields[i].name), value));
        }
    }
    str value = cookie_get(text, STR("baton"));
    check(str_find_char(value, ';') == SIZE_MAX);
    arena_done(&arena);
    return 0;
}
