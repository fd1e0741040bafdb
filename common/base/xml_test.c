// SPDX-License-Identifier: Apache-2.0
#include "base/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"

static struct arena arena;

static void elements_attributes_text_and_lines_are_kept(void **state)
{
    const struct xml_element *root;
    struct error err;
    (void)state;
    str text = STR("<a:m xmlns:a='urn:x' xmlns:b='urn:y' id='1'>\n <a:c b:k='v'>one &lt; "
                   "<![CDATA[two]]></a:c>\n"
                   " <!-- no --><c/>\n</a:m>");
    assert_true(xml_parse(&arena, text, "f.xml", &root, &err));
    assert_true(xml_is(root, "m") && str_equal(root->namespace, STR("urn:x")));
    const struct xml_element *c = xml_child(root, "c");
    assert_int_equal(c->line, 2);
    assert_true(str_equal(c->text, STR("one < two")));
    assert_true(str_equal(xml_attribute(c, "k", STR_EMPTY), STR("v")));
    assert_true(str_equal(xml_attribute(c, "none", STR("x")), STR("x")));
    assert_non_null(xml_next(c, "c"));
    assert_null(xml_next(xml_next(c, "c"), "c"));
    assert_ptr_equal(c->parent, root);
    assert_int_equal(root->text.len, 0);
    assert_true(xml_parse(&arena, STR("<a> \n </a>"), "f.xml", &root, &err));
    assert_true(str_equal(root->text, STR(" \n ")));
    arena_reset(&arena);
}

static void refused(str text, const char *says)
{
    const struct xml_element *root;
    struct error err = {0};
    assert_false(xml_parse(&arena, text, "f.xml", &root, &err));
    if (!strstr(err.text, says))
        fail_msg("said: %s", err.text);
    assert_non_null(strstr(err.place, "f.xml"));
    arena_reset(&arena);
}

static void what_is_dangerous_or_broken_is_refused_with_its_line(void **state)
{
    (void)state;
    refused(STR("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), "DOCTYPE");
    refused(STR("<a><b></a>"), "mismatched tag");
    refused(STR(""), "no element");
    refused(STR("<a>&unknown;</a>"), "undefined entity");
    struct strbuf deep = strbuf_new(&arena);
    for (int i = 0; i < 100000; i++)
        strbuf_add(&deep, STR("<a>"));
    refused(strbuf_str(&deep), "deeper than 128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_attributes_text_and_lines_are_kept),
        cmocka_unit_test(what_is_dangerous_or_broken_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
