// SPDX-License-Identifier: Apache-2.0
// Extensions that any element can have: jobs, headers, mappings, listeners; and data associations,
// which the standard has for the same purpose.
#include "base/secret_reference.h"
#include "bpmn/reader.h"

const struct bpmn_xml_node *reader_extension(const struct bpmn_xml_node *node,
                                             enum bpmn_xml_space space, const char *name)
{
    return bpmn_xml_child(bpmn_xml_child(node, XML_BPMN, STR("extensionElements")), space,
                          str_of(name));
}

static void add_mapping(struct reader *r, const struct bpmn_mapping **mappings, uint32_t *count,
                        struct bpmn_mapping mapping)
{
    struct bpmn_mapping *grown = (struct bpmn_mapping *)*mappings;
    if ((*count & (*count - 1)) == 0) { // full: its room doubles
        grown = ARENA_ARRAY(r->arena, struct bpmn_mapping, *count == 0 ? 1 : 2 * (size_t)*count);
        if (*count > 0)
            memcpy(grown, *mappings, *count * sizeof *grown);
    }
    grown[(*count)++] = mapping;
    *mappings = grown;
}

static bool has_only(str target, const char *refused)
{
    if (str_is_empty(target) || (target.data[0] >= '0' && target.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < target.len; i++)
        if (strchr(refused, target.data[i]) != NULL ||
            (target.data[i] == '.' && (i == 0 || i + 1 == target.len || target.data[i - 1] == '.')))
            return false;
    return true;
}

static bool is_path(str target)
{
    return has_only(target, " \t\n\"'()[]{},;:");
}

// Words with single spaces between them.
static bool is_spaced(str target)
{
    return has_only(target, "\t\n\"'()[]{},;:") && str_find(target, STR("  ")) == SIZE_MAX;
}

// A path, or a name of several words.
bool reader_is_target(str target)
{
    return is_path(target) || (is_spaced(target) && str_find_char(target, '.') == SIZE_MAX);
}

static bool is_usable(struct reader *r, const struct bpmn_element *element,
                      struct bpmn_mapping mapping)
{
    if (!is_path(mapping.target)) {
        reader_complain(r, BPMN_CODE_MAPPING_TARGET, element, mapping.target);
        return false;
    }
    return mapping.source != NULL;
}

void reader_add_input(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping)
{
    if (is_usable(r, element, mapping))
        add_mapping(r, &element->inputs, &element->input_count, mapping);
}

void reader_add_output(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping)
{
    if (is_usable(r, element, mapping))
        add_mapping(r, &element->outputs, &element->output_count, mapping);
}

// What an input or output says; an input that says nothing is null: templates write it for what is
// left empty.
static void add_zeebe_mapping(struct reader *r, struct bpmn_element *element,
                              const struct bpmn_xml_node *node, bool is_input)
{
    str source = bpmn_xml_attribute(node, STR("source"));
    bool is_missing = str_is_empty(str_trim(source));
    str secret = str_starts_with(str_trim(source), STR("="))
                     ? secret_whole(str_from_index(str_trim(source), 1))
                     : STR_EMPTY;
    if (is_input && secret.len > 0) // a reference, not a path of variables: it stays a text
        source = str_join2(r->scratch, STR("camunda.secrets."), secret);
    struct bpmn_mapping mapping = {
        is_missing ? reader_expression(r, element, STR("null"))
                   : reader_property(r, element, source),
        reader_keep(r, str_trim(bpmn_xml_attribute(node, STR("target"))))};
    if (is_input)
        reader_add_input(r, element, mapping);
    else if (is_missing)
        reader_complain(r, BPMN_CODE_EXPRESSION_MISSING, element, STR("source of a mapping"));
    else
        reader_add_output(r, element, mapping);
}

static void read_zeebe_mappings(struct reader *r, struct bpmn_element *element,
                                const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *io = reader_extension(node, XML_ZEEBE, "ioMapping");
    for (const struct bpmn_xml_node *n = io ? io->first : NULL; n != NULL; n = n->next) {
        bool is_input = bpmn_xml_is(n, XML_ZEEBE, STR("input"));
        if (is_input || bpmn_xml_is(n, XML_ZEEBE, STR("output")))
            add_zeebe_mapping(r, element, n, is_input);
    }
}

static void add_camunda_mapping(struct reader *r, struct bpmn_element *element,
                                const struct bpmn_xml_node *node, bool is_input)
{
    str name = reader_keep(r, str_trim(bpmn_xml_attribute(node, STR("name"))));
    str source = vendor_parameter(r->scratch, node);
    struct bpmn_mapping mapping = {.target = name};
    if (source.data == NULL) {
        reader_complain(r, BPMN_CODE_VENDOR_EXTENSION_IGNORED, element,
                        str_format(r->scratch, "%.*s: a script, or a call of Java", STR_ARG(name)));
        return;
    }
    mapping.source = reader_expression(r, element, source);
    is_input ? reader_add_input(r, element, mapping) : reader_add_output(r, element, mapping);
}

static void read_camunda_list(struct reader *r, struct bpmn_element *element,
                              const struct bpmn_xml_node *io)
{
    for (const struct bpmn_xml_node *n = io ? io->first : NULL; n != NULL; n = n->next) {
        bool is_input = bpmn_xml_is(n, XML_CAMUNDA, STR("inputParameter"));
        if (is_input || bpmn_xml_is(n, XML_CAMUNDA, STR("outputParameter")))
            add_camunda_mapping(r, element, n, is_input);
    }
    if (io != NULL)
        reader_complain(r, BPMN_CODE_TRANSLATED, element, STR("camunda:inputOutput"));
}

// A connector's parameters are those of the job that it becomes.
static void read_camunda_mappings(struct reader *r, struct bpmn_element *element,
                                  const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *connector = reader_extension(node, XML_CAMUNDA, "connector");
    read_camunda_list(r, element, reader_extension(node, XML_CAMUNDA, "inputOutput"));
    read_camunda_list(r, element, bpmn_xml_child(connector, XML_CAMUNDA, STR("inputOutput")));
}

void reader_add_data(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping,
                     bool is_input)
{
    if (mapping.source == NULL || !reader_is_target(mapping.target))
        return;
    if (is_input)
        add_mapping(r, &element->inputs, &element->input_count, mapping);
    else
        add_mapping(r, &element->outputs, &element->output_count, mapping);
}

static str headers_json(struct reader *r, const struct bpmn_xml_node *node, str extra_name,
                        str extra)
{
    struct strbuf out = strbuf_new(r->arena);
    struct json_writer w = json_writer_new(&out);
    struct map seen = map_new(r->scratch);
    const struct bpmn_xml_node *list = reader_extension(node, XML_ZEEBE, "taskHeaders");
    json_begin_object(&w);
    for (const struct bpmn_xml_node *n = list ? list->first : NULL; n != NULL; n = n->next) {
        str key = bpmn_xml_attribute(n, STR("key"));
        if (!bpmn_xml_is(n, XML_ZEEBE, STR("header")) || key.data == NULL ||
            map_get(&seen, key) != NULL)
            continue;
        map_put(&seen, key, (void *)n);
        json_key(&w, key);
        str value = bpmn_xml_attribute(n, STR("value"));
        json_string(&w, value.data == NULL ? STR_EMPTY : value);
    }
    if (!str_is_empty(extra_name) && map_get(&seen, extra_name) == NULL) {
        json_key(&w, extra_name);
        json_string(&w, extra);
        map_put(&seen, extra_name, r);
        str language = str_trim(bpmn_xml_attribute(node, STR("scriptFormat")));
        if (!str_is_empty(language) && map_get(&seen, STR("language")) == NULL) {
            json_key(&w, STR("language"));
            json_string(&w, language);
        }
    }
    vendor_add_headers(r, node, &w, &seen);
    json_end_object(&w);
    return strbuf_str(&out);
}

str reader_headers(struct reader *r, const struct bpmn_xml_node *node)
{
    return headers_json(r, node, STR_EMPTY, STR_EMPTY);
}

static struct bpmn_job *job_new(struct reader *r, const struct bpmn_element *element, str type,
                                str retries)
{
    struct bpmn_job *job = ARENA_NEW(r->arena, struct bpmn_job);
    job->type = reader_foreign(r, element, type);
    job->retries = reader_property(r, element, retries);
    job->headers = STR("{}");
    reader_check_count(r, element, job->retries, (struct count){"retries", 0, INT32_MAX});
    return job;
}

// Camunda 7 says in several ways what does the work: each becomes the type of a job.
static str camunda_type(const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *definition =
        bpmn_xml_child(node, XML_BPMN, STR("messageEventDefinition"));
    if (definition != NULL)
        return camunda_type(definition);
    static const char *const ways[] = {"topic", "class", "delegateExpression", "expression",
                                       "type"};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        str type = str_trim(bpmn_xml_attribute_in(node, XML_CAMUNDA, str_of(ways[i])));
        bool names_code = juel_is(type) && i > 0; // a topic is evaluated
        if (!str_is_empty(type) && !str_equal(type, STR("external")))
            return names_code ? str_sub(type, 2, type.len - 3) : type;
    }
    const struct bpmn_xml_node *connector = reader_extension(node, XML_CAMUNDA, "connector");
    const struct bpmn_xml_node *id = bpmn_xml_child(connector, XML_CAMUNDA, STR("connectorId"));
    return id == NULL ? STR_EMPTY : str_trim(id->text);
}

static bool works_by_job(const struct bpmn_element *element)
{
    switch ((int)element->type) {
    case BPMN_SERVICE_TASK:
    case BPMN_SEND_TASK:
    case BPMN_SCRIPT_TASK:
    case BPMN_BUSINESS_RULE_TASK:
        return true;
    case BPMN_INTERMEDIATE_THROW_EVENT:
    case BPMN_END_EVENT:
        return bpmn_has_trigger(element, BPMN_MESSAGE_TRIGGER);
    default:
        return false;
    }
}

// A model without extensions still runs: its tasks are jobs of a type named after the kind of task.
static str default_type(struct reader *r, const struct bpmn_element *element)
{
    if (element->call != NULL || element->trigger_count > 0)
        return STR_EMPTY;
    if (element->type != BPMN_SCRIPT_TASK)
        reader_complain(r, BPMN_CODE_TASK_WITHOUT_DEFINITION, element, STR_EMPTY);
    switch ((int)element->type) {
    case BPMN_SERVICE_TASK:
        return STR("service");
    case BPMN_SEND_TASK:
        return STR("send");
    case BPMN_SCRIPT_TASK:
        return STR("script");
    default:
        return STR("businessRule");
    }
}

static void read_job(struct reader *r, struct bpmn_element *element,
                     const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *task = reader_extension(node, XML_ZEEBE, "taskDefinition");
    const struct bpmn_xml_node *priority =
        reader_extension(node, XML_ZEEBE, "jobPriorityDefinition");
    str type = str_trim(bpmn_xml_attribute(task, STR("type")));
    if (task != NULL && str_is_empty(type) && works_by_job(element)) {
        reader_complain(r, BPMN_CODE_TASK_TYPE_EMPTY, element, STR_EMPTY);
        return;
    }
    if (str_is_empty(type) && works_by_job(element)) {
        type = camunda_type(node);
        if (!str_is_empty(type))
            reader_complain(r, BPMN_CODE_TRANSLATED, element, type);
        else
            type = default_type(r, element);
    }
    if (str_is_empty(type) || (!works_by_job(element) && element->type != BPMN_AD_HOC_SUB_PROCESS))
        return;
    str retries = bpmn_xml_attribute(task, STR("retries"));
    str before = bpmn_xml_attribute(priority, STR("priority"));
    struct bpmn_job *job = job_new(
        r, element, type, str_is_empty(retries) ? vendor_retries(r, element, node) : retries);
    job->priority =
        reader_property(r, element, str_is_empty(before) ? vendor_priority(node) : before);
    reader_check_count(r, element, job->priority, (struct count){"priority", INT32_MIN, INT32_MAX});
    const struct bpmn_xml_node *script = element->type == BPMN_SCRIPT_TASK && task == NULL
                                             ? bpmn_xml_child(node, XML_BPMN, STR("script"))
                                             : NULL;
    job->headers = headers_json(r, node, script ? STR("script") : STR_EMPTY,
                                script ? str_trim(script->text) : STR_EMPTY);
    element->job = job;
}

static bool listener_event(str name, enum bpmn_listener_event *ret_event)
{
    static const char *const other[] = {"start",  "end",      "create", "assignment",
                                        "update", "complete", "cancel"};
    for (int i = BPMN_LISTENER_START; i <= BPMN_LISTENER_CANCELING; i++)
        if (str_equal(name, str_of(bpmn_listener_event_name((enum bpmn_listener_event)i))) ||
            str_equal(name, str_of(other[i]))) {
            *ret_event = (enum bpmn_listener_event)i;
            return true;
        }
    return false;
}

static uint32_t add_listeners(struct reader *r, struct bpmn_element *element,
                              const struct bpmn_xml_node *list, struct bpmn_job *out)
{
    uint32_t count = 0;
    for (const struct bpmn_xml_node *n = list ? list->first : NULL; n != NULL; n = n->next) {
        enum bpmn_listener_event event;
        if (n->space != XML_ZEEBE)
            continue;
        if (!listener_event(bpmn_xml_attribute(n, STR("eventType")), &event)) {
            reader_complain(r, BPMN_CODE_ZEEBE_UNKNOWN, element,
                            str_format(r->scratch, "eventType '%.*s' of a listener",
                                       STR_ARG(bpmn_xml_attribute(n, STR("eventType")))));
            continue;
        }
        struct bpmn_job *job = job_new(r, element, bpmn_xml_attribute(n, STR("type")),
                                       bpmn_xml_attribute(n, STR("retries")));
        job->event = event;
        if (job->type == NULL)
            reader_complain(r, BPMN_CODE_EXPRESSION_MISSING, element, STR("type of a listener"));
        else if (out != NULL)
            out[count] = *job;
        count += job->type != NULL;
    }
    return count;
}

static void read_listeners(struct reader *r, struct bpmn_element *element,
                           const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *execution = reader_extension(node, XML_ZEEBE, "executionListeners");
    const struct bpmn_xml_node *task = reader_extension(node, XML_ZEEBE, "taskListeners");
    size_t most = 0;
    for (const struct bpmn_xml_node *n = execution ? execution->first : NULL; n != NULL;
         n = n->next)
        most++;
    for (const struct bpmn_xml_node *n = task ? task->first : NULL; n != NULL; n = n->next)
        most++;
    if (most == 0)
        return;
    struct bpmn_job *listeners = ARENA_ARRAY(r->arena, struct bpmn_job, most);
    uint32_t count = add_listeners(r, element, execution, listeners);
    element->listener_count = count + add_listeners(r, element, task, listeners + count);
    element->listeners = listeners;
}

void reader_read_extensions(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    if (bpmn_xml_child(node, XML_BPMN, STR("extensionElements")) != NULL) {
        read_zeebe_mappings(r, element, node);
        read_camunda_mappings(r, element, node);
        read_listeners(r, element, node);
        reader_read_extras(r, index);
    }
    vendor_refuse_cases(r, element, node);
    reader_note_foreign(r, element->id, node);
    read_job(r, element, node);
    reader_read_secrets(r, element);
}
