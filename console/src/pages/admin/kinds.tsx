// SPDX-License-Identifier: Apache-2.0
// Users, groups, roles, tenants and mapping rules: one table says what each has.
import type { Path } from '../../api/client';
import type { IconName } from '../../design/icon';
import type { ListSpec } from '../../list/spec';
import { like } from '../../list/spec';
import { to } from '../../state/route';
import { t, type Key } from '../../text';

export interface FieldOf { id: string; label: Key; required?: boolean; once?: boolean; secret?: boolean }
export interface KindOf { id: string; key: string; path: string; icon: IconName; title: Key; one: Key; fields: FieldOf[]; members: string[] }
export type Row = Record<string, string | null>;

const NAMED: FieldOf[] = [{ id: 'name', label: 'name', required: true }, { id: 'description', label: 'admin.description' }];

export const KINDS: KindOf[] = [
  { id: 'users', key: 'username', path: 'users', icon: 'user', title: 'admin.users', one: 'admin.user', members: [], fields: [{ id: 'username', label: 'login.user', required: true, once: true }, { id: 'name', label: 'name' }, { id: 'email', label: 'admin.email' }, { id: 'password', label: 'login.password', secret: true }] },
  { id: 'groups', key: 'groupId', path: 'groups', icon: 'admin', title: 'admin.groups', one: 'admin.group', members: ['users', 'clients', 'mapping-rules'], fields: [{ id: 'groupId', label: 'id', required: true, once: true }, ...NAMED] },
  { id: 'roles', key: 'roleId', path: 'roles', icon: 'key', title: 'admin.roles', one: 'admin.role', members: ['users', 'groups', 'clients', 'mapping-rules'], fields: [{ id: 'roleId', label: 'id', required: true, once: true }, ...NAMED] },
  { id: 'tenants', key: 'tenantId', path: 'tenants', icon: 'cluster', title: 'admin.tenants', one: 'admin.tenant', members: ['users', 'groups', 'roles', 'clients', 'mapping-rules'], fields: [{ id: 'tenantId', label: 'id', required: true, once: true }, ...NAMED] },
  { id: 'mapping-rules', key: 'mappingRuleId', path: 'mapping-rules', icon: 'filter', title: 'admin.rules', one: 'admin.rule', members: [], fields: [{ id: 'mappingRuleId', label: 'id', required: true, once: true }, { id: 'name', label: 'name', required: true }, { id: 'claimName', label: 'admin.claim', required: true }, { id: 'claimValue', label: 'admin.claimvalue', required: true }] },
];

/** The member of an item that names it, by the kind of member. */
export const MEMBER_KEYS: Record<string, string> = { users: 'username', groups: 'groupId', roles: 'roleId', clients: 'clientId', 'mapping-rules': 'mappingRuleId' };

export function kindSpec(kind: KindOf): ListSpec<Row> {
  const shown = kind.fields.filter((field) => !field.secret);
  return {
    name: kind.id, label: t(kind.title), path: `/v2/${kind.path}/search` as Path, topics: ['admin'], sort: { field: kind.key, order: 'ASC' }, keyOf: (item) => item[kind.key] ?? '', hrefOf: (item) => `${to('admin', kind.id)}?open=${encodeURIComponent(item[kind.key] ?? '')}`,
    empty: { icon: kind.icon, title: t('admin.none'), text: t('admin.none.text') },
    narrowings: [{ id: 'q', label: t('admin.find'), toFilter: (value) => ({ [kind.key]: like(value) }) }],
    columns: shown.map((field, i) => ({ id: field.id, title: t(field.label), sort: field.id === 'description' ? undefined! : field.id, look: i === 0 ? 'full' : '', cell: (item) => i === 0 ? <a class="strong" href={`${to('admin', kind.id)}?open=${encodeURIComponent(item[kind.key] ?? '')}`}>{item[field.id]}</a> : (item[field.id] ?? <span class="soft">–</span>), text: (item) => item[field.id] ?? '' })),
  };
}
