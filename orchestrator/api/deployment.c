// SPDX-License-Identifier: Apache-2.0
#include "api/deployment.h"

#include "base/digest.h"
#include "base/json.h"
#include "bpmn/bpmn.h"
#include "dmn/dmn.h"

struct deployment deployment_new(struct arena *arena)
{
    return (struct deployment){.arena = arena, .problems = strbuf_new(arena)};
}

static void add_problem(struct deployment *deployment, str file, const char *text)
{
    strbuf_format(&deployment->problems, "%s%.*s: %s", deployment->problems.len > 0 ? "\n" : "",
                  STR_ARG(file), text);
}

static struct deployed_resource *add_resource(struct deployment *deployment,
                                              const struct deployment_file *file,
                                              enum resource_kind kind, str id)
{
    struct deployed_resource *resource = ARRAY_PUSH(deployment->arena, &deployment->resources);
    *resource = (struct deployed_resource){
        .name = file->name, .digest = file->digest, .kind = kind, .definition_id = id};
    return resource;
}

static void add_bpmn_problems(struct deployment *deployment, str file,
                              const struct bpmn_resource *model)
{
    for (size_t i = 0; i < model->problem_count; i++) {
        const struct bpmn_problem *problem = &model->problems[i];
        if (problem->severity != BPMN_ERROR)
            continue;
        str line =
            str_format(deployment->arena, "%.*s (line %u): %.*s [%s]", STR_ARG(problem->element),
                       problem->line, STR_ARG(problem->message), bpmn_code_name(problem->code));
        add_problem(deployment, file, str_cstr(deployment->arena, line));
    }
}

static void read_bpmn(struct deployment *deployment, const struct deployment_file *file)
{
    struct arena scratch = ARENA_EMPTY;
    struct arena compiled = ARENA_EMPTY;
    struct bpmn_resource *model;
    struct error err;
    if (!bpmn_parse(&compiled, &scratch, file->bytes, &model, &err)) {
        add_problem(deployment, file->name,
                    str_cstr(deployment->arena, error_line(deployment->arena, &err)));
    } else if (!model->is_executable) {
        size_t before = deployment->problems.len;
        add_bpmn_problems(deployment, file->name, model);
        if (deployment->problems.len == before)
            add_problem(deployment, file->name, "no process in it is executable");
    } else {
        for (size_t i = 0; i < model->process_count; i++) {
            const struct bpmn_process *process = model->processes[i];
            if (!process->executable)
                continue;
            struct deployed_resource *resource = add_resource(
                deployment, file, RESOURCE_PROCESS, str_copy(deployment->arena, process->id));
            resource->version_tag = str_copy(deployment->arena, process->version_tag);
            resource->title = str_copy(deployment->arena, process->name);
        }
    }
    arena_done(&compiled);
    arena_done(&scratch);
}

static void add_dmn_problems(struct deployment *deployment, str file,
                             const struct dmn_problems *problems)
{
    for (size_t i = 0; i < problems->list.count; i++) {
        const struct dmn_problem *problem = &problems->list.items[i];
        if (problem->severity != DMN_ERROR)
            continue;
        str line = str_format(deployment->arena, "line %u: %.*s [%s]", problem->line,
                              STR_ARG(problem->text), problem->code);
        add_problem(deployment, file, str_cstr(deployment->arena, line));
    }
}

// One definition a decision or decision service: each is called, versioned and listed by its own
// id. After them the graph they stand in, which shares the deployment and the file with them.
static void read_dmn(struct deployment *deployment, const struct deployment_file *file)
{
    struct arena compiled = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &compiled};
    struct dmn_source source = {str_cstr(deployment->arena, file->name), file->bytes};
    const struct dmn_model *model = dmn_compile(&compiled, &source, 1, NULL, &problems);
    add_dmn_problems(deployment, file->name, &problems);
    for (size_t i = 0; model != NULL && i < dmn_decision_count(model); i++) {
        const struct dmn_decision *decision = dmn_decision_at(model, i);
        if (dmn_decision_kind(decision) == DMN_KNOWLEDGE)
            continue;
        struct deployed_resource *resource =
            add_resource(deployment, file, RESOURCE_DECISIONS,
                         str_copy(deployment->arena, dmn_decision_id(decision)));
        resource->version_tag = str_copy(deployment->arena, dmn_decision_version_tag(decision));
        resource->title = str_copy(deployment->arena, dmn_decision_name(decision));
    }
    if (model != NULL && dmn_decision_count(model) > 0)
        add_resource(deployment, file, RESOURCE_REQUIREMENTS,
                     str_copy(deployment->arena, dmn_model_id(model)))
            ->title = str_copy(deployment->arena, dmn_model_name(model));
    arena_done(&compiled);
}

static void read_form(struct deployment *deployment, const struct deployment_file *file)
{
    struct json *form;
    struct error err;
    if (!json_parse(deployment->arena, file->bytes, &form, &err)) {
        add_problem(deployment, file->name,
                    str_cstr(deployment->arena, error_line(deployment->arena, &err)));
        return;
    }
    str id = json_get_str(form, STR("id"), STR_EMPTY);
    if (id.len == 0)
        add_problem(deployment, file->name, "a form needs a non-empty \"id\"");
    else
        add_resource(deployment, file, RESOURCE_FORM, id);
}

static const struct {
    const char *suffix;
    void (*read)(struct deployment *deployment, const struct deployment_file *file);
} readers[] = {
    {".bpmn", read_bpmn},     {".bpmn20.xml", read_bpmn}, {".dmn", read_dmn},
    {".dmn11.xml", read_dmn}, {".form", read_form},
};

void deployment_add_file(struct deployment *deployment, str name, str bytes)
{
    struct deployment_file *file = ARRAY_PUSH(deployment->arena, &deployment->files);
    struct digest digest = digest_sha256(bytes);
    *file = (struct deployment_file){
        name, bytes,
        str_from(arena_copy(deployment->arena, digest.bytes, DIGEST_SIZE), DIGEST_SIZE)};
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (str_ends_with(name, str_of(readers[i].suffix))) {
            readers[i].read(deployment, file);
            return;
        }
    add_resource(deployment, file, RESOURCE_OTHER, name);
}
