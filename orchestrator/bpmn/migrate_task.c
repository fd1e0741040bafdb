// SPDX-License-Identifier: Apache-2.0
// What tasks, calls, decisions, people and loops of Camunda 7 become.
#include "bpmn/migration.h"

#include "bpmn/reader.h"

static bool is(const struct migrating *at, const char *name)
{
    return document_is(&at->m->document, at->node, XML_BPMN, name);
}

// The text with `a` in the place of its '@'.
static str formatted(const struct migrating *at, const char *text, str a)
{
    str rest = str_of(text);
    size_t mark = str_find_char(rest, '@');
    return str_format(at->m->arena, "%.*s%.*s%.*s", STR_ARG(str_sub(rest, 0, mark)), STR_ARG(a),
                      STR_ARG(str_from_index(rest, mark + 1)));
}

static str qualified(const struct migrating *at, const char *name)
{
    return str_format(at->m->arena, "camunda:%s", name);
}

// -- Jobs -------------------------------------------------------------------------------

static void add_header(const struct migrating *at, str key, str value)
{
    struct document_node *list = migration_the(at, "taskHeaders");
    struct document_node *header = document_add(&at->m->document, list, NULL, STR("zeebe:header"));
    migration_set(at, header, "key", key);
    migration_set(at, header, "value", value);
}

// "${bean.pay(order)}" is the work of a worker for "bean.pay", which gets the call as a header.
static str job_type(const struct migrating *at, str value)
{
    str name = juel_is(value) ? str_trim(str_sub(value, 2, value.len - 3)) : value;
    size_t call = str_find_char(name, '(');
    if (call == SIZE_MAX)
        return name;
    add_header(at, STR("expression"), value);
    return str_sub(name, 0, call);
}

static void add_mapping(const struct migrating *at, bool is_input, str source, str target)
{
    struct document_node *list = migration_the(at, "ioMapping");
    struct document_node *mapping = document_add(
        &at->m->document, list, NULL, is_input ? STR("zeebe:input") : STR("zeebe:output"));
    migration_set(at, mapping, "source", source);
    migration_set(at, mapping, "target", target);
}

// What is the same for every job is a header, what is evaluated an input.
static void add_field(const struct migrating *at, str what, str name, str text)
{
    str value;
    if (!migration_value(at, what, text, &value))
        return;
    bool is_expression = !str_equal(value, text);
    if (is_expression)
        add_mapping(at, true, value, name);
    else
        add_header(at, name, value);
    migration_note(at, what, is_expression ? STR("zeebe:input") : STR("zeebe:header"), STR_EMPTY);
}

static void migrate_fields(const struct migrating *at)
{
    static const char *const names[] = {"stringValue", "expression", "string"};
    const struct document *d = &at->m->document;
    for (struct document_node *n = migration_extension(at, "field"), *next; n != NULL; n = next) {
        str value = STR_EMPTY;
        next = migration_next(at, n);
        for (size_t i = 0; i < COUNT_OF(names) && str_is_empty(value); i++) {
            value = document_get(d, n, XML_NONE, names[i]);
            if (str_is_empty(value))
                value = str_trim(document_text(d, document_child(d, n, XML_CAMUNDA, names[i])));
        }
        add_field(at, n->name, document_get(d, n, XML_NONE, "name"), value);
        document_remove(n);
    }
}

static str retries_of(const struct migrating *at)
{
    struct document_node *cycle = migration_extension(at, "failedJobRetryTimeCycle");
    str text = cycle ? str_trim(document_text(&at->m->document, cycle)) : STR_EMPTY, first;
    uint64_t number;
    if (cycle == NULL || text.len < 2 || text.data[0] != 'R' || !str_split(&text, '/', &first) ||
        !str_to_u64(str_from_index(first, 1), &number))
        return STR_EMPTY;
    migration_note(at, cycle->name, formatted(at, "retries=\"@\"", str_from_index(first, 1)),
                   STR("the worker says how long it waits between them"));
    document_remove(cycle);
    return str_from_index(first, 1);
}

static void add_job(const struct migrating *at, str what, str type)
{
    struct document_node *task = migration_the(at, "taskDefinition");
    str retries = retries_of(at), result = migration_take(at, "resultVariable"), value;
    migration_set(at, task, "type", type);
    if (!str_is_empty(retries))
        migration_set(at, task, "retries", retries);
    migration_note(at, what, formatted(at, "zeebe:taskDefinition type=\"@\"", type),
                   STR("a worker of this type does the work"));
    if (str_is_empty(result))
        result = migration_take(at, "resultVariableName");
    if (!str_is_empty(result)) {
        add_header(at, STR("resultVariable"), result);
        migration_note(at, STR("camunda:resultVariable"), STR("zeebe:header resultVariable"),
                       STR("the worker gives its result this name"));
    }
    static const char *const priorities[] = {"taskPriority", "jobPriority"};
    for (size_t i = 0; i < COUNT_OF(priorities); i++) {
        str priority = migration_look(at, priorities[i]);
        if (priority.data == NULL ||
            !migration_value(at, qualified(at, priorities[i]), priority, &value))
            continue;
        (void)migration_take(at, priorities[i]);
        migration_set(at, migration_the(at, "jobPriorityDefinition"), "priority", value);
        migration_note(at, qualified(at, priorities[i]), STR("zeebe:jobPriorityDefinition"),
                       STR_EMPTY);
    }
    migrate_fields(at);
}

static bool take_connector(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    struct document_node *connector = migration_extension(at, "connector");
    struct document_node *id = document_child(d, connector, XML_CAMUNDA, "connectorId");
    if (id == NULL)
        return false;
    add_job(at, connector->name, str_trim(document_text(d, id)));
    document_remove(id);
    return true;
}

// Where a message event says what sends it: in its definition.
static struct migrating sender_of(const struct migrating *at)
{
    struct document_node *definition =
        document_child(&at->m->document, at->node, XML_BPMN, "messageEventDefinition");
    return (struct migrating){at->m, definition ? definition : at->node};
}

static void migrate_work(const struct migrating *at)
{
    static const char *const ways[] = {"topic", "class", "delegateExpression", "expression",
                                       "type"};
    struct migrating sender = sender_of(at);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        str value = migration_look(&sender, ways[i]);
        if (str_is_empty(value) || str_equal(value, STR("external")))
            continue;
        bool is_topic = i == 0; // which is evaluated; the rest names code
        str type = value;
        if (is_topic && !migration_value(at, qualified(at, ways[i]), value, &type))
            return;
        (void)migration_take(&sender, ways[i]);
        add_job(at, qualified(at, ways[i]), is_topic ? type : job_type(at, value));
        (void)migration_take(&sender, "type"); // external
        return;
    }
    (void)take_connector(at);
}

static bool is_feel(str format)
{
    return str_equal_ignoring_case(format, STR("feel"));
}

// FEEL stays FEEL, JUEL becomes it, the rest is the work of a worker that runs scripts.
static void migrate_script(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    struct document_node *script = document_child(d, at->node, XML_BPMN, "script");
    str format = document_get(d, at->node, XML_NONE, "scriptFormat"), value;
    str text = str_trim(document_text(d, script));
    if (script == NULL ||
        document_child(d, document_child(d, at->node, XML_BPMN, "extensionElements"), XML_ZEEBE,
                       "script") != NULL)
        return;
    bool is_expression =
        is_feel(format) || (str_equal_ignoring_case(format, STR("juel")) && juel_is(text) &&
                            str_is_empty(juel_method(at->m->arena, text)));
    if (!is_expression) {
        add_header(at, STR("language"), format.data ? format : STR_EMPTY);
        add_header(at, STR("script"), text);
        add_job(at, STR("script"), STR("script"));
        return;
    }
    if (!migration_value(at, STR("script"), text, &value))
        return;
    if (!str_starts_with(value, STR("=")))
        value = str_join2(at->m->arena, STR("= "), value);
    struct document_node *added = migration_add(at, "script");
    str result = migration_take(at, "resultVariable");
    migration_set(at, added, "expression", value);
    migration_set(at, added, "resultVariable", result.data ? result : STR("result"));
    migration_note(at, STR("script"), STR("zeebe:script"), STR_EMPTY);
    document_remove(script);
    document_drop(d, at->node, XML_NONE, "scriptFormat");
}

// -- Calls ------------------------------------------------------------------------------

static void bind(const struct migrating *at, struct document_node *target, const char *prefix)
{
    char *binding = str_cstr(at->m->arena, str_format(at->m->arena, "%sBinding", prefix));
    char *tag = str_cstr(at->m->arena, str_format(at->m->arena, "%sVersionTag", prefix));
    str name = migration_look(at, binding);
    bool is_same = str_equal(migration_take(at, "sameDeployment"), STR("true"));
    if (name.data == NULL && !is_same)
        return;
    if (str_equal(name, STR("version"))) {
        migration_note(at, qualified(at, binding), STR_EMPTY,
                       STR("a version's number is another after a migration: bind a version tag"));
        return;
    }
    (void)migration_take(at, binding);
    migration_set(at, target, "bindingType", is_same ? STR("deployment") : name);
    str value = migration_take(at, tag);
    if (value.data != NULL)
        migration_set(at, target, "versionTag", value);
    migration_note(at, qualified(at, binding), STR("bindingType"), STR_EMPTY);
}

// camunda:in and camunda:out. Camunda 7 gives and takes only what they name.
static bool migrate_passing(const struct migrating *at, const char *name, bool is_input)
{
    const struct document *d = &at->m->document;
    bool all = false;
    for (struct document_node *n = migration_extension(at, name), *next; n != NULL; n = next) {
        next = migration_next(at, n);
        str source = document_get(d, n, XML_NONE, "source"), value;
        str expression = document_get(d, n, XML_NONE, "sourceExpression");
        str target = document_get(d, n, XML_NONE, "target");
        if (str_equal(document_get(d, n, XML_NONE, "variables"), STR("all"))) {
            all = true;
        } else if (document_get(d, n, XML_NONE, "businessKey").data != NULL) {
            migration_note(at, n->name, STR_EMPTY,
                           STR("the called instance has its caller's business id"));
            continue;
        } else if (expression.data != NULL && !migration_value(at, n->name, expression, &value)) {
            continue;
        } else if (target.data != NULL) {
            add_mapping(at, is_input,
                        expression.data ? value : str_join2(at->m->arena, STR("= "), source),
                        target);
        }
        migration_note(at, n->name,
                       all && target.data == NULL ? STR("propagateAll…Variables=\"true\"")
                                                  : STR("zeebe:ioMapping"),
                       STR_EMPTY);
        document_remove(n);
    }
    return all;
}

static void migrate_call(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    str called = document_get(d, at->node, XML_NONE, "calledElement"), value;
    if (str_is_empty(called) || !migration_value(at, STR("calledElement"), called, &value))
        return;
    struct document_node *added = migration_the(at, "calledElement");
    bool inherits = str_equal(migration_take(at, "inheritVariables"), STR("true"));
    migration_set(at, added, "processId", value);
    bind(at, added, "calledElement");
    bool all_in = migrate_passing(at, "in", true) || inherits;
    bool all_out = migrate_passing(at, "out", false);
    migration_set(at, added, "propagateAllParentVariables", all_in ? STR("true") : STR("false"));
    migration_set(at, added, "propagateAllChildVariables", all_out ? STR("true") : STR("false"));
    migration_note(at, STR("calledElement"), STR("zeebe:calledElement"),
                   all_in && all_out ? STR_EMPTY : STR("only what is mapped is given and taken"));
    document_drop(d, at->node, XML_NONE, "calledElement");
}

static bool migrate_decision(const struct migrating *at)
{
    str reference = migration_look(at, "decisionRef"), value;
    if (str_is_empty(reference))
        return false;
    if (!migration_value(at, STR("camunda:decisionRef"), reference, &value))
        return true;
    struct document_node *added = migration_the(at, "calledDecision");
    str result = migration_take(at, "resultVariable");
    (void)migration_take(at, "decisionRef");
    migration_set(at, added, "decisionId", value);
    migration_set(at, added, "resultVariable", result.data ? result : STR("result"));
    bind(at, added, "decisionRef");
    migration_note(at, STR("camunda:decisionRef"), STR("zeebe:calledDecision"), STR_EMPTY);
    return true;
}

// -- People -----------------------------------------------------------------------------

static void migrate_person(const struct migrating *at, const char *name, const char *element)
{
    str text = migration_look(at, name), value;
    if (text.data == NULL || !migration_value(at, qualified(at, name), text, &value))
        return;
    (void)migration_take(at, name);
    migration_set(at, migration_the(at, element), name, value);
    migration_note(at, qualified(at, name), str_format(at->m->arena, "zeebe:%s", element),
                   STR_EMPTY);
}

static void migrate_form(const struct migrating *at)
{
    str reference = migration_take(at, "formRef"), key = migration_look(at, "formKey");
    if (!str_is_empty(reference)) {
        struct document_node *form = migration_the(at, "formDefinition");
        migration_set(at, form, "formId", reference);
        if (!str_equal(migration_look(at, "formRefBinding"), STR("version")) &&
            migration_look(at, "formRefBinding").data != NULL)
            migration_set(at, form, "bindingType", migration_take(at, "formRefBinding"));
        migration_note(at, STR("camunda:formRef"), STR("zeebe:formDefinition formId"),
                       STR("deploy the form beside the model"));
        return;
    }
    if (str_is_empty(key))
        return;
    (void)migration_take(at, "formKey");
    migration_set(at, migration_the(at, "formDefinition"), "externalReference", key);
    migration_note(at, STR("camunda:formKey"), STR("zeebe:formDefinition externalReference"),
                   STR("an application shows it, or deploy a form and name its formId"));
}

static void migrate_user_task(const struct migrating *at)
{
    (void)migration_the(at, "userTask");
    migrate_person(at, "assignee", "assignmentDefinition");
    migrate_person(at, "candidateGroups", "assignmentDefinition");
    migrate_person(at, "candidateUsers", "assignmentDefinition");
    migrate_person(at, "dueDate", "taskSchedule");
    migrate_person(at, "followUpDate", "taskSchedule");
    migrate_person(at, "priority", "priorityDefinition");
    migrate_form(at);
}

void migrate_task(const struct migrating *at)
{
    if (is(at, "userTask"))
        migrate_user_task(at);
    else if (is(at, "callActivity"))
        migrate_call(at);
    else if (is(at, "scriptTask"))
        migrate_script(at);
    else if (is(at, "businessRuleTask") && migrate_decision(at))
        return;
    else if (is(at, "serviceTask") || is(at, "sendTask") || is(at, "businessRuleTask") ||
             is(at, "endEvent") || is(at, "intermediateThrowEvent"))
        migrate_work(at);
}

// -- Mappings ---------------------------------------------------------------------------

static bool add_parameter(const struct migrating *at, const struct document_node *node,
                          struct strbuf *out);

static bool add_parts(const struct migrating *at, const struct document_node *node, bool is_map,
                      struct strbuf *out)
{
    const struct document *d = &at->m->document;
    bool is_first = true;
    strbuf_add_char(out, is_map ? '{' : '[');
    for (const struct document_node *n = node->first; n != NULL; n = n->next) {
        if (n->kind != DOCUMENT_ELEMENT)
            continue;
        if (!is_first)
            strbuf_add(out, STR(", "));
        is_first = false;
        if (is_map) {
            json_quote(out, document_get(d, n, XML_NONE, "key"));
            strbuf_add(out, STR(": "));
        }
        if (!add_parameter(at, n, out))
            return false;
    }
    strbuf_add_char(out, is_map ? '}' : ']');
    return true;
}

static bool add_parameter(const struct migrating *at, const struct document_node *node,
                          struct strbuf *out)
{
    const struct document *d = &at->m->document;
    const struct document_node *inner = node->first;
    while (inner != NULL && inner->kind != DOCUMENT_ELEMENT)
        inner = inner->next;
    if (document_is(d, node, XML_CAMUNDA, "script")) {
        migration_note(at, node->name, STR_EMPTY, STR("a script: write it in FEEL"));
        return false;
    }
    if (document_is(d, node, XML_CAMUNDA, "list") || document_is(d, node, XML_CAMUNDA, "map"))
        return add_parts(at, node, document_is(d, node, XML_CAMUNDA, "map"), out);
    if (inner != NULL)
        return add_parameter(at, inner, out);
    str text = document_text(d, node), value;
    if (!migration_value(at, node->name, text, &value))
        return false;
    if (str_is_empty(str_trim(text)))
        strbuf_add(out, STR("null"));
    else if (str_starts_with(value, STR("= ")))
        strbuf_add(out, str_from_index(value, 2));
    else
        json_quote(out, value);
    return true;
}

static void migrate_parameters(const struct migrating *at, struct document_node *io)
{
    const struct document *d = &at->m->document;
    bool all = true;
    for (struct document_node *n = io ? io->first : NULL, *next; n != NULL; n = next) {
        next = n->next;
        bool is_input = document_is(d, n, XML_CAMUNDA, "inputParameter");
        if (!is_input && !document_is(d, n, XML_CAMUNDA, "outputParameter"))
            continue;
        struct strbuf value = strbuf_new(at->m->arena);
        strbuf_add(&value, STR("= "));
        if (!add_parameter(at, n, &value)) {
            all = false;
            continue;
        }
        add_mapping(at, is_input, strbuf_str(&value), document_get(d, n, XML_NONE, "name"));
        migration_note(at, n->name, STR("zeebe:ioMapping"), strbuf_str(&value));
        document_remove(n);
    }
    if (io != NULL && all)
        document_remove(io);
}

void migrate_mappings(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    struct document_node *connector = migration_extension(at, "connector");
    migrate_parameters(at, migration_extension(at, "inputOutput"));
    if (connector == NULL)
        return;
    migrate_parameters(at, document_child(d, connector, XML_CAMUNDA, "inputOutput"));
    for (const struct document_node *n = connector->first; n != NULL; n = n->next)
        if (n->kind == DOCUMENT_ELEMENT)
            return;
    document_remove(connector);
}

// -- Loops ------------------------------------------------------------------------------

void migrate_loop(const struct migrating *at)
{
    str collection = migration_look(at, "collection"), value;
    if (!is(at, "multiInstanceLoopCharacteristics") || str_is_empty(collection) ||
        !migration_value(at, STR("camunda:collection"), collection, &value))
        return;
    struct document_node *loop = migration_the(at, "loopCharacteristics");
    str element = migration_take(at, "elementVariable");
    (void)migration_take(at, "collection");
    if (!str_starts_with(value, STR("=")))
        value = str_join2(at->m->arena, STR("= "), value);
    migration_set(at, loop, "inputCollection", value);
    if (element.data != NULL)
        migration_set(at, loop, "inputElement", element);
    migration_note(at, STR("camunda:collection"), STR("zeebe:loopCharacteristics"),
                   STR("loopCounter begins at 1"));
}
