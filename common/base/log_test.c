// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

// What is written to standard error while the text is logged.
static str logged(char *room, size_t size, const char *text)
{
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_warning("node", "%s", text);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t len = read(ends[0], room, size);
    assert_true(len > 0);
    close(ends[0]);
    close(ends[1]);
    close(kept);
    return str_from(room, (size_t)len);
}

static void a_text_with_line_breaks_is_one_line(void **state)
{
    (void)state;
    char room[512];
    log_configure(LOG_INFO, false, "n1");
    str line = logged(room, sizeof room, "no server:\n\tis it running?");
    assert_true(str_ends_with(line, STR(" warning node@n1: no server:  is it running?\n")));
    log_configure(LOG_INFO, true, "n1");
    line = logged(room, sizeof room, "no server:\n\tis it running?");
    assert_true(str_ends_with(line, STR("\"message\":\"no server:\\n\\tis it running?\"}\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_with_line_breaks_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
