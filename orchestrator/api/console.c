// SPDX-License-Identifier: Apache-2.0
//
// The console: a web application that is part of this program and uses nothing but the API. Its
// files are public, what it shows is not.
#include "api/api_private.h"

#include "api/console_files.h"

// No script, style or request but ours; nothing that is written into a page is run.
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

static const struct console_file *find_file(str name)
{
    for (size_t i = 0; i < console_file_count; i++)
        if (str_equal(str_of(console_files[i].name), name))
            return &console_files[i];
    return NULL;
}

static void answer_file(struct request *request, const struct console_file *file)
{
    request_add_header(request, "ETag", file->etag);
    if (str_equal(request_header(request, "If-None-Match"), str_of(file->etag)))
        request_answer_text(request, 304, file->type, STR_EMPTY);
    else
        request_answer_packed(request, file->type,
                              str_from(console_bundle + file->offset, file->length));
}

bool console_is_there(void)
{
    return console_file_count > 0;
}

void handle_console_page(struct request *request)
{
    const struct console_file *file = find_file(STR("index.html"));
    if (file == NULL) {
        request_problem(request, 404, "NOT_FOUND",
                        STR("this program was built without the console (BATON_CONSOLE=OFF); the "
                            "API is under /v2 and described in /openapi.json"));
        return;
    }
    request_add_header(request, "Content-Security-Policy", policy);
    request_add_header(request, "Referrer-Policy", "same-origin");
    request_add_header(request, "X-Frame-Options", "DENY");
    request_add_header(request, "Cache-Control", "no-cache");
    answer_file(request, file);
}

// Names carry a digest of what is in them: what was loaded once stays right.
void handle_console_file(struct request *request)
{
    str name = str_join2(&request->arena, STR("assets/"), request->arguments[0]);
    const struct console_file *file = find_file(name);
    if (file == NULL) {
        request_problem_format(request, 404, "NOT_FOUND", "the console has no file '%.*s'",
                               STR_ARG(request->arguments[0]));
        return;
    }
    request_add_header(request, "Cache-Control", "public, max-age=31536000, immutable");
    answer_file(request, file);
}
