// SPDX-License-Identifier: Apache-2.0
#include "gateway/audit.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gateway/gateway_private.h"
#include "store/catalogue/audit.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

// One that waits to be written.
struct note {
    str text; // a JSON object, without its end
    int64_t time_ms;
    uint32_t times;
};

// What is written together.
struct pile {
    struct arena arena;
    struct map by_text; // of struct note
    ARRAY(struct note *) notes;
    uint64_t omitted; // that found no room
};

struct audit_desk {
    struct gateway *gateway;
    struct timer *timer;
    struct timer *settled; // tells who waits until all is written, or for long enough
    void (*told)(void *context);
    void *told_context;
    struct pending_list asked;
    struct pile piles[2];
    struct pile *filling;
    struct pile *writing; // NULL: nothing is on its way
    struct arena seen_arena;
    struct map seen;
    int64_t seen_since_ms;
};

// -- Texts --------------------------------------------------------------------------------

// What PostgreSQL cannot keep is told to be so; cut between characters.
static str readable(str text)
{
    if (!utf8_is_valid(text) || str_find_char(text, '\0') != SIZE_MAX)
        return STR("(not readable)");
    size_t len = text.len < AUDIT_TEXT_BYTES ? text.len : AUDIT_TEXT_BYTES;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return str_sub(text, 0, len);
}

static void add(struct json_writer *w, const char *name, str text)
{
    if (text.len == 0)
        return;
    json_key(w, str_of(name));
    json_string(w, readable(text));
}

static bool is_nobody(const struct caller *caller)
{
    return caller->identity == NULL || str_is_empty(caller->principal);
}

static const char *actor_type(const struct caller *caller)
{
    if (is_nobody(caller))
        return "ANONYMOUS";
    if (caller->identity->is_everything)
        return str_equal(caller->principal, STR("api.key")) ? "CLIENT" : "USER";
    return caller->identity->kind == SUBJECT_CLIENT ? "CLIENT" : "USER";
}

static void add_author(struct json_writer *w, const struct caller *caller)
{
    add(w, "actor_type", str_of(actor_type(caller)));
    if (!is_nobody(caller))
        add(w, "actor", caller->principal);
    add(w, "address", caller->address);
}

str audit_author(const struct caller *caller)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    add(&w, "chain", str_of(caller->gateway->options.node_name));
    add_author(&w, caller);
    add(&w, "request", caller->request_id);
    json_end_object(&w);
    return strbuf_str(&out);
}

str audit_origin(const struct caller *caller)
{
    if (is_nobody(caller) || str_is_empty(caller->address))
        return STR_EMPTY;
    return str_format(caller->arena, "%.*s %.*s", STR_ARG(caller->address),
                      STR_ARG(caller->request_id));
}

// -- Writing ------------------------------------------------------------------------------

static void reset(struct pile *pile)
{
    arena_reset(&pile->arena);
    pile->by_text = map_new(&pile->arena);
    pile->notes.items = NULL;
    pile->notes.count = pile->notes.capacity = 0;
    pile->omitted = 0;
}

static void add_omitted(struct strbuf *out, const struct pile *pile)
{
    if (pile->omitted > 0)
        strbuf_format(out,
                      "%s{\"operation\":\"OMIT\",\"entity_type\":\"AUDIT_LOG\",\"result\":\"FAIL\","
                      "\"times\":%llu,\"description\":\"more than AUDIT_MAX_WAITING (%d) different "
                      "entries in a moment: these were only counted\"}",
                      pile->notes.count > 0 ? "," : "",
                      (unsigned long long)(pile->omitted < INT32_MAX ? pile->omitted : INT32_MAX),
                      AUDIT_MAX_WAITING);
}

static str entries_of(struct arena *arena, const struct pile *pile)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add_char(&out, '[');
    for (size_t i = 0; i < pile->notes.count; i++) {
        const struct note *note = pile->notes.items[i];
        strbuf_format(&out, "%s%.*s,\"time_ms\":%lld,\"times\":%u}", i > 0 ? "," : "",
                      STR_ARG(note->text), (long long)note->time_ms, note->times);
    }
    add_omitted(&out, pile);
    strbuf_add_char(&out, ']');
    return strbuf_str(&out);
}

static bool is_empty(const struct pile *pile)
{
    return pile->notes.count == 0 && pile->omitted == 0;
}

static bool is_all_written(const struct audit_desk *desk)
{
    return is_empty(desk->filling) && desk->writing == NULL;
}

static void on_written(void *context, const struct query_rows *rows, const struct error *err)
{
    struct audit_desk *desk = pending_end(context);
    if (desk == NULL)
        return;
    if (rows == NULL) {
        log_failure("audit", err);
        timer_set(desk->timer, AUDIT_AGAIN_MS);
        return;
    }
    reset(desk->writing);
    desk->writing = NULL;
    if (!is_empty(desk->filling))
        timer_set(desk->timer, desk->told != NULL ? 0 : AUDIT_WRITE_MS);
    else if (desk->told != NULL)
        timer_ring(desk->settled);
}

static void write_pile(struct audit_desk *desk)
{
    const struct gateway *gateway = desk->gateway;
    struct arena arena = ARENA_EMPTY;
    struct statement statement = catalogue_audit_add(&arena, str_of(gateway->options.node_name),
                                                     entries_of(&arena, desk->writing));
    query_statement(gateway->options.reader, statement, on_written,
                    pending_new(&desk->asked, desk));
    arena_done(&arena);
}

static void on_time(void *context)
{
    struct audit_desk *desk = context;
    if (desk->writing == NULL) {
        desk->writing = desk->filling;
        desk->filling = desk->filling == &desk->piles[0] ? &desk->piles[1] : &desk->piles[0];
    }
    write_pile(desk);
}

static void keep(struct audit_desk *desk, str text)
{
    struct pile *pile = desk->filling;
    struct note *note = map_get(&pile->by_text, text);
    if (note != NULL && note->times < INT32_MAX) {
        note->times++;
        return;
    }
    if (is_empty(pile) && desk->writing == NULL)
        timer_set(desk->timer, AUDIT_WRITE_MS);
    if (pile->notes.count >= AUDIT_MAX_WAITING) {
        pile->omitted++;
        return;
    }
    note = ARENA_NEW(&pile->arena, struct note);
    *note = (struct note){str_copy(&pile->arena, text), clock_now_ms(), 1};
    map_put(&pile->by_text, note->text, note);
    *ARRAY_PUSH(&pile->arena, &pile->notes) = note;
}

// -- Telling ------------------------------------------------------------------------------

void audit_tell(struct caller *caller, const struct audit_event *event)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    add_author(&w, caller);
    add(&w, "operation", str_of(event->operation));
    add(&w, "entity_type", str_of(event->entity_type));
    add(&w, "category", str_of(event->category == NULL ? "ADMIN" : event->category));
    add(&w, "result", event->has_failed ? STR("FAIL") : STR("SUCCESS"));
    add(&w, "entity", event->entity);
    add(&w, "permission", event->permission);
    add(&w, "description", event->description);
    if (event->has_tenant) {
        json_key(&w, STR("tenant"));
        json_string(&w, event->tenant);
    }
    if (event->instance != 0) {
        json_key(&w, STR("instance"));
        json_u64(&w, event->instance);
    }
    keep(caller->gateway->audit, strbuf_str(&out));
    arena_done(&arena);
}

// "engine PROCESS_DEFINITION/CANCEL_PROCESS_INSTANCE": its kind of resource; "SYSTEM" where there
// is none.
static const char *resource_of(struct arena *arena, str permission)
{
    str word;
    if (str_find_char(permission, '/') == SIZE_MAX)
        return "SYSTEM";
    bool has_check = str_split(&permission, ' ', &word);
    bool has_type = str_split(&permission, '/', &word);
    return has_check && has_type ? str_cstr(arena, word) : "SYSTEM";
}

void audit_tell_refusal(struct caller *caller, const char *permission, str named, str why)
{
    struct audit_event event = {.operation = "REFUSE", .description = why, .has_failed = true};
    if (caller->is_in_history)
        return;
    if (is_nobody(caller) && caller->claimed.len > 0) {
        event.operation = "LOGIN";
        event.entity_type = "USER";
        event.entity = caller->claimed;
    } else {
        event.entity_type = resource_of(caller->arena, str_of(permission));
        event.entity = named;
        event.permission = is_nobody(caller) ? STR_EMPTY : str_of(permission);
        event.category = "ADMIN";
    }
    audit_tell(caller, &event);
}

static void on_client_kept(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context;
    if (rows == NULL)
        log_failure("audit", err);
}

void audit_tell_seen(struct caller *caller)
{
    const struct identity *identity = caller->identity;
    struct audit_desk *desk = caller->gateway->audit;
    int64_t now_ms = clock_now_ms();
    if (identity->is_everything || str_equal(identity->proof, STR("session")) ||
        str_starts_with(identity->proof, STR("session of ")))
        return;
    if (now_ms - desk->seen_since_ms > AUDIT_SEEN_S * (int64_t)1000 ||
        desk->seen.count >= AUDIT_MAX_SEEN) {
        arena_reset(&desk->seen_arena);
        desk->seen = map_new(&desk->seen_arena);
        desk->seen_since_ms = now_ms;
    }
    str text =
        str_format(caller->arena, "%d %.*s %.*s %.*s", (int)identity->kind, STR_ARG(identity->id),
                   STR_ARG(identity->proof), STR_ARG(caller->address));
    if (map_get(&desk->seen, text) != NULL)
        return;
    map_put(&desk->seen, str_copy(&desk->seen_arena, text), desk);
    if (identity->kind == SUBJECT_CLIENT)
        query_statement(caller->gateway->options.reader,
                        catalogue_audit_client(caller->arena, identity->id), on_client_kept, NULL);
    audit_tell(caller, &(struct audit_event){.operation = "LOGIN",
                                             .entity_type = actor_type(caller),
                                             .entity = identity->id,
                                             .description = identity->proof});
}

// -- Life ---------------------------------------------------------------------------------

static void on_settled(void *context)
{
    struct audit_desk *desk = context;
    void (*told)(void *context) = desk->told;
    desk->told = NULL;
    if (told != NULL)
        told(desk->told_context);
}

void audit_desk_settle(struct audit_desk *desk, void (*done)(void *context), void *context)
{
    desk->told = done;
    desk->told_context = context;
    if (desk->writing == NULL && !is_empty(desk->filling))
        timer_set(desk->timer, 0);
    timer_set(desk->settled, is_all_written(desk) ? 0 : AUDIT_SETTLE_MS);
}

struct audit_desk *audit_desk_new(struct gateway *gateway)
{
    struct audit_desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->gateway = gateway;
    desk->timer = timer_new(gateway->options.loop, on_time, desk);
    desk->settled = timer_new(gateway->options.loop, on_settled, desk);
    desk->seen = map_new(&desk->seen_arena);
    desk->filling = &desk->piles[0];
    for (size_t i = 0; i < COUNT_OF(desk->piles); i++)
        reset(&desk->piles[i]);
    return desk;
}

static void log_pile(struct pile *pile)
{
    for (size_t i = 0; i < pile->notes.count; i++)
        log_warning("audit", "not written, %u times: %.*s}", pile->notes.items[i]->times,
                    STR_ARG(pile->notes.items[i]->text));
    if (pile->omitted > 0)
        log_warning("audit", "not written, and only counted: %llu entries",
                    (unsigned long long)pile->omitted);
    arena_done(&pile->arena);
}

void audit_desk_free(struct audit_desk *desk)
{
    if (desk == NULL)
        return;
    pending_cancel(&desk->asked);
    timer_free(desk->timer);
    timer_free(desk->settled);
    for (size_t i = 0; i < COUNT_OF(desk->piles); i++)
        log_pile(&desk->piles[i]);
    arena_done(&desk->seen_arena);
    free(desk);
}
