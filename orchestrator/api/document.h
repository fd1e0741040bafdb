// SPDX-License-Identifier: Apache-2.0
//
// What the files of documents share.
#ifndef BATON_API_DOCUMENT_H
#define BATON_API_DOCUMENT_H

#include "api/api_private.h"
#include "store/catalogue/document.h"

// Whether the request's storeId is that of the store that there is. False after answering 404.
MUST_CHECK bool document_knows_store(struct request *request);

// The document that the path names, of the tenant that the query does. False after answering.
MUST_CHECK bool document_name(struct request *request, struct document_name *ret_name);

// 400: several tenants have one of this id.
void document_say_which(struct request *request);

// Answers with a file to save; `name` empty: whoever gets it names it.
void document_answer(struct request *request, str name, str type, str bytes);

#endif
