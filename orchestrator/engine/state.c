// SPDX-License-Identifier: Apache-2.0
#include "engine/state.h"

#include "record/limits.h"

#include "base/json.h"

#include <stdio.h>

void *state_entity(const struct instance *instance, enum entity_kind kind, uint64_t key)
{
    struct entity *entity = key == 0 ? NULL : idmap_get(&instance->entities, key);
    return entity != NULL && entity->kind == kind ? entity : NULL;
}

const struct element_instance *state_element(const struct instance *instance, uint64_t key)
{
    return state_entity(instance, ENTITY_KIND_ELEMENT, key);
}

void *state_attachment(const struct element_instance *ei, enum entity_kind kind)
{
    for (struct attachment *a = ei->attachments; a != NULL; a = a->next)
        if (a->entity.kind == kind)
            return a;
    return NULL;
}

const struct variable *state_local(const struct element_instance *ei, str name)
{
    for (const struct variable *v = ei->variables; v != NULL; v = v->next)
        if (str_equal(v->name, name))
            return v;
    return NULL;
}

const struct variable *state_visible(const struct element_instance *ei, str name,
                                     const struct element_instance **ret_scope)
{
    for (; ei != NULL; ei = ei->scope) {
        const struct variable *v = state_local(ei, name);
        if (v != NULL) {
            *ret_scope = ei;
            return v;
        }
    }
    return NULL;
}

str state_outputs_json(struct arena *arena, const struct element_instance *body)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (int64_t i = 0; i < body->loop_total; i++)
        json_raw(&w, body->outputs[i]);
    json_end_array(&w);
    return strbuf_str(&out);
}

void state_name_outputs(const struct instance *instance, struct element_instance *body)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    body->output_name = body->outputs != NULL && loop != NULL ? loop->output_collection : STR_EMPTY;
}

bool state_is_marked(const struct element_instance *host, uint32_t element, uint32_t trigger)
{
    const struct mark *mark = host->marks;
    while (mark != NULL && (mark->element != element || mark->trigger != trigger))
        mark = mark->next;
    return mark != NULL;
}

uint32_t state_arrived(const struct element_instance *scope, uint32_t flow)
{
    for (const struct token *t = scope->arrived; t != NULL; t = t->next)
        if (t->flow == flow)
            return t->count;
    return 0;
}

// -- Mailboxes --------------------------------------------------------------------------

static struct mailbox_entry *entry_of(const struct mailbox *mailbox, uint64_t key, bool is_message)
{
    struct mailbox_entry *entry = key == 0 ? NULL : idmap_get(&mailbox->by_key, key);
    return entry != NULL && entry->is_message == is_message ? entry : NULL;
}

const struct waiting_subscription *state_waiting(const struct mailbox *mailbox, uint64_t key)
{
    return (const struct waiting_subscription *)entry_of(mailbox, key, false);
}

const struct buffered_message *state_message(const struct mailbox *mailbox, uint64_t key)
{
    return (const struct buffered_message *)entry_of(mailbox, key, true);
}

bool state_is_for(const struct buffered_message *message, str process_id)
{
    for (const struct taker *t = message->takers; t != NULL; t = t->next)
        if (str_equal(t->process_id, process_id))
            return false;
    return process_list_has(message->reach, process_id);
}

const struct waiting_subscription *state_first_free(const struct mailbox *mailbox, str process_id)
{
    const struct mailbox_process *process = map_get(&mailbox->by_process, process_id);
    return process == NULL ? NULL : process->first_free;
}

const struct buffered_message *state_next_untaken(const struct buffered_message *message,
                                                  str process_id)
{
    const struct mailbox_entry *entry = message->entry.next;
    while (entry != NULL && !state_is_for((const struct buffered_message *)entry, process_id))
        entry = entry->next;
    return (const struct buffered_message *)entry;
}

// A process that the mailbox does not know has taken nothing.
const struct buffered_message *state_first_untaken(const struct mailbox *mailbox, str process_id)
{
    const struct mailbox_process *process = map_get(&mailbox->by_process, process_id);
    if (process != NULL)
        return process->untaken;
    const struct mailbox_entry *entry = mailbox->messages.first;
    while (entry != NULL && !state_is_for((const struct buffered_message *)entry, process_id))
        entry = entry->next;
    return (const struct buffered_message *)entry;
}

bool state_mailbox_is_empty(const struct mailbox *mailbox)
{
    return mailbox->subscriptions.first == NULL && mailbox->messages.first == NULL &&
           mailbox->locks == NULL;
}

size_t state_message_bytes(const struct buffered_message *message)
{
    return state_entry_bytes(message->message_id, message->variables) + message->reach.len +
           message->business_id.len;
}

size_t state_entry_bytes(str a, str b)
{
    enum { NUMBERS = 64 };
    return NUMBERS + a.len + b.len;
}

size_t state_compensation_bytes(const struct compensation *first)
{
    size_t bytes = 0;
    for (const struct compensation *c = first; c != NULL; c = c->next)
        bytes += c->variables.len + state_compensation_bytes(c->inner);
    return bytes;
}

size_t state_bytes_of(const struct element_instance *ei)
{
    size_t bytes = state_compensation_bytes(ei->compensations);
    for (const struct variable *v = ei->variables; v != NULL; v = v->next)
        bytes += v->name.len + v->value.len;
    int64_t texts = ei->items != NULL || ei->outputs != NULL ? ei->loop_total : 0;
    for (int64_t i = 0; i < texts; i++)
        bytes += (ei->items ? ei->items[i].len : 0) + (ei->outputs ? ei->outputs[i].len : 0);
    return bytes;
}

uint32_t state_reset_mark(const struct bpmn_process *process, uint32_t gateway)
{
    return process->flow_count + gateway;
}

uint32_t state_consumed_mark(const struct bpmn_process *process, uint32_t flow)
{
    return process->flow_count + process->element_count + flow;
}

// Names of one kind in one tenant: the part before the id never holds the separator.
static str latest_name(struct arena *arena, str tenant, enum resource_kind kind, str id)
{
    return str_format(arena, "%.*s\n%d\n%.*s", STR_ARG(tenant), kind, STR_ARG(id));
}

const struct definition *state_latest(const struct shard *shard, str tenant,
                                      enum resource_kind kind, str id)
{
    char buffer[512];
    int len = snprintf(buffer, sizeof buffer, "%.*s\n%d\n%.*s", STR_ARG(tenant), kind, STR_ARG(id));
    if (len < 0 || (size_t)len >= sizeof buffer)
        return NULL;
    return map_get(&shard->latest, str_from(buffer, (size_t)len));
}

void state_set_latest(struct shard *shard, struct definition *definition)
{
    str name =
        latest_name(&shard->stream.arena, definition->tenant, definition->kind, definition->id);
    const struct definition *known = map_get(&shard->latest, name);
    if (known == NULL || known->version <= definition->version)
        map_put(&shard->latest, name, definition);
}

// -- Shares -----------------------------------------------------------------------------

static bool read_share(const struct json *row, struct tenant_share *ret_share)
{
    if (!json_is(row, JSON_ARRAY) || row->count != 3 || !json_is(&row->items[0], JSON_STRING) ||
        !json_is(&row->items[1], JSON_NUMBER) || !json_is(&row->items[2], JSON_NUMBER))
        return false;
    int64_t weight;
    if (!str_to_i64(row->items[1].text, &ret_share->jobs) ||
        !str_to_i64(row->items[2].text, &weight))
        return false;
    ret_share->weight = (uint32_t)weight;
    return ret_share->jobs >= -1 && weight >= 1 && weight <= LIMIT_SHARE_WEIGHT;
}

// An empty text has no rows.
static bool read_rows(struct arena *arena, str text, struct json *ret_rows)
{
    struct json *rows;
    struct error err;
    *ret_rows = (struct json){.type = JSON_ARRAY};
    if (str_is_empty(text))
        return true;
    if (!json_parse(arena, text, &rows, &err) || rows->type != JSON_ARRAY)
        return false;
    *ret_rows = *rows;
    return true;
}

bool state_read_shares(struct arena *arena, str text, struct map *ret_shares)
{
    struct json rows;
    *ret_shares = map_new(arena);
    if (!read_rows(arena, text, &rows))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct tenant_share *share = ARENA_NEW(arena, struct tenant_share);
        if (!read_share(&rows.items[i], share))
            return false;
        map_put(ret_shares, rows.items[i].items[0].text, share);
    }
    return true;
}

void state_set_shares(struct shard *shard, str text)
{
    shard->shares_text = str_copy(&shard->stream.arena, text);
    check(state_read_shares(&shard->stream.arena, shard->shares_text, &shard->shares));
}

// -- Policies ---------------------------------------------------------------------------

static bool are_texts(const struct json *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!json_is(&list->items[i], JSON_STRING))
            return false;
    return true;
}

static bool read_policy(struct arena *arena, const struct json *row, struct policy *ret_policy)
{
    enum { NAME, TENANT, PROCESS, ROLE, ELEMENTS, MEMBERS };
    if (!json_is(row, JSON_ARRAY) || row->count != MEMBERS || !are_texts(row, ELEMENTS))
        return false;
    const struct json *elements = &row->items[ELEMENTS];
    if (!json_is(elements, JSON_ARRAY) || !are_texts(elements, elements->count))
        return false;
    *ret_policy = (struct policy){.name = row->items[NAME].text,
                                  .tenant = row->items[TENANT].text,
                                  .process_id = row->items[PROCESS].text,
                                  .role = row->items[ROLE].text,
                                  .elements = ARENA_ARRAY(arena, str, elements->count),
                                  .element_count = elements->count};
    for (size_t i = 0; i < elements->count; i++)
        ret_policy->elements[i] = elements->items[i].text;
    return true;
}

bool state_read_policies(struct arena *arena, str text, policy_list *ret_policies)
{
    struct json rows;
    *ret_policies = (policy_list){0};
    if (!read_rows(arena, text, &rows))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (!read_policy(arena, &rows.items[i], ARRAY_PUSH(arena, ret_policies)))
            return false;
    return true;
}

void state_set_policies(struct shard *shard, str text)
{
    shard->policies_text = str_copy(&shard->stream.arena, text);
    check(state_read_policies(&shard->stream.arena, shard->policies_text, &shard->policies));
}

// -- Listeners of all user tasks --------------------------------------------------------

static bool read_events(const struct json *list, uint32_t *ret_events)
{
    *ret_events = 0;
    for (size_t i = 0; i < list->count; i++) {
        uint32_t event = BPMN_LISTENER_CREATING;
        while (event <= BPMN_LISTENER_CANCELING &&
               !str_equal(list->items[i].text,
                          str_of(bpmn_listener_event_name((enum bpmn_listener_event)event))))
            event++;
        if (event > BPMN_LISTENER_CANCELING)
            return false;
        *ret_events |= 1u << event;
    }
    return *ret_events != 0;
}

static bool read_listener(const struct json *row, struct global_listener *ret_listener)
{
    enum { TYPE, RETRIES, RUNS_LAST, EVENTS, MEMBERS };
    int64_t retries;
    if (!json_is(row, JSON_ARRAY) || row->count != MEMBERS)
        return false;
    const struct json *items = row->items;
    *ret_listener =
        (struct global_listener){.type = items[TYPE].text, .runs_last = items[RUNS_LAST].boolean};
    bool is_whole = json_is(&items[TYPE], JSON_STRING) && json_is(&items[RETRIES], JSON_NUMBER) &&
                    str_to_i64(items[RETRIES].text, &retries) && retries >= 0 &&
                    retries <= INT32_MAX && json_is(&items[RUNS_LAST], JSON_BOOL) &&
                    json_is(&items[EVENTS], JSON_ARRAY) &&
                    are_texts(&items[EVENTS], items[EVENTS].count);
    if (is_whole)
        ret_listener->retries = (int32_t)retries;
    return is_whole && read_events(&items[EVENTS], &ret_listener->events);
}

bool state_read_listeners(struct arena *arena, str text, global_listener_list *ret_listeners)
{
    struct json rows;
    *ret_listeners = (global_listener_list){0};
    if (!read_rows(arena, text, &rows))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (!read_listener(&rows.items[i], ARRAY_PUSH(arena, ret_listeners)))
            return false;
    return true;
}

void state_set_listeners(struct shard *shard, str text)
{
    shard->listeners_text = str_copy(&shard->stream.arena, text);
    check(state_read_listeners(&shard->stream.arena, shard->listeners_text, &shard->listeners));
}
