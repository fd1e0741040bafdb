// SPDX-License-Identifier: Apache-2.0
//
// Evaluations a second of FEEL expressions and decision tables: the rows of tests/bench/feel, one
// JSON line a row. The expressions and their variables stand in feel_engines/rows.json, which every
// engine reads; tables are made here and in the other engines by the same rule.
#include <stdio.h>
#include <time.h>
#include <stdlib.h>

#include "base/clock.h"
#include "dmn/dmn.h"

enum { ROUND_NS = 400000000, ROUNDS = 3, BATCH = 64 };

static struct arena lasting, turn;

struct subject {
    const struct feel_program *program;
    const struct dmn_decision *decision;
    feel_value variables;
    size_t rules; // of a table: the input changes with every evaluation
};

static uint64_t counter;

static feel_value table_inputs(const struct subject *s)
{
    struct feel_entry *entries = ARENA_ARRAY(&turn, struct feel_entry, 2);
    uint64_t at = counter++ * 7919 % s->rules;
    entries[0] = (struct feel_entry){STR("amount"), feel_i64((int64_t)at * 10 + 5)};
    entries[1] = (struct feel_entry){STR("kind"), feel_string(at % 2 ? STR("b") : STR("a"))};
    return feel_context_new(&turn, entries, 2);
}

static void evaluate_once(const struct subject *s)
{
    feel_value variables = s->decision ? table_inputs(s) : s->variables;
    struct feel_run run = feel_run_new(&turn, &variables);
    feel_value value =
        s->decision ? dmn_evaluate(s->decision, &run, NULL) : feel_evaluate(s->program, &run);
    if (feel_is_null(value)) {
        fprintf(stderr, "a row evaluates to null\n");
        exit(1);
    }
    arena_reset(&turn);
}

static double per_second(const struct subject *s)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = clock_monotonic_ns(), now = start;
        uint64_t count = 0;
        for (; now - start < ROUND_NS; now = clock_monotonic_ns()) {
            for (int i = 0; i < BATCH; i++)
                evaluate_once(s);
            count += BATCH;
        }
        double rate = (double)count * 1e9 / (double)(now - start);
        best = rate > best ? rate : best;
    }
    return best;
}

static void print_row(str name, double rate)
{
    printf("{\"name\":\"%.*s\",\"value\":%.0f}\n", STR_ARG(name), rate);
    fflush(stdout);
}

static void die(const struct error *err)
{
    fprintf(stderr, "%s: %s\n", err->place, err->text);
    exit(1);
}

static void bench_expression(const struct json *row, const feel_value *big)
{
    struct subject s = {0};
    struct error err;
    const struct json *variables = json_get(row, STR("variables"));
    s.variables = variables ? feel_from_json(&lasting, variables) : *big;
    str source = json_get_str(row, STR("expression"), STR_EMPTY);
    struct feel_compile_options options = feel_options_for(&lasting, s.variables);
    if (!feel_compile(&lasting, source, &options, &s.program, &err))
        die(&err);
    print_row(json_get_str(row, STR("name"), STR_EMPTY), per_second(&s));
}

// 1,000 items: amount 0 to 999, so that about three quarters pass `> 250`.
static feel_value thousand_items(void)
{
    feel_value *items = ARENA_ARRAY(&lasting, feel_value, 1000);
    for (int64_t i = 0; i < 1000; i++) {
        struct feel_entry entries[] = {{STR("id"), feel_i64(i)},
                                       {STR("name"), feel_string(STR("an item"))},
                                       {STR("amount"), feel_i64(i * 7919 % 1000)}};
        items[i] = feel_context_new(&lasting, entries, 3);
    }
    struct feel_entry entry = {STR("items"), feel_list(items, 1000)};
    return feel_context_new(&lasting, &entry, 1);
}

// Rule i: amount in [10 i .. 10 i + 10) and kind "a" or "b" in turn.
static str table_model(size_t rules)
{
    struct strbuf x = strbuf_new(&lasting);
    strbuf_add(&x,
               STR("<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" name=\"t\" "
                   "namespace=\"t\"><inputData id=\"a\" name=\"amount\"/><inputData id=\"k\" "
                   "name=\"kind\"/><decision id=\"d\" name=\"d\"><informationRequirement>"
                   "<requiredInput href=\"#a\"/></informationRequirement><informationRequirement>"
                   "<requiredInput href=\"#k\"/></informationRequirement><decisionTable "
                   "hitPolicy=\"UNIQUE\"><input><inputExpression typeRef=\"number\"><text>amount"
                   "</text></inputExpression></input><input><inputExpression typeRef=\"string\">"
                   "<text>kind</text></inputExpression></input><output name=\"r\"/>"));
    for (size_t i = 0; i < rules; i++)
        strbuf_format(
            &x,
            "<rule><inputEntry><text>[%zu..%zu)</text></inputEntry><inputEntry><text>\"%s\""
            "</text></inputEntry><outputEntry><text>%zu</text></outputEntry></rule>",
            10 * i, 10 * i + 10, i % 2 ? "b" : "a", i);
    strbuf_add(&x, STR("</decisionTable></decision></definitions>"));
    return strbuf_str(&x);
}

static void bench_table(size_t rules)
{
    struct arena models = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &models};
    struct dmn_source source = {.file = "table", .xml = table_model(rules)};
    int64_t start = clock_monotonic_ns();
    const struct dmn_model *model = dmn_compile(&models, &source, 1, NULL, &problems);
    double load_ms = (double)(clock_monotonic_ns() - start) / 1e6;
    struct subject s = {.decision = dmn_find(model, STR("d")), .rules = rules};
    print_row(str_format(&lasting, "table of %zu rules", rules), per_second(&s));
    fprintf(stderr, "table of %zu rules: %.0f KB of XML loaded in %.1f ms, %zu problems\n", rules,
            (double)source.xml.len / 1000, load_ms, problems.list.count);
    arena_done(&models);
}

// ---- loading models ----

enum { LOADS = 20 };

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// Processor time of the best and of the middle of LOADS, as other work on the machine does not
// count.
static void bench_load(const char *file, str xml)
{
    double times[LOADS];
    size_t problems_found = 0, used = 0;
    for (size_t i = 0; i < LOADS; i++) {
        struct arena models = ARENA_EMPTY;
        struct dmn_problems problems = {.arena = &models};
        struct dmn_source source = {.file = file, .xml = xml};
        double start = cpu_ms();
        (void)dmn_compile(&models, &source, 1, NULL, &problems);
        double ms = cpu_ms() - start;
        problems_found = problems.list.count;
        used = models.used;
        arena_done(&models);
        size_t at = i;
        for (; at > 0 && times[at - 1] > ms; at--)
            times[at] = times[at - 1];
        times[at] = ms;
    }
    double mega = (double)xml.len / 1e6;
    printf("%-28s %5.2f MB: %6.1f ms a MB at best, %6.1f in the middle, %5.1f MB of memory a MB, "
           "%zu problems\n",
           file, mega, times[0] / mega, times[LOADS / 2] / mega, (double)used / 1e6 / mega,
           problems_found);
}

static int bench_loads(int count, char **files)
{
    bench_load("table of 6700 rules", table_model(6700));
    for (int i = 0; i < count; i++) {
        static char text[32 << 20];
        FILE *in = fopen(files[i], "rb");
        if (!in)
            return fprintf(stderr, "%s cannot be read\n", files[i]), 2;
        size_t len = fread(text, 1, sizeof text, in);
        fclose(in);
        bench_load(files[i], str_from(text, len));
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    struct json *rows;
    struct error err;
    if (argc > 1 && strcmp(argv[1], "--load") == 0)
        return bench_loads(argc - 2, argv + 2);
    FILE *in = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!in)
        return fprintf(stderr, "usage: feel-bench rows.json | feel-bench --load [MODEL…]\n"), 2;
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    if (!json_parse(&lasting, str_from(text, len), &rows, &err))
        die(&err);
    feel_value big = thousand_items();
    for (size_t i = 0; i < rows->count; i++)
        bench_expression(&rows->items[i], &big);
    for (size_t rules = 10; rules <= 10000; rules *= 10)
        bench_table(rules);
    return 0;
}
