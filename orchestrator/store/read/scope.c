// SPDX-License-Identifier: Apache-2.0
#include "store/read/scope.h"

#include "base/strbuf.h"
#include "store/statement.h"

struct scope scope_everything(void)
{
    return (struct scope){.is_everything = true};
}

struct scope scope_tenants(const str *tenants, size_t count)
{
    return (struct scope){.tenants = tenants, .tenant_count = count, .has_all_resources = true};
}

// As a member of a row's text.
static void add_member(struct strbuf *out, str value)
{
    strbuf_add(out, STR("\""));
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            strbuf_add(out, str_sub(value, i, 1));
        strbuf_add(out, str_sub(value, i, 1));
    }
    strbuf_add(out, STR("\""));
}

str scope_parameter(struct arena *arena, struct scope scope)
{
    if (scope.is_everything)
        return (str){NULL, 0};
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, STR("("));
    add_member(&out, statement_array(arena, scope.tenants, scope.tenant_count));
    strbuf_add(&out, STR(","));
    if (!scope.has_all_resources)
        add_member(&out, statement_array(arena, scope.resources, scope.resource_count));
    strbuf_add(&out, STR(","));
    if (!str_is_empty(scope.person))
        add_member(&out, scope.person);
    strbuf_add(&out, STR(","));
    add_member(&out, statement_array(arena, scope.groups, scope.group_count));
    strbuf_add(&out, STR(","));
    add_member(&out, statement_array(arena, scope.tasks, scope.task_count));
    strbuf_add(&out, STR(")"));
    return strbuf_str(&out);
}

str tenant_outside(str tenant)
{
    return str_is_empty(tenant) ? STR("<default>") : tenant;
}

str tenant_inside(str tenant)
{
    return str_is_empty(tenant) || str_equal(tenant, STR("<default>")) ? STR_EMPTY : tenant;
}
