// SPDX-License-Identifier: Apache-2.0
//
// Whose variables are (baton:personal, docs/extensions.md). It may be said of the process, of an
// element, of what names a variable by itself (data objects, properties, mappings); it holds for
// the name, in all of the process: a value must not be plain because it takes another way.
#include "bpmn/reader.h"

struct finding {
    struct reader *r;
    ARRAY(struct bpmn_personal) found;
};

static bool is_any(const struct bpmn_xml_node *node, enum bpmn_xml_space space,
                   const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bpmn_xml_is(node, space, str_of(names[i])))
            return true;
    return false;
}

static str first_name(str path)
{
    size_t dot = str_find_char(path, '.');
    return str_trim(dot == SIZE_MAX ? path : str_sub(path, 0, dot));
}

// The variable that a node is about; empty: none.
static str variable_of(struct reader *r, const struct bpmn_xml_node *node)
{
    static const char *const data[] = {"dataObject", "dataObjectReference", "dataStoreReference",
                                       "property",   "dataInput",           "dataOutput"};
    static const char *const zeebe[] = {"input", "output"};
    static const char *const camunda[] = {"inputParameter", "outputParameter"};
    if (is_any(node, XML_BPMN, data, COUNT_OF(data)))
        return reader_variable_of(r, node);
    if (is_any(node, XML_ZEEBE, zeebe, COUNT_OF(zeebe)))
        return first_name(bpmn_xml_attribute(node, STR("target")));
    if (is_any(node, XML_CAMUNDA, camunda, COUNT_OF(camunda)))
        return first_name(bpmn_xml_attribute(node, STR("name")));
    return STR_EMPTY;
}

static void complain(struct reader *r, enum bpmn_code code, const struct bpmn_xml_node *owner,
                     const struct bpmn_xml_node *node, str detail)
{
    str id = owner == NULL ? STR_EMPTY : bpmn_xml_attribute(owner, STR("id"));
    reader_problem(r, code, reader_keep(r, id), node->line, detail);
}

static const struct bpmn_personal *find(const struct finding *finding, str variable)
{
    for (size_t i = 0; i < finding->found.count; i++)
        if (str_equal(finding->found.items[i].variable, variable))
            return &finding->found.items[i];
    return NULL;
}

// `owner` is what it was said of: an element, or the process.
static void add(struct finding *finding, const struct bpmn_xml_node *owner,
                const struct bpmn_xml_node *about, const struct bpmn_xml_node *node)
{
    struct reader *r = finding->r;
    str said = str_trim(bpmn_xml_attribute(node, STR("variable")));
    str variable = str_is_empty(said) ? variable_of(r, about) : said;
    str subject = str_trim(bpmn_xml_attribute(node, STR("subject")));
    uint32_t index =
        owner == NULL ? BPMN_NONE : reader_element(r, bpmn_xml_attribute(owner, STR("id")));
    const struct bpmn_element *element = &r->elements.items[index == BPMN_NONE ? 0 : index];
    if (str_is_empty(variable)) {
        complain(r, BPMN_CODE_PERSONAL_VARIABLE, owner, node, subject);
        return;
    }
    if (!str_starts_with(subject, STR("=")) || str_is_empty(str_trim(str_from_index(subject, 1)))) {
        complain(r, BPMN_CODE_PERSONAL_SUBJECT, owner, node, reader_keep(r, variable));
        return;
    }
    const struct feel_program *program = reader_expression(r, element, subject);
    const struct bpmn_personal *known = find(finding, variable);
    if (program == NULL)
        return; // it was complained of
    if (known == NULL)
        *ARRAY_PUSH(r->arena, &finding->found) =
            (struct bpmn_personal){reader_keep(r, variable), program};
    else if (!str_equal(feel_program_source(known->subject), feel_program_source(program)))
        complain(r, BPMN_CODE_PERSONAL_TWICE, owner, node, reader_keep(r, variable));
}

// Recursion is bounded by XML_MAX_DEPTH.
static void walk(struct finding *finding, const struct bpmn_xml_node *owner,
                 const struct bpmn_xml_node *about, const struct bpmn_xml_node *node)
{
    for (const struct bpmn_xml_node *n = node->first; n != NULL; n = n->next) {
        if (bpmn_xml_is(n, XML_BATON, STR("personal")))
            add(finding, owner, about, n);
        else if (bpmn_xml_is(n, XML_BPMN, STR("extensionElements")))
            walk(finding, owner, about, n);
        else if (n->space == XML_BPMN && !str_is_empty(bpmn_xml_attribute(n, STR("id"))))
            walk(finding, n, n, n);
        else
            walk(finding, owner, n, n);
    }
}

void reader_read_personal(struct reader *r, const struct bpmn_xml_node *node,
                          struct bpmn_process *process)
{
    struct finding finding = {.r = r};
    walk(&finding, node, node, node);
    process->personal = finding.found.items;
    process->personal_count = (uint32_t)finding.found.count;
}

const struct bpmn_personal *bpmn_find_personal(const struct bpmn_process *process, str variable)
{
    for (uint32_t i = 0; i < process->personal_count; i++)
        if (str_equal(process->personal[i].variable, variable))
            return &process->personal[i];
    return NULL;
}
