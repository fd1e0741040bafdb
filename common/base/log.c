// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
    enum log_level lowest;
    bool as_json;
    char node[64];
} settings = {.lowest = LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_configure(enum log_level lowest, bool as_json, const char *node)
{
    settings.lowest = lowest;
    settings.as_json = as_json;
    snprintf(settings.node, sizeof settings.node, "%s", node ? node : "");
}

static void add_time(struct strbuf *line)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char text[40];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    strbuf_format(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void add_json_line(struct strbuf *line, enum log_level level, const char *component,
                          str text)
{
    strbuf_add(line, STR("{\"time\":\""));
    add_time(line);
    strbuf_format(line, "\",\"level\":\"%s\",\"component\":\"%s\"", level_names[level], component);
    if (settings.node[0] != '\0') {
        strbuf_add(line, STR(",\"node\":"));
        json_quote(line, str_of(settings.node));
    }
    strbuf_add(line, STR(",\"message\":"));
    json_quote(line, text);
    strbuf_add(line, STR("}\n"));
}

static void add_text_line(struct strbuf *line, enum log_level level, const char *component,
                          str text)
{
    add_time(line);
    strbuf_format(line, " %-7s %s", level_names[level], component);
    if (settings.node[0] != '\0')
        strbuf_format(line, "@%s", settings.node);
    strbuf_add(line, STR(": "));
    for (size_t i = 0; i < text.len; i++) // what libraries say may have line breaks
        strbuf_add_char(line, (unsigned char)text.data[i] < ' ' ? ' ' : text.data[i]);
    strbuf_add_char(line, '\n');
}

void log_write(enum log_level level, const char *component, const char *format, ...)
{
    if (level < settings.lowest)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;

    struct arena arena = ARENA_EMPTY;
    struct strbuf line = strbuf_new(&arena);
    (settings.as_json ? add_json_line : add_text_line)(&line, level, component,
                                                       str_from(text, kept));
    ssize_t written =
        write(STDERR_FILENO, line.data, line.len); // one call: lines of threads do not mix
    (void)written;
    arena_done(&arena);
}

void log_failure(const char *component, const struct error *err)
{
    if (err->place[0] == '\0')
        log_error(component, "%s", err->text);
    else
        log_error(component, "%s: %s", err->place, err->text);
}
