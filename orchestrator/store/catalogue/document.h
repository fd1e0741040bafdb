// SPDX-License-Identifier: Apache-2.0
//
// Documents: kept whole in PostgreSQL until they expire or are deleted.
#ifndef BATON_STORE_CATALOGUE_DOCUMENT_H
#define BATON_STORE_CATALOGUE_DOCUMENT_H

#include "store/read/scope.h"
#include "store/statement.h"

struct document_row {
    str id; // empty: a new one is made up
    str tenant;
    bool is_of_instance; // of the tenant of its instance, where the scope has that
    str bytes;
    str content_type;
    str file_name;
    str expires;    // RFC 3339; empty: never
    str process_id; // empty: none
    uint64_t instance;
    str properties; // JSON object; empty: none
};

// A row of document_columns; none when the id is there already. Some that have expired go with it.
struct statement catalogue_document_insert(struct arena *arena, struct scope scope,
                                           const struct document_row *row);

struct document_name {
    str id;
    str tenant; // data == NULL: whichever the scope has
};

// A row when it was there. Two: several tenants have one of this id, and none is deleted.
struct statement catalogue_document_delete(struct arena *arena, struct scope scope,
                                           const struct document_name *name);

// hash, tenant as it is stored; no row once it has expired, two as above.
struct statement catalogue_document_look(struct arena *arena, struct scope scope,
                                         const struct document_name *name);

// content type, file name, hash, bytes; no row once it has expired, two as above.
struct statement catalogue_document_read(struct arena *arena, struct scope scope,
                                         const struct document_name *name);

enum document_columns {
    DOCUMENT_ID,
    DOCUMENT_HASH,
    DOCUMENT_TYPE,
    DOCUMENT_NAME,
    DOCUMENT_SIZE,
    DOCUMENT_EXPIRES, // RFC 3339
    DOCUMENT_PROCESS,
    DOCUMENT_INSTANCE,
    DOCUMENT_PROPERTIES,
};

#endif
