// SPDX-License-Identifier: Apache-2.0
// Text triples: tests/feel/*.feel, one a line, "expression => value as feel_print writes it". Lines
// that begin with '#' say what follows; "context {…}" gives the variables of the lines below; "test
// INPUT : TESTS => …" evaluates unary tests; "error" as value is a compile error; "stopped" an
// evaluation that ran into a limit.
#include "feel/feel.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena lasting, arena;
static const struct zone_db *zones;

struct file {
    const char *name;
    int line;
    feel_value variables;
    size_t cases, wrong;
};

static str read_all(const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    struct strbuf text = strbuf_new(&lasting);
    size_t got;
    while ((got = fread(strbuf_reserve(&text, 4096), 1, 4096, in)) > 0)
        text.len += got;
    fclose(in);
    return strbuf_str(&text);
}

static struct feel_run new_run(feel_value *variables)
{
    struct feel_run run = feel_run_new(&arena, variables);
    run.zones = zones;
    run.zone = zone_find(zones, STR("Europe/Paris"));
    run.now_ms = 1767225600000; // 2026-01-01T00:00:00Z
    run.random_seed = 42;
    return run;
}

static struct feel_compile_options options_for(feel_value variables)
{
    struct feel_compile_options options = feel_options_for(&arena, variables);
    options.zones = zones;
    return options;
}

static str printed(const struct feel_run *run, feel_value value)
{
    struct strbuf out = strbuf_new(&arena);
    if (run->stopped)
        return STR("stopped");
    feel_print(&out, value);
    return strbuf_str(&out);
}

// What is said of a program before it runs holds for its value.
static void check_type(const struct feel_program *program, feel_value value)
{
    struct feel_inference inference = {.arena = &arena};
    struct feel_run run = new_run(NULL);
    const struct feel_type *type = feel_infer(program, &inference);
    if (!feel_conforms(&run, value, type)) {
        struct strbuf out = strbuf_new(&arena);
        feel_type_print(&out, type);
        str source = feel_program_source(program);
        fail_msg("'%.*s' is not of the type %s", STR_ARG(source), strbuf_cstr(&out));
    }
}

static str evaluate(struct file *file, str source)
{
    const struct feel_program *program;
    struct error err;
    struct feel_compile_options options = options_for(file->variables);
    if (!feel_compile(&arena, source, &options, &program, &err))
        return STR("error");
    struct feel_run run = new_run(&file->variables);
    feel_value value = feel_evaluate(program, &run);
    check_type(program, value);
    return printed(&run, value);
}

static str evaluate_tests(struct file *file, str source)
{
    const struct feel_program *program, *input;
    struct error err;
    struct feel_compile_options options = options_for(file->variables);
    size_t colon = str_find(source, STR(" : "));
    assert_int_not_equal(colon, SIZE_MAX);
    assert_true(feel_compile(&arena, str_sub(source, 0, colon), &options, &input, &err));
    if (!feel_compile_unary_tests(&arena, str_from_index(source, colon + 3), &options, &program,
                                  &err))
        return STR("error");
    struct feel_run run = new_run(&file->variables);
    feel_value value = feel_evaluate(input, &run);
    return printed(&run, feel_evaluate_tests(program, &run, value));
}

static void run_line(struct file *file, str line)
{
    struct error err;
    size_t arrow = str_find(line, STR(" => "));
    if (str_starts_with(line, STR("context {"))) {
        bool read = feel_from_json_text(&lasting, str_from_index(line, 8), &file->variables, &err);
        assert_true(read);
        return;
    }
    if (arrow == SIZE_MAX)
        fail_msg("%s:%d: no ' => '", file->name, file->line);
    str source = str_sub(line, 0, arrow), wanted = str_trim(str_from_index(line, arrow + 4));
    bool is_test = str_starts_with(source, STR("test "));
    str found = is_test ? evaluate_tests(file, str_from_index(source, 5)) : evaluate(file, source);
    file->cases++;
    if (!str_equal(wanted, found)) {
        file->wrong++;
        print_error("%s:%d: %.*s\n  expected %.*s\n  found    %.*s\n", file->name, file->line,
                    STR_ARG(source), STR_ARG(wanted), STR_ARG(found));
    }
    arena_reset(&arena);
}

static size_t run_file(const char *name)
{
    struct file file = {.name = name, .variables = feel_context_new(&lasting, NULL, 0)};
    char path[300];
    snprintf(path, sizeof path, "%s/tests/feel/%s", SOURCE_ROOT, name);
    str rest = read_all(path), line;
    while (str_split(&rest, '\n', &line)) {
        file.line++;
        if (str_trim(line).len > 0 && line.data[0] != '#')
            run_line(&file, line);
    }
    assert_int_equal(file.wrong, 0);
    return file.cases;
}

static void every_line_of_the_text_files_has_its_value(void **state)
{
    (void)state;
    size_t cases = 0;
    DIR *folder = opendir(SOURCE_ROOT "/tests/feel");
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        if (str_ends_with(str_of(entry->d_name), STR(".feel")))
            cases += run_file(entry->d_name);
    closedir(folder);
    print_message("%zu cases\n", cases);
    assert_true(cases > 1000);
}

static void syntax_errors_name_position_and_what_could_stand_there(void **state)
{
    static const struct {
        const char *source, *says;
    } cases[] = {
        {"1 +", "line 1, column 4: expected a value"},     {"1 + )", "found ')'"},
        {"if a then b", "expected 'else', found the end"}, {"[1, 2", "expected ']', found the end"},
        {"\"abc", "a string without its closing quote"},   {"1\n+ *", "line 2, column 3"},
        {"{a: 1, a: 2}", "has this entry already"},        {"x instance number", "expected 'of'"},
        {"\"\\u12\"", "an escape that is none of"},        {"for x in [1] retrun x", "'return'"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct feel_program *program;
        struct error err = {0};
        assert_false(feel_compile(&arena, str_of(cases[i].source), NULL, &program, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("'%s' said: %s", cases[i].source, err.text);
        assert_non_null(strchr(err.text, '^'));
    }
    arena_reset(&arena);
}

static void limits_stop_a_run_and_are_named(void **state)
{
    static const struct {
        const char *source, *says;
    } cases[] = {
        {"some a in 1..100000, b in 1..100000 satisfies a < 0", "out of fuel"},
        {"for a in 1..2000000 return a", "out of"},
        {"{f: function(n) f(n + 1), r: f(1)}.r", "nested too deep"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct feel_program *program;
        struct error err = {0};
        assert_true(feel_compile(&arena, str_of(cases[i].source), NULL, &program, &err));
        struct feel_run run = feel_run_new(&arena, NULL);
        assert_true(feel_is_null(feel_evaluate(program, &run)));
        assert_false(feel_run_finished(&run, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("'%s' said: %s", cases[i].source, err.text);
        arena_reset(&arena);
    }
}

// What a step pays for is bounded: 20 to 100 ns, a few dozen bytes, a comparison or two.
static void work_is_paid_for_by_what_it_costs(void **state)
{
    enum { BIG = 1 << 20 };
    static const struct {
        const char *source;
        uint64_t least; // steps, or the run is out of fuel
    } cases[] = {
        {"count(for i in 1..1000000 return matches(\"aaaaaaaaaaaaaaaaaaaaaaaa!\", "
         "\"^(a+)+$\"))",
         10000000},
        {"count(for i in 1..100 return replace(\"aaaaaaaaaaaaaaaaaaaaaaaa!\", \"^(a+)+$\", "
         "\"\"))",
         10000000},
        {"count(for i in 1..100 return split(\"aaaaaaaaaaaaaaaaaaaaaaaa!\", \"^(a+)+$\"))",
         10000000},
        {"matches(big, \".*a*[xy]\")", 1000000},
        {"matches(big, \"(a*)\\\\1[xy]\", \"i\")", 1000000},
        {"count(for i in 1..100 return matches(big, \"a{60000}a{60000}[xy]\"))", 10000000},
        {"count(for i in 1..10000 return matches(\"x\", \"((a{2}){50}){50}\" + string(i)))",
         10000000},
        {"contains(big, \"aaab\")", BIG / 16},
        {"substring before(big, \"aaab\")", BIG / 16},
        {"substring after(big, \"aaab\")", BIG / 16},
        {"substring(big, -1)", BIG / 64},
        {"starts with(big, big)", BIG / 64},
        {"ends with(big, big)", BIG / 64},
        {"upper case(big)", BIG / 64},
        {"lower case(big + \"é\")", BIG / 16},
        {"replace(big, \"x\", \"y\")", BIG / 64},
        {"string join([big, big], \",\")", BIG / 32},
        {"string length(big)", BIG / 64},
        {"big + big", BIG / 256},
        {"big between big and big", BIG / 1024},
        {"from json(\"[\" + big + \"]\")", BIG / 32},
        {"count(for i in 1..1000000 return (1 + 1 / i) ** 9999)", 10000000},
        {"count(for i in 1..1000 return exp(i))", 10000},
        {"distinct values(for i in 1..1000000 return i)", 10000000},
        {"union(for i in 1..5000 return i, for i in 1..5000 return -i)", 10000000},
        {"duplicate values(for i in 1..10000 return i)", 10000000},
        {"sort(for i in 1..10000 return -i)", 100000},
        {"list contains(for i in 1..1000 return i, -1)", 1500},
    };
    char *bytes = arena_alloc(&lasting, BIG);
    memset(bytes, 'a', BIG);
    struct feel_entry entry = {STR("big"), feel_string(str_from(bytes, BIG))};
    feel_value variables = feel_context_new(&lasting, &entry, 1);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct feel_program *program;
        struct error err = {0};
        assert_true(feel_compile(&arena, str_of(cases[i].source), NULL, &program, &err));
        struct feel_run run = feel_run_new(&arena, &variables);
        feel_evaluate(program, &run);
        uint64_t spent = run.limits.fuel - feel_run_left(&run);
        if (spent < cases[i].least)
            fail_msg("'%s' spent %llu steps", cases[i].source, (unsigned long long)spent);
        arena_reset(&arena);
    }
}

// Forty lists of two equal parts each would be a million million values written out.
static void shared_parts_do_not_explode(void **state)
{
    static const char *const questions[] = {
        "x40 = y40",
        "string(x40)",
        "to json(x40)",
        "flatten(x40)",
        "x40 in (y40)",
        "distinct values([x40, y40])",
        "x40.a",
        "index of([x40, x40], y40)",
        "x40 instance of list<list<number>>",
    };
    (void)state;
    for (size_t q = 0; q < COUNT_OF(questions); q++) {
        struct strbuf source = strbuf_new(&arena);
        strbuf_add(&source, STR("{x0: [1, 1], y0: [1, 1], "));
        for (int i = 1; i <= 40; i++)
            strbuf_format(&source, "x%d: [x%d, x%d], y%d: [y%d, y%d], ", i, i - 1, i - 1, i, i - 1,
                          i - 1);
        strbuf_format(&source, "r: %s}.r", questions[q]);
        const struct feel_program *program;
        struct error err = {0};
        assert_true(feel_compile(&arena, strbuf_str(&source), NULL, &program, &err));
        struct feel_run run = feel_run_new(&arena, NULL);
        run.fuel = run.limits.fuel = 500000;
        feel_value value = feel_evaluate(program, &run);
        assert_true(run.stopped || value.kind == FEEL_NULL || value.kind == FEEL_BOOLEAN);
        arena_done(&arena);
    }
}

static void nesting_is_bounded_in_the_parser(void **state)
{
    (void)state;
    static const char openers[] = "([{-";
    for (size_t o = 0; openers[o]; o++) {
        struct strbuf source = strbuf_new(&arena);
        for (int i = 0; i < 100000; i++)
            strbuf_add(&source, openers[o] == '{' ? STR("{a:") : str_from(&openers[o], 1));
        const struct feel_program *program;
        struct error err;
        assert_false(feel_compile(&arena, strbuf_str(&source), NULL, &program, &err));
        arena_reset(&arena);
    }
}

static void a_warning_says_where_and_why(void **state)
{
    const struct feel_program *program;
    struct error err;
    struct feel_warnings warnings = {0};
    (void)state;
    assert_true(feel_compile(&arena, STR("1 +\n  missing"), NULL, &program, &err));
    struct feel_run run = feel_run_new(&arena, NULL);
    run.warnings = &warnings;
    assert_true(feel_is_null(feel_evaluate(program, &run)));
    assert_int_equal(warnings.count, 2);
    assert_int_equal(warnings.items[0].line, 2);
    assert_int_equal(warnings.items[0].column, 3);
    assert_non_null(strstr(str_cstr(&arena, warnings.items[0].text), "missing"));
    arena_reset(&arena);
}

static void a_program_lists_its_free_variables(void **state)
{
    const struct feel_program *program;
    struct error err;
    const str *names;
    (void)state;
    str source = STR("a + b.c + sum(for x in d return x + e) + {f: 1, g: f}.g");
    assert_true(feel_compile(&arena, source, NULL, &program, &err));
    size_t count = feel_program_names(program, &names);
    struct strbuf all = strbuf_new(&arena);
    for (size_t i = 0; i < count; i++)
        strbuf_format(&all, "%.*s ", STR_ARG(names[i]));
    assert_string_equal(strbuf_cstr(&all), "a b d e ");
    arena_reset(&arena);
}

static void json_keeps_every_digit(void **state)
{
    feel_value value;
    struct error err;
    (void)state;
    str text =
        STR("{\"a\":1234567890123456789012345678901234,\"b\":[0.1,true,null,\"x\\ny\"],\"c\":{}}");
    assert_true(feel_from_json_text(&arena, text, &value, &err));
    struct strbuf out = strbuf_new(&arena);
    assert_true(feel_to_json(&out, value));
    assert_true(str_equal(strbuf_str(&out), text));
    arena_reset(&arena);
}

static void instants_and_durations_need_no_expression(void **state)
{
    int64_t ms, later;
    struct feel_duration duration;
    const struct zone *paris = zone_find(zones, STR("Europe/Paris"));
    (void)state;
    assert_true(feel_instant_parse(STR("2026-01-01T00:00:00Z"), zones, NULL, &ms));
    assert_int_equal(ms, 1767225600000);
    assert_true(
        feel_instant_parse(STR("2026-01-01T01:00:00+01:00[Europe/Paris]"), zones, NULL, &ms));
    assert_int_equal(ms, 1767225600000);
    assert_true(feel_instant_parse(STR("2026-01-01T01:00:00"), zones, paris, &ms));
    assert_int_equal(ms, 1767225600000);
    assert_false(feel_instant_parse(STR("tomorrow"), zones, NULL, &ms));
    assert_true(feel_instant_parse(STR("2026-01-01T01:00:00[Europe/Paris]"), zones, NULL, &ms));
    assert_int_equal(ms, 1767225600000);
    assert_true(feel_instant_parse(STR("2026-01-01T00:00Z"), zones, NULL, &ms));
    assert_int_equal(ms, 1767225600000);
    assert_true(feel_instant_parse(STR("2026-01-01T01:00[Europe/Paris]"), zones, NULL, &ms));
    assert_int_equal(ms, 1767225600000);
    static const char *const wrong[] = {"2026-01-01T01:0Z",
                                        "2026-01-01T01:00:",
                                        "2026-01-01T01:00:00[No/Where]",
                                        "2026-01-01T01:00:00Z[No/Where]",
                                        "2026-01-01T01:00:00[]",
                                        "2026-01-01T01:00:00[Europe/Paris] later",
                                        "2026-01-01T01:00:00Z[UTC",
                                        "2026-01-01T01:00:00@No/Where"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(feel_instant_parse(str_of(wrong[i]), zones, NULL, &ms));
    assert_true(feel_duration_parse(STR("P2W"), &duration));
    assert_int_equal(duration.ms, 14 * 86400000ll);
    assert_true(feel_duration_parse(STR("P1Y2M3DT4.5S"), &duration));
    assert_int_equal(duration.months, 14);
    assert_int_equal(duration.ms, 3 * 86400000ll + 4500);
    assert_true(feel_instant_parse(STR("2026-01-31T10:00:00@Europe/Paris"), zones, NULL, &ms));
    assert_true(feel_instant_add(ms, (struct feel_duration){.months = 2}, paris, &later));
    assert_int_equal(later - ms, 59 * 86400000ll - 3600000); // 31 March: summer time has begun
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_text_files_has_its_value),
        cmocka_unit_test(syntax_errors_name_position_and_what_could_stand_there),
        cmocka_unit_test(limits_stop_a_run_and_are_named),
        cmocka_unit_test(work_is_paid_for_by_what_it_costs),
        cmocka_unit_test(shared_parts_do_not_explode),
        cmocka_unit_test(nesting_is_bounded_in_the_parser),
        cmocka_unit_test(a_warning_says_where_and_why),
        cmocka_unit_test(a_program_lists_its_free_variables),
        cmocka_unit_test(json_keeps_every_digit),
        cmocka_unit_test(instants_and_durations_need_no_expression),
    };
    struct error err;
    if (!zone_db_load(&lasting, ZONE_DIRECTORY, &zones, &err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
