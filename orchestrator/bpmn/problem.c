// SPDX-License-Identifier: Apache-2.0
// What is wrong with a model, collected while it is read.
#include "bpmn/reader.h"

static const struct {
    enum bpmn_severity severity;
    const char *text;
} texts[] = {
#define ERROR BPMN_ERROR
#define WARNING BPMN_WARNING
#define INFO BPMN_INFO
#define PROBLEM(name, severity, text) {severity, text},
#include "bpmn/problems.def"
#undef PROBLEM
#undef ERROR
#undef WARNING
#undef INFO
};

// What a walk does not evaluate may be missing from a sketch.
static bool matters_in_a_sketch(enum bpmn_code code)
{
    switch ((int)code) {
    case BPMN_CODE_EXPRESSION_INVALID:
    case BPMN_CODE_MAPPING_TARGET:
    case BPMN_CODE_TASK_TYPE_EMPTY:
    case BPMN_CODE_CALENDAR_UNKNOWN:
    case BPMN_CODE_CALENDAR_INVALID:
    case BPMN_CODE_EXPRESSION_DOUBTFUL:
    case BPMN_CODE_SECRET_IN_EXPRESSION:
    case BPMN_CODE_SECRET_NOT_RESOLVED:
    case BPMN_CODE_COUNT_INVALID:
    case BPMN_CODE_EXPRESSION_EMPTY:
    case BPMN_CODE_EXPRESSION_UNTYPED:
    case BPMN_CODE_EXPRESSION_MISSING:
    case BPMN_CODE_CODE_FROM_ID:
    case BPMN_CODE_TIMER_INVALID:
    case BPMN_CODE_TIMER_CYCLE:
    case BPMN_CODE_REFERENCE_MISSING:
    case BPMN_CODE_REFERENCE_UNKNOWN:
    case BPMN_CODE_GATEWAY_CONDITION_MISSING:
    case BPMN_CODE_ERROR_CODE_EMPTY:
    case BPMN_CODE_ESCALATION_CODE_EMPTY:
    case BPMN_CODE_CALLED_ELEMENT_MISSING:
    case BPMN_CODE_LOOP_UNDEFINED:
    case BPMN_CODE_CATCH_AMBIGUOUS:
        return false;
    default:
        return true;
    }
}

// What a walk does not come to, though it is wrong with the drawing.
static bool stops_no_walk(enum bpmn_code code)
{
    return code == BPMN_CODE_UNSUPPORTED_ELEMENT || code == BPMN_CODE_NO_START ||
           code == BPMN_CODE_QUANTITY || code == BPMN_CODE_COMPENSATION_TARGET ||
           code == BPMN_CODE_COMPENSATION_HANDLERS;
}

// What is said of a pool that does not run never refuses the one that does.
static enum bpmn_severity severity_of(const struct reader *r, enum bpmn_code code)
{
    if (r->is_beside && code == BPMN_CODE_NOT_EXECUTABLE)
        return BPMN_INFO;
    return r->is_beside && texts[code].severity == BPMN_ERROR ? BPMN_WARNING : texts[code].severity;
}

static bool matters(const struct reader *r, enum bpmn_code code)
{
    if (r->is_beside && code == BPMN_CODE_TASK_WITHOUT_DEFINITION)
        return false;
    if (r->sketch && stops_no_walk(code))
        return false;
    return !(r->sketch || r->is_beside) || matters_in_a_sketch(code);
}

static void add_problem(struct reader *r, enum bpmn_code code, str element, uint32_t line,
                        str detail)
{
    struct bpmn_problem *problem = ARRAY_PUSH(r->arena, &r->problems);
    problem->code = code;
    problem->severity = severity_of(r, code);
    problem->element = str_copy(r->arena, element);
    problem->line = line;
    problem->message = str_is_empty(detail)
                           ? str_of(texts[code].text)
                           : str_format(r->arena, "%s: %.*s", texts[code].text, STR_ARG(detail));
}

void reader_problem(struct reader *r, enum bpmn_code code, str element, uint32_t line, str detail)
{
    if (r->problems.count < BPMN_MAX_PROBLEMS && matters(r, code))
        add_problem(r, code, element, line, detail);
}

void reader_problem_as(struct reader *r, enum bpmn_code code, enum bpmn_severity severity,
                       const struct bpmn_xml_node *node)
{
    if (r->problems.count >= BPMN_MAX_PROBLEMS)
        return;
    add_problem(r, code, str_trim(bpmn_xml_attribute(node, STR("id"))), node->line, STR_EMPTY);
    r->problems.items[r->problems.count - 1].severity = severity;
}

void reader_complain(struct reader *r, enum bpmn_code code, const struct bpmn_element *element,
                     str detail)
{
    reader_problem(r, code, element->id, element->line, detail);
}
