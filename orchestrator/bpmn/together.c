// SPDX-License-Identifier: Apache-2.0
//
// The rules between the processes of a file: message flows between pools (BPMN 2.0, 7.6.2 and 9.4)
// and processes that call each other.
#include "bpmn/reader.h"

struct together {
    struct reader *r;
    const struct bpmn_resource *resource;
    struct map processes; // id -> process
    struct map pools;     // id of a participant, or of its process -> id of the participant
};

// Where a message flow ends.
struct end {
    str pool;
    const struct bpmn_element *element; // NULL: the pool itself, or nothing that runs
    bool is_known;
};

static const struct bpmn_process *process_of(const struct together *t, str id)
{
    const struct bpmn_xml_node *owner = map_get(&t->r->owners, id);
    return owner ? map_get(&t->processes, str_trim(bpmn_xml_attribute(owner, STR("id")))) : NULL;
}

static str pool_of(const struct together *t, str id)
{
    const str *pool = map_get(&t->pools, id);
    return pool ? *pool : id;
}

static struct end end_of(const struct together *t, str reference)
{
    const struct bpmn_xml_node *node = reader_node(t->r, reference);
    struct end end = {.is_known = node != NULL};
    if (node == NULL)
        return end;
    str id = str_trim(bpmn_xml_attribute(node, STR("id")));
    const struct bpmn_process *process = process_of(t, id);
    end.pool = pool_of(t, process ? process->id : id);
    if (process != NULL && !str_equal(process->id, id))
        end.element = bpmn_find_element(process, id);
    if (process != NULL && end.element == NULL && !str_equal(process->id, id))
        end.is_known = false; // a lane, a data object
    return end;
}

static bool has_message(const struct bpmn_element *e)
{
    return bpmn_has_trigger(e, BPMN_MESSAGE_TRIGGER);
}

static bool can_send(const struct bpmn_element *e)
{
    bool throws = e->type == BPMN_END_EVENT || e->type == BPMN_INTERMEDIATE_THROW_EVENT;
    return bpmn_is_activity(e->type) || (throws && has_message(e));
}

static bool can_receive(const struct bpmn_element *e)
{
    bool catches = e->type == BPMN_START_EVENT || e->type == BPMN_INTERMEDIATE_CATCH_EVENT ||
                   e->type == BPMN_BOUNDARY_EVENT;
    return bpmn_is_activity(e->type) || (catches && has_message(e));
}

static void check_flow(const struct together *t, const struct bpmn_xml_node *node)
{
    struct reader *r = t->r;
    str id = str_trim(bpmn_xml_attribute(node, STR("id")));
    struct end source = end_of(t, bpmn_xml_attribute(node, STR("sourceRef")));
    struct end target = end_of(t, bpmn_xml_attribute(node, STR("targetRef")));
    if (!source.is_known || (source.element != NULL && !can_send(source.element)))
        reader_problem(r, BPMN_CODE_MESSAGE_FLOW_END, id, node->line,
                       str_trim(bpmn_xml_attribute(node, STR("sourceRef"))));
    if (!target.is_known || (target.element != NULL && !can_receive(target.element)))
        reader_problem(r, BPMN_CODE_MESSAGE_FLOW_END, id, node->line,
                       str_trim(bpmn_xml_attribute(node, STR("targetRef"))));
    if (source.is_known && target.is_known && str_equal(source.pool, target.pool))
        reader_problem(r, BPMN_CODE_MESSAGE_FLOW_SAME_POOL, id, node->line, source.pool);
}

static void index_pools(struct together *t)
{
    for (const struct bpmn_xml_node *c = t->r->root->first; c != NULL; c = c->next)
        for (const struct bpmn_xml_node *n = c->first; n != NULL; n = n->next) {
            if (!bpmn_xml_is(n, XML_BPMN, STR("participant")))
                continue;
            str *pool = ARENA_NEW(t->r->scratch, str);
            *pool = str_trim(bpmn_xml_attribute(n, STR("id")));
            const struct bpmn_xml_node *process =
                reader_node(t->r, bpmn_xml_attribute(n, STR("processRef")));
            map_put(&t->pools, *pool, pool);
            if (process != NULL)
                map_put(&t->pools, str_trim(bpmn_xml_attribute(process, STR("id"))), pool);
        }
}

static void check_flows(const struct together *t)
{
    for (const struct bpmn_xml_node *c = t->r->root->first; c != NULL; c = c->next)
        for (const struct bpmn_xml_node *n =
                 bpmn_xml_is(c, XML_BPMN, STR("collaboration")) ? c->first : NULL;
             n != NULL; n = n->next)
            if (bpmn_xml_is(n, XML_BPMN, STR("messageFlow")))
                check_flow(t, n);
}

// A process that is called begins at a start event without a trigger.
static void check_calls(const struct together *t, const struct bpmn_process *caller)
{
    for (uint32_t i = 0; i < caller->element_count; i++) {
        const struct bpmn_element *e = &caller->elements[i];
        const feel_value *id = e->type == BPMN_CALL_ACTIVITY && e->call->id
                                   ? feel_program_constant(e->call->id)
                                   : NULL;
        const struct bpmn_process *called =
            id && feel_is(*id, FEEL_STRING) ? map_get(&t->processes, id->string) : NULL;
        if (called != NULL && called->elements[0].starts.count == 0 &&
            called->elements[0].children.count > 0)
            reader_complain(t->r, BPMN_CODE_CALLED_WITHOUT_START, e, called->id);
    }
}

void reader_check_together(struct reader *r, const struct bpmn_resource *resource)
{
    struct together t = {r, resource, map_new(r->scratch), map_new(r->scratch)};
    for (size_t i = 0; i < resource->process_count; i++)
        map_put(&t.processes, resource->processes[i]->id, resource->processes[i]);
    index_pools(&t);
    check_flows(&t);
    for (size_t i = 0; i < resource->process_count; i++)
        check_calls(&t, resource->processes[i]);
}
