// SPDX-License-Identifier: Apache-2.0
//
// Values that belong to persons. The engine keeps them sealed, in its state as in history and rows,
// so that both are the same without any key. An expression that reads one reads it in the open, and
// what it gives is sealed for the same persons. What stands in the open takes none.
#include "base/digest.h"
#include "engine/step.h"

enum { JSON_BYTES_PER_STEP = 16 };

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
    if (stream->kind == STREAM_INSTANCE)
        return idmap_get(&engine->instances, stream->key) != NULL;
    const struct mailbox *again = engine_mailbox_again(engine, (const struct mailbox *)stream);
    return again != NULL && again->stream.key == stream->key;
}

void personal_forget(struct engine *engine, const struct stream *stream)
{
    const struct engine_vault *vault = vault_of(engine);
    if (vault != NULL && stream->key != 0 && vault->has(vault->context, stream->key) &&
        !is_in_memory(engine, stream))
        vault->forget(vault->context, stream->key);
}

// -- Reading ----------------------------------------------------------------------------

void personal_note(struct reading *reading, const struct personal_subjects *subjects)
{
    if (subjects != NULL && !personal_add_all(&reading->subjects, subjects))
        reading->is_too_many = true;
}

// The one that is read; NULL: none runs there.
static instance_ref instance_of(struct engine *engine, const struct reading *reading)
{
    element_ref root = reading->scope;
    while (root != NULL && root->scope != NULL)
        root = root->scope;
    return root == NULL ? NULL : step_instance(engine, root->entity.key);
}

struct opening {
    struct engine *engine;
    uint64_t stream;
    struct personal_subjects subjects;
    bool is_marking; // the persons stand beside their values
    bool is_too_many;
    bool has_erased;
    bool has_foreign;
};

static bool on_sealed(void *context, str sealed, str *ret_json)
{
    struct opening *opening = context;
    struct engine *engine = opening->engine;
    const struct engine_vault *vault = vault_of(engine);
    struct personal_subjects subjects = {0};
    switch (
        vault->open(vault->context, engine->turn, opening->stream, sealed, &subjects, ret_json)) {
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
        opening->has_foreign = true;
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

str personal_read_json(struct engine *engine, struct reading *reading, str name, str json,
                       struct personal_subjects *ret_subjects)
{
    *ret_subjects = (struct personal_subjects){0};
    if (vault_of(engine) == NULL || !personal_has_sealed(json))
        return json;
    instance_ref instance = instance_of(engine, reading);
    if (instance == NULL)
        return json;
    struct opening opening = {.engine = engine, .stream = instance->stream.key};
    str plain = open_all(&opening, json);
    if (opening.has_erased)
        reading->erased = name;
    reading->is_too_many |= opening.is_too_many;
    personal_note(reading, &opening.subjects);
    *ret_subjects = opening.subjects;
    return plain;
}

str personal_travel(struct engine *engine, uint64_t stream, str json)
{
    struct opening opening = {.engine = engine, .stream = stream, .is_marking = true};
    return open_all(&opening, json);
}

// -- What an expression gave ------------------------------------------------------------

bool personal_is_whole(struct engine *engine, const struct reading *reading, str *ret_why)
{
    if (!str_is_empty(reading->erased))
        return refuse(engine,
                      str_format(engine->turn,
                                 "the value of the variable '%.*s' is personal and was erased",
                                 STR_ARG(border_text(reading->erased))),
                      ret_why);
    if (reading->is_too_many)
        return refuse(engine,
                      str_format(engine->turn,
                                 "a value would belong to more than %d persons, the limit of one "
                                 "value",
                                 PERSONAL_MAX_SUBJECTS),
                      ret_why);
    return true;
}

bool personal_is_open(struct engine *engine, const struct reading *reading,
                      const struct feel_program *program, str *ret_why)
{
    return reading->subjects.count == 0 ||
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

// What it read was opened: what still looks sealed is of another instance, or made up.
bool personal_seal_result(struct engine *engine, const struct reading *reading, str *json,
                          str *ret_why)
{
    if (!personal_is_whole(engine, reading, ret_why))
        return false;
    if (vault_of(engine) != NULL && personal_has_sealed(*json) && personal_holds_sealed(*json))
        return refuse(engine,
                      STR("an expression gave a text that looks like a sealed value "
                          "(\"baton:sealed:…\"), which only Baton itself makes"),
                      ret_why);
    if (reading->subjects.count == 0)
        return true;
    instance_ref instance = instance_of(engine, reading);
    check(instance != NULL); // it was read
    const struct stream_name stream = name_of(instance);
    return seal(engine, &stream, &reading->subjects, json, ret_why);
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

struct checking {
    const struct engine_vault *vault;
    struct map persons;
};

static bool on_checked(void *context, const struct personal_subjects *subjects, str json,
                       str *ret_json, struct error *err)
{
    struct checking *checking = context;
    *ret_json = json;
    for (uint32_t i = 0; i < subjects->count; i++)
        map_put(&checking->persons, subjects->items[i], checking);
    if (checking->vault != NULL && !checking->vault->can_seal)
        return error_set(err, ERROR_INVALID, "vault",
                         "a value is personal, and this installation has no vault to seal it "
                         "(vault.key_file, vault.keys)");
    return checking->persons.count <= LIMIT_PERSONS_PER_STREAM ||
           error_set(err, ERROR_LIMIT, "personal",
                     "the variables have values of more than %d persons, which is the limit "
                     "(PERSONS_PER_STREAM)",
                     LIMIT_PERSONS_PER_STREAM);
}

bool personal_marks_fit(struct engine *engine, str json, str *ret_why)
{
    struct checking checking = {vault_of(engine), map_new(engine->turn)};
    const struct personal_sealing sealing = {&checking, on_checked};
    struct error err;
    return personal_seal_marked(engine->turn, json, &sealing, &json, &err) ||
           refuse(engine, str_format(engine->turn, "%s", err.text), ret_why);
}

static str again(struct engine *engine, const struct json *json)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, json);
    return strbuf_str(&out);
}

// Written anew, a name has no escapes that hide it.
bool personal_is_unsealed(struct engine *engine, str text, const struct json *json, str *ret_why)
{
    bool may_be = personal_has_sealed(text) || str_find(text, STR("\\u00")) != SIZE_MAX;
    return vault_of(engine) == NULL || !may_be || !personal_holds_sealed(again(engine, json)) ||
           refuse(engine,
                  STR("something looks like a sealed value (\"baton:sealed:…\"), which only Baton "
                      "itself makes: send the value, marked with whose it is"),
                  ret_why);
}

static bool on_nobodys(void *context, const struct personal_subjects *subjects, str json,
                       str *ret_json, struct error *err)
{
    const char *what = context;
    (void)subjects;
    *ret_json = json;
    return error_set(err, ERROR_INVALID, "baton:personal", "%s takes nothing personal", what);
}

bool personal_is_nobodys(struct engine *engine, const char *what, str json, str *ret_why)
{
    const struct personal_sealing refusing = {(void *)what, on_nobodys};
    struct json *parsed;
    struct error err;
    if (!personal_seal_marked(engine->turn, json, &refusing, &json, &err))
        return refuse(engine, str_format(engine->turn, "%s", err.text), ret_why);
    return (!personal_has_sealed(json) && str_find(json, STR("\\u00")) == SIZE_MAX) ||
           !json_parse(engine->turn, json, &parsed, &err) ||
           personal_is_unsealed(engine, json, parsed, ret_why);
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

// A variable that is about to get a value.
struct admission {
    instance_ref instance;
    element_ref scope;
    const struct bpmn_personal *declared; // NULL: its name is nobody's
    str seen;                             // what it has now, or whoever gives it has seen
    const struct json *beside;            // what comes with it; NULL: nothing
};

// Whose the model says it is; the value itself can say it, and what comes with it.
static bool subject_of(struct engine *engine, const struct admission *admission,
                       const struct named_json *plain, str *ret_subject, str *ret_why)
{
    const struct bpmn_personal *declared = admission->declared;
    struct scope_lookup lookup;
    struct feel_run run = expression_run(engine, admission->scope, &lookup);
    struct error err;
    lookup.own = plain;
    lookup.beside = admission->beside;
    feel_value value = feel_evaluate(declared->subject, &run);
    expression_done(engine, &run);
    if (!feel_run_finished(&run, &err) || !personal_is_whole(engine, &lookup.reading, ret_why))
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

str personal_unmarked(struct engine *engine, str json)
{
    struct opening opening = {.engine = engine};
    const struct personal_sealing unmarking = {&opening, on_mark_to_open};
    struct error err;
    str plain;
    return personal_seal_marked(engine->turn, json, &unmarking, &plain, &err) ? plain : json;
}

// Who marks the value as a whole says whose it is: not those any more whose the last one was.
static bool says_whose(struct engine *engine, str json)
{
    struct json *parsed;
    struct error err;
    return personal_has_marked(json) && json_parse(engine->turn, json, &parsed, &err) &&
           json_get(parsed, STR("baton:personal")) != NULL;
}

// The same value, however it is written.
static bool is_same(struct engine *engine, str a, str b)
{
    struct json *left, *right;
    struct error err;
    if (str_equal(a, b))
        return true;
    step_spend(engine, (a.len + b.len) / JSON_BYTES_PER_STEP);
    return json_parse(engine->turn, a, &left, &err) && json_parse(engine->turn, b, &right, &err) &&
           str_equal(again(engine, left), again(engine, right));
}

// Whoever gives a value back as it was seen changes nothing: it stays as it is, in bytes.
static bool is_echo(const struct admission *admission, const struct opening *given,
                    const struct opening *before)
{
    struct personal_subjects all = before->subjects;
    return admission->declared == NULL
               ? personal_add_all(&all, &given->subjects) && all.count == before->subjects.count
               : personal_is_sealed(admission->seen) && !before->has_erased &&
                     personal_same(&before->subjects, &given->subjects);
}

static bool refuse_persons(struct engine *engine, str name, const struct opening *before,
                           str *ret_why)
{
    if (before->has_erased)
        return refuse(engine,
                      str_format(engine->turn,
                                 "the variable '%.*s' belongs to a person who was erased: no value "
                                 "is taken",
                                 STR_ARG(border_text(name))),
                      ret_why);
    return refuse(engine,
                  str_format(engine->turn,
                             "the variable '%.*s' would belong to more than %d persons",
                             STR_ARG(border_text(name)), PERSONAL_MAX_SUBJECTS),
                  ret_why);
}

static bool seal_for(struct engine *engine, const struct admission *admission,
                     struct named_json *variable, str *ret_why)
{
    const struct stream_name stream = name_of(admission->instance);
    struct opening given = {.engine = engine, .stream = stream.key}, before = given;
    struct named_json plain = *variable;
    bool keeps = admission->declared == NULL;
    str subject;
    if (!open_new(&given, &plain.json, ret_why))
        return false;
    if (given.has_erased && personal_is_sealed(variable->json))
        return true; // it is nobody's to read any more
    bool is_as_seen = !str_is_empty(admission->seen) &&
                      is_same(engine, open_all(&before, admission->seen), plain.json);
    if (!keeps && !subject_of(engine, admission, &plain, &subject, ret_why))
        return false;
    if (!keeps)
        given.is_too_many |= !personal_add(&given.subjects, subject);
    if (is_as_seen && !given.is_too_many && is_echo(admission, &given, &before)) {
        variable->json = admission->seen;
        return true;
    }
    keeps &= !says_whose(engine, variable->json);
    if (keeps && before.has_erased) // whoever gives another value may not know whose it was
        return refuse_persons(engine, variable->name, &before, ret_why);
    if (keeps)
        given.is_too_many |=
            before.is_too_many || !personal_add_all(&given.subjects, &before.subjects);
    if (given.is_too_many)
        return refuse_persons(engine, variable->name, &given, ret_why);
    variable->json = plain.json;
    if (given.subjects.count == 0)
        return true; // what was seen only looks like a sealed value
    return seal(engine, &stream, &given.subjects, &variable->json, ret_why);
}

// Empty: nothing, or nothing that is somebody's.
static str seen_by(struct engine *engine, element_ref scope, const struct named_json *variable)
{
    element_ref at = variable->seen_from != NULL ? variable->seen_from : scope;
    str value = STR_EMPTY;
    for (; at != NULL && str_is_empty(value); at = variable->seen_from ? at->scope : NULL) {
        const struct variable *known = state_local(at, variable->name);
        if (known != NULL)
            value = known->value;
        else if (!str_is_empty(at->output_name) && str_equal(at->output_name, variable->name))
            value = state_outputs_json(engine->turn, at);
    }
    return vault_of(engine) != NULL && personal_has_sealed(value) && personal_holds_sealed(value)
               ? value
               : STR_EMPTY;
}

// What the instance made it has sealed itself.
static bool is_of_here(struct engine *engine, instance_ref instance,
                       const struct named_json *variable, str *ret_why)
{
    struct opening opening = {.engine = engine, .stream = instance->stream.key};
    if (variable->seen_from != NULL)
        (void)open_all(&opening, variable->json);
    return !opening.has_foreign ||
           refuse(engine,
                  str_format(engine->turn,
                             "the variable '%.*s' has a sealed value that was not made in this "
                             "instance",
                             STR_ARG(border_text(variable->name))),
                  ret_why);
}

static bool admit(struct engine *engine, struct admission admission, struct named_json *variable,
                  str *ret_why)
{
    const struct bpmn_process *process = admission.instance->process;
    bool is_null = str_equal(variable->json, STR("null"));
    admission.declared = process == NULL || process->personal_count == 0
                             ? NULL
                             : bpmn_find_personal(process, variable->name);
    if (!is_of_here(engine, admission.instance, variable, ret_why))
        return false;
    admission.seen = seen_by(engine, admission.scope, variable);
    bool keeps = !str_is_empty(admission.seen) && !personal_holds_sealed(variable->json);
    if (admission.declared == NULL ? keeps : !is_null)
        return seal_for(engine, &admission, variable, ret_why);
    return !personal_has_marked(variable->json) ||
           seal_marked(engine, name_of(admission.instance), &variable->json, ret_why);
}

bool personal_admit(struct engine *engine, instance_ref instance, element_ref scope,
                    struct named_json *variable, str *ret_why)
{
    return admit(engine, (struct admission){instance, scope, NULL, STR_EMPTY, NULL}, variable,
                 ret_why);
}

bool personal_mark_anew(struct engine *engine, const struct personal_marking *marking,
                        struct named_json *variable, str *ret_why)
{
    const struct admission admission = {.instance = marking->instance,
                                        .scope = marking->scope,
                                        .declared =
                                            bpmn_find_personal(marking->process, variable->name)};
    const struct engine_vault *vault = vault_of(engine);
    str subject;
    if (admission.declared == NULL || personal_is_sealed(variable->json) ||
        str_equal(variable->json, STR("null")))
        return true;
    if (vault != NULL && !vault->can_seal)
        return refuse(engine,
                      STR("a value would be personal, and this installation has no vault to seal "
                          "it (vault.key_file, vault.keys)"),
                      ret_why);
    return marking->only_checks ? subject_of(engine, &admission, variable, &subject, ret_why)
                                : seal_for(engine, &admission, variable, ret_why);
}

bool personal_admit_object(struct engine *engine, instance_ref instance, element_ref scope,
                           struct merge *merge, str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *json;
    struct error err;
    if (str_is_empty(merge->object) || !json_parse(engine->turn, merge->object, &json, &err) ||
        !json_is(json, JSON_OBJECT))
        return true; // what it is was checked before
    json_begin_object(&w);
    for (size_t i = 0; i < json->count; i++) {
        str name = json->members[i].name;
        struct named_json variable = {name, again(engine, &json->members[i].value), scope};
        struct admission admission = {.instance = instance, .beside = json};
        admission.scope = merge->is_local ? scope : variable_home(instance, scope, name);
        if (!admit(engine, admission, &variable, ret_why))
            return false;
        json_key(&w, name);
        json_raw(&w, variable.json);
    }
    json_end_object(&w);
    merge->object = strbuf_str(&out);
    return true;
}

// -- Traces -----------------------------------------------------------------------------

struct tracing {
    struct engine *engine;
    const struct reading *reading;
    struct json_writer *w;
};

static bool write_traced(const struct tracing *tracing, const struct json *value, str *ret_why);

// Values stand in a trace as JSON in a text.
static bool write_member(const struct tracing *tracing, const struct json_member *member,
                         str *ret_why)
{
    static const char *const values[] = {"output", "inputValue", "outputValue"};
    struct json_writer *w = tracing->w;
    bool is_value = false;
    for (size_t i = 0; i < COUNT_OF(values); i++)
        is_value |= str_equal(member->name, str_of(values[i]));
    json_key(w, member->name);
    if (!is_value || !json_is(&member->value, JSON_STRING))
        return write_traced(tracing, &member->value, ret_why);
    str json = member->value.text;
    if (!personal_seal_result(tracing->engine, tracing->reading, &json, ret_why))
        return false;
    json_string(w, json);
    return true;
}

// We wrote it: as deep as dmn/trace.c nests.
static bool write_traced(const struct tracing *tracing, const struct json *value, str *ret_why)
{
    struct json_writer *w = tracing->w;
    if (json_is(value, JSON_ARRAY)) {
        json_begin_array(w);
        for (size_t i = 0; i < value->count; i++)
            if (!write_traced(tracing, &value->items[i], ret_why))
                return false;
        json_end_array(w);
    } else if (json_is(value, JSON_OBJECT)) {
        json_begin_object(w);
        for (size_t i = 0; i < value->count; i++)
            if (!write_member(tracing, &value->members[i], ret_why))
                return false;
        json_end_object(w);
    } else {
        json_value(w, value);
    }
    return true;
}

bool personal_seal_trace(struct engine *engine, const struct reading *reading, str *json,
                         str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *trace;
    struct error err;
    const struct tracing tracing = {engine, reading, &w};
    if (reading->subjects.count == 0)
        return true;
    if (!json_parse(engine->turn, *json, &trace, &err))
        return refuse(engine, STR("the trace of the decision cannot be sealed"), ret_why);
    if (!write_traced(&tracing, trace, ret_why))
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
    const struct create_instance *body = &command->create_instance;
    const struct engine_vault *vault = vault_of(engine);
    instance_ref instance = step_instance(engine, command->instance);
    str digest;
    if (vault != NULL && digest_from_hex(engine->turn, body->business_id, &digest)) {
        if (command->instance != 0)
            vault->erase(vault->context, command->instance, digest);
        else if (body->version == 0)
            vault->bar(vault->context, body->definition, digest);
        else
            vault->lift(vault->context, body->definition, digest);
    }
    if (instance != NULL) {
        forget_read(instance);
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PERSON_ERASED,
                                 .key = instance->stream.key,
                                 .value = body->business_id});
    }
    step_accept(engine, command->instance, command->instance);
}
