// SPDX-License-Identifier: Apache-2.0
// Appliers of element instances, tokens, variables, loops and compensation.
#include "engine/apply.h"

static void append_child(struct element_instance *scope, struct element_instance *ei)
{
    ei->scope = scope;
    ei->previous = scope->last_child;
    ei->next = NULL;
    if (scope->last_child != NULL)
        scope->last_child->next = ei;
    else
        scope->first_child = ei;
    scope->last_child = ei;
    scope->children++;
}

static void remove_child(struct element_instance *ei)
{
    struct element_instance *scope = ei->scope;
    *(ei->previous ? &ei->previous->next : &scope->first_child) = ei->next;
    *(ei->next ? &ei->next->previous : &scope->last_child) = ei->previous;
    scope->children--;
}

struct element_instance *apply_add_element(struct instance *instance, uint64_t key,
                                           struct element_instance *scope)
{
    struct element_instance *ei = ARENA_NEW(&instance->stream.arena, struct element_instance);
    ei->entity.kind = ENTITY_KIND_ELEMENT;
    ei->entity.key = key;
    idmap_put(&instance->entities, key, ei);
    instance->elements++;
    if (scope != NULL)
        append_child(scope, ei);
    return ei;
}

static void unlink_element(struct instance *instance, struct element_instance *ei)
{
    check(ei->attachments == NULL && ei->first_child == NULL);
    remove_child(ei);
    idmap_remove(&instance->entities, ei->entity.key);
    check(instance->elements > 0 && instance->bytes >= ei->bytes);
    instance->elements--;
    instance->bytes -= ei->bytes;
    ei->entity.is_gone = true;
    apply_mark(instance, &ei->entity);
}

// -- Bytes ------------------------------------------------------------------------------

static void add_bytes(struct instance *instance, struct element_instance *ei, size_t more,
                      size_t less)
{
    check(ei->bytes + more >= less);
    ei->bytes += more - less;
    instance->bytes += more - less;
}

void apply_recount(struct instance *instance, struct element_instance *ei)
{
    add_bytes(instance, ei, state_bytes_of(ei), ei->bytes);
}

// -- Tokens -----------------------------------------------------------------------------

void apply_set_arrived(struct instance *instance, struct element_instance *scope, uint32_t flow,
                       uint32_t count)
{
    struct token **at = &scope->arrived;
    while (*at != NULL && (*at)->flow < flow)
        at = &(*at)->next;
    if (*at != NULL && (*at)->flow == flow) {
        (*at)->count = count;
        if (count == 0)
            *at = (*at)->next;
    } else if (count > 0) {
        struct token *token = ARENA_NEW(&instance->stream.arena, struct token);
        *token = (struct token){*at, flow, count};
        *at = token;
    }
}

static void take_arrived(struct instance *instance, struct element_instance *scope, uint32_t flow,
                         uint32_t count)
{
    uint32_t there = state_arrived(scope, flow);
    apply_set_arrived(instance, scope, flow, there > count ? there - count : 0);
}

static void mark_reset(struct instance *instance, struct element_instance *scope,
                       const struct bpmn_element *gateway, bool waits)
{
    uint32_t index = bpmn_index(instance->process, gateway);
    apply_set_arrived(instance, scope, state_reset_mark(instance->process, index), waits);
}

// An element that joins takes one token from each flow that has one; one that needs several takes
// that many, in order.
static void consume_arrived(struct instance *instance, struct element_instance *scope,
                            const struct bpmn_element *element)
{
    bool joins = bpmn_is_gateway(element->type);
    bool resets = element->type == BPMN_COMPLEX_GATEWAY;
    uint32_t wanted = element->start_quantity;
    for (uint32_t i = 0; i < element->incoming.count; i++) {
        uint32_t flow = element->incoming.items[i];
        uint32_t there = state_arrived(scope, flow);
        uint32_t taken = joins ? there > 0 : there < wanted ? there : wanted;
        take_arrived(instance, scope, flow, taken);
        wanted -= joins ? 0 : taken;
        if (resets && taken > 0)
            apply_set_arrived(instance, scope, state_consumed_mark(instance->process, flow), 1);
    }
    if (resets)
        mark_reset(instance, scope, element, true);
}

void apply_token(struct instance *instance, const struct event *event)
{
    struct element_instance *scope = apply_find(instance, event->scope);
    if (event->type == EVENT_FLOW_TAKEN) {
        scope->tokens++;
        return;
    }
    check(scope->tokens > 0 && event->flow != EVENT_NO_INDEX);
    scope->tokens--;
    apply_set_arrived(instance, scope, event->flow - 1, state_arrived(scope, event->flow - 1) + 1);
}

// At a complex gateway that resets: one token of each flow from which the first phase took none.
static void drop_tokens(struct instance *instance, const struct event *event)
{
    struct element_instance *scope = apply_find(instance, event->scope);
    if (event->element == EVENT_NO_INDEX) {
        scope->arrived = NULL;
        scope->tokens = 0;
        return;
    }
    const struct bpmn_element *element = &instance->process->elements[event->element - 1];
    for (uint32_t i = 0; i < element->incoming.count; i++) {
        uint32_t flow = element->incoming.items[i];
        uint32_t mark = state_consumed_mark(instance->process, flow);
        take_arrived(instance, scope, flow, state_arrived(scope, mark) == 0);
        apply_set_arrived(instance, scope, mark, 0);
    }
    mark_reset(instance, scope, element, false);
}

// -- Life -------------------------------------------------------------------------------

static bool waits_for_tokens(const struct bpmn_element *element)
{
    bool late = element->type == BPMN_PARALLEL_GATEWAY || element->type == BPMN_INCLUSIVE_GATEWAY ||
                element->type == BPMN_COMPLEX_GATEWAY;
    return (late && element->incoming.count > 1) || element->start_quantity > 1;
}

static struct element_instance *begin(struct instance *instance, const struct event *event)
{
    struct element_instance *scope = apply_find(instance, event->scope);
    check(event->element > 0 && event->element <= instance->process->element_count);
    check(event->flow == EVENT_NO_INDEX || scope->tokens > 0);
    struct element_instance *ei = apply_add_element(instance, event->key, scope);
    ei->element = event->element - 1;
    ei->loop_counter = event->number;
    ei->started_ms = event->time_ms;
    const struct bpmn_element *element = element_of(instance, ei);
    bool repeated = scope->element == ei->element;
    ei->is_body = element->loop != NULL && !repeated;
    if (event->flow != EVENT_NO_INDEX)
        scope->tokens--;
    else if (!repeated && waits_for_tokens(element))
        consume_arrived(instance, scope, element);
    if (scope->is_body)
        scope->loop_started++;
    return ei;
}

void apply_element(struct instance *instance, const struct event *event)
{
    struct element_instance *ei = state_entity(instance, ENTITY_KIND_ELEMENT, event->key);
    if (ei == NULL)
        ei = begin(instance, event);
    switch ((int)event->type) {
    case EVENT_ELEMENT_ACTIVATING:
        ei->phase = PHASE_ACTIVATING;
        ei->listeners_done = 0;
        break;
    case EVENT_ELEMENT_ACTIVATED:
        ei->phase = PHASE_ACTIVE;
        ei->listeners_done = 0;
        ei->is_triggered |= str_equal(event->code, STR("TRIGGERED"));
        break;
    case EVENT_ELEMENT_COMPLETING:
        ei->phase = PHASE_COMPLETING;
        ei->listeners_done = 0;
        break;
    case EVENT_ELEMENT_COMPLETED:
        check(ei->scope != NULL);
        ei->scope->loop_done += ei->scope->is_body;
        unlink_element(instance, ei);
        return;
    case EVENT_ELEMENT_TERMINATED:
        unlink_element(instance, ei);
        return;
    case EVENT_ELEMENT_TERMINATING:
        remove_child(ei);
        append_child(instance->root, ei);
        ei->phase = PHASE_TERMINATING;
        ei->listeners_done = 0;
        ei->loop_counter = 0;
        ei->compensates = 0;
        break;
    default:
        break;
    }
    apply_mark(instance, &ei->entity);
}

// -- Variables --------------------------------------------------------------------------

struct variable *apply_add_variable(struct instance *instance, struct element_instance *scope,
                                    str name, str value)
{
    struct variable **at = &scope->variables;
    while (*at != NULL && !str_equal((*at)->name, name))
        at = &(*at)->next;
    if (*at == NULL) {
        *at = ARENA_NEW(&instance->stream.arena, struct variable);
        (*at)->name = str_copy(&instance->stream.arena, name);
        (*at)->value = STR_EMPTY;
        scope->variable_count++;
        add_bytes(instance, scope, name.len, 0);
    }
    add_bytes(instance, scope, value.len, (*at)->value.len);
    (*at)->value = str_copy(&instance->stream.arena, value);
    (*at)->parsed = NULL;
    return *at;
}

void apply_variable(struct instance *instance, const struct event *event)
{
    struct element_instance *scope = apply_find(instance, event->scope);
    if (event->type == EVENT_VARIABLE_SET) {
        apply_add_variable(instance, scope, event->name, event->value);
    } else {
        struct variable **at = &scope->variables;
        while (*at != NULL && !str_equal((*at)->name, event->name))
            at = &(*at)->next;
        if (*at != NULL) {
            scope->variable_count--;
            add_bytes(instance, scope, 0, (*at)->name.len + (*at)->value.len);
            *at = (*at)->next;
        }
    }
    if (scope->scope == NULL)
        instance->row_dirty = true;
    else
        apply_mark(instance, &scope->entity);
}

// -- Loops ------------------------------------------------------------------------------

// Cuts the text of a JSON array into the texts of its items. The text was written by us: it is
// valid.
void apply_split_items(struct arena *arena, str array, size_t count, const str **ret_items)
{
    str *items = ARENA_ARRAY(arena, str, count);
    size_t start = 1, found = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 1; i < array.len && found < count; i++) {
        char c = array.data[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if ((c == ',' || c == ']') && depth == 0) {
            items[found++] = str_trim(str_sub(array, start, i - start));
            start = i + 1;
        } else {
            quoted = c == '"';
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        }
    }
    *ret_items = items;
}

static void start_loop(struct instance *instance, struct element_instance *body,
                       const struct event *event)
{
    struct arena *arena = &instance->stream.arena;
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    body->loop_total = event->number;
    if (!str_is_empty(event->value))
        apply_split_items(arena, str_copy(arena, event->value), (size_t)event->number,
                          &body->items);
    if (event->number > 0 && !str_is_empty(loop->output_collection)) {
        body->outputs = ARENA_ARRAY(arena, str, (size_t)event->number);
        for (int64_t i = 0; i < event->number; i++)
            body->outputs[i] = STR("null");
    }
    state_name_outputs(instance, body);
    apply_recount(instance, body);
}

void apply_loop(struct instance *instance, const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_LOOP_STARTED:
        start_loop(instance, apply_find(instance, event->scope), event);
        break;
    case EVENT_LOOP_OUTPUT: {
        struct element_instance *body = apply_find(instance, event->scope);
        check(event->number >= 1 && event->number <= body->loop_total);
        add_bytes(instance, body, event->value.len, body->outputs[event->number - 1].len);
        body->outputs[event->number - 1] = str_copy(&instance->stream.arena, event->value);
        break;
    }
    case EVENT_ELEMENT_HELD:
        apply_find(instance, event->key)->is_held = event->number != 0;
        break;
    case EVENT_ELEMENT_INTERRUPTED:
        apply_find(instance, event->key)->interrupted = true;
        break;
    case EVENT_TOKENS_DROPPED:
        drop_tokens(instance, event);
        break;
    default:
        check_unreachable();
    }
}

// -- Compensation -----------------------------------------------------------------------

static struct compensation **find_compensation(struct element_instance *scope, uint64_t key)
{
    struct compensation **at = &scope->compensations;
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

// What completed inside a sub-process can be compensated as part of it.
static void subscribe(struct instance *instance, const struct event *event)
{
    struct element_instance *scope = apply_find(instance, event->scope);
    struct element_instance *completed = state_entity(instance, ENTITY_KIND_ELEMENT, event->parent);
    struct compensation **at = &scope->compensations;
    while (*at != NULL)
        at = &(*at)->next;
    *at = ARENA_NEW(&instance->stream.arena, struct compensation);
    (*at)->key = event->key;
    (*at)->element = event->element - 1;
    (*at)->variables = str_copy(&instance->stream.arena, event->value);
    if (completed != NULL) {
        (*at)->inner = completed->compensations;
        completed->compensations = NULL;
        apply_recount(instance, completed);
    }
    add_bytes(instance, scope, state_compensation_bytes(*at), 0);
}

// The handler instance (scope) begins: it inherits what completed inside.
static void trigger(struct instance *instance, const struct event *event)
{
    struct element_instance *handler = apply_find(instance, event->scope);
    struct compensation **at = find_compensation(handler->scope, event->key);
    check(*at != NULL);
    handler->compensates = event->parent;
    handler->compensations = (*at)->inner;
    *at = (*at)->next;
    apply_recount(instance, handler);
    apply_recount(instance, handler->scope);
}

void apply_compensation(struct instance *instance, const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_COMPENSATION_SUBSCRIBED:
        subscribe(instance, event);
        break;
    case EVENT_COMPENSATION_TRIGGERED:
        trigger(instance, event);
        break;
    case EVENT_COMPENSATION_DROPPED: {
        struct element_instance *scope = apply_find(instance, event->scope);
        struct compensation **at = find_compensation(scope, event->key);
        if (*at != NULL)
            *at = (*at)->next;
        apply_recount(instance, scope);
        break;
    }
    case EVENT_AD_HOC_FULFILLED:
        apply_find(instance, event->key)->is_fulfilled = true;
        break;
    case EVENT_CHILD_CALLED:
        apply_find(instance, event->scope)->called = event->parent;
        break;
    default: // errors, escalations and decisions are noted only
        break;
    }
}

// -- Migration --------------------------------------------------------------------------

// Tokens that wait at joins, and what could be compensated, go to what has the same id.
static uint32_t same_flow(const struct bpmn_process *from, const struct bpmn_process *to,
                          uint32_t flow)
{
    if (flow >= from->flow_count) { // the mark of a complex gateway
        const struct bpmn_element *gateway =
            bpmn_find_element(to, from->elements[flow - from->flow_count].id);
        return gateway ? to->flow_count + bpmn_index(to, gateway) : BPMN_NONE;
    }
    const struct bpmn_flow *same = bpmn_find_flow(to, from->flows[flow].id);
    return same ? (uint32_t)(same - to->flows) : BPMN_NONE;
}

static void move_tokens(struct instance *instance, struct element_instance *scope,
                        const struct bpmn_process *to)
{
    struct token *old = scope->arrived;
    scope->arrived = NULL;
    for (struct token *t = old; t != NULL; t = t->next) {
        uint32_t flow = same_flow(instance->process, to, t->flow);
        if (flow != BPMN_NONE)
            apply_set_arrived(instance, scope, flow, t->count);
    }
}

static void move_compensations(const struct instance *instance, struct compensation *first,
                               const struct bpmn_process *to)
{
    for (struct compensation *c = first; c != NULL; c = c->next) {
        const struct bpmn_element *same =
            bpmn_find_element(to, instance->process->elements[c->element].id);
        if (same != NULL)
            c->element = bpmn_index(to, same);
        move_compensations(instance, c->inner, to);
    }
}

void apply_move_scope(struct instance *instance, struct element_instance *scope,
                      const struct bpmn_process *to)
{
    move_tokens(instance, scope, to);
    move_compensations(instance, scope->compensations, to);
    for (struct element_instance *child = scope->first_child; child != NULL; child = child->next)
        apply_move_scope(instance, child, to);
}

void apply_migration(struct instance *instance, const struct event *event)
{
    struct element_instance *ei = apply_find(instance, event->key);
    ei->element = event->element - 1;
    if (event->number != 0)
        ei->loop_counter = event->number;
    apply_mark(instance, &ei->entity);
}
