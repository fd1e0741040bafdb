// SPDX-License-Identifier: Apache-2.0
//
// How `baton mine` writes its answers.
#include "cli/mine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "insight/follows.h"

bool mine_out_open(struct mine *m, struct mine_out *ret_out, struct error *err)
{
    struct mine_out out = {.file = stdout, .path = m->out};
    if (m->out.len > 0 && !str_equal(m->out, STR("-")))
        out.file = fopen(str_cstr(&m->arena, m->out), "wb");
    if (out.file == NULL)
        return error_set(err, ERROR_IO, str_cstr(&m->arena, m->out), "cannot be written: %s",
                         strerror(errno));
    out.buffer = strbuf_new(&m->arena);
    *ret_out = out;
    return true;
}

bool mine_out_write(void *context, struct strbuf *buffer, struct error *err)
{
    struct mine_out *out = context;
    bool is_written = fwrite(buffer->data, 1, buffer->len, out->file) == buffer->len;
    buffer->len = 0;
    return is_written ||
           error_set(err, ERROR_IO, "--out", "cannot be written: %s", strerror(errno));
}

bool mine_out_close(struct mine_out *out, struct error *err)
{
    bool is_written = fflush(out->file) == 0;
    if (out->file != stdout)
        is_written &= fclose(out->file) == 0;
    return is_written ||
           error_set(err, ERROR_IO, "--out", "cannot be written: %s", strerror(errno));
}

void mine_number(struct json_writer *json, const char *name, double value)
{
    char digits[40];
    json_key(json, str_of(name));
    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    snprintf(digits, sizeof digits, "%.17g", value);
    json_raw(json, str_of(digits));
}

void mine_count(struct json_writer *json, const char *name, uint64_t value)
{
    json_key(json, str_of(name));
    json_u64(json, value);
}

void mine_text(struct json_writer *json, const char *name, str value)
{
    json_key(json, str_of(name));
    json_string(json, value);
}

void mine_durations(struct json_writer *json, const struct durations *d)
{
    double none = d->count > 0 ? 0 : NAN;
    mine_number(json, "mean_s", d->mean + none);
    mine_number(json, "median_s", d->median + none);
    mine_number(json, "p90_s", d->p90 + none);
    mine_number(json, "p95_s", d->p95 + none);
    mine_number(json, "min_s", d->min + none);
    mine_number(json, "max_s", d->max + none);
}

int mine_print_json(struct strbuf *buffer)
{
    printf("%s\n", strbuf_cstr(buffer));
    return ferror(stdout) ? EXIT_FAILED : EXIT_OK;
}
