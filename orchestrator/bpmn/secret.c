// SPDX-License-Identifier: Apache-2.0
// Where a model refers to secrets: texts of the inputs and headers of its jobs. The place is kept,
// so that nothing is ever looked for in what comes from data.
#include "base/json_pointer.h"
#include "base/secret_reference.h"
#include "bpmn/reader.h"

struct secrets {
    struct reader *r;
    str base; // where the value stands whose texts are looked at
    ARRAY(struct bpmn_secret) found;
    size_t placed; // references, the same name counted as often as it stands there
};

static void add(struct secrets *secrets, str text, str pointer, str name)
{
    struct arena *arena = secrets->r->arena;
    *ARRAY_PUSH(arena, &secrets->found) = (struct bpmn_secret){
        .pointer = str_copy(arena, str_join2(secrets->r->scratch, secrets->base, pointer)),
        .text = str_copy(arena, text),
        .name = str_copy(arena, name)};
    secrets->placed++;
}

static void on_text(void *context, str text, str pointer)
{
    struct secrets *secrets = context;
    str whole = secret_whole(text), rest = text, before, name;
    if (whole.len > 0)
        add(secrets, text, pointer, whole);
    while (whole.len == 0 && secret_next(&rest, &before, &name))
        add(secrets, text, pointer, name);
}

static size_t references_in(str source)
{
    static const char path[] = "camunda.secrets.";
    size_t count = 0, at;
    str rest = source, before, name;
    while (secret_next(&rest, &before, &name))
        count++;
    for (rest = source; (at = str_find(rest, str_of(path))) != SIZE_MAX; count++)
        rest = str_from_index(rest, at + sizeof path - 1);
    return count;
}

// "order.total" is a path: a step a name.
static str place_of(struct reader *r, str target)
{
    str place = STR("/variables"), name;
    while (str_split(&target, '.', &name))
        place = json_pointer_step(r->scratch, place, name);
    return place;
}

static void look_at_input(struct secrets *secrets, const struct bpmn_element *element,
                          const struct bpmn_mapping *mapping)
{
    struct reader *r = secrets->r;
    size_t referred = references_in(feel_program_source(mapping->source)), before = secrets->placed;
    if (referred == 0)
        return;
    if (element->job == NULL) {
        reader_complain(r, BPMN_CODE_SECRET_NOT_RESOLVED, element, mapping->target);
        return;
    }
    secrets->base = place_of(r, mapping->target);
    feel_program_fixed_texts(mapping->source, r->scratch, on_text, secrets);
    if (secrets->placed - before < referred)
        reader_complain(r, BPMN_CODE_SECRET_IN_EXPRESSION, element, mapping->target);
}

static void look_at_headers(struct secrets *secrets, const struct bpmn_job *job)
{
    struct arena *scratch = secrets->r->scratch;
    struct json *headers;
    struct error err;
    if (references_in(job->headers) == 0 || !json_parse(scratch, job->headers, &headers, &err))
        return;
    secrets->base = STR("/headers");
    for (size_t i = 0; i < headers->count; i++)
        on_text(secrets, headers->members[i].value.text,
                json_pointer_step(scratch, STR_EMPTY, headers->members[i].name));
}

void reader_read_secrets(struct reader *r, struct bpmn_element *element)
{
    struct secrets secrets = {.r = r};
    for (uint32_t i = 0; i < element->input_count; i++)
        look_at_input(&secrets, element, &element->inputs[i]);
    if (element->job != NULL)
        look_at_headers(&secrets, element->job);
    element->secrets = secrets.found.items;
    element->secret_count = (uint32_t)secrets.found.count;
}
