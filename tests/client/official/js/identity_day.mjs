// SPDX-License-Identifier: Apache-2.0
// An administrator's day with @camunda8/orchestration-cluster-api, unchanged, logged in as at home (Basic): users, groups, roles, tenants,
// mapping rules, who belongs to which, authorizations, and what they change for a clerk.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {createCamundaClient} from '@camunda8/orchestration-cluster-api';

const as = (username, password) => createCamundaClient({config: {
  CAMUNDA_REST_ADDRESS: process.env.BATON_URL, CAMUNDA_AUTH_STRATEGY: 'BASIC', CAMUNDA_BASIC_AUTH_USERNAME: username,
  CAMUNDA_BASIC_AUTH_PASSWORD: password, CAMUNDA_SDK_VALIDATION: 'req:none,res:strict',
}});
const admin = as(process.env.BATON_USER, process.env.BATON_PASSWORD);
const clerk = as('clara', 'a clerks password');
const now = {consistency: {waitUpToMs: 0}};
const status = error => error.status ?? error.statusCode;
const refused = (promise, wanted) => assert.rejects(promise, error => status(error) === wanted);

test('users', async () => {
  assert.equal((await admin.createUser({username: 'clara', password: 'a clerks password', name: 'Clara'})).username, 'clara');
  await refused(admin.createUser({username: 'clara', password: 'a clerks password'}), 409);
  assert.equal((await admin.updateUser({username: 'clara', name: 'Clara C.', email: 'clara@example.com'})).name, 'Clara C.');
  assert.equal((await admin.getUser({username: 'clara'}, now)).email, 'clara@example.com');
  assert.deepEqual((await admin.searchUsers({filter: {username: 'clara'}}, now)).items.map(user => user.name), ['Clara C.']);
  assert.equal((await clerk.getAuthentication()).username, 'clara');
});

test('groups, roles, tenants and mapping rules, and who belongs to them', async () => {
  await admin.createGroup({groupId: 'office', name: 'Office'});
  await admin.createRole({roleId: 'lender', name: 'Lender'});
  await admin.createTenant({tenantId: 'north', name: 'North'});
  await admin.createMappingRule({mappingRuleId: 'staff', name: 'Staff', claimName: 'dept', claimValue: 'staff'});
  assert.equal((await admin.updateGroup({groupId: 'office', name: 'The office', description: 'x'})).name, 'The office');
  assert.equal((await admin.updateRole({roleId: 'lender', name: 'Lends', description: 'x'})).name, 'Lends');
  assert.equal((await admin.updateTenant({tenantId: 'north', name: 'The north', description: 'x'})).name, 'The north');
  assert.equal((await admin.updateMappingRule({mappingRuleId: 'staff', name: 'All staff', claimName: 'dept', claimValue: 'all'})).claimValue, 'all');
  assert.equal((await admin.getGroup({groupId: 'office'}, now)).description, 'x');
  assert.equal((await admin.getRole({roleId: 'lender'}, now)).name, 'Lends');
  assert.equal((await admin.getTenant({tenantId: 'north'}, now)).name, 'The north');
  assert.equal((await admin.getMappingRule({mappingRuleId: 'staff'}, now)).claimName, 'dept');
  for (const search of ['searchGroups', 'searchRoles', 'searchTenants', 'searchMappingRule']) assert.ok((await admin[search]({}, now)).items.length > 0);
  await admin.assignUserToGroup({groupId: 'office', username: 'clara'});
  await admin.assignClientToGroup({groupId: 'office', clientId: 'nightly'});
  await admin.assignMappingRuleToGroup({groupId: 'office', mappingRuleId: 'staff'});
  await admin.assignRoleToGroup({roleId: 'lender', groupId: 'office'});
  await admin.assignRoleToClient({roleId: 'lender', clientId: 'nightly'});
  await admin.assignRoleToMappingRule({roleId: 'lender', mappingRuleId: 'staff'});
  await admin.assignUserToTenant({tenantId: 'north', username: 'clara'});
  await admin.assignGroupToTenant({tenantId: 'north', groupId: 'office'});
  await admin.assignRoleToTenant({tenantId: 'north', roleId: 'lender'});
  await admin.assignClientToTenant({tenantId: 'north', clientId: 'nightly'});
  await admin.assignMappingRuleToTenant({tenantId: 'north', mappingRuleId: 'staff'});
  await refused(admin.assignUserToGroup({groupId: 'office', username: 'clara'}), 409);
  await refused(admin.assignUserToGroup({groupId: 'nowhere', username: 'clara'}), 404);
  const first = async (call, input) => (await admin[call](input, now)).items[0];
  assert.equal((await first('searchUsersForGroup', {groupId: 'office'})).username, 'clara');
  assert.equal((await first('searchClientsForGroup', {groupId: 'office'})).clientId, 'nightly');
  assert.equal((await first('searchMappingRulesForGroup', {groupId: 'office'})).mappingRuleId, 'staff');
  assert.equal((await first('searchRolesForGroup', {groupId: 'office'})).roleId, 'lender');
  assert.equal((await first('searchGroupsForRole', {roleId: 'lender'})).groupId, 'office');
  assert.equal((await first('searchClientsForRole', {roleId: 'lender'})).clientId, 'nightly');
  assert.equal((await first('searchMappingRulesForRole', {roleId: 'lender'})).mappingRuleId, 'staff');
  assert.equal((await first('searchUsersForTenant', {tenantId: 'north'})).username, 'clara');
  assert.equal((await first('searchGroupIdsForTenant', {tenantId: 'north'})).groupId, 'office');
  assert.equal((await first('searchRolesForTenant', {tenantId: 'north'})).roleId, 'lender');
});

test('authorizations', async () => {
  await admin.createDeployment({resources: [new File([readFileSync(`${process.env.MODELS}/letters.bpmn`)], 'letters.bpmn')]});
  assert.equal((await clerk.searchProcessDefinitions({}, now)).items.length, 0);
  await refused(clerk.createProcessInstance({processDefinitionId: 'letters', variables: {}}), 403);
  const given = {ownerId: 'lender', ownerType: 'ROLE', resourceId: 'letters', resourceType: 'PROCESS_DEFINITION'};
  const {authorizationKey} = await admin.createAuthorization({...given, permissionTypes: ['READ_PROCESS_DEFINITION', 'CREATE_PROCESS_INSTANCE']});
  assert.equal((await clerk.searchProcessDefinitions({}, now)).items[0].processDefinitionId, 'letters');
  const {processInstanceKey} = await clerk.createProcessInstance({processDefinitionId: 'letters', variables: {}});
  await refused(clerk.getProcessInstance({processInstanceKey}, now), 404);
  await admin.updateAuthorization({authorizationKey, ...given, permissionTypes: ['READ_PROCESS_INSTANCE']});
  assert.equal((await clerk.getProcessInstance({processInstanceKey}, now)).processInstanceKey, processInstanceKey);
  await refused(clerk.cancelProcessInstance({processInstanceKey}), 403);
  assert.deepEqual((await admin.getAuthorization({authorizationKey}, now)).permissionTypes, ['READ_PROCESS_INSTANCE']);
  const found = await admin.searchAuthorizations({filter: {ownerId: 'lender', ownerType: 'ROLE', resourceIds: ['letters'], resourceType: 'PROCESS_DEFINITION'}}, now);
  assert.equal(found.items.length, 1);
  await refused(clerk.searchAuthorizations({}, now), 403);
  await admin.deleteAuthorization({authorizationKey});
  await refused(clerk.getProcessInstance({processInstanceKey}, now), 404);
});

test('the way back', async () => {
  await admin.unassignUserFromGroup({groupId: 'office', username: 'clara'});
  await admin.unassignClientFromGroup({groupId: 'office', clientId: 'nightly'});
  await admin.unassignMappingRuleFromGroup({groupId: 'office', mappingRuleId: 'staff'});
  await admin.unassignRoleFromGroup({roleId: 'lender', groupId: 'office'});
  await admin.unassignRoleFromClient({roleId: 'lender', clientId: 'nightly'});
  await admin.unassignRoleFromMappingRule({roleId: 'lender', mappingRuleId: 'staff'});
  await admin.unassignUserFromTenant({tenantId: 'north', username: 'clara'});
  await admin.unassignGroupFromTenant({tenantId: 'north', groupId: 'office'});
  await admin.unassignRoleFromTenant({tenantId: 'north', roleId: 'lender'});
  await admin.unassignClientFromTenant({tenantId: 'north', clientId: 'nightly'});
  await admin.unassignMappingRuleFromTenant({tenantId: 'north', mappingRuleId: 'staff'});
  await refused(admin.unassignUserFromGroup({groupId: 'office', username: 'clara'}), 404);
  await admin.deleteMappingRule({mappingRuleId: 'staff'});
  await admin.deleteTenant({tenantId: 'north'});
  await admin.deleteRole({roleId: 'lender'});
  await admin.deleteGroup({groupId: 'office'});
  await admin.deleteUser({username: 'clara'});
  await refused(clerk.getAuthentication(), 401);
  await refused(admin.getUser({username: 'clara'}, now), 404);
});
