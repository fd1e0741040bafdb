// SPDX-License-Identifier: Apache-2.0
//
// Values that belong to persons. The engine keeps them sealed, in its state as in history and rows,
// so that both are the same without any key. An expression that reads one reads it in the open, and
// what it gives is sealed for the same persons. What stands in the open takes none.
#include "base/digest.h"
#include "engine/step.h"

static const struct engine_vault *vault_of(const struct engine *engine)
{
    return engine->environment.vault;
}

static bool refuse(struct engine *engine, str why, str *ret_why)
{
    *ret_why = engine->personal.why = why;
    return false;
}

bool personal_is_why(const struct engine *engine, str why)
{
    return !str_is_empty(why) && why.data == engine->personal.why.data;
}

static bool is_in_memory(const struct engine *engine, const struct stream *stream)
{
    size_t cursor = 0;
    str name;
    void *mailbox;
    if (stream->kind == STREAM_INSTANCE)
        return idmap_get(&engine->instances, stream->key) != NULL;
    while (map_next(&engine->mailboxes, &cursor, &name, &mailbox))
        if (((const struct mailbox *)mailbox)->stream.key == stream->key)
            return true;
    return false;
}

void personal_forget(struct engine *engine, const struct stream *stream)
{
    const struct engine_vault *vault = vault_of(engine);
    if (vault != NULL && stream->key != 0 && vault->has(vault->context, stream->key) &&
        !is_in_memory(engine, stream))
        vault->forget(vault->context, stream->key);
}

// -- Reading ----------------------------------------------------------------------------

void personal_begin(struct engine *engine, element_ref scope)
{
    engine->personal.instance = NULL;
    engine->personal.subjects.count = 0;
    engine->personal.is_too_many = false;
    engine->personal.erased = STR_EMPTY;
    if (vault_of(engine) == NULL || scope == NULL)
        return;
    while (scope->scope != NULL)
        scope = scope->scope;
    engine->personal.instance = step_instance(engine, scope->entity.key);
}

void personal_note(struct engine *engine, const struct personal_subjects *subjects)
{
    if (subjects != NULL && !personal_add_all(&engine->personal.subjects, subjects))
        engine->personal.is_too_many = true;
}

struct opening {
    struct engine *engine;
    str tenant;
    uint64_t stream;
    struct personal_subjects subjects;
    bool is_marking; // the persons stand beside their values
    bool is_too_many;
    bool has_erased;
};

static bool on_sealed(void *context, str sealed, str *ret_json)
{
    struct opening *opening = context;
    struct engine *engine = opening->engine;
    const struct engine_vault *vault = vault_of(engine);
    struct personal_subjects subjects = {0};
    switch (vault->open(vault->context, engine->turn, opening->tenant, opening->stream, sealed,
                        &subjects, ret_json)) {
    case OPENING_DONE:
        if (opening->is_marking)
            *ret_json = personal_mark(engine->turn, &subjects, *ret_json);
        else if (!personal_add_all(&opening->subjects, &subjects))
            opening->is_too_many = true;
        return true;
    case OPENING_ERASED:
        opening->has_erased = true;
        *ret_json = STR("null");
        return true;
    case OPENING_FOREIGN:
        return false;
    }
    check_unreachable();
}

static str open_all(struct opening *opening, str json)
{
    const struct personal_replacing replacing = {opening, on_sealed};
    if (vault_of(opening->engine) == NULL || !personal_has_sealed(json))
        return json;
    return personal_replace(opening->engine->turn, json, &replacing);
}

str personal_read_json(struct engine *engine, str name, str json,
                       struct personal_subjects *ret_subjects)
{
    instance_ref instance = engine->personal.instance;
    *ret_subjects = (struct personal_subjects){0};
    if (instance == NULL || !personal_has_sealed(json))
        return json;
    struct opening opening = {
        .engine = engine, .tenant = instance->tenant, .stream = instance->stream.key};
    str plain = open_all(&opening, json);
    if (opening.has_erased)
        engine->personal.erased = name;
    engine->personal.is_too_many |= opening.is_too_many;
    personal_note(engine, &opening.subjects);
    *ret_subjects = opening.subjects;
    return plain;
}

str personal_travel(struct engine *engine, str tenant, uint64_t stream, str json)
{
    struct opening opening = {
        .engine = engine, .tenant = tenant, .stream = stream, .is_marking = true};
    return open_all(&opening, json);
}

// -- What an expression gave ------------------------------------------------------------

bool personal_is_whole(struct engine *engine, str *ret_why)
{
    if (!str_is_empty(engine->personal.erased))
        return refuse(engine,
                      str_format(engine->turn,
                                 "the value of the variable '%.*s' is personal and was erased",
                                 STR_ARG(border_text(engine->personal.erased))),
                      ret_why);
    if (engine->personal.is_too_many)
        return refuse(engine,
                      str_format(engine->turn,
                                 "a value would belong to more than %d persons, the limit of one "
                                 "value",
                                 PERSONAL_MAX_SUBJECTS),
                      ret_why);
    return true;
}

bool personal_is_open(struct engine *engine, const struct feel_program *program, str *ret_why)
{
    return engine->personal.subjects.count == 0 ||
           refuse(engine,
                  str_format(engine->turn,
                             "the expression '%.*s' reads personal data, and what it gives would "
                             "stand in the open here",
                             STR_ARG(feel_program_source(program))),
                  ret_why);
}

struct stream_name {
    str tenant;
    str process_id;
    uint64_t key;
    uint64_t sequence; // of the running step
};

static struct stream_name name_of(instance_ref instance)
{
    return (struct stream_name){instance->tenant, instance->process_id, instance->stream.key,
                                instance->stream.sequence + 1};
}

static bool seal(struct engine *engine, const struct stream_name *stream,
                 const struct personal_subjects *subjects, str *json, str *ret_why)
{
    const struct engine_vault *vault = vault_of(engine);
    const struct engine_value value = {.tenant = stream->tenant,
                                       .process_id = stream->process_id,
                                       .stream = stream->key,
                                       .sequence = stream->sequence,
                                       .position = engine->personal.position,
                                       .subjects = subjects,
                                       .json = *json};
    str why;
    if (vault == NULL) // a simulation
        return true;
    engine->personal.position++;
    return vault->seal(vault->context, engine->turn, &value, json, &why) ||
           refuse(engine, why, ret_why);
}

bool personal_seal_result(struct engine *engine, str *json, str *ret_why)
{
    instance_ref instance = engine->personal.instance;
    if (engine->personal.subjects.count == 0 || instance == NULL)
        return true;
    const struct stream_name stream = name_of(instance);
    return seal(engine, &stream, &engine->personal.subjects, json, ret_why);
}

// -- What comes from outside, or is declared --------------------------------------------

struct keeping {
    struct engine *engine;
    struct stream_name stream;
    str why;
};

static bool on_marked(void *context, const struct personal_subjects *subjects, str json,
                      str *ret_json, struct error *err)
{
    struct keeping *keeping = context;
    *ret_json = json;
    return seal(keeping->engine, &keeping->stream, subjects, ret_json, &keeping->why) ||
           error_set(err, ERROR_INVALID, "vault", "%.*s", STR_ARG(keeping->why));
}

static bool seal_marked(struct engine *engine, struct stream_name stream, str *json, str *ret_why)
{
    struct keeping keeping = {engine, stream, STR_EMPTY};
    const struct personal_sealing sealing = {&keeping, on_marked};
    struct error err;
    return personal_seal_marked(engine->turn, *json, &sealing, json, &err) ||
           refuse(engine, str_format(engine->turn, "%s", err.text), ret_why);
}

bool personal_keep_message(struct engine *engine, const struct mailbox *mailbox, str *json,
                           str *ret_why)
{
    const struct stream_name stream = {mailbox->tenant, STR_EMPTY, mailbox->stream.key,
                                       mailbox->stream.sequence + 1};
    return seal_marked(engine, stream, json, ret_why);
}

static bool on_mark_to_open(void *context, const struct personal_subjects *subjects, str json,
                            str *ret_json, struct error *err)
{
    struct opening *opening = context;
    *ret_json = json;
    return personal_add_all(&opening->subjects, subjects) ||
           error_set(err, ERROR_LIMIT, "baton:personal",
                     "a value would belong to more than %d persons", PERSONAL_MAX_SUBJECTS);
}

// Whose the model says it is; the value itself can say it.
static bool subject_of(struct engine *engine, element_ref scope,
                       const struct bpmn_personal *declared, const struct named_json *plain,
                       str *ret_subject, str *ret_why)
{
    struct scope_lookup lookup;
    struct feel_run run = expression_run(engine, scope, &lookup);
    struct error err;
    lookup.own = plain;
    feel_value value = feel_evaluate(declared->subject, &run);
    expression_done(engine, &run);
    if (!feel_run_finished(&run, &err) || !personal_is_whole(engine, ret_why))
        value = feel_null();
    if (feel_is(value, FEEL_NUMBER))
        value = feel_string(expression_number_text(engine, value));
    if (feel_is(value, FEEL_STRING) && value.string.len > 0 &&
        value.string.len <= PERSONAL_MAX_SUBJECT_BYTES) {
        *ret_subject = value.string;
        return true;
    }
    return refuse(engine,
                  str_format(engine->turn,
                             "the variable '%.*s' is personal, but whose it is cannot be told: its "
                             "subject '%.*s' is %s, expected a text or number of 1 to %d bytes",
                             STR_ARG(declared->variable),
                             STR_ARG(feel_program_source(declared->subject)),
                             feel_is(value, FEEL_STRING) ? "such a text of another length"
                                                         : feel_kind_name(value.kind),
                             PERSONAL_MAX_SUBJECT_BYTES),
                  ret_why);
}

// The value that the variable has already stays as it is, in bytes.
static bool is_known(struct engine *engine, instance_ref instance, element_ref scope,
                     const struct named_json *plain, const struct personal_subjects *subjects,
                     str *ret_json)
{
    const struct variable *known = state_local(scope, plain->name);
    struct opening opening = {
        .engine = engine, .tenant = instance->tenant, .stream = instance->stream.key};
    if (known == NULL || !personal_is_sealed(known->value))
        return false;
    str before = open_all(&opening, known->value);
    *ret_json = known->value;
    return !opening.has_erased && str_equal(before, plain->json) &&
           personal_same(&opening.subjects, subjects);
}

// What is about to be set, in the open: whose it is is noted. False: a mark in it is none.
static bool open_new(struct opening *opening, str *json, str *ret_why)
{
    struct engine *engine = opening->engine;
    const struct personal_sealing unmarking = {opening, on_mark_to_open};
    struct error err;
    if (!personal_seal_marked(engine->turn, *json, &unmarking, json, &err))
        return refuse(engine, str_format(engine->turn, "%s", err.text), ret_why);
    *json = open_all(opening, *json);
    return true;
}

// The persons of the value that it has now stay: whoever gives another one may not know.
static bool keep_persons(struct opening *opening, const struct variable *known, str *ret_why)
{
    struct engine *engine = opening->engine;
    (void)open_all(opening, known->value);
    return !opening->has_erased ||
           refuse(engine,
                  str_format(engine->turn,
                             "the variable '%.*s' belongs to a person who was erased: no value is "
                             "taken",
                             STR_ARG(border_text(known->name))),
                  ret_why);
}

static bool seal_for(struct engine *engine, instance_ref instance, element_ref scope,
                     const struct bpmn_personal *declared, struct named_json *variable,
                     str *ret_why)
{
    struct opening opening = {
        .engine = engine, .tenant = instance->tenant, .stream = instance->stream.key};
    struct named_json plain = *variable;
    str subject;
    if (!open_new(&opening, &plain.json, ret_why))
        return false;
    if (opening.has_erased)
        return true; // it is nobody's to read any more
    if (declared == NULL) {
        if (!keep_persons(&opening, state_local(scope, variable->name), ret_why))
            return false;
    } else if (!subject_of(engine, scope, declared, &plain, &subject, ret_why)) {
        return false;
    } else {
        opening.is_too_many |= !personal_add(&opening.subjects, subject);
    }
    if (opening.is_too_many)
        return refuse(engine,
                      str_format(engine->turn,
                                 "the variable '%.*s' would belong to more than %d persons",
                                 STR_ARG(border_text(variable->name)), PERSONAL_MAX_SUBJECTS),
                      ret_why);
    if (is_known(engine, instance, scope, &plain, &opening.subjects, &variable->json))
        return true;
    const struct stream_name stream = name_of(instance);
    variable->json = plain.json;
    return seal(engine, &stream, &opening.subjects, &variable->json, ret_why);
}

static bool has_persons(element_ref scope, str name)
{
    const struct variable *known = state_local(scope, name);
    return known != NULL && personal_is_sealed(known->value);
}

bool personal_admit(struct engine *engine, instance_ref instance, element_ref scope,
                    struct named_json *variable, str *ret_why)
{
    const struct bpmn_process *process = instance->process;
    const struct bpmn_personal *declared = process == NULL || process->personal_count == 0
                                               ? NULL
                                               : bpmn_find_personal(process, variable->name);
    if (str_equal(variable->json, STR("null")))
        return true;
    if (declared != NULL ||
        (!personal_is_sealed(variable->json) && has_persons(scope, variable->name)))
        return seal_for(engine, instance, scope, declared, variable, ret_why);
    return !personal_has_marked(variable->json) ||
           seal_marked(engine, name_of(instance), &variable->json, ret_why);
}

bool personal_admit_object(struct engine *engine, instance_ref instance, element_ref scope,
                           str *object, str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *json;
    struct error err;
    if (str_is_empty(*object) ||
        (instance->process->personal_count == 0 && !personal_has_marked(*object)) ||
        !json_parse(engine->turn, *object, &json, &err) || !json_is(json, JSON_OBJECT))
        return true; // what it is was checked before
    json_begin_object(&w);
    for (size_t i = 0; i < json->count; i++) {
        struct strbuf text = strbuf_new(engine->turn);
        struct json_writer member = json_writer_new(&text);
        json_value(&member, &json->members[i].value);
        struct named_json variable = {json->members[i].name, strbuf_str(&text)};
        if (!personal_admit(engine, instance, scope, &variable, ret_why))
            return false;
        json_key(&w, variable.name);
        json_raw(&w, variable.json);
    }
    json_end_object(&w);
    *object = strbuf_str(&out);
    return true;
}

// -- Traces -----------------------------------------------------------------------------

static bool write_traced(struct engine *engine, struct json_writer *w, const struct json *value,
                         str *ret_why);

// Values stand in a trace as JSON in a text.
static bool write_member(struct engine *engine, struct json_writer *w,
                         const struct json_member *member, str *ret_why)
{
    static const char *const values[] = {"output", "inputValue", "outputValue"};
    bool is_value = false;
    for (size_t i = 0; i < COUNT_OF(values); i++)
        is_value |= str_equal(member->name, str_of(values[i]));
    json_key(w, member->name);
    if (!is_value || !json_is(&member->value, JSON_STRING))
        return write_traced(engine, w, &member->value, ret_why);
    str json = member->value.text;
    if (!personal_seal_result(engine, &json, ret_why))
        return false;
    json_string(w, json);
    return true;
}

// We wrote it: as deep as dmn/trace.c nests.
static bool write_traced(struct engine *engine, struct json_writer *w, const struct json *value,
                         str *ret_why)
{
    if (json_is(value, JSON_ARRAY)) {
        json_begin_array(w);
        for (size_t i = 0; i < value->count; i++)
            if (!write_traced(engine, w, &value->items[i], ret_why))
                return false;
        json_end_array(w);
    } else if (json_is(value, JSON_OBJECT)) {
        json_begin_object(w);
        for (size_t i = 0; i < value->count; i++)
            if (!write_member(engine, w, &value->members[i], ret_why))
                return false;
        json_end_object(w);
    } else {
        json_value(w, value);
    }
    return true;
}

bool personal_seal_trace(struct engine *engine, str *json, str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *trace;
    struct error err;
    if (engine->personal.subjects.count == 0)
        return true;
    if (!json_parse(engine->turn, *json, &trace, &err))
        return refuse(engine, STR("the trace of the decision cannot be sealed"), ret_why);
    if (!write_traced(engine, &w, trace, ret_why))
        return false;
    *json = strbuf_str(&out);
    return true;
}

// -- Erasing ----------------------------------------------------------------------------

// What was read of a variable in this batch is read anew.
static void forget_read(instance_ref instance)
{
    size_t cursor = 0;
    uint64_t key;
    void *entity;
    while (idmap_next(&instance->entities, &cursor, &key, &entity)) {
        struct element_instance *ei = entity;
        if (ei->entity.kind != ENTITY_KIND_ELEMENT)
            continue;
        for (struct variable *v = ei->variables; v != NULL; v = v->next)
            v->parsed = NULL;
    }
}

void personal_erase(struct engine *engine)
{
    const struct command *command = engine->command;
    const struct engine_vault *vault = vault_of(engine);
    instance_ref instance = step_instance(engine, command->instance);
    str hex = command->create_instance.business_id, digest;
    if (vault != NULL && command->instance != 0 && digest_from_hex(engine->turn, hex, &digest))
        vault->erase(vault->context, command->instance, digest);
    if (instance != NULL) {
        forget_read(instance);
        step_emit(
            engine, instance,
            (struct event){.type = EVENT_PERSON_ERASED, .key = instance->stream.key, .value = hex});
    }
    step_accept(engine, command->instance, command->instance);
}
