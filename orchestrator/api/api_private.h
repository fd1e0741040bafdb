// SPDX-License-Identifier: Apache-2.0
//
// What the files of this layer share.
#ifndef BATON_API_API_PRIVATE_H
#define BATON_API_API_PRIVATE_H

#include "api/api.h"
#include "access/password.h"
#include "api_routes.h" // the handlers, from schemas/openapi
#include "gateway/call.h"
#include "gateway/gateway.h"
#include "gateway/read.h"
#include "http/server.h"
#include "store/read/collections.h"

struct api {
    struct api_options options;
    const char *key;                 // empty: no authentication
    struct passwords *passwords;     // of users that are made or changed
    struct passwords *own_passwords; // NULL: they are access's
    struct tls *tls;                 // NULL: HTTP
    struct http_server *http;
    struct live *live; // who watches what changes (live.c)
};

static inline struct api *api_of(const struct request *request)
{
    return request->context;
}

// -- Callers: a request that was admitted asks the gateway as one ---------------------------------

// For http_options.admit.
enum admission caller_admit(struct request *request);

// For http_options.refused, and for pages that refuse: the audit log tells of it.
void caller_refused(struct request *request, int status, str why);

// For http_options.look: an answer with sealed values of persons is opened for who may read them
// (personal.c).
bool personal_look(struct request *request, int status, const char *content_type, str body);

// Once the body has been read it names the tenant.
struct caller *caller_of(struct request *request);

// Whether the tenant, as it is stored, is one of the caller's. False after answering that there is
// none.
bool request_has_tenant(struct request *request, str tenant);

// True for a page of another origin, as its browser says: it may use no session, and make none.
bool caller_is_of_other_origin(struct request *request);

static inline struct request *request_of(const struct caller *caller)
{
    return caller->context;
}

// -- Browsers: cookies and addresses (browser.c)
// ---------------------------------------------------

enum browser_cookie { COOKIE_SESSION, COOKIE_LOGIN };

// What the browser sent; empty: nothing.
str browser_cookie(struct request *request, enum browser_cookie cookie);

// Before the answer. An empty value: the browser forgets it.
void browser_set_cookie(struct request *request, enum browser_cookie cookie, str value);

// "https://host": where browsers find this API (auth.public_url), without a slash at the end.
str browser_public_url(struct request *request);

// A page is wanted, not JSON.
bool browser_wants_page(struct request *request);

// A path of ours that a browser may be sent to; the console, or without it the login page, for
// anything else.
str browser_target(struct request *request, str target);

// 303.
void browser_send_to(struct request *request, str url);

// The login page, with something to say about the last try; empty: nothing.
struct login_page {
    int status;
    str message;
    str target;
    str user; // who is logged in already; empty: nobody
};
void browser_login_page(struct request *request, const struct login_page *page);

struct live *live_new(struct api *api);
void live_stop(struct live *live); // ends all streams, and takes no more
void live_free(struct live *live); // NULL is fine; stopped before

// Whether this program has the console in it (console.c).
bool console_is_there(void);

// -- Answers --------------------------------------------------------------------------------------

// 204: the usual end of a command without a result.
void answer_done(struct caller *caller, const struct reply *reply);

// Writes "name":"key", as Camunda 8 writes keys.
void write_key(struct json_writer *writer, str name, uint64_t key);

// The same, null for 0.
void write_optional_key(struct json_writer *writer, str name, uint64_t key);

void write_text(struct json_writer *writer, str name, str text);
void write_optional(struct json_writer *writer, str name, str text); // null where empty
void write_json(struct json_writer *writer, str name, str json);

// Writes "tenantId".
void write_tenant(struct json_writer *writer, str tenant);

struct item_column {
    const char *name;
    enum { ITEM_TEXT, ITEM_TRUTH, ITEM_JSON } form; // a text: null where empty; JSON: where NULL
};

// {"items": […]} of rows whose columns are these, in order.
void answer_list(struct request *request, const struct item_column *columns, size_t count,
                 const struct query_rows *rows);

// The first `most` of the rows, and as isTruncated whether there are more.
void answer_list_cut(struct request *request, const struct item_column *columns, size_t count,
                     const struct query_rows *rows, size_t most);

// -- Searches and reads ---------------------------------------------------------------------------

// Reads the body's query, and answers with a page.
void answer_search(struct request *request, const struct collection *collection,
                   struct search_scope narrow);

// The collection of variables: values are cut unless the query says truncateValues=false.
const struct collection *variables_shown(struct request *request);

// The first row as a form; columns as read_form has them.
void answer_form(struct request *request, const struct query_rows *rows);

// Answers with the one item that the first argument of the path names, or 404.
void answer_one(struct request *request, const struct collection *collection);

// The same where the argument is a name.
void answer_named(struct request *request, const struct collection *collection);

// The same where the argument is KEY-INDEX.
void answer_part(struct request *request, const struct collection *collection);

#endif
