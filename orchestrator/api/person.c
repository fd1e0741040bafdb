// SPDX-License-Identifier: Apache-2.0
//
// A person: what is held about them, and its end.
#include "api/api_private.h"

#include "base/digest.h"
#include "base/map.h"
#include "gateway/audit.h"
#include "gateway/erasure.h"
#include "store/catalogue/personal.h"
#include "store/read/personal.h"
#include "vault/personal.h"

struct person {
    str id;
    str tenant;
    str digest;
    str reason;
    bool is_dry;
    str erased; // when, the last time
    str begun;  // of what is not over yet
    struct subject_page page;
    struct held *held;         // instances and mailboxes of the page
    size_t held_count, looked; // at so many of them for values
    bool has_more;             // instances follow these
    size_t shown;              // so many are in the answer: more would be too much
    bool is_cut;               // the one that is shown has more than is shown
    struct strbuf values;      // JSON, without the brackets
    size_t value_count, value_bytes;
    struct map numbers; // stream -> number + 1 of the person's key
    uint64_t streams, running;
    struct erasure_name name; // of the erasure
};

struct held { // an instance or a mailbox
    uint64_t stream, made_us;
    str json;
};

enum { PAGE_DEFAULT = 100 };

// False after answering.
static bool take_subject(struct request *request, struct person *subject)
{
    struct caller *caller = caller_of(request);
    const struct vault_key *index = api_of(request)->options.persons;
    *subject = (struct person){
        .id = json_get_str(request->body, STR("subjectId"), STR_EMPTY),
        .tenant = caller->tenant,
        .reason = json_get_str(request->body, STR("reason"), STR("none was given")),
        .is_dry = json_get_bool(request->body, STR("dryRun"), false),
        .numbers = map_new(caller->arena),
    };
    if (api_of(request)->options.vault == NULL) {
        request_problem(request, 409, "INVALID_STATE",
                        STR("this installation has no vault (vault.key_file, vault.keys): nothing "
                            "is sealed for persons"));
        return false;
    }
    if (!caller_has_tenant(caller, subject->tenant)) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no tenant '%.*s'",
                               STR_ARG(tenant_outside(subject->tenant)));
        return false;
    }
    subject->digest = personal_digest(caller->arena, index, subject->tenant, subject->id);
    caller_widen(caller);
    return true;
}

static struct person *keep(struct request *request, const struct person *subject)
{
    return arena_copy(&request->arena, subject, sizeof *subject);
}

// -- What is held -----------------------------------------------------------------------

static void note_number(struct caller *caller, struct person *subject, str stream, uint64_t number)
{
    map_put(&subject->numbers, str_copy(caller->arena, stream), (void *)(uintptr_t)(number + 1));
}

struct judging {
    struct caller *caller;
    const struct person *subject;
    bool is_theirs;
};

// What is sealed for others alone is not theirs to read, whatever list it stands in.
static bool on_sealed(void *context, str sealed, str *ret_json)
{
    struct judging *judging = context;
    struct personal_header header;
    bool is_theirs = false;
    *ret_json = STR(PERSONAL_HIDDEN);
    if (!personal_read(judging->caller->arena, sealed, &header))
        return true;
    str stream =
        str_format(judging->caller->arena, "%llu", (unsigned long long)header.place.stream);
    uint64_t number = (uint64_t)(uintptr_t)map_get(&judging->subject->numbers, stream);
    for (uint32_t i = 0; i < header.count; i++)
        is_theirs |= number == (uint64_t)header.numbers[i] + 1;
    judging->is_theirs |= is_theirs;
    return !is_theirs;
}

// Whatever row it stands in: a value names the stream that its key is of.
static void write_value(struct caller *caller, struct person *subject,
                        const struct query_rows *rows, size_t i)
{
    struct judging judging = {caller, subject, false};
    const struct personal_replacing replacing = {&judging, on_sealed};
    struct json_writer w = json_writer_new(&subject->values);
    str text = personal_replace(caller->arena, query_value(rows, i, HELD_TEXT), &replacing);
    subject->value_bytes += text.len;
    if (!judging.is_theirs)
        return;
    if (subject->value_count++ > 0)
        strbuf_add(&subject->values, STR(","));
    json_begin_object(&w);
    write_text(&w, STR("processInstanceKey"), query_value(rows, i, HELD_STREAM));
    write_text(&w, STR("kind"), query_value(rows, i, HELD_KIND));
    write_text(&w, STR("name"), query_value(rows, i, HELD_NAME));
    write_text(&w, STR("key"), query_value(rows, i, HELD_KEY));
    write_json(&w, STR("value"), text);
    json_end_object(&w);
}

// Sealed for the person as well, and shown with the instance.
static const char *const not_listed[] = {
    "history (GET /v2/process-instances/{key}/history): earlier values, what decisions were given",
    "lists that multi-instance activities still work through, and what they have collected so far",
    "answers to user tasks that wait for their listeners",
    "drafts of forms, which only their owners see",
};

static str cursor_of(struct arena *arena, const struct held *held)
{
    return base64url_encode(arena, str_format(arena, "%llu %llu", (unsigned long long)held->made_us,
                                              (unsigned long long)held->stream));
}

static void write_page(struct caller *caller, const struct person *subject, struct json_writer *w)
{
    bool has_more = subject->has_more || subject->shown < subject->held_count;
    json_key(w, STR("page"));
    json_begin_object(w);
    json_key(w, STR("hasMore"));
    json_bool(w, has_more);
    write_optional(w, STR("endCursor"),
                   has_more ? cursor_of(caller->arena, &subject->held[subject->shown - 1])
                            : STR_EMPTY);
    json_end_object(w);
    json_key(w, STR("valuesAreCut"));
    json_bool(w, subject->is_cut);
    json_key(w, STR("notListed"));
    json_begin_array(w);
    for (size_t i = 0; i < COUNT_OF(not_listed); i++)
        json_string(w, str_of(not_listed[i]));
    json_end_array(w);
}

// The values are opened as the answer goes (personal.c).
static void answer_report(struct caller *caller, const struct person *subject)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("subjectId"), subject->id);
    write_tenant(&w, subject->tenant);
    write_optional(&w, STR("erasedTime"), subject->erased);
    write_optional(&w, STR("erasureBegunTime"), subject->begun);
    json_key(&w, STR("instances"));
    json_begin_array(&w);
    for (size_t i = 0; i < subject->shown; i++)
        json_raw(&w, subject->held[i].json);
    json_end_array(&w);
    json_key(&w, STR("values"));
    json_raw(&w, str_format(caller->arena, "[%.*s]", STR_ARG(strbuf_str(&subject->values))));
    write_page(caller, subject, &w);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void look_for_values(struct caller *caller, struct person *subject);

// Of the last instance something may be missing: it is left to the next page, unless it is alone.
static void on_held(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    size_t count = query_row_count(rows), group = subject->held_count - subject->looked;
    bool is_cut = count > 0 && query_u64(rows, 0, HELD_TOTAL) > count;
    size_t last = is_cut ? query_u64(rows, count - 1, HELD_PLACE) : 0;
    size_t whole = !is_cut ? (group < SUBJECT_GROUP ? group : SUBJECT_GROUP) : last - 1;
    subject->is_cut = is_cut && subject->looked + whole == 0;
    for (size_t i = 0; i < count; i++)
        if (subject->is_cut || query_u64(rows, i, HELD_PLACE) <= whole)
            write_value(caller, subject, rows, i);
    subject->shown = subject->looked + (subject->is_cut ? 1 : whole);
    subject->looked += whole;
    bool is_full = subject->value_bytes >= SUBJECT_MAX_BYTES || //
                   subject->value_count >= SUBJECT_MAX_HELD;
    if (is_cut || is_full || subject->looked == subject->held_count)
        answer_report(caller, subject);
    else
        look_for_values(caller, subject);
}

static void look_for_values(struct caller *caller, struct person *subject)
{
    uint64_t streams[SUBJECT_GROUP];
    size_t count = 0;
    for (; count < SUBJECT_GROUP && subject->looked + count < subject->held_count; count++)
        streams[count] = subject->held[subject->looked + count].stream;
    read_run(caller, read_subject_held(caller->arena, caller->scope, streams, count), on_held,
             subject);
}

static void write_stream(struct json_writer *w, const struct query_rows *rows, size_t i)
{
    json_begin_object(w);
    write_text(w, STR("processInstanceKey"), query_value(rows, i, SUBJECT_STREAM));
    write_optional(w, STR("processDefinitionId"), query_value(rows, i, SUBJECT_PROCESS));
    write_optional(w, STR("state"), query_value(rows, i, SUBJECT_STATE));
    json_key(w, STR("erased"));
    json_bool(w, query_bool(rows, i, SUBJECT_ERASED));
    write_optional(w, STR("firstTime"), query_value(rows, i, SUBJECT_MADE));
    json_end_object(w);
}

// A row more than the page is asked for.
static void on_streams(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    subject->has_more = query_row_count(rows) == subject->page.limit;
    subject->held_count = query_row_count(rows) - subject->has_more;
    subject->held = ARENA_ARRAY(caller->arena, struct held, subject->held_count + 1);
    subject->values = strbuf_new(caller->arena);
    for (size_t i = 0; i < subject->held_count; i++) {
        struct strbuf out = strbuf_new(caller->arena);
        struct json_writer w = json_writer_new(&out);
        write_stream(&w, rows, i);
        subject->held[i] = (struct held){query_u64(rows, i, SUBJECT_STREAM),
                                         query_u64(rows, i, SUBJECT_MADE_US), strbuf_str(&out)};
        note_number(caller, subject, query_value(rows, i, SUBJECT_STREAM),
                    query_u64(rows, i, SUBJECT_NUMBER));
    }
    if (subject->held_count == 0)
        answer_report(caller, subject);
    else
        look_for_values(caller, subject);
}

static void take_times(struct caller *caller, struct person *subject, const struct query_rows *rows)
{
    subject->erased = str_copy(caller->arena, query_value(rows, 0, ERASURE_BEFORE));
    subject->begun = str_copy(caller->arena, query_value(rows, 0, ERASURE_BEGUN));
}

static void on_subject(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    take_times(caller, subject, rows);
    read_run(caller, read_subject_streams(caller->arena, caller->scope, &subject->page), on_streams,
             subject);
}

static void look_up(struct request *request, struct person *subject, read_answer *answer)
{
    struct caller *caller = request->asker;
    read_run(
        caller,
        read_erasure(caller->arena, caller->scope, subject->tenant, subject->digest, subject->id),
        answer, subject);
}

static bool read_number(str *rest, uint64_t *ret_number)
{
    str part;
    return str_split(rest, ' ', &part) && str_to_u64(part, ret_number) && *ret_number <= INT64_MAX;
}

// False after answering.
static bool take_page(struct request *request, struct person *subject)
{
    const struct json *asked = json_get(request->body, STR("page"));
    str after = json_get_str(asked, STR("after"), STR_EMPTY), text;
    subject->page = (struct subject_page){
        .tenant = subject->tenant,
        .digest = subject->digest,
        .limit = (uint64_t)json_get_i64(asked, STR("limit"), PAGE_DEFAULT) + 1,
        .is_after = after.len > 0};
    if (after.len == 0 || (base64url_decode(&request->arena, after, &text) &&
                           read_number(&text, &subject->page.made_us) &&
                           read_number(&text, &subject->page.stream) && text.data == NULL))
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("page.after is no endCursor of this search"));
    return false;
}

void handle_personal_search(struct request *request)
{
    struct person subject;
    if (take_subject(request, &subject) && take_page(request, &subject))
        look_up(request, keep(request, &subject), on_subject);
}

// -- Erasing ----------------------------------------------------------------------------

static const struct {
    const char *where, *until;
} remains[] = {
    {"the topics of commands, jobs and replies, and dead letters: records that were sent before",
     "their retention (retention.ms of these topics in Kafka)"},
    {"PostgreSQL's write-ahead log and space of rows that were deleted: wrapped keys, of use with "
     "the vault's keys alone",
     "it is recycled and vacuumed"},
    {"backups of PostgreSQL that were made before, with the vault's keys of that time",
     "they are destroyed"},
    {"workers and services that were given the values", "they erase them"},
};

static void answer_erased(struct caller *caller, const struct person *subject)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("subjectId"), subject->id);
    write_tenant(&w, subject->tenant);
    json_key(&w, STR("dryRun"));
    json_bool(&w, subject->is_dry);
    json_key(&w, STR("instances"));
    json_u64(&w, subject->streams);
    json_key(&w, STR("runningInstances"));
    json_u64(&w, subject->running);
    write_optional(&w, STR("erasedTime"), subject->erased);
    write_optional(&w, STR("erasureBegunTime"), subject->begun);
    json_key(&w, STR("remains"));
    json_begin_array(&w);
    for (size_t i = 0; i < COUNT_OF(remains); i++) {
        json_begin_object(&w);
        write_text(&w, STR("where"), str_of(remains[i].where));
        write_text(&w, STR("until"), str_of(remains[i].until));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_erasure_seen(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    take_times(caller, subject, rows);
    answer_erased(caller, subject);
}

static void refuse_held(struct caller *caller, const struct person *subject, str why)
{
    audit_tell(caller, &(struct audit_event){.operation = "ERASE",
                                             .entity_type = "PERSON",
                                             .entity = digest_hex(caller->arena, subject->digest),
                                             .description = str_copy(caller->arena, why),
                                             .has_failed = true});
    request_problem_format(request_of(caller), 409, "INVALID_STATE",
                           "what is held about this person is kept by %.*s", STR_ARG(why));
}

static void on_over(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    if (!query_is_null(rows, 0, ERASURE_STOPPED)) {
        refuse_held(caller, subject, query_value(rows, 0, ERASURE_STOPPED));
        return;
    }
    subject->streams = query_u64(rows, 0, ERASURE_HAD);
    look_up(request_of(caller), subject, on_erasure_seen);
}

static void on_begun(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    subject->name = (struct erasure_name){
        .tenant = subject->tenant, .digest = subject->digest, .number = query_u64(rows, 0, 0)};
    erasure_await(caller, &subject->name, on_over, subject);
}

static void on_judged(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct person *subject = context;
    const struct erasure erasure = {.tenant = subject->tenant,
                                    .digest = subject->digest,
                                    .person = subject->id,
                                    .reason = subject->reason,
                                    .by = caller->principal};
    if (!query_is_null(rows, 0, ERASURE_HELD)) {
        refuse_held(caller, subject, query_value(rows, 0, ERASURE_HELD));
        return;
    }
    subject->streams = query_u64(rows, 0, ERASURE_STREAMS);
    subject->running = query_u64(rows, 0, ERASURE_RUNNING);
    take_times(caller, subject, rows);
    if (subject->is_dry)
        answer_erased(caller, subject);
    else
        read_change(caller, catalogue_erase(caller->arena, &erasure), on_begun, subject);
}

void handle_personal_erase(struct request *request)
{
    struct person subject;
    if (take_subject(request, &subject))
        look_up(request, keep(request, &subject), on_judged);
}
