// SPDX-License-Identifier: Apache-2.0
//
// What the baton: namespace says beside the process: service levels, costs, reminders and
// escalations of user tasks, business calendars, what jobs carry. See docs/extensions.md.
#include "bpmn/reader.h"

static const struct bpmn_xml_node *extensions_of(const struct bpmn_xml_node *node)
{
    return bpmn_xml_child(node, XML_BPMN, STR("extensionElements"));
}

// -- Calendars --------------------------------------------------------------------------

static const struct bpmn_calendar *read_calendar(struct reader *r,
                                                 const struct bpmn_element *element,
                                                 const struct bpmn_xml_node *node)
{
    struct bpmn_calendar *calendar = ARENA_NEW(r->arena, struct bpmn_calendar);
    str hours = bpmn_xml_attribute(node, STR("hours"));
    str holidays = bpmn_xml_attribute(node, STR("holidays"));
    const char *why;
    calendar->id = reader_keep(r, str_trim(bpmn_xml_attribute(node, STR("id"))));
    calendar->zone = reader_keep(r, str_trim(bpmn_xml_attribute(node, STR("zone"))));
    if (bpmn_calendar_read(r->arena, hours.data ? hours : STR_EMPTY,
                           holidays.data ? holidays : STR_EMPTY, calendar, &why))
        return calendar;
    reader_complain(r, BPMN_CODE_CALENDAR_INVALID, element,
                    str_format(r->arena, "'%.*s': %s", STR_ARG(calendar->id), why));
    return NULL;
}

// Declared in the process, or for all processes of the file.
static const struct bpmn_xml_node *find_calendar(struct reader *r, str id)
{
    const struct bpmn_xml_node *places[] = {r->element_nodes.items[0], r->root};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const struct bpmn_xml_node *n =
            bpmn_xml_child(extensions_of(places[i]), XML_BATON, STR("calendar"));
        for (; n != NULL; n = bpmn_xml_again(n))
            if (str_equal(str_trim(bpmn_xml_attribute(n, STR("id"))), id))
                return n;
    }
    return NULL;
}

// The calendar that the element names: <baton:calendar ref="office"/>.
static const struct bpmn_calendar *named_calendar(struct reader *r,
                                                  const struct bpmn_element *element,
                                                  const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *n = bpmn_xml_child(extensions_of(node), XML_BATON, STR("calendar"));
    for (; n != NULL; n = bpmn_xml_again(n)) {
        str id = str_trim(bpmn_xml_attribute(n, STR("ref")));
        if (str_is_empty(id))
            id = str_trim(bpmn_xml_attribute(n, STR("value")));
        if (str_is_empty(id))
            continue;
        const struct bpmn_xml_node *declared = find_calendar(r, id);
        if (declared != NULL)
            return read_calendar(r, element, declared);
        reader_complain(r, BPMN_CODE_CALENDAR_UNKNOWN, element, id);
        return NULL;
    }
    return NULL;
}

// Declarations that nobody names are looked at all the same.
static void check_declared(struct reader *r, const struct bpmn_element *process,
                           const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *n = bpmn_xml_child(extensions_of(node), XML_BATON, STR("calendar"));
    for (; n != NULL; n = bpmn_xml_again(n))
        if (!str_is_empty(bpmn_xml_attribute(n, STR("id"))))
            (void)read_calendar(r, process, n);
}

// -- Promises ---------------------------------------------------------------------------

static const struct feel_program *attribute(struct reader *r, const struct bpmn_element *element,
                                            const struct bpmn_xml_node *node, const char *name)
{
    return reader_property(r, element, bpmn_xml_attribute(node, str_of(name)));
}

static const struct feel_program *value_of(struct reader *r, const struct bpmn_element *element,
                                           const struct bpmn_xml_node *node, const char *name)
{
    return attribute(r, element, reader_extension(node, XML_BATON, name), "value");
}

static const struct feel_program *delay_of(struct reader *r, const struct bpmn_element *element,
                                           const struct bpmn_xml_node *node)
{
    const struct feel_program *after = attribute(r, element, node, "after");
    return after ? after : attribute(r, element, node, "value");
}

static const struct bpmn_job *notification(struct reader *r, const struct bpmn_element *element,
                                           const struct bpmn_xml_node *node)
{
    struct bpmn_job *job = ARENA_NEW(r->arena, struct bpmn_job);
    job->type = attribute(r, element, node, "type");
    job->retries = attribute(r, element, node, "retries");
    job->headers = STR("{}");
    return job->type ? job : NULL;
}

static void read_reminders(struct reader *r, const struct bpmn_element *element,
                           const struct bpmn_xml_node *node, struct bpmn_extras *extras)
{
    ARRAY(struct bpmn_reminder) reminders = {0};
    const struct bpmn_xml_node *n = reader_extension(node, XML_BATON, "reminder");
    for (; n != NULL; n = bpmn_xml_again(n)) {
        struct bpmn_reminder reminder = {.after = delay_of(r, element, n),
                                         .before = attribute(r, element, n, "before"),
                                         .repeat = attribute(r, element, n, "repeat"),
                                         .job = notification(r, element, n)};
        if ((reminder.after != NULL) == (reminder.before != NULL))
            reader_complain(r, BPMN_CODE_EXPRESSION_MISSING, element,
                            STR("a reminder says either after or before"));
        else
            *ARRAY_PUSH(r->arena, &reminders) = reminder;
    }
    extras->reminders = reminders.items;
    extras->reminder_count = (uint32_t)reminders.count;
}

static void read_escalations(struct reader *r, const struct bpmn_element *element,
                             const struct bpmn_xml_node *node, struct bpmn_extras *extras)
{
    ARRAY(struct bpmn_escalation) escalations = {0};
    const struct bpmn_xml_node *n = reader_extension(node, XML_BATON, "escalation");
    for (; n != NULL; n = bpmn_xml_again(n)) {
        struct bpmn_escalation escalation = {
            .after = delay_of(r, element, n),
            .assignee = attribute(r, element, n, "assignee"),
            .candidate_groups = attribute(r, element, n, "candidateGroups"),
            .code = attribute(r, element, n, "code"),
        };
        if (escalation.after == NULL ||
            (!escalation.assignee && !escalation.candidate_groups && !escalation.code))
            reader_complain(
                r, BPMN_CODE_EXPRESSION_MISSING, element,
                STR("an escalation says after, and an assignee, candidateGroups or a code"));
        else
            *ARRAY_PUSH(r->arena, &escalations) = escalation;
    }
    extras->escalations = escalations.items;
    extras->escalation_count = (uint32_t)escalations.count;
}

static void read_job_variables(struct reader *r, const struct bpmn_xml_node *node,
                               struct bpmn_extras *extras)
{
    const struct bpmn_xml_node *n =
        bpmn_xml_child(extensions_of(node), XML_BATON, STR("jobVariables"));
    str rest = n == NULL ? STR_EMPTY : bpmn_xml_attribute(n, STR("names")), name;
    ARRAY(str) names = {0};
    while (!str_is_empty(rest) && str_split(&rest, ',', &name))
        if (!str_is_empty(str_trim(name)))
            *ARRAY_PUSH(r->arena, &names) = reader_keep(r, str_trim(name));
    extras->restricts_job = n != NULL;
    extras->job_variables = names.items;
    extras->job_variable_count = (uint32_t)names.count;
}

static void read_deliveries(struct reader *r, const struct bpmn_element *element,
                            const struct bpmn_xml_node *node, struct bpmn_extras *extras)
{
    const struct bpmn_xml_node *n = reader_extension(node, XML_BATON, "job");
    if (n == NULL)
        return;
    extras->max_deliveries = attribute(r, element, n, "maxDeliveries");
    reader_check_count(r, element, extras->max_deliveries,
                       (struct count){"maxDeliveries", 0, INT32_MAX});
}

static void check_known(struct reader *r, const struct bpmn_element *element,
                        const struct bpmn_xml_node *node)
{
    static const char *const known[] = {"sla",        "cost",       "reminder",
                                        "escalation", "calendar",   "jobVariables",
                                        "personal",   "separation", "job"};
    const struct bpmn_xml_node *extensions = extensions_of(node);
    for (const struct bpmn_xml_node *n = extensions ? extensions->first : NULL; n; n = n->next) {
        bool is_known = n->space != XML_BATON;
        for (size_t i = 0; i < COUNT_OF(known); i++)
            is_known |= str_equal(n->name, str_of(known[i]));
        if (!is_known)
            reader_complain(r, BPMN_CODE_EXTENSION_UNKNOWN, element, reader_keep(r, n->name));
    }
}

static void check_place(struct reader *r, const struct bpmn_element *element,
                        const struct bpmn_extras *extras)
{
    if ((extras->reminder_count > 0 || extras->escalation_count > 0) && element->user_task == NULL)
        reader_complain(r, BPMN_CODE_EXTENSION_PLACE, element, STR("reminder, escalation"));
    if (reader_extension(r->element_nodes.items[element - r->elements.items], XML_BATON,
                         "separation") != NULL &&
        element->user_task == NULL)
        reader_complain(r, BPMN_CODE_EXTENSION_PLACE, element, STR("separation"));
}

// An event's own calendar is its timers'.
static void give_to_timers(struct reader *r, struct bpmn_element *element,
                           const struct bpmn_calendar *calendar)
{
    if (calendar == NULL || element->trigger_count == 0)
        return;
    struct bpmn_trigger *triggers =
        arena_copy(r->arena, element->triggers, element->trigger_count * sizeof *triggers);
    for (uint32_t i = 0; i < element->trigger_count; i++)
        triggers[i].calendar = calendar;
    element->triggers = triggers;
}

void reader_read_extras(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    struct bpmn_extras extras = {.sla = value_of(r, element, node, "sla"),
                                 .cost = value_of(r, element, node, "cost"),
                                 .calendar = named_calendar(r, element, node)};
    if (index == 0)
        check_declared(r, element, node);
    give_to_timers(r, element, extras.calendar);
    read_reminders(r, element, node, &extras);
    read_escalations(r, element, node, &extras);
    read_job_variables(r, node, &extras);
    read_deliveries(r, element, node, &extras);
    check_known(r, element, node);
    check_place(r, element, &extras);
    if (extras.sla || extras.cost || extras.calendar || extras.reminder_count ||
        extras.escalation_count || extras.restricts_job || extras.max_deliveries)
        element->extras = arena_copy(r->arena, &extras, sizeof extras);
}

// -- Separation of duties ---------------------------------------------------------------

static void separate(struct reader *r, uint32_t one, uint32_t other)
{
    struct bpmn_element *element = &r->elements.items[one];
    struct bpmn_extras *extras = element->extras != NULL
                                     ? arena_copy(r->arena, element->extras, sizeof *extras)
                                     : arena_zalloc(r->arena, sizeof *extras);
    const struct bpmn_list before = extras->separated;
    uint32_t *items = ARENA_ARRAY(r->arena, uint32_t, before.count + 1);
    for (uint32_t i = 0; i < before.count; i++) {
        items[i] = before.items[i];
        if (items[i] == other)
            return;
    }
    items[before.count] = other;
    extras->separated = (struct bpmn_list){before.count + 1, items};
    element->extras = extras;
}

static bool is_by_people(const struct reader *r, const struct bpmn_element *start)
{
    bool is_fired_by_time = start->trigger_count > 0;
    for (uint32_t i = 0; i < start->trigger_count; i++)
        is_fired_by_time = is_fired_by_time && start->triggers[i].kind == BPMN_TIMER_TRIGGER;
    return !is_fired_by_time && r->elements.items[start->scope].type != BPMN_EVENT_SUB_PROCESS;
}

static void bind_separation(struct reader *r, uint32_t index, const struct bpmn_xml_node *node)
{
    str rest = bpmn_xml_attribute(node, STR("of")), id;
    if (str_is_empty(str_trim(rest)))
        reader_complain(r, BPMN_CODE_SEPARATION_UNKNOWN, &r->elements.items[index],
                        STR("it names none"));
    while (!str_is_empty(rest) && str_split(&rest, ',', &id)) {
        uint32_t other = reader_element(r, str_trim(id));
        enum bpmn_type type = other == BPMN_NONE ? BPMN_TASK : r->elements.items[other].type;
        if (type != BPMN_USER_TASK && type != BPMN_START_EVENT) {
            reader_complain(r, BPMN_CODE_SEPARATION_UNKNOWN, &r->elements.items[index],
                            reader_keep(r, str_trim(id)));
            continue;
        }
        if (type == BPMN_START_EVENT && !is_by_people(r, &r->elements.items[other]))
            reader_complain(r, BPMN_CODE_SEPARATION_NOBODY, &r->elements.items[index],
                            reader_keep(r, str_trim(id)));
        separate(r, index, other);
        separate(r, other, index);
    }
}

// <baton:separation of="enter, check"/>: who did one of them must not do this task, nor the other
// way round. A task may name itself: each of its instances is then another person's.
void reader_bind_separations(struct reader *r)
{
    for (uint32_t index = 0; index < r->elements.count; index++) {
        const struct bpmn_xml_node *n = bpmn_xml_child(extensions_of(r->element_nodes.items[index]),
                                                       XML_BATON, STR("separation"));
        if (r->elements.items[index].type != BPMN_USER_TASK)
            continue;
        for (; n != NULL; n = bpmn_xml_again(n))
            bind_separation(r, index, n);
    }
}
