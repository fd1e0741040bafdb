// SPDX-License-Identifier: Apache-2.0
// Reads a file: what it names, its processes, the message flows between them.
#include "bpmn/reader.h"

static bool is_true(str text)
{
    return str_equal(text, STR("true")) || str_equal(text, STR("1"));
}

static bool says_executable(const struct bpmn_xml_node *node)
{
    return bpmn_xml_is(node, XML_BPMN, STR("process")) &&
           is_true(str_trim(bpmn_xml_attribute(node, STR("isExecutable"))));
}

// An id stands once in a file. It stops nothing that runs unless both are in one process or beside
// the processes.
static void remember_node(struct reader *r, const struct bpmn_xml_node *node,
                          const struct bpmn_xml_node *owner)
{
    str id = str_trim(bpmn_xml_attribute(node, STR("id")));
    if (node->space != XML_BPMN || str_is_empty(id))
        return;
    const struct bpmn_xml_node *first = map_get(&r->owners, id);
    bool runs = first == owner && (says_executable(owner) || !r->is_marked);
    bool is_fatal = (node == owner && first != NULL && str_equal(first->name, owner->name)) ||
                    (runs && reader_is_own_element(node));
    if (first != NULL) {
        reader_problem_as(r, BPMN_CODE_DUPLICATE_ID, is_fatal ? BPMN_ERROR : BPMN_WARNING, node);
        return;
    }
    map_put(&r->owners, id, (void *)(uintptr_t)owner);
    map_put(&r->nodes, id, (void *)(uintptr_t)node);
}

static void index_nodes(struct reader *r, const struct bpmn_xml_node *node,
                        const struct bpmn_xml_node *owner)
{
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next) {
        remember_node(r, child, owner ? owner : child);
        index_nodes(r, child, owner ? owner : child);
    }
}

static void read_flow(struct reader *r, uint32_t index)
{
    struct bpmn_flow *flow = &r->flows.items[index];
    const struct bpmn_xml_node *node = r->flow_nodes.items[index];
    const struct bpmn_xml_node *condition =
        bpmn_xml_child(node, XML_BPMN, STR("conditionExpression"));
    flow->source = reader_element(r, bpmn_xml_attribute(node, STR("sourceRef")));
    flow->target = reader_element(r, bpmn_xml_attribute(node, STR("targetRef")));
    if (flow->source == BPMN_NONE)
        reader_problem(r, BPMN_CODE_FLOW_SOURCE_REQUIRED, flow->id, flow->line, STR_EMPTY);
    if (flow->target == BPMN_NONE)
        reader_problem(r, BPMN_CODE_FLOW_TARGET_REQUIRED, flow->id, flow->line, STR_EMPTY);
    if (condition == NULL)
        return;
    struct bpmn_element as = {.id = flow->id, .line = flow->line};
    flow->condition = reader_expression(r, &as, condition->text);
}

static void read_default(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    str id = str_trim(bpmn_xml_attribute(r->element_nodes.items[index], STR("default")));
    if (str_is_empty(id))
        return;
    void *found = map_get(&r->flow_ids, id);
    uint32_t flow = found == NULL ? BPMN_NONE : (uint32_t)(uintptr_t)found - 1;
    if (flow == BPMN_NONE || r->flows.items[flow].source != index)
        reader_complain(r, BPMN_CODE_DEFAULT_FLOW_SOURCE, element, id);
    else
        element->default_flow = flow;
}

// The children <incoming> and <outgoing> repeat what the flows say, or contradict it.
static void check_children(struct reader *r, uint32_t index)
{
    const struct bpmn_element *element = &r->elements.items[index];
    for (const struct bpmn_xml_node *n = r->element_nodes.items[index]->first; n; n = n->next) {
        bool is_incoming = bpmn_xml_is(n, XML_BPMN, STR("incoming"));
        if (!is_incoming && !bpmn_xml_is(n, XML_BPMN, STR("outgoing")))
            continue;
        str id = str_trim(n->text);
        size_t colon = str_find_char(id, ':');
        void *found = map_get(&r->flow_ids, id);
        if (found == NULL && colon != SIZE_MAX)
            found = map_get(&r->flow_ids, str_from_index(id, colon + 1));
        const struct bpmn_flow *flow =
            found ? &r->flows.items[(uint32_t)(uintptr_t)found - 1] : NULL;
        if (flow == NULL || (is_incoming ? flow->target : flow->source) != index) {
            reader_complain(r, BPMN_CODE_FLOW_CHILDREN, element, id);
            return;
        }
    }
}

static void read_details(struct reader *r)
{
    for (uint32_t i = 0; i < r->flows.count; i++)
        read_flow(r, i);
    for (uint32_t i = 0; i < r->elements.count; i++) {
        if (bpmn_is_event(r->elements.items[i].type))
            reader_read_event(r, i);
        else
            reader_read_task(r, i);
        reader_read_loop(r, i);
        reader_read_extensions(r, i);
        reader_read_data(r, i);
        read_default(r, i);
        check_children(r, i);
    }
    reader_bind_separations(r);
    for (uint32_t i = 0; i < r->flows.count; i++)
        reader_note_foreign(r, r->flows.items[i].id, r->flow_nodes.items[i]);
}

// An association binds a compensation boundary event to its handler (10.6.1).
static void bind_handlers(struct reader *r)
{
    for (size_t i = 0; i < r->associations.count; i++) {
        const struct bpmn_xml_node *node = r->associations.items[i];
        uint32_t event = reader_element(r, bpmn_xml_attribute(node, STR("sourceRef")));
        uint32_t handler = reader_element(r, bpmn_xml_attribute(node, STR("targetRef")));
        if (event == BPMN_NONE || handler == BPMN_NONE)
            continue;
        if (r->elements.items[handler].type == BPMN_BOUNDARY_EVENT) { // drawn the other way round
            uint32_t drawn_from = event;
            event = handler;
            handler = drawn_from;
        }
        if (!bpmn_is_activity(r->elements.items[handler].type))
            continue;
        struct bpmn_element *boundary = &r->elements.items[event];
        if (boundary->type != BPMN_BOUNDARY_EVENT || boundary->host == BPMN_NONE ||
            !bpmn_has_trigger(boundary, BPMN_COMPENSATION_TRIGGER))
            continue;
        if (!r->elements.items[handler].for_compensation)
            reader_complain(r, BPMN_CODE_COMPENSATION_HANDLER_MARK, &r->elements.items[handler],
                            STR_EMPTY);
        if (r->elements.items[boundary->host].compensation != BPMN_NONE &&
            r->elements.items[boundary->host].compensation != handler)
            reader_complain(r, BPMN_CODE_COMPENSATION_HANDLERS, boundary,
                            r->elements.items[handler].id);
        r->elements.items[boundary->host].compensation = handler;
        boundary->compensation = handler;
        r->elements.items[handler].for_compensation = true;
    }
}

static void read_version_tag(struct reader *r, struct bpmn_process *process,
                             const struct bpmn_xml_node *node)
{
    str tag = bpmn_xml_attribute(reader_extension(node, XML_ZEEBE, "versionTag"), STR("value"));
    if (str_is_empty(tag))
        tag = bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("versionTag"));
    process->version_tag = reader_keep(r, tag);
}

// A process that does not say runs when no other says that it does.
static bool is_executable(const struct reader *r, const struct bpmn_xml_node *node)
{
    str text = str_trim(bpmn_xml_attribute(node, STR("isExecutable")));
    return says_executable(node) || (str_is_empty(text) && !r->is_marked);
}

static struct bpmn_process *finish_process(struct reader *r, const struct bpmn_xml_node *node)
{
    struct bpmn_process *process = ARENA_NEW(r->arena, struct bpmn_process);
    process->executable = is_executable(r, node);
    process->id = r->elements.items[0].id;
    process->name = r->elements.items[0].name;
    read_version_tag(r, process, node);
    if (!process->executable)
        reader_problem(r, BPMN_CODE_NOT_EXECUTABLE, process->id, node->line, STR_EMPTY);
    bind_handlers(r);
    reader_bind_links(r);
    reader_link(r, process);
    reader_read_personal(r, node, process);
    return process;
}

static struct bpmn_process *read_process(struct reader *r, const struct bpmn_xml_node *node)
{
    r->is_beside = r->is_marked && !is_executable(r, node);
    reader_collect(r, node);
    read_details(r);
    struct bpmn_process *process = finish_process(r, node);
    reader_validate(r, process);
    if (!r->sketch)
        reader_check_soundness(r, process);
    r->is_beside = false;
    return process;
}

// The node's attributes with one more, which is found first.
static const struct bpmn_xml_attribute *
with_attribute(struct reader *r, const struct bpmn_xml_node *node, str name, str value)
{
    struct bpmn_xml_attribute *attributes =
        ARENA_ARRAY(r->scratch, struct bpmn_xml_attribute, node->attribute_count + 1);
    attributes[0] = (struct bpmn_xml_attribute){.name = name, .value = value};
    if (node->attribute_count > 0)
        memcpy(attributes + 1, node->attributes, node->attribute_count * sizeof *attributes);
    return attributes;
}

// A global task can be called like a process (BPMN 2.0, 10.3.6): it becomes one that holds just the
// task.
static struct bpmn_xml_node *process_around(struct reader *r, const struct bpmn_xml_node *task)
{
    struct bpmn_xml_node *inner = arena_copy(r->scratch, task, sizeof *task);
    struct bpmn_xml_node *process = arena_copy(r->scratch, task, sizeof *task);
    str name = str_from_index(task->name, strlen("global"));
    char *local = str_cstr(r->scratch, name);
    local[0] = (char)(local[0] | 0x20);
    str id = str_format(r->scratch, "%.*s_task", STR_ARG(bpmn_xml_attribute(task, STR("id"))));
    inner->attributes = with_attribute(r, task, STR("id"), id);
    inner->attribute_count++;
    process->attributes = with_attribute(r, task, STR("isExecutable"), STR("true"));
    process->attribute_count++;
    inner->name = str_of(local);
    inner->next = NULL;
    process->name = STR("process");
    process->first = inner;
    return process;
}

static bool is_global_task(const struct bpmn_xml_node *node)
{
    return node->space == XML_BPMN && str_starts_with(node->name, STR("global")) &&
           str_ends_with(node->name, STR("Task"));
}

static void read_processes(struct reader *r, struct bpmn_resource *resource)
{
    ARRAY(struct bpmn_process *) processes = {0};
    for (const struct bpmn_xml_node *n = r->root->first; n != NULL; n = n->next) {
        const struct bpmn_xml_node *node = is_global_task(n) ? process_around(r, n) : n;
        if (!bpmn_xml_is(node, XML_BPMN, STR("process")))
            continue;
        struct bpmn_process *process = read_process(r, node);
        *ARRAY_PUSH(r->arena, &processes) = process;
    }
    resource->processes = processes.items;
    resource->process_count = processes.count;
    if (processes.count == 0)
        reader_problem(r, BPMN_CODE_NO_PROCESS, STR_EMPTY, r->root->line, STR_EMPTY);
}

// What stands beside the processes: messages, signals, errors, pools, data stores.
static void note_roots(struct reader *r)
{
    for (const struct bpmn_xml_node *n = r->root->first; n != NULL; n = n->next)
        if (n->space == XML_BPMN && !str_equal(n->name, STR("process")) && !is_global_task(n))
            reader_note_foreign(r, reader_keep(r, bpmn_xml_attribute(n, STR("id"))), n);
}

// A participant stands for its process.
static str flow_end(struct reader *r, str reference)
{
    const struct bpmn_xml_node *node = reader_node(r, reference);
    if (node == NULL || !str_equal(node->name, STR("participant")))
        return reader_keep(r, node == NULL ? str_trim(reference)
                                           : bpmn_xml_attribute(node, STR("id")));
    str process = bpmn_xml_attribute(node, STR("processRef"));
    return reader_keep(r, str_is_empty(process) ? bpmn_xml_attribute(node, STR("id")) : process);
}

static void read_message_flows(struct reader *r, struct bpmn_resource *resource)
{
    ARRAY(struct bpmn_message_flow) flows = {0};
    for (const struct bpmn_xml_node *c = r->root->first; c != NULL; c = c->next)
        for (const struct bpmn_xml_node *n =
                 bpmn_xml_is(c, XML_BPMN, STR("collaboration")) ? c->first : NULL;
             n != NULL; n = n->next) {
            if (!bpmn_xml_is(n, XML_BPMN, STR("messageFlow")))
                continue;
            struct bpmn_message_flow *flow = ARRAY_PUSH(r->arena, &flows);
            flow->id = reader_keep(r, bpmn_xml_attribute(n, STR("id")));
            flow->source = flow_end(r, bpmn_xml_attribute(n, STR("sourceRef")));
            flow->target = flow_end(r, bpmn_xml_attribute(n, STR("targetRef")));
        }
    resource->message_flows = flows.items;
    resource->message_flow_count = flows.count;
}

static bool can_run(const struct bpmn_resource *resource)
{
    bool executable = false;
    for (size_t i = 0; i < resource->process_count; i++)
        executable |= resource->processes[i]->executable;
    for (size_t i = 0; i < resource->problem_count; i++)
        executable &= resource->problems[i].severity != BPMN_ERROR;
    return executable;
}

static bool parse(struct reader *r, str xml, struct bpmn_resource **ret_resource, struct error *err)
{
    struct bpmn_xml_node *root;
    if (!bpmn_xml_parse(r->scratch, xml, &root, err))
        return false;
    if (!bpmn_xml_is(root, XML_BPMN, STR("definitions")))
        return error_set(err, ERROR_INVALID, "line 1",
                         "expected BPMN 2.0 definitions, found <%.*s>", STR_ARG(root->name));
    r->root = root;
    r->nodes = map_new(r->scratch);
    r->programs = map_new(r->scratch);
    r->owners = map_new(r->scratch);
    for (const struct bpmn_xml_node *n = root->first; n != NULL; n = n->next)
        r->is_marked |= says_executable(n);
    index_nodes(r, root, NULL);
    struct bpmn_resource *resource = ARENA_NEW(r->arena, struct bpmn_resource);
    r->noted = map_new(r->scratch);
    read_processes(r, resource);
    read_message_flows(r, resource);
    note_roots(r);
    reader_check_together(r, resource);
    resource->problems = r->problems.items;
    resource->problem_count = r->problems.count;
    resource->is_executable = can_run(resource);
    *ret_resource = resource;
    return true;
}

bool bpmn_parse(struct arena *arena, struct arena *scratch, str xml,
                struct bpmn_resource **ret_resource, struct error *err)
{
    struct reader r = {.arena = arena, .scratch = scratch};
    return parse(&r, xml, ret_resource, err);
}

bool bpmn_parse_in_zones(struct arena *arena, struct arena *scratch, str xml,
                         const struct zone_db *zones, struct bpmn_resource **ret_resource,
                         struct error *err)
{
    struct reader r = {.arena = arena, .scratch = scratch, .zones = zones};
    return parse(&r, xml, ret_resource, err);
}

bool bpmn_parse_sketch(struct arena *arena, struct arena *scratch, str xml,
                       struct bpmn_resource **ret_resource, struct error *err)
{
    struct reader r = {.arena = arena, .scratch = scratch, .sketch = true};
    return parse(&r, xml, ret_resource, err);
}
