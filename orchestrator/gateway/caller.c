// SPDX-License-Identifier: Apache-2.0
#include "gateway/caller.h"

#include <stdarg.h>
#include <stdio.h>

void caller_leave(struct caller *caller)
{
    void (*on_gone)(struct caller * caller) = caller->on_gone;
    caller->is_gone = true;
    caller->on_gone = NULL;
    if (on_gone != NULL)
        on_gone(caller);
}

void caller_fail(struct caller *caller, const struct error *err)
{
    caller->failed(caller, &(struct failure){.kind = FAILURE_ERROR, .err = err});
}

void caller_fail_format(struct caller *caller, enum error_kind kind, const char *place,
                        const char *format, ...)
{
    char text[sizeof((struct error *)0)->text];
    struct error err;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)error_set(&err, kind, place, "%s", text);
    caller_fail(caller, &err);
}

void caller_reject(struct caller *caller, enum rejection rejection, str reason)
{
    caller->failed(caller, &(struct failure){
                               .kind = FAILURE_REJECTED, .rejection = rejection, .reason = reason});
}

void caller_fail_deadline(struct caller *caller)
{
    caller->failed(caller, &(struct failure){.kind = FAILURE_DEADLINE});
}
