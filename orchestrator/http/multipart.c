// SPDX-License-Identifier: Apache-2.0
#include "http/multipart.h"

#include "base/array.h"

static const char place[] = "multipart/form-data";

// The value of name=… or name="…" in a header's parameters; data == NULL when there is none.
static str parameter(str header, str name)
{
    str rest = header;
    str piece;
    while (str_split(&rest, ';', &piece)) {
        piece = str_trim(piece);
        size_t equals = str_find_char(piece, '=');
        if (equals == SIZE_MAX || !str_equal_ignoring_case(str_sub(piece, 0, equals), name))
            continue;
        str value = str_from_index(piece, equals + 1);
        if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
            value = str_sub(value, 1, value.len - 2);
        return value;
    }
    return (str){NULL, 0};
}

static void read_part_header(str line, struct multipart_part *part)
{
    size_t colon = str_find_char(line, ':');
    if (colon == SIZE_MAX)
        return;
    str name = str_sub(line, 0, colon);
    str value = str_from_index(line, colon + 1);
    if (str_equal_ignoring_case(name, STR("Content-Type")))
        part->content_type = str_trim(value);
    if (!str_equal_ignoring_case(name, STR("Content-Disposition")))
        return;
    part->name = parameter(value, STR("name"));
    part->file_name = parameter(value, STR("filename"));
}

// Headers up to the empty line, then data.
static bool read_part(str text, struct multipart_part *part, struct error *err)
{
    size_t end = str_find(text, STR("\r\n\r\n"));
    if (end == SIZE_MAX)
        return error_set(err, ERROR_INVALID, place, "a part has no empty line after its headers");
    str headers = str_sub(text, 0, end);
    str line;
    while (str_split(&headers, '\n', &line))
        read_part_header(str_trim(line), part);
    part->data = str_from_index(text, end + 4);
    return part->name.data != NULL ||
           error_set(err, ERROR_INVALID, place, "a part has no name in its Content-Disposition");
}

bool multipart_parse(struct arena *arena, str content_type, str body,
                     struct multipart_part **ret_parts, size_t *ret_count, struct error *err)
{
    str boundary = parameter(content_type, STR("boundary"));
    if (!str_starts_with(content_type, STR("multipart/form-data")) || boundary.len == 0 ||
        boundary.len > 70)
        return error_set(err, ERROR_INVALID, "Content-Type",
                         "expected multipart/form-data with a boundary, found '%.*s'",
                         STR_ARG(content_type));
    str delimiter = str_join2(arena, STR("\r\n--"), boundary);
    ARRAY(struct multipart_part) parts = {0};

    str rest = str_join2(arena, STR("\r\n"), body); // the first delimiter has no line before it
    size_t at = str_find(rest, delimiter);
    while (at != SIZE_MAX) {
        rest = str_from_index(rest, at + delimiter.len);
        if (str_starts_with(rest, STR("--"))) {
            *ret_parts = parts.items;
            *ret_count = parts.count;
            return true;
        }
        at = str_find(rest, delimiter);
        if (at == SIZE_MAX || at < 2 || !str_starts_with(rest, STR("\r\n")))
            break;
        if (parts.count == MULTIPART_MAX_PARTS)
            return error_set(err, ERROR_LIMIT, place, "more than MULTIPART_MAX_PARTS (%d) parts",
                             MULTIPART_MAX_PARTS);
        if (!read_part(str_sub(rest, 2, at - 2), ARRAY_PUSH(arena, &parts), err))
            return false;
    }
    return error_set(err, ERROR_INVALID, place, "the body ends without its closing boundary");
}
