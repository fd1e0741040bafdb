// SPDX-License-Identifier: Apache-2.0
// The walk over a model that is migrated, and what every element may have.
#include "bpmn/migration.h"

#include "bpmn/reader.h"

// -- Notes ------------------------------------------------------------------------------

static str id_of(const struct migrating *at)
{
    for (const struct document_node *n = at->node; n != NULL; n = n->parent) {
        str id = document_get(&at->m->document, n, XML_NONE, "id");
        if (id.data != NULL)
            return id;
    }
    return STR_EMPTY;
}

void migration_note(const struct migrating *at, str what, str became, str why)
{
    struct bpmn_migrated *result = at->m->result;
    *ARRAY_PUSH(at->m->arena, &result->notes) =
        (struct bpmn_migration_note){at->node->line, id_of(at), what, became, why};
    result->open += str_is_empty(became);
}

// -- Attributes and extensions ----------------------------------------------------------

str migration_look(const struct migrating *at, const char *name)
{
    return document_get(&at->m->document, at->node, XML_CAMUNDA, name);
}

str migration_take(const struct migrating *at, const char *name)
{
    str value = migration_look(at, name);
    if (value.data != NULL)
        document_drop(&at->m->document, at->node, XML_CAMUNDA, name);
    return value;
}

static str like(const struct migrating *at, const char *local)
{
    str prefix = document_prefix(at->node->name);
    return str_format(at->m->arena, "%.*s%s%s", STR_ARG(prefix), str_is_empty(prefix) ? "" : ":",
                      local);
}

static struct document_node *extensions_of(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    struct document_node *found = document_child(d, at->node, XML_BPMN, "extensionElements");
    if (found != NULL)
        return found;
    struct document_node *first = at->node->first;
    while (first != NULL &&
           (first->kind != DOCUMENT_ELEMENT || document_is(d, first, XML_BPMN, "documentation")))
        first = first->next;
    return document_add(d, at->node, first, like(at, "extensionElements"));
}

struct document_node *migration_extension(const struct migrating *at, const char *name)
{
    const struct document *d = &at->m->document;
    return document_child(d, document_child(d, at->node, XML_BPMN, "extensionElements"),
                          XML_CAMUNDA, name);
}

struct document_node *migration_next(const struct migrating *at, const struct document_node *node)
{
    for (struct document_node *n = node->next; n != NULL; n = n->next)
        if (n->kind == DOCUMENT_ELEMENT && str_equal(n->name, node->name))
            return n;
    (void)at;
    return NULL;
}

struct document_node *migration_add(const struct migrating *at, const char *name)
{
    return document_add(&at->m->document, extensions_of(at), NULL,
                        str_format(at->m->arena, "zeebe:%s", name));
}

struct document_node *migration_the(const struct migrating *at, const char *name)
{
    const struct document *d = &at->m->document;
    struct document_node *found = document_child(
        d, document_child(d, at->node, XML_BPMN, "extensionElements"), XML_ZEEBE, name);
    return found ? found : migration_add(at, name);
}

void migration_set(const struct migrating *at, struct document_node *node, const char *name,
                   str value)
{
    document_set(&at->m->document, node, str_of(name), value);
}

// -- Expressions ------------------------------------------------------------------------

static const struct {
    const char *camunda;
    const char *here;
} variables[] = {
    {"nrOfInstances", "numberOfInstances"},
    {"nrOfActiveInstances", "numberOfActiveInstances"},
    {"nrOfCompletedInstances", "numberOfCompletedInstances"},
};

static str renamed(struct arena *arena, str feel)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < feel.len;) {
        size_t used = 0;
        for (size_t k = 0; used == 0 && k < COUNT_OF(variables); k++)
            if (str_starts_with(str_from_index(feel, i), str_of(variables[k].camunda))) {
                strbuf_add(&out, str_of(variables[k].here));
                used = strlen(variables[k].camunda);
            }
        if (used == 0)
            strbuf_add_char(&out, feel.data[i]);
        i += used ? used : 1;
    }
    return strbuf_str(&out);
}

static bool calls_java(const struct migrating *at, str what, str text)
{
    str method = juel_method(at->m->arena, text);
    if (str_is_empty(method))
        return false;
    migration_note(at, what, STR_EMPTY,
                   str_format(at->m->arena, "%.*s calls Java (%.*s): let a worker or FEEL do it",
                              STR_ARG(text), STR_ARG(method)));
    return true;
}

bool migration_value(const struct migrating *at, str what, str text, str *ret_value)
{
    str trimmed = str_trim(text);
    *ret_value = text;
    if (!juel_is(trimmed) && !juel_is_mixed(trimmed))
        return true;
    if (calls_java(at, what, trimmed))
        return false;
    str feel =
        juel_is(trimmed) ? juel_to_feel(at->m->arena, trimmed) : juel_join(at->m->arena, trimmed);
    *ret_value = str_join2(at->m->arena, STR("= "), renamed(at->m->arena, str_trim(feel)));
    return true;
}

// -- What every element may have --------------------------------------------------------

static const char *listener_event(str event, bool is_task)
{
    static const struct {
        const char *camunda, *here;
        bool is_task;
    } events[] = {
        {"start", "start", false},     {"end", "end", false},
        {"create", "creating", true},  {"assignment", "assigning", true},
        {"update", "updating", true},  {"complete", "completing", true},
        {"delete", "canceling", true},
    };
    for (size_t i = 0; i < COUNT_OF(events); i++)
        if (events[i].is_task == is_task && str_equal(event, str_of(events[i].camunda)))
            return events[i].here;
    return NULL;
}

// What does the work of a listener: the name of a bean or class becomes the type of a job.
static str listener_type(const struct migrating *at, const struct document_node *listener)
{
    static const char *const ways[] = {"class", "delegateExpression", "expression"};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        str value = document_get(&at->m->document, listener, XML_NONE, ways[i]);
        if (juel_is(value))
            value = str_sub(value, 2, value.len - 3);
        size_t call = value.data ? str_find_char(value, '(') : SIZE_MAX;
        if (value.data != NULL)
            return str_trim(call == SIZE_MAX ? value : str_sub(value, 0, call));
    }
    return STR_EMPTY;
}

static void migrate_listener(const struct migrating *at, struct document_node *listener,
                             bool is_task)
{
    str what = str_format(at->m->arena, "%.*s %.*s", STR_ARG(listener->name),
                          STR_ARG(document_get(&at->m->document, listener, XML_NONE, "event")));
    const char *event =
        listener_event(document_get(&at->m->document, listener, XML_NONE, "event"), is_task);
    str type = listener_type(at, listener);
    if (event == NULL || str_is_empty(type)) {
        migration_note(at, what, STR_EMPTY,
                       event ? STR("a script: let a worker of a zeebe: listener do it")
                             : STR("there is no listener of this event"));
        return;
    }
    struct document_node *list =
        migration_the(at, is_task ? "taskListeners" : "executionListeners");
    struct document_node *added =
        document_add(&at->m->document, list, NULL,
                     is_task ? STR("zeebe:taskListener") : STR("zeebe:executionListener"));
    migration_set(at, added, "eventType", str_of(event));
    migration_set(at, added, "type", type);
    migration_note(at, what,
                   str_format(at->m->arena, "a listener's job of the type '%.*s'", STR_ARG(type)),
                   STR("a worker does what the code did"));
    document_remove(listener);
}

static void migrate_listeners(const struct migrating *at, const char *name, bool is_task)
{
    for (struct document_node *n = migration_extension(at, name), *next; n != NULL; n = next) {
        next = migration_next(at, n);
        migrate_listener(at, n, is_task);
    }
}

static void migrate_properties(const struct migrating *at)
{
    struct document_node *list = migration_extension(at, "properties");
    if (list == NULL)
        return;
    struct document_node *added = migration_the(at, "properties");
    for (const struct document_node *n = list->first; n != NULL; n = n->next) {
        if (!document_is(&at->m->document, n, XML_CAMUNDA, "property"))
            continue;
        struct document_node *property =
            document_add(&at->m->document, added, NULL, STR("zeebe:property"));
        migration_set(at, property, "name", document_get(&at->m->document, n, XML_NONE, "name"));
        migration_set(at, property, "value", document_get(&at->m->document, n, XML_NONE, "value"));
    }
    migration_note(at, list->name, STR("zeebe:properties"), STR_EMPTY);
    document_remove(list);
}

static void migrate_process(const struct migrating *at)
{
    str tag = migration_take(at, "versionTag");
    if (!str_is_empty(tag)) {
        migration_set(at, migration_the(at, "versionTag"), "value", tag);
        migration_note(at, STR("camunda:versionTag"), STR("zeebe:versionTag"), STR_EMPTY);
    }
}

static bool is_named(const struct migrating *at, const char *name)
{
    return document_is(&at->m->document, at->node, XML_BPMN, name);
}

// An event that fires once and stands in the flow, or ends what it waits beside.
static bool fires_once(const struct migrating *event)
{
    const struct document *d = &event->m->document;
    if (is_named(event, "boundaryEvent"))
        return !str_equal(document_get(d, event->node, XML_NONE, "cancelActivity"), STR("false"));
    if (is_named(event, "startEvent")) {
        str by_event = document_get(d, event->node->parent, XML_NONE, "triggeredByEvent");
        return str_equal(by_event, STR("true")) &&
               !str_equal(document_get(d, event->node, XML_NONE, "isInterrupting"), STR("false"));
    }
    return is_named(event, "intermediateCatchEvent");
}

// "R3/PT1H" where nothing repeats is the duration "PT1H".
static void migrate_cycle(const struct migrating *at)
{
    str text = str_trim(document_text(&at->m->document, at->node)), count;
    struct migrating event = {at->m, at->node->parent->parent};
    if (!is_named(at, "timeCycle") || event.node == NULL || !fires_once(&event) ||
        !str_starts_with(text, STR("R")) || !str_split(&text, '/', &count) ||
        str_find_char(text, '/') != SIZE_MAX)
        return;
    at->node->name = like(at, "timeDuration");
    document_set_text(&at->m->document, at->node, text);
    migration_note(at, STR("timeCycle"), STR("timeDuration"), STR("the event fires once"));
}

// Conditions, timers, names: texts that are expressions.
static void migrate_text(const struct migrating *at)
{
    static const char *const names[] = {
        "formalExpression", "conditionExpression", "condition",           "timeDate",
        "timeDuration",     "timeCycle",           "completionCondition", "loopCardinality"};
    bool is_expression = false;
    str local = document_local(at->node->name), value;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        is_expression |= str_equal(local, str_of(names[i]));
    str text = is_expression ? document_text(&at->m->document, at->node) : STR_EMPTY;
    str language = document_get(&at->m->document, at->node, XML_NONE, "language");
    if (is_expression && !str_is_empty(language) && str_find(language, STR("FEEL")) == SIZE_MAX &&
        !str_equal_ignoring_case(language, STR("feel"))) {
        migration_note(
            at, local, STR_EMPTY,
            str_format(at->m->arena, "a script in %.*s: write it in FEEL", STR_ARG(language)));
        return;
    }
    if (str_find(text, STR("{")) == SIZE_MAX || !migration_value(at, local, text, &value) ||
        str_equal(text, value))
        return;
    document_set_text(&at->m->document, at->node, value);
    migration_note(at, local, value, STR_EMPTY);
}

static void migrate_message(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    if (document_child(d, document_child(d, at->node, XML_BPMN, "extensionElements"), XML_ZEEBE,
                       "subscription") == NULL)
        migration_note(at, STR("message"), STR("a message that is correlated by its name"),
                       STR("zeebe:subscription gives it the key of the instance that is meant"));
}

static void migrate_name(const struct migrating *at)
{
    str name = document_get(&at->m->document, at->node, XML_NONE, "name"), value;
    if (name.data == NULL || !migration_value(at, STR("name"), name, &value) ||
        str_equal(name, value))
        return;
    document_set(&at->m->document, at->node, STR("name"), value);
    migration_note(at, STR("name"), value, STR_EMPTY);
}

// What was said already is not said again.
static bool is_noted(const struct migrating *at, str what)
{
    const struct bpmn_migrated *result = at->m->result;
    for (size_t i = result->notes.count; i > 0; i--) {
        const struct bpmn_migration_note *n = &result->notes.items[i - 1];
        if (n->line != at->node->line)
            return false;
        if (str_starts_with(document_local(n->what), document_local(what)) &&
            str_is_empty(n->became))
            return true;
    }
    return false;
}

// What is left of Camunda 7's: what is not needed here goes, the rest stays and is named.
static void note_rest(const struct migrating *at)
{
    const struct document *d = &at->m->document;
    for (size_t i = at->node->attributes.count; i > 0; i--) {
        struct document_attribute a = at->node->attributes.items[i - 1];
        if (str_is_empty(document_prefix(a.name)) || document_space(d, a.name) != XML_CAMUNDA)
            continue;
        bool is_needed = foreign_is_needed(document_local(a.name), a.value);
        if (!is_needed)
            document_drop(d, at->node, XML_CAMUNDA, str_cstr(at->m->arena, document_local(a.name)));
        if (!is_noted(at, a.name))
            migration_note(at, a.name, is_needed ? STR_EMPTY : STR("nothing"),
                           is_needed ? str_of(foreign_effect(document_local(a.name)))
                                     : STR("it is not needed here"));
    }
    struct document_node *list = document_child(d, at->node, XML_BPMN, "extensionElements");
    for (struct document_node *n = list ? list->first : NULL, *next; n != NULL; n = next) {
        next = n->next;
        bool is_left = n->kind == DOCUMENT_ELEMENT && document_space(d, n->name) == XML_CAMUNDA;
        bool is_list = document_is(d, n, XML_CAMUNDA, "inputOutput") ||
                       document_is(d, n, XML_CAMUNDA, "connector"); // its parts are named
        if (is_left && !is_list && !is_noted(at, n->name))
            migration_note(at, n->name, STR_EMPTY, str_of(foreign_effect(document_local(n->name))));
    }
    bool is_empty = list != NULL;
    for (const struct document_node *n = list ? list->first : NULL; n != NULL; n = n->next)
        is_empty &= n->kind == DOCUMENT_TEXT && str_is_empty(str_trim(n->text));
    if (is_empty)
        document_remove(list);
}

static void migrate_element(const struct migrating *at)
{
    bool is_listened = !is_named(at, "sequenceFlow");
    if (is_named(at, "process"))
        migrate_process(at);
    if (is_named(at, "message") || is_named(at, "signal"))
        migrate_name(at);
    if (is_named(at, "message"))
        migrate_message(at);
    migrate_cycle(at);
    migrate_text(at);
    migrate_task(at);
    migrate_mappings(at);
    migrate_loop(at);
    if (is_listened)
        migrate_listeners(at, "executionListener", false);
    migrate_listeners(at, "taskListener", true);
    migrate_properties(at);
    note_rest(at);
}

static void walk(struct migration *m, struct document_node *node)
{
    struct migrating at = {m, node};
    if (node->kind != DOCUMENT_ELEMENT || document_space(&m->document, node->name) != XML_BPMN)
        return;
    migrate_element(&at);
    for (struct document_node *n = node->first, *next; n != NULL; n = next) {
        next = n->next;
        if (!document_is(&m->document, n, XML_BPMN, "extensionElements"))
            walk(m, n);
    }
}

static void declare(struct migration *m)
{
    const struct document *d = &m->document;
    document_set(d, d->root, STR("xmlns:zeebe"), STR("http://camunda.org/schema/zeebe/1.0"));
    document_set(d, d->root, STR("xmlns:modeler"), STR("http://camunda.org/schema/modeler/1.0"));
    document_set(d, d->root, STR("modeler:executionPlatform"), STR("Camunda Cloud"));
    document_set(d, d->root, STR("modeler:executionPlatformVersion"), STR("8.8.0"));
    map_put(&m->document.spaces, STR("zeebe"), (void *)(uintptr_t)(XML_ZEEBE + 1));
}

bool bpmn_migrate(struct arena *arena, str xml, struct bpmn_migrated *ret_migrated,
                  struct error *err)
{
    struct bpmn_migrated result = {.xml = STR_EMPTY};
    struct migration m = {.arena = arena, .result = &result};
    if (!document_read(arena, xml, &m.document, err))
        return false;
    if (!document_is(&m.document, m.document.root, XML_BPMN, "definitions"))
        return error_set(err, ERROR_INVALID, "line 1",
                         "expected BPMN 2.0 definitions, found <%.*s>",
                         STR_ARG(m.document.root->name));
    declare(&m);
    walk(&m, m.document.root);
    result.xml = document_write(&m.document);
    *ret_migrated = result;
    return true;
}
