// SPDX-License-Identifier: Apache-2.0
// What a task does: a job, a call, a decision, a script, work for a person.
#include "bpmn/reader.h"

static str attribute_of(const struct bpmn_xml_node *node, enum bpmn_xml_space space,
                        const char *name)
{
    return str_trim(bpmn_xml_attribute_in(node, space, str_of(name)));
}

static struct bpmn_call *call_of(struct reader *r, struct bpmn_element *element)
{
    struct bpmn_call *call = ARENA_NEW(r->arena, struct bpmn_call);
    call->version = call->result_variable = STR_EMPTY;
    call->propagates_to_child = call->propagates_to_parent = true;
    element->call = call;
    return call;
}

static enum bpmn_binding binding_named(str name)
{
    if (str_equal(name, STR("deployment")))
        return BPMN_DEPLOYMENT;
    if (str_equal(name, STR("versionTag")))
        return BPMN_VERSION_TAG;
    return str_equal(name, STR("version")) ? BPMN_VERSION : BPMN_LATEST;
}

static void bind_version(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node)
{
    struct bpmn_call *call = (struct bpmn_call *)element->call;
    str binding = attribute_of(node, XML_NONE, "bindingType");
    call->binding = binding_named(binding);
    call->version = reader_keep(r, attribute_of(node, XML_NONE, "versionTag"));
    bool is_latest = str_is_empty(binding) || str_equal(binding, STR("latest"));
    if ((call->binding == BPMN_LATEST && !is_latest) || call->binding == BPMN_VERSION ||
        (call->binding == BPMN_VERSION_TAG && str_is_empty(call->version)))
        reader_complain(r, BPMN_CODE_BINDING_INVALID, element, binding);
}

// camunda:calledElementBinding and the like.
static void bind_camunda(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node, const char *prefix)
{
    struct bpmn_call *call = (struct bpmn_call *)element->call;
    const char *name = str_cstr(r->scratch, str_format(r->scratch, "%sBinding", prefix));
    call->binding = binding_named(attribute_of(node, XML_CAMUNDA, name));
    name = str_cstr(r->scratch, str_format(r->scratch, "%sVersion%s", prefix,
                                           call->binding == BPMN_VERSION ? "" : "Tag"));
    call->version = reader_keep(r, attribute_of(node, XML_CAMUNDA, name));
    if (call->binding != BPMN_LATEST)
        reader_complain(r, BPMN_CODE_TRANSLATED, element,
                        str_format(r->scratch, "camunda:%sBinding", prefix));
}

static void read_called_element(struct reader *r, struct bpmn_element *element,
                                const struct bpmn_xml_node *node)
{
    struct bpmn_call *call = call_of(r, element);
    const struct bpmn_xml_node *called = reader_extension(node, XML_ZEEBE, "calledElement");
    if (called != NULL) {
        str id = attribute_of(called, XML_NONE, "processId");
        call->id = str_is_empty(id)
                       ? reader_expression(r, element,
                                           attribute_of(called, XML_NONE, "processIdExpression"))
                       : reader_property(r, element, id);
        call->business_id =
            reader_property(r, element, attribute_of(called, XML_NONE, "businessId"));
        call->propagates_to_child =
            !str_equal(attribute_of(called, XML_NONE, "propagateAllParentVariables"), STR("false"));
        call->propagates_to_parent =
            !str_equal(attribute_of(called, XML_NONE, "propagateAllChildVariables"), STR("false"));
        bind_version(r, element, called);
    }
    str standard = attribute_of(node, XML_NONE, "calledElement");
    if (call->id == NULL && !str_is_empty(standard)) {
        size_t colon = str_find_char(standard, ':');
        bool is_name = standard.data[0] != '=' && !juel_is(standard) && colon != SIZE_MAX;
        call->id =
            reader_foreign(r, element, is_name ? str_from_index(standard, colon + 1) : standard);
        bind_camunda(r, element, node, "calledElement");
        if (str_equal(attribute_of(node, XML_CAMUNDA, "sameDeployment"), STR("true")))
            call->binding = BPMN_DEPLOYMENT;
    }
    if (call->id == NULL)
        reader_complain(r, BPMN_CODE_CALLED_ELEMENT_MISSING, element, STR_EMPTY);
}

// camunda:in and camunda:out of a call activity become mappings.
static void read_camunda_call(struct reader *r, struct bpmn_element *element,
                              const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *list = bpmn_xml_child(node, XML_BPMN, STR("extensionElements"));
    struct bpmn_call *call = (struct bpmn_call *)element->call;
    bool all_in = str_equal(attribute_of(node, XML_CAMUNDA, "inheritVariables"), STR("true"));
    bool all_out = false;
    for (const struct bpmn_xml_node *n = list ? list->first : NULL; n != NULL; n = n->next) {
        bool is_in = bpmn_xml_is(n, XML_CAMUNDA, STR("in"));
        if (!is_in && !bpmn_xml_is(n, XML_CAMUNDA, STR("out")))
            continue;
        if (str_equal(attribute_of(n, XML_NONE, "variables"), STR("all"))) {
            *(is_in ? &all_in : &all_out) = true;
            continue;
        }
        str business = attribute_of(n, XML_NONE, "businessKey");
        if (!str_is_empty(business)) {
            call->business_id = reader_property(r, element, business);
            continue;
        }
        str source = attribute_of(n, XML_NONE, "source");
        if (str_is_empty(source))
            source = attribute_of(n, XML_NONE, "sourceExpression");
        struct bpmn_mapping mapping = {reader_expression(r, element, source),
                                       reader_keep(r, attribute_of(n, XML_NONE, "target"))};
        is_in ? reader_add_input(r, element, mapping) : reader_add_output(r, element, mapping);
        *(is_in ? &call->propagates_to_child : &call->propagates_to_parent) = false;
        reader_complain(r, BPMN_CODE_TRANSLATED, element,
                        is_in ? STR("camunda:in") : STR("camunda:out"));
    }
    call->propagates_to_child |= all_in;
    call->propagates_to_parent |= all_out;
}

// A task is one thing, and its result goes somewhere.
static void check_result(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node)
{
    if (reader_extension(node, XML_ZEEBE, "taskDefinition") != NULL)
        reader_complain(r, BPMN_CODE_TASK_TWICE, element, STR_EMPTY);
    if (str_is_empty(element->call->result_variable))
        reader_complain(r, BPMN_CODE_RESULT_NOWHERE, element, STR_EMPTY);
}

static void read_decision(struct reader *r, struct bpmn_element *element,
                          const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *called = reader_extension(node, XML_ZEEBE, "calledDecision");
    str camunda = attribute_of(node, XML_CAMUNDA, "decisionRef");
    if (called != NULL) {
        struct bpmn_call *call = call_of(r, element);
        call->id = reader_property(r, element, attribute_of(called, XML_NONE, "decisionId"));
        call->result_variable = reader_keep(r, attribute_of(called, XML_NONE, "resultVariable"));
        bind_version(r, element, called);
        check_result(r, element, node);
    } else if (!str_is_empty(camunda)) {
        struct bpmn_call *call = call_of(r, element);
        call->id = reader_foreign(r, element, camunda);
        call->result_variable = reader_keep(r, attribute_of(node, XML_CAMUNDA, "resultVariable"));
        bind_camunda(r, element, node, "decisionRef");
        reader_complain(r, BPMN_CODE_TRANSLATED, element, STR("camunda:decisionRef"));
    }
}

static bool is_feel(str format)
{
    return str_equal_ignoring_case(format, STR("feel")) || str_ends_with(format, STR("/feel")) ||
           str_starts_with(format, STR("http://www.omg.org/spec/FEEL"));
}

// A script in another language is the work of whoever takes the job that carries it.
static void note_foreign_script(struct reader *r, const struct bpmn_element *element,
                                const struct bpmn_xml_node *node)
{
    str format = attribute_of(node, XML_NONE, "scriptFormat");
    reader_complain(r, BPMN_CODE_SCRIPT_BECOMES_JOB, element,
                    str_is_empty(format) ? STR("it names no language") : format);
    if (!str_is_empty(attribute_of(node, XML_CAMUNDA, "resultVariable")))
        reader_complain(r, BPMN_CODE_VENDOR_EXTENSION_IGNORED, element,
                        STR("resultVariable (the worker gives the script's result this name)"));
}

static void read_script(struct reader *r, struct bpmn_element *element,
                        const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *zeebe = reader_extension(node, XML_ZEEBE, "script");
    const struct bpmn_xml_node *standard = bpmn_xml_child(node, XML_BPMN, STR("script"));
    if (zeebe != NULL) {
        struct bpmn_call *call = call_of(r, element);
        call->script = reader_expression(r, element, attribute_of(zeebe, XML_NONE, "expression"));
        call->result_variable = reader_keep(r, attribute_of(zeebe, XML_NONE, "resultVariable"));
        check_result(r, element, node);
    } else if (standard != NULL && is_feel(attribute_of(node, XML_NONE, "scriptFormat"))) {
        struct bpmn_call *call = call_of(r, element);
        call->script = reader_expression(r, element, standard->text);
        call->result_variable = reader_keep(r, attribute_of(node, XML_CAMUNDA, "resultVariable"));
    } else if (standard != NULL && reader_extension(node, XML_ZEEBE, "taskDefinition") == NULL) {
        note_foreign_script(r, element, node);
    }
}

static const struct feel_program *resource_of(struct reader *r, const struct bpmn_element *element,
                                              const struct bpmn_xml_node *node, const char *role)
{
    const struct bpmn_xml_node *owner = bpmn_xml_child(node, XML_BPMN, str_of(role));
    const struct bpmn_xml_node *assignment =
        bpmn_xml_child(owner, XML_BPMN, STR("resourceAssignmentExpression"));
    const struct bpmn_xml_node *expression =
        bpmn_xml_child(assignment, XML_BPMN, STR("formalExpression"));
    return expression == NULL ? NULL : reader_property(r, element, str_trim(expression->text));
}

// zeebe:x attribute of an extension element, else the camunda: attribute on the task itself.
static const struct feel_program *either(struct reader *r, const struct bpmn_element *element,
                                         const struct bpmn_xml_node *zeebe, const char *name)
{
    str value = attribute_of(zeebe, XML_NONE, name);
    if (!str_is_empty(value))
        return reader_property(r, element, value);
    value = attribute_of(r->element_nodes.items[element - r->elements.items], XML_CAMUNDA, name);
    if (!str_is_empty(value))
        reader_complain(r, BPMN_CODE_TRANSLATED, element,
                        str_format(r->scratch, "camunda:%s", name));
    return reader_foreign(r, element, value);
}

static void read_form(struct reader *r, struct bpmn_user_task *task,
                      const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *form = reader_extension(node, XML_ZEEBE, "formDefinition");
    str key = attribute_of(form, XML_NONE, "formKey");
    if (str_is_empty(key))
        key = attribute_of(form, XML_NONE, "externalReference");
    if (str_is_empty(key))
        key = attribute_of(node, XML_CAMUNDA, "formKey");
    task->form_key = reader_keep(r, key);
    str id = attribute_of(form, XML_NONE, "formId");
    task->form_id =
        reader_keep(r, str_is_empty(id) ? attribute_of(node, XML_CAMUNDA, "formRef") : id);
    task->form_binding = binding_named(attribute_of(form, XML_NONE, "bindingType"));
    task->form_version = reader_keep(r, attribute_of(form, XML_NONE, "versionTag"));
}

void reader_read_start_form(struct reader *r, struct bpmn_element *element,
                            const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *form = reader_extension(node, XML_ZEEBE, "formDefinition");
    str id = attribute_of(form, XML_NONE, "formId");
    if (str_is_empty(id))
        return;
    struct bpmn_start_form *start = ARENA_NEW(r->arena, struct bpmn_start_form);
    start->id = reader_keep(r, id);
    start->binding = binding_named(attribute_of(form, XML_NONE, "bindingType"));
    start->version = reader_keep(r, attribute_of(form, XML_NONE, "versionTag"));
    element->start_form = start;
}

static void read_user_task(struct reader *r, struct bpmn_element *element,
                           const struct bpmn_xml_node *node)
{
    struct bpmn_user_task *task = ARENA_NEW(r->arena, struct bpmn_user_task);
    const struct bpmn_xml_node *people = reader_extension(node, XML_ZEEBE, "assignmentDefinition");
    const struct bpmn_xml_node *times = reader_extension(node, XML_ZEEBE, "taskSchedule");
    element->user_task = task;
    task->assignee = either(r, element, people, "assignee");
    task->candidate_groups = either(r, element, people, "candidateGroups");
    task->candidate_users = either(r, element, people, "candidateUsers");
    task->due = either(r, element, times, "dueDate");
    task->follow_up = either(r, element, times, "followUpDate");
    const struct bpmn_xml_node *rank = reader_extension(node, XML_ZEEBE, "priorityDefinition");
    task->priority = either(r, element, rank, "priority");
    if (rank != NULL)
        reader_check_count(r, element, task->priority, (struct count){"priority", 0, 100});
    if (task->candidate_groups == NULL)
        task->candidate_groups = resource_of(r, element, node, "potentialOwner");
    if (task->assignee == NULL)
        task->assignee = resource_of(r, element, node, "humanPerformer");
    read_form(r, task, node);
    task->headers = reader_headers(r, node);
}

static void read_message_task(struct reader *r, struct bpmn_element *element,
                              const struct bpmn_xml_node *node)
{
    struct bpmn_trigger *trigger = ARENA_NEW(r->arena, struct bpmn_trigger);
    trigger->activity = BPMN_NONE;
    trigger->reference = STR_EMPTY;
    reader_read_message(r, element, node, trigger);
    element->instantiates = str_equal(bpmn_xml_attribute(node, STR("instantiate")), STR("true"));
    if (trigger->name == NULL && element->type == BPMN_SEND_TASK)
        return;
    element->triggers = trigger;
    element->trigger_count = 1;
}

static void read_ad_hoc(struct reader *r, struct bpmn_element *element,
                        const struct bpmn_xml_node *node)
{
    struct bpmn_ad_hoc *ad_hoc = ARENA_NEW(r->arena, struct bpmn_ad_hoc);
    const struct bpmn_xml_node *zeebe = reader_extension(node, XML_ZEEBE, "adHoc");
    const struct bpmn_xml_node *condition =
        bpmn_xml_child(node, XML_BPMN, STR("completionCondition"));
    element->ad_hoc = ad_hoc;
    ad_hoc->sequential =
        str_equal_ignoring_case(bpmn_xml_attribute(node, STR("ordering")), STR("Sequential"));
    ad_hoc->cancels_remaining =
        !str_equal(bpmn_xml_attribute(node, STR("cancelRemainingInstances")), STR("false"));
    ad_hoc->condition = condition ? reader_expression(r, element, condition->text) : NULL;
    ad_hoc->active_elements =
        reader_expression(r, element, attribute_of(zeebe, XML_NONE, "activeElementsCollection"));
    ad_hoc->output_collection = reader_keep(r, attribute_of(zeebe, XML_NONE, "outputCollection"));
    ad_hoc->output_element =
        reader_expression(r, element, attribute_of(zeebe, XML_NONE, "outputElement"));
}

static enum bpmn_direction direction_named(str name)
{
    static const char *const names[] = {"Unspecified", "Converging", "Diverging", "Mixed"};
    for (int i = BPMN_CONVERGING; i <= BPMN_MIXED; i++)
        if (str_equal_ignoring_case(name, str_of(names[i])))
            return (enum bpmn_direction)i;
    return BPMN_UNSPECIFIED;
}

static void read_gateway(struct reader *r, struct bpmn_element *element,
                         const struct bpmn_xml_node *node)
{
    element->instantiates = str_equal(bpmn_xml_attribute(node, STR("instantiate")), STR("true"));
    element->direction = direction_named(attribute_of(node, XML_NONE, "gatewayDirection"));
    element->parallel_start =
        str_equal_ignoring_case(bpmn_xml_attribute(node, STR("eventGatewayType")), STR("Parallel"));
    const struct bpmn_xml_node *condition =
        bpmn_xml_child(node, XML_BPMN, STR("activationCondition"));
    if (element->type == BPMN_COMPLEX_GATEWAY && condition != NULL)
        element->activation = reader_expression(r, element, condition->text);
}

static uint32_t read_quantity(struct reader *r, const struct bpmn_element *element,
                              const struct bpmn_xml_node *node, const char *name)
{
    str text = attribute_of(node, XML_NONE, name);
    int64_t value = 1;
    if (!str_is_empty(text) && (!str_to_i64(text, &value) || value < 1 || value > 1000)) {
        reader_complain(r, BPMN_CODE_QUANTITY, element, text);
        return 1;
    }
    return (uint32_t)value;
}

void reader_read_task(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    element->for_compensation =
        str_equal(bpmn_xml_attribute(node, STR("isForCompensation")), STR("true"));
    element->start_quantity = read_quantity(r, element, node, "startQuantity");
    element->completion_quantity = read_quantity(r, element, node, "completionQuantity");
    if (element->type == BPMN_CALL_ACTIVITY) {
        read_called_element(r, element, node);
        read_camunda_call(r, element, node);
    } else if (element->type == BPMN_BUSINESS_RULE_TASK) {
        read_decision(r, element, node);
    } else if (element->type == BPMN_SCRIPT_TASK) {
        read_script(r, element, node);
    } else if (element->type == BPMN_USER_TASK) {
        read_user_task(r, element, node);
    } else if (element->type == BPMN_RECEIVE_TASK || element->type == BPMN_SEND_TASK) {
        read_message_task(r, element, node);
    } else if (element->type == BPMN_AD_HOC_SUB_PROCESS) {
        read_ad_hoc(r, element, node);
    } else if (bpmn_is_gateway(element->type)) {
        read_gateway(r, element, node);
    }
}
