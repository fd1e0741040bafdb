// SPDX-License-Identifier: Apache-2.0
#include "dmn/library.h"

#include "dmn/model.h"

static void read_outline(struct arena *arena, struct dmn_document *document,
                         const struct xml_element *root)
{
    ARRAY(str) imports = {0};
    document->namespace = xml_attribute(root, "namespace", STR_EMPTY);
    const struct xml_element *x = xml_child(root, "import");
    for (; x; x = xml_next(x, "import"))
        if (model_is_dmn_import(x))
            *ARRAY_PUSH(arena, &imports) = xml_attribute(x, "namespace", STR_EMPTY);
    document->imports = imports.items;
    document->import_count = imports.count;
}

size_t dmn_library_add(struct dmn_library *library, struct dmn_source source)
{
    struct error ignored; // dmn_compile finds it again
    struct dmn_document *document = ARRAY_PUSH(library->arena, &library->documents);
    *document = (struct dmn_document){.source = source};
    const struct xml_element **root = &document->source.root;
    if (xml_parse(library->arena, source.xml, source.file, root, &ignored) && model_is_dmn(*root))
        read_outline(library->arena, document, *root);
    return library->documents.count - 1;
}

size_t dmn_library_find(const struct dmn_library *library, str namespace)
{
    for (size_t i = 0; i < library->documents.count; i++)
        if (library->documents.items[i].namespace.len > 0 &&
            str_equal(library->documents.items[i].namespace, namespace))
            return i;
    return SIZE_MAX;
}

static bool is_among(const str *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

bool dmn_library_missing(const struct dmn_library *library, const str *ignored,
                         size_t ignored_count, str *ret_namespace)
{
    for (size_t i = 0; i < library->documents.count; i++) {
        const struct dmn_document *document = &library->documents.items[i];
        for (size_t j = 0; j < document->import_count; j++) {
            str wanted = document->imports[j];
            if (dmn_library_find(library, wanted) != SIZE_MAX ||
                is_among(ignored, ignored_count, wanted))
                continue;
            *ret_namespace = wanted;
            return true;
        }
    }
    return false;
}

struct walk {
    const struct dmn_library *library;
    bool *seen;
    size_t *places; // filled from the end: what is imported before its importers
    size_t first;
};

// Depth-first; as deep as there are documents.
static void visit(struct walk *walk, size_t place)
{
    const struct dmn_document *document = &walk->library->documents.items[place];
    walk->seen[place] = true;
    for (size_t i = document->import_count; i-- > 0;) {
        size_t next = dmn_library_find(walk->library, document->imports[i]);
        if (next != SIZE_MAX && !walk->seen[next])
            visit(walk, next);
    }
    walk->places[--walk->first] = place;
}

struct dmn_places dmn_library_needs(const struct dmn_library *library, size_t place)
{
    size_t all = library->documents.count;
    struct walk walk = {library, ARENA_ARRAY(library->arena, bool, all),
                        ARENA_ARRAY(library->arena, size_t, all), all};
    visit(&walk, place);
    return (struct dmn_places){all - walk.first, walk.places + walk.first};
}

const struct dmn_model *dmn_library_compile(const struct dmn_library *library, size_t place,
                                            struct arena *arena, const struct zone_db *zones,
                                            struct dmn_problems *problems)
{
    struct dmn_places needs = dmn_library_needs(library, place);
    struct dmn_source *sources = ARENA_ARRAY(arena, struct dmn_source, needs.count);
    for (size_t i = 0; i < needs.count; i++)
        sources[i] = library->documents.items[needs.items[i]].source;
    return dmn_compile(arena, sources, needs.count, zones, problems);
}
