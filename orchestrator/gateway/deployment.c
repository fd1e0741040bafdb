// SPDX-License-Identifier: Apache-2.0
#include "gateway/deployment.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/map.h"
#include "bpmn/bpmn.h"

struct deployment deployment_new(struct arena *arena)
{
    return (struct deployment){
        .arena = arena, .library = {.arena = arena}, .problems = strbuf_new(arena)};
}

static void add_problem(struct deployment *deployment, str file, const char *text)
{
    strbuf_format(&deployment->problems, "%s%.*s: %s", deployment->problems.len > 0 ? "\n" : "",
                  STR_ARG(file), text);
}

static void add_warning(struct deployment *deployment, const struct deployment_warning *warning)
{
    struct deployment_warning *kept = ARRAY_PUSH(deployment->arena, &deployment->warnings);
    *kept = *warning;
    kept->element = str_copy(deployment->arena, warning->element);
    kept->text = str_copy(deployment->arena, warning->text);
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
        if (problem->severity == BPMN_WARNING)
            add_warning(deployment, &(struct deployment_warning){
                                        file, problem->line, problem->element,
                                        bpmn_code_name(problem->code), problem->message});
        if (problem->severity != BPMN_ERROR)
            continue;
        str line =
            str_format(deployment->arena, "%.*s (line %u): %.*s [%s]", STR_ARG(problem->element),
                       problem->line, STR_ARG(problem->message), bpmn_code_name(problem->code));
        add_problem(deployment, file, str_cstr(deployment->arena, line));
    }
}

static void write_text(struct json_writer *writer, const char *name, str text)
{
    json_key(writer, str_of(name));
    json_string(writer, text);
}

static void write_listeners(struct json_writer *writer, const struct bpmn_element *element)
{
    json_key(writer, STR("listeners"));
    json_begin_array(writer);
    for (uint32_t i = 0; i < element->listener_count; i++)
        json_string(writer, str_of(bpmn_listener_event_name(element->listeners[i].event)));
    json_end_array(writer);
}

static void write_start_form(struct json_writer *writer, const struct bpmn_start_form *form)
{
    write_text(writer, "form", form->id);
    json_key(writer, STR("form_binding"));
    json_i64(writer, form->binding);
    write_text(writer, "form_version", form->version);
}

static void write_elements(struct json_writer *writer, const struct bpmn_process *process)
{
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *element = &process->elements[i];
        json_begin_object(writer);
        write_text(writer, "process_id", process->id);
        json_key(writer, STR("element"));
        json_i64(writer, (int64_t)i + 1);
        write_text(writer, "id", element->id);
        write_text(writer, "name", element->name);
        write_text(writer, "type", str_of(bpmn_type_local_name(element->type)));
        write_listeners(writer, element);
        if (element->start_form != NULL && element->scope == 0)
            write_start_form(writer, element->start_form);
        json_end_object(writer);
    }
}

// What records of these processes are called by (schemas/0100_records.sql).
static str elements_of(struct arena *arena, const struct bpmn_resource *model)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&out);
    json_begin_array(&writer);
    for (size_t i = 0; i < model->process_count; i++)
        if (model->processes[i]->executable)
            write_elements(&writer, model->processes[i]);
    json_end_array(&writer);
    return strbuf_str(&out);
}

static void read_bpmn(struct deployment *deployment, struct deployment_file *file)
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
        add_bpmn_problems(deployment, file->name, model);
        file->elements = elements_of(deployment->arena, model);
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

static const struct deployment_file *file_of(const struct deployment *deployment, size_t document)
{
    size_t i = 0;
    while (deployment->files.items[i].document != document)
        i++;
    return &deployment->files.items[i];
}

// Problems of files that were read for their importers only: what is new in them, as what they
// import may be newer than when they were deployed. Files of this deployment tell theirs
// themselves.
static bool is_told(const struct deployment *deployment, const struct deployment_file *file,
                    const struct dmn_problem *problem)
{
    const struct dmn_library *library = &deployment->library;
    if (problem->file == library->documents.items[file->document].source.file)
        return true;
    for (size_t i = 0; i < library->documents.count; i++)
        if (problem->file == library->documents.items[i].source.file)
            return file_of(deployment, i)->is_earlier && problem->severity == DMN_ERROR;
    return false;
}

static void add_dmn_problems(struct deployment *deployment, const struct deployment_file *file,
                             const struct dmn_problems *problems)
{
    for (size_t i = 0; i < problems->list.count; i++) {
        const struct dmn_problem *problem = &problems->list.items[i];
        if (!is_told(deployment, file, problem))
            continue;
        if (problem->severity == DMN_WARNING) {
            add_warning(deployment,
                        &(struct deployment_warning){file->name, problem->line, problem->element,
                                                     problem->code, problem->text});
            continue;
        }
        str line = str_format(deployment->arena, "line %u: %.*s [%s]", problem->line,
                              STR_ARG(problem->text), problem->code);
        add_problem(deployment, str_of(problem->file), str_cstr(deployment->arena, line));
    }
}

// Which of two files was meant nobody can tell.
static void check_unique(struct deployment *deployment, const struct deployment_file *file)
{
    for (size_t i = 0; i < deployment->files.count; i++) {
        const struct deployment_file *other = &deployment->files.items[i];
        if (other == file || other->document == SIZE_MAX ||
            !str_equal(other->namespace, file->namespace) ||
            str_equal(other->content, file->content))
            continue;
        str text = str_format(deployment->arena,
                              "the namespace '%.*s', which is imported, is also that of %.*s",
                              STR_ARG(file->namespace), STR_ARG(other->name));
        add_problem(deployment, file->name, str_cstr(deployment->arena, text));
    }
}

// Names the file by all that it is compiled from.
static void bind_imports(struct deployment *deployment, struct deployment_file *file)
{
    struct strbuf imports = strbuf_new(deployment->arena);
    struct dmn_places needs = dmn_library_needs(&deployment->library, file->document);
    for (size_t i = 1; i < needs.count; i++) {
        size_t at = (size_t)(file_of(deployment, needs.items[i]) - deployment->files.items);
        struct deployment_file *import = &deployment->files.items[at];
        if (!import->is_imported)
            check_unique(deployment, import);
        import->is_imported = true;
        strbuf_add(&imports, import->content);
    }
    file->imports = strbuf_str(&imports);
    if (file->imports.len == 0)
        return;
    struct digest own;
    memcpy(own.bytes, file->content.data, DIGEST_SIZE);
    struct digest all = digest_chain(own, file->imports);
    file->digest = str_from(arena_copy(deployment->arena, all.bytes, DIGEST_SIZE), DIGEST_SIZE);
}

// What the graph is called: a library of types need not have an id.
static str graph_id(const struct dmn_model *model)
{
    return dmn_model_id(model).len > 0     ? dmn_model_id(model)
           : dmn_model_name(model).len > 0 ? dmn_model_name(model)
                                           : dmn_model_namespace(model);
}

// One definition a decision or decision service: each is called, versioned and listed by its own
// id. After them the graph they stand in, which shares the deployment and the file with them; it
// is there even when others only import the file.
static void read_dmn(struct deployment *deployment, struct deployment_file *file)
{
    struct arena compiled = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &compiled};
    bind_imports(deployment, file);
    const struct dmn_model *model =
        dmn_library_compile(&deployment->library, file->document, &compiled, NULL, &problems);
    add_dmn_problems(deployment, file, &problems);
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
    if (model != NULL)
        add_resource(deployment, file, RESOURCE_REQUIREMENTS,
                     str_copy(deployment->arena, graph_id(model)))
            ->title = str_copy(deployment->arena, dmn_model_name(model));
    arena_done(&compiled);
}

static void read_form(struct deployment *deployment, struct deployment_file *file)
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

static void read_other(struct deployment *deployment, struct deployment_file *file)
{
    add_resource(deployment, file, RESOURCE_OTHER, file->name);
}

typedef void reader(struct deployment *deployment, struct deployment_file *file);

static reader *reader_of(str name)
{
    static const struct {
        const char *suffix;
        reader *read;
    } readers[] = {
        {".bpmn", read_bpmn},     {".bpmn20.xml", read_bpmn}, {".dmn", read_dmn},
        {".dmn11.xml", read_dmn}, {".form", read_form},
    };
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (str_ends_with(name, str_of(readers[i].suffix)))
            return readers[i].read;
    return read_other;
}

void deployment_add_file(struct deployment *deployment, str name, str bytes)
{
    struct deployment_file *file = ARRAY_PUSH(deployment->arena, &deployment->files);
    struct digest digest = digest_sha256(bytes);
    str content = str_from(arena_copy(deployment->arena, digest.bytes, DIGEST_SIZE), DIGEST_SIZE);
    *file = (struct deployment_file){
        .name = name, .bytes = bytes, .content = content, .digest = content, .document = SIZE_MAX};
    if (reader_of(name) != read_dmn)
        return;
    struct dmn_library *library = &deployment->library;
    file->document = dmn_library_add(
        library, (struct dmn_source){str_cstr(deployment->arena, file->name), bytes});
    file->namespace = library->documents.items[file->document].namespace;
}

bool deployment_missing(const struct deployment *deployment, str *ret_namespace)
{
    return dmn_library_missing(&deployment->library, deployment->absent.items,
                               deployment->absent.count, ret_namespace);
}

void deployment_add_earlier(struct deployment *deployment, str name, str bytes)
{
    deployment_add_file(deployment, name, bytes);
    deployment->files.items[deployment->files.count - 1].is_earlier = true;
}

void deployment_add_absent(struct deployment *deployment, str namespace)
{
    *ARRAY_PUSH(deployment->arena, &deployment->absent) = namespace;
}

// One deployment has one version of each thing: of two that are called the same, nobody can tell
// which is the newer.
static void check_ids(struct deployment *deployment)
{
    struct map first = map_new(deployment->arena);
    for (size_t i = 0; i < deployment->resources.count; i++) {
        const struct deployed_resource *resource = &deployment->resources.items[i];
        str key = str_format(deployment->arena, "%d %.*s", (int)resource->kind,
                             STR_ARG(resource->definition_id));
        const struct deployed_resource *other = map_get(&first, key);
        if (other == NULL) {
            map_put(&first, key, (void *)(uintptr_t)resource);
            continue;
        }
        str text = str_format(deployment->arena, "the id '%.*s' stands in %.*s as well",
                              STR_ARG(resource->definition_id), STR_ARG(other->name));
        add_problem(deployment, resource->name, str_cstr(deployment->arena, text));
    }
}

void deployment_read(struct deployment *deployment)
{
    for (size_t i = 0; i < deployment->files.count; i++) {
        struct deployment_file *file = &deployment->files.items[i];
        if (!file->is_earlier)
            reader_of(file->name)(deployment, file);
    }
    check_ids(deployment);
}
