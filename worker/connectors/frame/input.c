// SPDX-License-Identifier: Apache-2.0
#include "connector/input.h"

#include <stdarg.h>
#include <stdio.h>

bool input_open(struct input *input, str variables)
{
    struct json *object;
    if (!json_parse(input->arena, variables, &object, input->err))
        return false;
    input->object = object;
    return true;
}

bool input_wrong(const struct input *input, const char *format, ...)
{
    char text[sizeof input->err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(input->err, ERROR_INVALID, input->connector, "%s", text);
}

str input_found(struct arena *arena, str value)
{
    enum { MOST = 100 };
    return value.len > MOST ? STR_EMPTY : str_format(arena, ", found '%.*s'", STR_ARG(value));
}

str input_text(struct arena *arena, const struct json *value)
{
    if (value->type == JSON_STRING || value->type == JSON_NUMBER)
        return value->text;
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

bool input_is_one_line(str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.data[i] == 0x7F ||
            ((unsigned char)value.data[i] < ' ' && value.data[i] != '\t'))
            return false;
    return true;
}

bool input_seconds(const struct input *input, str name, long *ret_ms)
{
    const struct json *value = json_get(input->object, name);
    int64_t seconds = INPUT_DEFAULT_TIMEOUT_S;
    bool is_given = value != NULL && value->type != JSON_NULL;
    str text = is_given ? input_text(input->arena, value) : STR_EMPTY;
    if (is_given && (!str_to_i64(text, &seconds) || seconds < 1 || seconds > INPUT_MAX_TIMEOUT_S))
        return input_wrong(input, "\"%.*s\" must be 1 to INPUT_MAX_TIMEOUT_S (%d) seconds%.*s",
                           STR_ARG(name), INPUT_MAX_TIMEOUT_S,
                           STR_ARG(input_found(input->arena, text)));
    *ret_ms = (long)seconds * 1000;
    return true;
}
