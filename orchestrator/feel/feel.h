// SPDX-License-Identifier: Apache-2.0
//
// FEEL, the expression language of DMN 1.5 (OMG formal/24-01-01, chapter 10), as a library: compile
// an expression once into an arena, evaluate it as often as you like from as many threads as you
// like.
//
//     struct arena arena = ARENA_EMPTY;
//     struct error err;
//     const struct feel_program *program;
//     if (!feel_compile(&arena, STR("sum(prices) * 1.19"), NULL, &program, &err))
//         return complain(&err);
//     feel_value variables, result;
//     if (!feel_from_json_text(&arena, STR("{\"prices\": [1.20, 3]}"), &variables, &err))
//         return complain(&err);
//     struct feel_run run = feel_run_new(&arena, &variables);
//     result = feel_evaluate(program, &run);                      // 4.998
//
// Nothing here allocates outside the arenas passed in, reads a clock, a file or a random source, or
// logs. What an expression gets wrong is data: the result is null and run.warnings says why and
// where. What it uses up is an error of the run: run.stopped.
#ifndef BATON_FEEL_FEEL_H
#define BATON_FEEL_FEEL_H

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/zone.h"

// ---- values ----

enum feel_kind {
    FEEL_NULL,
    FEEL_BOOLEAN,
    FEEL_NUMBER,
    FEEL_STRING,
    FEEL_DATE,
    FEEL_TIME,
    FEEL_DATE_TIME,
    FEEL_DAYS_DURATION,   // days and time duration
    FEEL_MONTHS_DURATION, // years and months duration
    FEEL_RANGE,
    FEEL_LIST,
    FEEL_CONTEXT,
    FEEL_FUNCTION,
};

enum { FEEL_KINDS = FEEL_FUNCTION + 1 };

enum feel_flag {
    FEEL_DECIMAL =
        1, // number: `decimal` holds a decimal128; without it the value is integer / 10^scale
    FEEL_OFFSET = 2, // time, date and time: seconds east of UTC are in `offset`
    FEEL_ZONED = 4,  // time, date and time: `zone` names an IANA zone
    FEEL_ASCII = 8,  // string: known to be ASCII, so that an index is an offset
};

// A FEEL value: 24 bytes, immutable, passed by value. What it points to lives in the arena it was
// made in.
typedef struct feel_value {
    uint8_t kind;  // enum feel_kind
    uint8_t flags; // enum feel_flag
    int16_t scale;
    uint32_t
        nanos; // of time, date and time, days duration: always counts forward, 0 to 999,999,999
    union {
        bool boolean;
        int64_t integer;
        uint64_t decimal[2]; // IEEE 754 decimal128, binary encoding, low word first
        str string;          // UTF-8
        struct {
            int32_t year;
            uint8_t month, day;
        } date;
        struct {
            int64_t seconds; // time: since midnight; date and time: local time since 1970; days
                             // duration: length
            union {
                int64_t offset;
                const struct zone *zone;
            };
        } time;
        int64_t months;
        const struct feel_range *range;
        struct {
            const struct feel_value *items;
            size_t count;
        } list;
        const struct feel_context *context;
        const struct feel_function *function;
    };
} feel_value;

struct feel_range {
    feel_value start, end; // null: no bound on that side
    bool start_included, end_included;
    bool is_comparison; // written as a unary test such as `< 5`
};

struct feel_entry {
    str name;
    feel_value value;
};

// Entries in the order they were written; names are unique.
struct feel_context {
    size_t count;
    const struct feel_entry *entries;
    const uint32_t *index; // hash table of positions + 1 for large contexts, else NULL
    uint32_t index_mask;
};

static inline feel_value feel_null(void)
{
    return (feel_value){.kind = FEEL_NULL};
}

static inline feel_value feel_bool(bool value)
{
    return (feel_value){.kind = FEEL_BOOLEAN, .boolean = value};
}

static inline feel_value feel_i64(int64_t value)
{
    return (feel_value){.kind = FEEL_NUMBER, .integer = value};
}

// The bytes stay the caller's. They must be valid UTF-8.
static inline feel_value feel_string(str text)
{
    return (feel_value){.kind = FEEL_STRING, .string = text};
}

static inline feel_value feel_list(const feel_value *items, size_t count)
{
    return (feel_value){.kind = FEEL_LIST, .list = {items, count}};
}

static inline bool feel_is(feel_value value, enum feel_kind kind)
{
    return value.kind == kind;
}

static inline bool feel_is_null(feel_value value)
{
    return value.kind == FEEL_NULL;
}

static inline bool feel_is_true(feel_value value)
{
    return value.kind == FEEL_BOOLEAN && value.boolean;
}

// A decimal number as FEEL writes it, sign allowed; false when it is none.
MUST_CHECK bool feel_number_parse(str text, feel_value *ret_number);

// True when the number is an integer that fits.
MUST_CHECK bool feel_to_i64(feel_value number, int64_t *ret_value);

// Nearest binary floating point; for charts and metrics, never for money.
double feel_to_double(feel_value number);

// A context of `count` entries; the arrays are copied, the names' bytes are not. A later entry
// replaces an earlier one of its name.
feel_value feel_context_new(struct arena *arena, const struct feel_entry *entries, size_t count);

// A copy with one entry added or replaced.
feel_value feel_context_put(struct arena *arena, feel_value context, str name, feel_value value);

// The entry's value; NULL when absent or when this is no context.
const feel_value *feel_context_get(feel_value context, str name);

// Deep equality as `=` has it: 1 true, 0 false, -1 null (the two cannot be compared).
int feel_equal(feel_value a, feel_value b);

// "number", "date and time", …
const char *feel_kind_name(enum feel_kind kind);

// A value may share its parts so often that it could not be written at all: beyond this, text is
// cut.
enum { FEEL_TEXT_MAX = 16 << 20 };

// The value as FEEL source, for people: strings quoted, functions as "function(a, b)".
void feel_print(struct strbuf *out, feel_value value);

// ---- functions ----

struct feel_run;
struct feel_type;

typedef feel_value (*feel_native)(void *context, struct feel_run *run, const feel_value *args);

// A function value backed by C: BKMs and decision services are made with it. Immutable; must
// outlive the values made of it.
struct feel_function_spec {
    str name;
    size_t parameter_count;
    const str *parameters;
    const struct feel_type *const *types; // of the parameters; NULL or NULL items: any
    const struct feel_type *result;       // NULL: any
    feel_native call;                     // gets parameter_count arguments that conform
    void *context;
};

feel_value feel_function_new(struct arena *arena, const struct feel_function_spec *spec);

// Calls a function value; null with a warning when it is none or the arguments do not fit.
feel_value feel_call(struct feel_run *run, feel_value function, const feel_value *args,
                     size_t count);

// The same with the arguments named.
feel_value feel_call_named(struct feel_run *run, feel_value function, const struct feel_entry *args,
                           size_t count);

// ---- types ----

enum feel_type_kind {
    FEEL_TYPE_ANY,
    FEEL_TYPE_NULL,
    FEEL_TYPE_BOOLEAN,
    FEEL_TYPE_NUMBER,
    FEEL_TYPE_STRING,
    FEEL_TYPE_DATE,
    FEEL_TYPE_TIME,
    FEEL_TYPE_DATE_TIME,
    FEEL_TYPE_DAYS_DURATION,
    FEEL_TYPE_MONTHS_DURATION,
    FEEL_TYPE_RANGE,    // of `element`
    FEEL_TYPE_LIST,     // of `element`
    FEEL_TYPE_CONTEXT,  // with `members`
    FEEL_TYPE_FUNCTION, // `members` are the parameters, `element` is the result
    FEEL_TYPE_UNKNOWN,  // a name that nothing defines: no value conforms
};

struct feel_program;

// A type (DMN 10.3.2.9 and item definitions, 7.3.2). NULL pointers inside mean Any.
struct feel_type {
    enum feel_type_kind kind;
    str name;
    const struct feel_type *element;
    const struct feel_type_member *members;
    size_t member_count;
    const struct feel_type *base; // a named type it narrows: values must conform to it too
    // Unary tests that every value (of a list: every item) must pass, or NULL.
    const struct feel_program *constraint;
    bool constrains_list; // the constraint is on the list as a whole, not on its items
};

struct feel_type_member {
    str name;
    const struct feel_type *type;
};

// The built-in type of this name ("number", "days and time duration", "dateTime", …), or NULL.
const struct feel_type *feel_type_named(str name);

// True when the value belongs to the type; null belongs to every type unless the constraint speaks
// of it.
bool feel_conforms(struct feel_run *run, feel_value value, const struct feel_type *type);

// The implicit conversions of 10.3.2.9.4: singleton list to item, item to singleton list, date to
// date and time. Null with a warning that names `what` when the value does not conform even so.
feel_value feel_coerce(struct feel_run *run, feel_value value, const struct feel_type *type,
                       str what);

// ---- compiling ----

enum { FEEL_SOURCE_MAX = 1 << 20, FEEL_PARSE_DEPTH_MAX = 200 };

typedef const struct feel_type *(*feel_type_resolver)(void *context, str name);

// Names of context entries, prepared once for many expressions that may use them all.
struct feel_members;
struct feel_members *feel_members_new(struct arena *arena);

// A name twice is there once; one that can be read without being known takes no room.
void feel_members_add(struct feel_members *members, str name);

// How to read an expression. All zero is a good start.
struct feel_compile_options {
    const str *names; // variables in scope: lets them hold spaces and operators
    size_t name_count;
    const str *members; // names of context entries, for paths such as `loan.monthly-rate`
    size_t member_count;
    const struct feel_members *known_members; // the same, prepared; NULL: none
    bool only_known_names;           // a name that is neither known nor built in is an error
    bool standard_only;              // without Camunda's functions
    feel_type_resolver resolve_type; // for `instance of tLoan` and typed parameters; may be NULL
    void *resolve_context;
    const struct zone_db
        *zones; // for constant temporal literals; NULL: zones by name are found at evaluation only
};

// Options that know a context's entries as variables, and the names with spaces or operators of
// entries inside them as members. In the arena; the rest of the options is zero.
struct feel_compile_options feel_options_for(struct arena *arena, feel_value variables);

// Compiles an expression into the arena (the deployment's). `source` is copied. options may be
// NULL. On failure err->place is "feel" and err->text names line and column, what was found and
// what could stand there, with the line shown.
MUST_CHECK bool feel_compile(struct arena *arena, str source,
                             const struct feel_compile_options *options,
                             const struct feel_program **ret_program, struct error *err);

// The same for unary tests (grammar rule 15): `< 5, [10..20]`, `not("a")`, `-`.
MUST_CHECK bool feel_compile_unary_tests(struct arena *arena, str source,
                                         const struct feel_compile_options *options,
                                         const struct feel_program **ret_program,
                                         struct error *err);

// An attribute as Camunda writes it: `=expression` is FEEL, anything else is that string.
MUST_CHECK bool feel_compile_property(struct arena *arena, str source,
                                      const struct feel_compile_options *options,
                                      const struct feel_program **ret_program, struct error *err);

str feel_program_source(const struct feel_program *program);

// The variables a program may read, in order of appearance; the array lives as long as the program.
size_t feel_program_names(const struct feel_program *program, const str **ret_names);

// The value, when the program is a constant; NULL otherwise.
const feel_value *feel_program_constant(const struct feel_program *program);

// A text that is the same in every value that a program gives, and the JSON pointer (RFC 6901) to
// where it is in it: empty when it is all of it. Valid as long as the arena.
typedef void feel_fixed_text(void *context, str text, str pointer);

// Those that stand in it as they are: the program itself, items of lists, entries of contexts.
void feel_program_fixed_texts(const struct feel_program *program, struct arena *arena,
                              feel_fixed_text *seen, void *context);

// One alternative of unary tests that do not depend on variables: the input equals a value, or
// lies in a range.
struct feel_test {
    bool is_range; // then value is a range
    feel_value value;
};

// The alternatives, when all are constant: what decision tables are indexed by. False when
// something has to be evaluated. `-` gives a count of SIZE_MAX. The array is made in the arena.
bool feel_tests_constants(const struct feel_program *program, struct arena *arena,
                          const struct feel_test **ret_tests, size_t *ret_count, bool *ret_negated);

// Is the value in the range? 1 yes, 0 no, -1 when they cannot be compared.
int feel_range_contains(const struct feel_range *range, feel_value value);

// -1, 0, 1, or 2 when `<` has no meaning for the two.
int feel_compare(feel_value a, feel_value b);

// ---- what can be said before evaluating ----

enum { FEEL_FINDINGS_MAX = 64 };

struct feel_finding {
    str text;
    uint32_t line, column; // in the program's source, from 1
};

// Type inference: what is known of variables goes in, what can never have a value comes out. All
// zero but the arena is a good start.
struct feel_inference {
    struct arena *arena;
    // The type of a variable; NULL: nothing is known of it. May be NULL itself.
    const struct feel_type *(*variable)(void *context, str name);
    void *context;
    const struct feel_type *input; // of unary tests
    // Can the variable of this name be a function? NULL: any may.
    bool (*may_be_called)(void *context, str name);
    struct feel_finding findings[FEEL_FINDINGS_MAX];
    size_t count; // may exceed FEEL_FINDINGS_MAX: those are dropped
};

// The type of the program's value, as far as it is known (NULL: it may be anything), and findings:
// operands, arguments and tests that can only give null, paths to entries that are not there.
const struct feel_type *feel_infer(const struct feel_program *program,
                                   struct feel_inference *inference);

// Could a value of the one type, after implicit conversions, be of the other?
bool feel_type_may_be(const struct feel_type *from, const struct feel_type *to);

// "list<number>", "tLoan", "Any".
void feel_type_print(struct strbuf *out, const struct feel_type *type);

// ---- evaluating ----

// Finds a variable. False: there is none of this name.
typedef bool (*feel_lookup)(void *context, str name, feel_value *ret_value);

// What one evaluation may use. Reaching a limit of size gives null with a warning that names it;
// using up fuel, depth or bytes stops the run.
struct feel_limits {
    uint64_t fuel;        // steps; one for each node evaluated or item walked
    uint32_t depth;       // nested evaluations and calls
    size_t bytes;         // taken from the arena
    size_t list_items;    // in one list
    size_t string_bytes;  // in one string
    uint32_t regex_steps; // PCRE2 match limit
    uint32_t regex_depth; // PCRE2 backtracking depth limit
    uint32_t regex_kib;   // PCRE2 heap limit
    uint32_t regex_bytes; // length of a pattern
};

struct feel_limits feel_limits_default(void);

// FEEL_FAILED: an assertion did not hold, which is an error and not null.
enum feel_stop { FEEL_RUNNING, FEEL_OUT_OF_FUEL, FEEL_TOO_DEEP, FEEL_OUT_OF_BYTES, FEEL_FAILED };

enum { FEEL_WARNINGS_MAX = 32 };

struct feel_warning {
    str text;
    uint32_t line, column; // in the program's source, from 1; 0 when unknown
};

struct feel_warnings {
    struct feel_warning items[FEEL_WARNINGS_MAX];
    size_t count; // may exceed FEEL_WARNINGS_MAX: those are dropped
};

// One evaluation's surroundings: the caller's stack, filled by feel_run_new and then adjusted.
// `stopped` is sticky: look at it after evaluating. A run may evaluate several programs; limits
// then hold for all of them together.
struct feel_run {
    struct arena *arena; // the turn's: results live here
    feel_lookup lookup;
    void *lookup_context;
    uint32_t lookup_steps;       // what finding a variable costs beside the node that names it
    const struct zone_db *zones; // NULL: no zone by name is known
    const struct zone *zone;     // of `now` and `today`; NULL: UTC
    int64_t now_ms;              // since 1970, from the record
    uint64_t random_seed;        // from the record; advances with each use
    struct feel_limits limits;
    struct feel_warnings *warnings; // NULL: nobody reads them
    enum feel_stop stopped;

    // The evaluator's own.
    str failure; // FEEL_FAILED: of what
    uint64_t fuel;
    uint64_t fuel_left; // once it was stopped, when there is none to go on with
    size_t bytes_start;
    uint32_t depth;
    uint8_t hints[16]; // where paths found their entries last
    const struct feel_program *program;
};

// A run with default limits. `variables` is a context to read variables from, kept by address; NULL
// for none.
struct feel_run feel_run_new(struct arena *arena, const feel_value *variables);

feel_value feel_evaluate(const struct feel_program *program, struct feel_run *run);

// Evaluates unary tests against the input; the result is true, false or null.
feel_value feel_evaluate_tests(const struct feel_program *program, struct feel_run *run,
                               feel_value input);

// Ends a run, if it has not ended: what is evaluated afterwards is null at once.
void feel_run_stop(struct feel_run *run, enum feel_stop why);

// The same for what did not hold; the text lives as long as the run.
void feel_run_fail(struct feel_run *run, str failure);

// Fuel that the run has not used, stopped or not.
uint64_t feel_run_left(const struct feel_run *run);

// "out of fuel (limit 10000000 steps)": what stopped the run, for an incident. *err is set and
// false returned unless it is running.
MUST_CHECK bool feel_run_finished(const struct feel_run *run, struct error *err);

// ---- JSON ----

// Objects become contexts, arrays lists; numbers keep 34 digits. Strings stay where the tree has
// them.
feel_value feel_from_json(struct arena *arena, const struct json *value);
MUST_CHECK bool feel_from_json_text(struct arena *arena, str text, feel_value *ret_value,
                                    struct error *err);

// Dates and durations become ISO 8601 strings, ranges their source, functions null.
// False, and null is written, when the text would be longer than FEEL_TEXT_MAX, or nested too deep
// to be read again (JSON_MAX_DEPTH).
MUST_CHECK bool feel_to_json(struct strbuf *out, feel_value value);

// ---- times without an expression ----

// "2026-01-31T09:00:00+01:00", "…Z", "…[Europe/Paris]", "…@Europe/Paris", or a plain date or local
// time read in `zone` (NULL: UTC).
MUST_CHECK bool feel_instant_parse(str text, const struct zone_db *zones, const struct zone *zone,
                                   int64_t *ret_ms);

// A moment of the value (date, or date and time) in milliseconds; local ones are read in `zone`.
MUST_CHECK bool feel_to_instant(feel_value value, const struct zone *zone, int64_t *ret_ms);

feel_value feel_date_time_from_ms(int64_t ms, const struct zone *zone);

// An ISO 8601 duration: months and nanoseconds apart, both of one sign.
struct feel_duration {
    int64_t months;
    int64_t ms;
};

// "P1Y2M", "PT48H", "P2W", "P1DT2.5S", "-PT1M".
MUST_CHECK bool feel_duration_parse(str text, struct feel_duration *ret_duration);
MUST_CHECK bool feel_to_duration(feel_value value, struct feel_duration *ret_duration);

// Calendar months are added in `zone` (NULL: UTC), clamped to the month's last day, then the
// milliseconds. False on overflow.
MUST_CHECK bool feel_instant_add(int64_t ms, struct feel_duration duration, const struct zone *zone,
                                 int64_t *ret_ms);

#endif
