// SPDX-License-Identifier: Apache-2.0
// c8ctl wants a client that the registry does not have yet. The newest one there is lacks names that it uses for identities and waiting
// elements only: they are given it here, and nothing else is changed.
//
//   node --import ./client.mjs node_modules/.bin/c8ctl
import {register} from 'node:module';

const CLIENT = '@camunda8/orchestration-cluster-api';

const hooks = `
export async function resolve(name, context, next) {
  if (name !== '${CLIENT}' || context.parentURL?.startsWith('data:')) return next(name, context);
  const real = (await next(name, context)).url;
  const source = 'export * from ' + JSON.stringify(real) + ';' +
    'import {TenantId} from ' + JSON.stringify(real) + ';' +
    'export const GroupId = TenantId, MappingRuleId = TenantId, RoleId = TenantId, Username = TenantId;' +
    'export const WaitStateTypeEnum = {JOB: "JOB", MESSAGE: "MESSAGE", USER_TASK: "USER_TASK", TIMER: "TIMER", SIGNAL: "SIGNAL", CONDITION: "CONDITION"};';
  return {url: 'data:text/javascript,' + encodeURIComponent(source), shortCircuit: true};
}`;
register('data:text/javascript,' + encodeURIComponent(hooks));
