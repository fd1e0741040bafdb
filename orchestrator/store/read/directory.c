// SPDX-License-Identifier: Apache-2.0
//
// Searches of who there is, who belongs to what, and what is given.
#include "store/read/collections.h"

static const struct field user_fields[] = {
    {"username", "u.username", FIELD_TEXT, .is_present = true},
    {"name", "coalesce(u.name, '')", FIELD_OPTIONAL},
    {"email", "coalesce(u.email, '')", FIELD_OPTIONAL},
};

const struct collection collection_users = {
    .noun = "user",
    .from = "users u",
    .fields = user_fields,
    .field_count = COUNT_OF(user_fields),
    .key = "u.username",
    .key_is_text = true,
    .sees = SCOPE_SEES_ID("u.username"),
};

static const struct field group_fields[] = {
    {"groupId", "g.id", FIELD_TEXT, .is_present = true},
    {"name", "g.name", FIELD_TEXT, .is_present = true},
    {"description", "coalesce(g.description, '')", FIELD_OPTIONAL},
};

const struct collection collection_groups = {
    .noun = "group",
    .from = "groups g",
    .fields = group_fields,
    .field_count = COUNT_OF(group_fields),
    .key = "g.id",
    .key_is_text = true,
    .sees = SCOPE_SEES_ID("g.id"),
};

static const struct field role_fields[] = {
    {"roleId", "r.id", FIELD_TEXT, .is_present = true},
    {"name", "r.name", FIELD_TEXT, .is_present = true},
    {"description", "coalesce(r.description, '')", FIELD_OPTIONAL},
};

const struct collection collection_roles = {
    .noun = "role",
    .from = "roles r",
    .fields = role_fields,
    .field_count = COUNT_OF(role_fields),
    .key = "r.id",
    .key_is_text = true,
    .sees = SCOPE_SEES_ID("r.id"),
};

static const struct field tenant_fields[] = {
    {"tenantId", "t.id", FIELD_TEXT, .is_present = true},
    {"name", "t.name", FIELD_TEXT, .is_present = true},
    {"description", "coalesce(t.description, '')", FIELD_OPTIONAL},
};

const struct collection collection_tenants = {
    .noun = "tenant",
    .from = "tenants t",
    .fields = tenant_fields,
    .field_count = COUNT_OF(tenant_fields),
    .key = "t.id",
    .key_is_text = true,
    .sees = SCOPE_SEES_ID("t.id"),
};

static const struct field rule_fields[] = {
    {"mappingRuleId", "p.id", FIELD_TEXT, .is_present = true},
    {"name", "p.name", FIELD_TEXT, .is_present = true},
    {"claimName", "p.claim_name", FIELD_TEXT, .is_present = true},
    {"claimValue", "p.claim_value", FIELD_TEXT, .is_present = true},
};

const struct collection collection_rules = {
    .noun = "mapping rule",
    .from = "mapping_rules p",
    .fields = rule_fields,
    .field_count = COUNT_OF(rule_fields),
    .key = "p.id",
    .key_is_text = true,
    .sees = SCOPE_SEES_ID("p.id"),
};

// -- Members ----------------------------------------------------------------------------

static const struct field member_user_fields[] = {
    {"username", "m.member", FIELD_TEXT, .is_present = true},
};

static const struct field member_client_fields[] = {
    {"clientId", "m.member", FIELD_TEXT, .is_present = true},
};

static const struct field member_group_fields[] = {
    {"groupId", "m.member", FIELD_TEXT, .is_present = true},
};

const struct collection collection_member_users = {
    .noun = "member",
    .from = "members m",
    .fields = member_user_fields,
    .field_count = COUNT_OF(member_user_fields),
    .key = "m.member",
    .key_is_text = true,
    .always = "m.member_kind = 1",
    .sees = SCOPE_SEES_ID("m.whole"),
};

const struct collection collection_member_clients = {
    .noun = "member",
    .from = "members m",
    .fields = member_client_fields,
    .field_count = COUNT_OF(member_client_fields),
    .key = "m.member",
    .key_is_text = true,
    .always = "m.member_kind = 2",
    .sees = SCOPE_SEES_ID("m.whole"),
};

const struct collection collection_member_groups = {
    .noun = "member",
    .from = "members m",
    .fields = member_group_fields,
    .field_count = COUNT_OF(member_group_fields),
    .key = "m.member",
    .key_is_text = true,
    .always = "m.member_kind = 3",
    .sees = SCOPE_SEES_ID("m.whole"),
};

const struct collection collection_member_roles = {
    .noun = "member",
    .from = "members m JOIN roles r ON r.id = m.member",
    .fields = role_fields,
    .field_count = COUNT_OF(role_fields),
    .key = "r.id",
    .key_is_text = true,
    .always = "m.member_kind = 4",
    .sees = SCOPE_SEES_ID("m.whole"),
};

const struct collection collection_member_rules = {
    .noun = "member",
    .from = "members m JOIN mapping_rules p ON p.id = m.member",
    .fields = rule_fields,
    .field_count = COUNT_OF(rule_fields),
    .key = "p.id",
    .key_is_text = true,
    .always = "m.member_kind = 5",
    .sees = SCOPE_SEES_ID("m.whole"),
};

// -- Authorizations ---------------------------------------------------------------------

static const struct state_name owner_kinds[] = {{1, "USER"}, {2, "CLIENT"},       {3, "GROUP"},
                                                {4, "ROLE"}, {5, "MAPPING_RULE"}, {0, NULL}};

static const struct field authorization_fields[] = {
    {"authorizationKey", "a.key", FIELD_KEY, .is_present = true},
    {"ownerId", "a.owner", FIELD_TEXT, .is_present = true},
    {"ownerType", "a.owner_kind", FIELD_STATE, owner_kinds, .is_present = true},
    {"resourceType", "a.resource_type", FIELD_NAME, .is_present = true},
    {"resourceId", "coalesce(a.resource_id, '')", FIELD_OPTIONAL},
    {"resourcePropertyName", "coalesce(a.resource_property, '')", FIELD_OPTIONAL},
    {"permissionTypes", "to_json(a.permissions)", FIELD_LIST},
};

const struct collection collection_authorizations = {
    .noun = "authorization",
    .from = "authorizations a",
    .fields = authorization_fields,
    .field_count = COUNT_OF(authorization_fields),
    .key = "a.key",
    .sees = SCOPE_SEES_ID("a.owner"),
};
