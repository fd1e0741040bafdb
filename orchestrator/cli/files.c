// SPDX-License-Identifier: Apache-2.0
#include "cli/files.h"

#include <errno.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/command.h"

enum { CHUNK = 1 << 16 };

static bool read_stream(struct arena *arena, FILE *file, const char *path, str *ret_text,
                        struct error *err)
{
    struct strbuf text = strbuf_new(arena);
    size_t got;
    do {
        got = fread(strbuf_reserve(&text, CHUNK), 1, CHUNK, file);
        text.len += got;
        if (text.len > CLI_FILE_MAX)
            return error_set(err, ERROR_LIMIT, path, "more than %d bytes", CLI_FILE_MAX);
    } while (got > 0);
    if (ferror(file))
        return error_set(err, ERROR_IO, path, "cannot be read: %s", strerror(errno));
    *ret_text = strbuf_str(&text);
    return true;
}

bool cli_read_file(struct arena *arena, const char *path, str *ret_text, struct error *err)
{
    if (strcmp(path, "-") == 0)
        return read_stream(arena, stdin, "standard input", ret_text, err);
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, ERROR_IO, path, "cannot be opened: %s", strerror(errno));
    bool read = read_stream(arena, file, path, ret_text, err);
    fclose(file);
    return read;
}

bool cli_read_value(struct arena *arena, str value, str *ret_text, struct error *err)
{
    *ret_text = value;
    if (!str_starts_with(value, STR("@")))
        return true;
    return cli_read_file(arena, str_cstr(arena, str_from_index(value, 1)), ret_text, err);
}

int cli_complain(const struct error *err)
{
    fprintf(stderr, "baton: %s: %s\n", err->place, err->text);
    return EXIT_USAGE;
}
