// SPDX-License-Identifier: Apache-2.0
// Logs as people have them: what is read of them, in which order, and what is refused.
#include "insight/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/gzip.h"
#include "insight/instant.h"

struct reading {
    struct arena arena;
    struct log_mapping mapping;
    str object_type;
    const struct event_log *log;
    struct error err;
};

static bool read_in_pieces(struct reading *r, str text, size_t piece)
{
    struct log_reader *reader = log_reader_new(&r->arena, &r->mapping, r->object_type);
    bool is_read = true;
    for (size_t at = 0; at < text.len && is_read; at += piece)
        is_read = log_reader_feed(reader, str_sub(text, at, piece), &r->err);
    is_read = is_read && log_reader_finish(reader, &r->log, &r->err);
    log_reader_free(reader);
    return is_read;
}

// "case: activity@time<started by resource (transition), …; …", as far as it is known.
static const char *shown(struct reading *r)
{
    const struct event_log *log = r->log;
    struct strbuf out = strbuf_new(&r->arena);
    for (uint32_t t = 0; t < log->trace_count; t++) {
        strbuf_format(&out, "%s%.*s:", t > 0 ? "; " : "", STR_ARG(event_log_case(log, t)));
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++) {
            strbuf_format(&out, " %.*s", STR_ARG(event_log_activity(log, log->activity[e])));
            if (log->time[e] != NO_TIME)
                strbuf_format(&out, "@%lld", (long long)(log->time[e] / 1000000));
            if (log->moments[MOMENT_STARTED] != NULL)
                strbuf_format(&out, "<%lld", (long long)(event_log_started(log, e) / 1000000));
            if (log->resource[e] != NAME_NONE)
                strbuf_format(&out, "/%.*s", STR_ARG(names_text(log->names, log->resource[e])));
        }
    }
    return strbuf_cstr(&out);
}

static void expect(str text, const char *wanted)
{
    for (size_t piece = 1; piece < 5000; piece = piece * 7 + 1) {
        struct reading r = {.arena = ARENA_EMPTY};
        if (!read_in_pieces(&r, text, piece))
            fail_msg("%s: %s", r.err.place, r.err.text);
        assert_string_equal(shown(&r), wanted);
        arena_done(&r.arena);
    }
}

static void expect_refused(str text, const char *place, const char *why)
{
    struct reading r = {.arena = ARENA_EMPTY};
    assert_false(read_in_pieces(&r, text, 64));
    assert_string_equal(r.err.place, place);
    if (strstr(r.err.text, why) == NULL)
        fail_msg("'%s' is not in '%s'", why, r.err.text);
    arena_done(&r.arena);
}

static void xes_goes_to_columns_in_the_order_of_time(void **state)
{
    (void)state;
    expect(STR("<?xml version='1.0'?><log xmlns='http://www.xes-standard.org/'>"
               "<trace><string key='concept:name' value='one'/>"
               "<event><string key='concept:name' value='b'/>"
               "<date key='time:timestamp' value='1970-01-01T01:00:09.000+01:00'/></event>"
               "<event><date key='time:timestamp' value='1970-01-01T00:00:05Z'/>"
               "<string key='org:resource' value='Ann &amp; Bob'/>"
               "<string key='concept:name' value='a'/></event>"
               "<event><string key='concept:name' value='c'/>"
               "<date key='time:timestamp' value='1970-01-01T00:00:09'/></event>"
               "</trace></log>"),
           "one: a@5/Ann & Bob b@9 c@9");
}

static void a_name_may_stand_behind_the_events_and_be_missing(void **state)
{
    (void)state;
    expect(STR("<log><trace><event><string key='concept:name' value='a'/></event>"
               "<string key='concept:name' value='late'/></trace>"
               "<trace><event><string key='concept:name' value='b'/></event></trace>"
               "<trace><string key='concept:name' value='late'/>"
               "<event><string key='concept:name' value='c'/></event></trace>"
               "<trace><string key='concept:name' value='empty'/></trace></log>"),
           "late: a c; #2: b");
}

static void events_without_a_time_are_last(void **state)
{
    (void)state;
    expect(STR("<log><trace><event><string key='concept:name' value='x'/></event>"
               "<event><string key='concept:name' value='y'/>"
               "<date key='time:timestamp' value='1970-01-01T00:00:05Z'/></event>"
               "<event><date key='time:timestamp' value='1970-01-01T00:00:01Z'/></event>"
               "</trace></log>"),
           "#1: y@5 x");
}

static const char nested[] =
    "<log xes.version=\"2.0\"><extension name=\"Cost\" prefix=\"cost\" uri=\"http://x/cost\"/>"
    "<global scope=\"event\"><string key=\"concept:name\" value=\"?\"/></global>"
    "<classifier name=\"Who\" keys=\"concept:name org:resource\"/>"
    "<string key=\"source\" value=\"here\"/>"
    "<trace><string key=\"concept:name\" value=\"1\"><int key=\"why\" value=\"3\"/></string>"
    "<boolean key=\"big\" value=\"true\"/><event><string key=\"concept:name\" value=\"a\"/>"
    "<list key=\"items\"><values><string key=\"item\" value=\"p\"><float key=\"price\" "
    "value=\"1.5\"/></string><id key=\"item\" value=\"q\"/></values><int key=\"size\" "
    "value=\"2\"/></list><container key=\"box\"><date key=\"packed\" "
    "value=\"2020-02-29T12:00:00.25Z\"/></container></event></trace></log>";

static bool collect(void *context, struct strbuf *buffer, struct error *err)
{
    (void)err;
    strbuf_add(context, strbuf_str(buffer));
    buffer->len = 0;
    return true;
}

static void what_is_in_a_file_is_in_its_export(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "<extension name=\"Cost\" prefix=\"cost\" uri=\"http://x/cost\"/>",
        "<global scope=\"event\">\n<string key=\"concept:name\" value=\"?\"/>\n</global>",
        "<classifier name=\"Who\" keys=\"concept:name org:resource\"/>",
        "<string key=\"concept:name\" value=\"1\"><int key=\"why\" value=\"3\"/>\n</string>",
        "<boolean key=\"big\" value=\"true\"/>",
        "<list key=\"items\"><values><string key=\"item\" value=\"p\"><float key=\"price\" "
        "value=\"1.5\"/>\n</string>\n<id key=\"item\" value=\"q\"/>\n</values><int key=\"size\" "
        "value=\"2\"/>\n</list>",
        "<container key=\"box\"><date key=\"packed\" "
        "value=\"2020-02-29T12:00:00.250000+00:00\"/>\n</container>",
    };
    struct reading r = {.arena = ARENA_EMPTY};
    str text = str_of(nested);
    for (int round = 0; round < 3; round++) { // what is written reads the same again
        assert_true(read_in_pieces(&r, text, 10));
        struct strbuf whole = strbuf_new(&r.arena), buffer = strbuf_new(&r.arena);
        assert_true(xes_write(r.log, &buffer, collect, &whole, &r.err));
        text = strbuf_str(&whole);
        for (size_t i = 0; i < COUNT_OF(kept); i++)
            if (str_find(text, str_of(kept[i])) == SIZE_MAX)
                fail_msg("%s is not in\n%.*s", kept[i], STR_ARG(text));
    }
    arena_done(&r.arena);
}

static void csv_knows_usual_names_quotes_and_separators(void **state)
{
    (void)state;
    expect(STR("\xEF\xBB\xBF"
               "Case ID;Activity;Start Time;End_Timestamp;Resource\r\n"
               "7;\"a; \"\"b\"\"\";1970-01-01 00:00:02+00:00;1970-01-01 00:00:04+00:00;Ann\r\n"
               "8;x;;1970-01-01T00:00:01.5Z;\r\n\r\n"
               "7;\"two\nlines\";1970-01-01 00:00:01Z;1970-01-01 00:00:03Z;Bob"),
           "7: two\nlines@3<1/Bob a; \"b\"@4<2/Ann; 8: x@1<1");
    expect(STR("case:concept:name\tconcept:name\ttime:timestamp\n1\ta\t01.02.1970 00:00\n"),
           "1: a@2678400");
}

static void what_is_no_log_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_refused(STR("<log><trace>"), "line 1", "is not XML");
    expect_refused(STR("<!DOCTYPE log [<!ENTITY a 'b'>]><log/>"), "line 1", "DOCTYPE");
    expect_refused(STR("<html>\n<body/></html>"), "line 1", "<log>");
    expect_refused(STR("case,activity,time\n1,a,2020-01-01\n1,b\n"), "line 4", "2 fields");
    expect_refused(STR("case,activity,time\n1,a,03/04/2020\n"), "line 3", "--time-format");
    expect_refused(STR("id,name\n1,a\n"), "line 1", "--case");
    expect_refused(STR("case,activity\n\"1,a\n"), "line 3", "quotes");
    expect_refused(STR("{\"events\": []}"), "ocel", "objects");
    expect_refused(STR("   \n"), "", "empty");
    expect_refused(STR("<log></log>"), "", "no event");
}

static void packed_files_are_unpacked_and_must_be_whole(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    str first = gzip_pack(&arena, STR("case,activity\n1,a\n"));
    str second = gzip_pack(&arena, STR("1,b\n"));
    expect(str_join2(&arena, first, second), "1: a b");
    struct reading r = {.arena = ARENA_EMPTY};
    assert_false(read_in_pieces(&r, str_sub(first, 0, first.len - 3), 8));
    assert_string_equal(r.err.place, "gzip");
    arena_done(&r.arena);
    arena_done(&arena);
}

static const char objects[] =
    "{\"objectTypes\":[],\"eventTypes\":[],\"objects\":["
    "{\"id\":\"o1\",\"type\":\"order\"},{\"id\":\"i1\",\"type\":\"item\"},"
    "{\"id\":\"i2\",\"type\":\"item\"}],\"events\":["
    "{\"id\":\"e1\",\"type\":\"place\",\"time\":\"1970-01-01T00:00:01Z\",\"relationships\":["
    "{\"objectId\":\"o1\",\"qualifier\":\"\"},{\"objectId\":\"i1\",\"qualifier\":\"\"},"
    "{\"objectId\":\"i2\",\"qualifier\":\"\"}]},"
    "{\"id\":\"e2\",\"type\":\"pack\",\"time\":\"1970-01-01T00:00:03Z\",\"relationships\":["
    "{\"objectId\":\"i2\",\"qualifier\":\"\"}]}]}";

static void an_event_of_two_objects_is_in_both_traces(void **state)
{
    (void)state;
    expect(str_of(objects), "i1: place@1; i2: place@1 pack@3");
    struct reading r = {.arena = ARENA_EMPTY, .object_type = STR("order")};
    assert_true(read_in_pieces(&r, str_of(objects), 100));
    assert_string_equal(shown(&r), "o1: place@1");
    arena_done(&r.arena);
}

static void times_are_read_as_written_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text, *format, *wanted;
    } rows[] = {
        {"2024-02-29T23:59:59.123456789+05:30", "", "2024-02-29T18:29:59.123456+00:00"},
        {"2024-03-01 00:00", "", "2024-03-01T00:00:00+00:00"},
        {"20240301", "", "2024-03-01T00:00:00+00:00"},
        {"2024/03/01 07:08:09 UTC", "", "2024-03-01T07:08:09+00:00"},
        {"1969-12-31T23:59:59.5Z", "", "1969-12-31T23:59:59.500000+00:00"},
        {"2024-01-01T10:00:00-0330", "", "2024-01-01T13:30:00+00:00"},
        {"2023-02-29", "", NULL},
        {"2024-13-01", "", NULL},
        {"2024-01-01T25:00:00", "", NULL},
        {"03/04/2024", "", NULL},
        {"yesterday", "", NULL},
        {"", "", NULL},
        {"03/04/2024 05:06 PM", "%d/%m/%Y %I:%M %p", "2024-04-03T17:06:00+00:00"},
        {"3-Sep-99 1:02:03", "%d-%b-%y %H:%M:%S", "1999-09-03T01:02:03+00:00"},
        {"1700000000", "%s", "2023-11-14T22:13:20+00:00"},
        {"03/04/2024", "%d-%m-%Y", NULL},
    };
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct instant instant;
        bool is_read =
            rows[i].format[0] != '\0'
                ? instant_parse_format(str_of(rows[i].text), str_of(rows[i].format), &instant)
                : instant_parse(str_of(rows[i].text), &instant);
        assert_int_equal(is_read, rows[i].wanted != NULL);
        if (is_read)
            assert_string_equal(str_cstr(&arena, instant_text(&arena, instant.us)), rows[i].wanted);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xes_goes_to_columns_in_the_order_of_time),
        cmocka_unit_test(a_name_may_stand_behind_the_events_and_be_missing),
        cmocka_unit_test(events_without_a_time_are_last),
        cmocka_unit_test(what_is_in_a_file_is_in_its_export),
        cmocka_unit_test(csv_knows_usual_names_quotes_and_separators),
        cmocka_unit_test(what_is_no_log_is_refused_with_its_place),
        cmocka_unit_test(packed_files_are_unpacked_and_must_be_whole),
        cmocka_unit_test(an_event_of_two_objects_is_in_both_traces),
        cmocka_unit_test(times_are_read_as_written_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
