// SPDX-License-Identifier: Apache-2.0
//
// Documents by namespace: what a model has to be compiled with, because it imports it directly or
// through others. Whoever has several files puts them all in here and compiles one at a time.
#ifndef BATON_DMN_LIBRARY_H
#define BATON_DMN_LIBRARY_H

#include "dmn/dmn.h"

// What a document says of itself before it is compiled. One that is no DMN has no namespace and no
// imports: dmn_compile tells what is wrong with it.
struct dmn_document {
    struct dmn_source source;
    str namespace;
    size_t import_count;
    const str *imports; // namespaces
};

struct dmn_library {
    struct arena *arena;
    ARRAY(struct dmn_document) documents;
};

// The source's texts must live as long as the library, and the library's arena as long as the
// models that are compiled from it. Returns the document's place.
size_t dmn_library_add(struct dmn_library *library, struct dmn_source source);

// The first document of the namespace; SIZE_MAX: there is none.
size_t dmn_library_find(const struct dmn_library *library, str namespace);

// A namespace that a document imports and none has; false: there is none. Those among `ignored`
// are passed over.
bool dmn_library_missing(const struct dmn_library *library, const str *ignored,
                         size_t ignored_count, str *ret_namespace);

// The places of the document and of all it imports, each once, importers before what they import:
// the order in which dmn_compile takes sources. In the library's arena.
struct dmn_places {
    size_t count;
    const size_t *items;
};
struct dmn_places dmn_library_needs(const struct dmn_library *library, size_t place);

// dmn_compile of the document with what it imports.
const struct dmn_model *dmn_library_compile(const struct dmn_library *library, size_t place,
                                            struct arena *arena, const struct zone_db *zones,
                                            struct dmn_problems *problems);

#endif
