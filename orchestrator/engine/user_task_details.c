// SPDX-License-Identifier: Apache-2.0
// What a user task consists of: read from the model, changed by people and listeners, shown to
// listeners.
#include "engine/user_task.h"

enum { DEFAULT_PRIORITY = 50, HIGHEST_PRIORITY = 100 };

enum detail_kind { DETAIL_LIST, DETAIL_DATE, DETAIL_NUMBER };

static const struct detail {
    const char *name;
    enum detail_kind kind;
} DETAILS[] = {
    {"candidateGroups", DETAIL_LIST}, {"candidateUsers", DETAIL_LIST}, {"dueDate", DETAIL_DATE},
    {"followUpDate", DETAIL_DATE},    {"priority", DETAIL_NUMBER},
};

// -- From the model ---------------------------------------------------------------------

static feel_value text_list(struct engine *engine, feel_value value)
{
    if (!feel_is(value, FEEL_STRING))
        return value;
    ARRAY(feel_value) items = {0};
    str rest = value.string, part;
    while (str_split(&rest, ',', &part))
        if (!str_is_empty(str_trim(part)))
            *ARRAY_PUSH(engine->turn, &items) = feel_string(str_trim(part));
    return feel_list(items.items, items.count);
}

static bool add_list(struct engine *engine, element_ref ei, const struct feel_program *program,
                     const char *name, struct json_writer *w, str *ret_why)
{
    struct computed computed = {feel_list(NULL, 0), {.scope = ei}};
    if (program != NULL && (!expression_value(engine, ei, program, &computed, ret_why) ||
                            !personal_is_open(engine, &computed.reading, program, ret_why)))
        return false;
    computed.value = text_list(engine, computed.value);
    json_key(w, str_of(name));
    str list = STR("[]");
    if (feel_is(computed.value, FEEL_LIST) && !expression_json(engine, &computed, &list, ret_why))
        return false;
    json_raw(w, list);
    return true;
}

struct named_moment {
    const char *name;
    struct moment from; // counted in the element's calendar
};

// Null and an empty text are no date.
static bool add_instant(struct engine *engine, element_ref ei, const struct feel_program *program,
                        struct named_moment at, struct json_writer *w, str *ret_why)
{
    int64_t ms;
    struct computed computed;
    if (program == NULL)
        return true;
    if (!expression_value(engine, ei, program, &computed, ret_why))
        return false;
    feel_value value = computed.value;
    if (feel_is_null(value) || (feel_is(value, FEEL_STRING) && str_is_empty(value.string)))
        return true;
    if (!expression_moment(engine, ei, program, at.from, &ms, ret_why))
        return false;
    json_key(w, str_of(at.name));
    json_i64(w, ms);
    return true;
}

static bool add_priority(struct engine *engine, element_ref ei, const struct feel_program *program,
                         struct json_writer *w, str *ret_why)
{
    int64_t priority;
    if (!expression_i64(engine, ei, program, DEFAULT_PRIORITY, &priority, ret_why))
        return false;
    if (priority < 0 || priority > HIGHEST_PRIORITY) {
        *ret_why = str_format(engine->turn, "the priority is %lld, expected 0 to %d",
                              (long long)priority, HIGHEST_PRIORITY);
        return false;
    }
    json_key(w, STR("priority"));
    json_i64(w, priority);
    return true;
}

// The deployed form that the task has from now on; a form that is not deployed is none.
static void add_form(struct engine *engine, instance_ref instance,
                     const struct bpmn_user_task *task, struct json_writer *w)
{
    if (str_is_empty(task->form_id))
        return;
    const struct definition *form = definition_bound(
        engine, instance,
        &(struct binding){RESOURCE_FORM, task->form_binding, task->form_version, task->form_id});
    if (form == NULL)
        return;
    json_key(w, STR("form"));
    json_u64(w, form->key);
}

bool task_details_of(struct engine *engine, instance_ref instance, element_ref ei, str *ret_details,
                     str *ret_why)
{
    const struct bpmn_user_task *task = element_of(instance, ei)->user_task;
    struct moment now = promise_base(instance, ei, engine->clock_ms);
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    if (!add_list(engine, ei, task->candidate_groups, "candidateGroups", &w, ret_why) ||
        !add_list(engine, ei, task->candidate_users, "candidateUsers", &w, ret_why) ||
        !add_instant(engine, ei, task->due, (struct named_moment){"dueDate", now}, &w, ret_why) ||
        !add_instant(engine, ei, task->follow_up, (struct named_moment){"followUpDate", now}, &w,
                     ret_why) ||
        !add_priority(engine, ei, task->priority, &w, ret_why))
        return false;
    add_form(engine, instance, task, &w);
    json_end_object(&w);
    *ret_details = strbuf_str(&out);
    return border_value(engine, "the user task", *ret_details, LIMIT_VARIABLE_BYTES, ret_why);
}

// The task's details with other candidate groups.
bool user_task_with_groups(struct engine *engine, element_ref ei, const struct user_task *task,
                           const struct feel_program *groups, str *ret_details, str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *changes;
    struct error err;
    json_begin_object(&w);
    if (!add_list(engine, ei, groups, "candidateGroups", &w, ret_why))
        return false;
    json_end_object(&w);
    check(json_parse(engine->turn, strbuf_str(&out), &changes, &err));
    *ret_details = task_merged(engine, task->details, changes);
    return border_value(engine, "the user task", *ret_details, LIMIT_VARIABLE_BYTES, ret_why);
}

// -- Changes ----------------------------------------------------------------------------

static const struct detail *detail_named(str name)
{
    for (size_t i = 0; i < COUNT_OF(DETAILS); i++)
        if (str_equal(name, str_of(DETAILS[i].name)))
            return &DETAILS[i];
    return NULL;
}

static bool is_text_list(const struct json *value)
{
    if (!json_is(value, JSON_ARRAY))
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!json_is(&value->items[i], JSON_STRING))
            return false;
    return true;
}

// "" takes a date away.
static bool is_date(const struct engine *engine, const struct json *value)
{
    int64_t ms;
    return json_is(value, JSON_STRING) &&
           (str_is_empty(value->text) ||
            feel_instant_parse(value->text, engine->environment.zones, NULL, &ms));
}

static bool is_priority(const struct json *value)
{
    int64_t number;
    return json_is(value, JSON_NUMBER) && str_to_i64(value->text, &number) && number >= 0 &&
           number <= HIGHEST_PRIORITY;
}

static bool detail_fits(struct engine *engine, const struct detail *detail,
                        const struct json *value, str *ret_why)
{
    static const char *const wanted[] = {
        [DETAIL_LIST] = "a list of texts",
        [DETAIL_DATE] = "a date and time such as 2026-01-31T09:00:00Z, or an empty text",
        [DETAIL_NUMBER] = "a whole number from 0 to 100",
    };
    bool fits = detail->kind == DETAIL_LIST   ? is_text_list(value)
                : detail->kind == DETAIL_DATE ? is_date(engine, value)
                                              : is_priority(value);
    if (!fits)
        *ret_why =
            str_format(engine->turn, "\"%s\" must be %s", detail->name, wanted[detail->kind]);
    return fits;
}

bool task_changes_fit(struct engine *engine, const struct json *changes, bool corrects,
                      str *ret_why)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct json_member *member = &changes->members[i];
        const struct detail *detail = detail_named(member->name);
        bool is_assignee = corrects && str_equal(member->name, STR("assignee"));
        if (detail == NULL && !is_assignee) {
            *ret_why = str_format(engine->turn, "a user task has no \"%.*s\" that can be changed%s",
                                  STR_ARG(border_text(member->name)),
                                  str_equal(member->name, STR("assignee")) ? ": assign it" : "");
            return false;
        }
        if (member->value.type == JSON_NULL)
            continue;
        if (is_assignee && !json_is(&member->value, JSON_STRING)) {
            *ret_why = STR("\"assignee\" must be a text");
            return false;
        }
        if (is_assignee ? !border_name(engine, "the assignee", member->value.text, ret_why)
                        : !detail_fits(engine, detail, &member->value, ret_why))
            return false;
    }
    return true;
}

static void write_detail(struct engine *engine, struct json_writer *w, str name,
                         const struct json *value)
{
    int64_t ms;
    if (value == NULL || (json_is(value, JSON_STRING) && str_is_empty(value->text)))
        return;
    json_key(w, name);
    if (json_is(value, JSON_STRING) &&
        feel_instant_parse(value->text, engine->environment.zones, NULL, &ms))
        json_i64(w, ms);
    else
        json_value(w, value);
}

str task_merged(struct engine *engine, str details, const struct json *changes)
{
    struct json *old;
    struct error err;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    check(json_parse(engine->turn, details, &old, &err));
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(DETAILS); i++) {
        str name = str_of(DETAILS[i].name);
        const struct json *value = json_get(changes, name);
        bool stays = value == NULL || value->type == JSON_NULL;
        write_detail(engine, &w, name, stays ? json_get(old, name) : value);
    }
    write_detail(engine, &w, STR("form"), json_get(old, STR("form")));
    json_end_object(&w);
    return strbuf_str(&out);
}

// -- The transition ---------------------------------------------------------------------

static const struct json *parsed(struct engine *engine, str text)
{
    struct json *json = NULL;
    struct error err;
    if (!str_is_empty(text))
        check(json_parse(engine->turn, text, &json, &err)); // we wrote it
    return json;
}

static str assignee_in(const struct json *changes, str assignee)
{
    const struct json *changed = json_get(changes, STR("assignee"));
    return json_is(changed, JSON_STRING) ? changed->text : assignee;
}

struct task_view task_with_transition(struct engine *engine, const struct user_task *task)
{
    const struct json *request = parsed(engine, task->request);
    const struct json *corrections = parsed(engine, task->corrections);
    struct task_view view = {task->assignee, task->details};
    if (request != NULL) {
        view.assignee = assignee_in(request, view.assignee);
        view.details = task_merged(engine, view.details, json_get(request, STR("changeset")));
    }
    if (corrections != NULL) {
        view.assignee = assignee_in(corrections, view.assignee);
        view.details = task_merged(engine, view.details, corrections);
    }
    return view;
}

str task_requested_variables(struct engine *engine, const struct user_task *task)
{
    const struct json *variables = json_get(parsed(engine, task->request), STR("variables"));
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (!json_is(variables, JSON_OBJECT))
        return STR_EMPTY;
    json_value(&w, variables);
    return strbuf_str(&out);
}

str task_requested_action(struct engine *engine, const struct user_task *task)
{
    return json_get_str(parsed(engine, task->request), STR("action"), STR_EMPTY);
}

// -- As listeners see it ----------------------------------------------------------------

static str text_of(struct engine *engine, const struct json *value)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (value != NULL)
        json_value(&w, value);
    return strbuf_str(&out);
}

// What differs from the task as it was before the transition. A new task has its assignee from the
// model.
static void write_changed(struct engine *engine, struct json_writer *w,
                          const struct user_task *task, struct task_view view)
{
    const struct json *before = parsed(engine, task->details);
    const struct json *after = parsed(engine, view.details);
    const struct json *request = parsed(engine, task->request);
    str assignee = str_equal(task->action, STR("create")) ? assignee_in(request, task->assignee)
                                                          : task->assignee;
    json_begin_array(w);
    if (!str_equal(assignee, view.assignee))
        json_string(w, STR("assignee"));
    for (size_t i = 0; i < COUNT_OF(DETAILS); i++) {
        str name = str_of(DETAILS[i].name);
        if (!str_equal(text_of(engine, json_get(before, name)),
                       text_of(engine, json_get(after, name))))
            json_string(w, name);
    }
    if (str_equal(task->action, STR("update")) && json_get(request, STR("variables")) != NULL)
        json_string(w, STR("variables"));
    json_end_array(w);
}

static void write_shown(struct engine *engine, struct json_writer *w, const struct detail *detail,
                        const struct json *value)
{
    int64_t ms;
    json_key(w, str_of(detail->name));
    if (value == NULL) {
        if (detail->kind == DETAIL_LIST)
            json_raw(w, STR("[]"));
        else
            json_null(w);
    } else if (detail->kind == DETAIL_DATE && str_to_i64(value->text, &ms)) {
        struct strbuf out = strbuf_new(engine->turn);
        check(feel_to_json(&out, feel_date_time_from_ms(border_moment(ms), NULL)));
        json_raw(w, strbuf_str(&out));
    } else {
        json_value(w, value);
    }
}

str user_task_json(struct engine *engine, const struct user_task *task)
{
    struct task_view view = task_with_transition(engine, task);
    const struct json *details = parsed(engine, view.details);
    const struct json *form = json_get(details, STR("form"));
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("userTaskKey"));
    json_string(&w,
                str_format(engine->turn, "%llu", (unsigned long long)task->attachment.entity.key));
    json_key(&w, STR("action"));
    json_string(&w, task_requested_action(engine, task));
    json_optional(&w, "assignee", view.assignee);
    for (size_t i = 0; i < COUNT_OF(DETAILS); i++)
        write_shown(engine, &w, &DETAILS[i], json_get(details, str_of(DETAILS[i].name)));
    json_key(&w, STR("changedAttributes"));
    write_changed(engine, &w, task, view);
    json_optional(&w, "formKey", text_of(engine, form));
    json_end_object(&w);
    return strbuf_str(&out);
}

// The same as headers of the job, for clients that know no user task in a job: texts all.
static void write_headers(struct engine *engine, struct json_writer *w,
                          const struct user_task *task)
{
    const struct json *shown = parsed(engine, user_task_json(engine, task));
    for (size_t i = 0; i < shown->count; i++) {
        const struct json *value = &shown->members[i].value;
        if (value->type == JSON_NULL)
            continue;
        json_key(
            w, str_format(engine->turn, "io.camunda.zeebe:%.*s", STR_ARG(shown->members[i].name)));
        json_string(w, value->type == JSON_STRING ? value->text : text_of(engine, value));
    }
}

str user_task_headers(struct engine *engine, instance_ref instance, const struct user_task *task)
{
    const struct bpmn_user_task *model = element_of(instance, task->attachment.owner)->user_task;
    const struct json *own = model ? parsed(engine, model->headers) : NULL;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; own != NULL && i < own->count; i++) {
        json_key(&w, own->members[i].name);
        json_value(&w, &own->members[i].value);
    }
    write_headers(engine, &w, task);
    json_end_object(&w);
    return strbuf_str(&out);
}
