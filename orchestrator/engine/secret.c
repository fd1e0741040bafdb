// SPDX-License-Identifier: Apache-2.0
// Which places of a job its worker may fill with secrets: those that the model names, as long as
// what stands there is still what the model says.
#include "base/json_pointer.h"
#include "engine/step.h"

static bool is_untouched(struct arena *arena, struct json *variables,
                         const struct bpmn_secret *secret)
{
    static const char headers[] = "/headers/", root[] = "/variables";
    if (str_starts_with(secret->pointer, str_of(headers)))
        return true;
    const struct json *there =
        json_at(arena, variables, str_from_index(secret->pointer, sizeof root - 1));
    return json_is(there, JSON_STRING) && str_equal(there->text, secret->text);
}

void job_add_secrets(struct engine *engine, const struct bpmn_element *element,
                     struct job_offer *offer)
{
    struct json *variables;
    struct error err;
    if (element->secret_count == 0 || !json_parse(engine->turn, offer->variables, &variables, &err))
        return;
    struct secret_pointer *pointers =
        ARENA_ARRAY(engine->turn, struct secret_pointer, element->secret_count);
    for (uint32_t i = 0; i < element->secret_count; i++)
        if (is_untouched(engine->turn, variables, &element->secrets[i]))
            pointers[offer->secret_count++] = (struct secret_pointer){
                .pointer = element->secrets[i].pointer, .name = element->secrets[i].name};
    offer->secrets = pointers;
}
