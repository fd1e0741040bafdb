// SPDX-License-Identifier: Apache-2.0
#include "store/read/scope.h"

#include "store/statement.h"

struct scope scope_everything(void)
{
    return (struct scope){.is_everything = true};
}

struct scope scope_tenants(const str *tenants, size_t count)
{
    return (struct scope){.tenants = tenants, .tenant_count = count};
}

str scope_parameter(struct arena *arena, struct scope scope)
{
    return scope.is_everything ? (str){NULL, 0}
                               : statement_array(arena, scope.tenants, scope.tenant_count);
}

str tenant_outside(str tenant)
{
    return str_is_empty(tenant) ? STR("<default>") : tenant;
}

str tenant_inside(str tenant)
{
    return str_is_empty(tenant) || str_equal(tenant, STR("<default>")) ? STR_EMPTY : tenant;
}
