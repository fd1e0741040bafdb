// SPDX-License-Identifier: Apache-2.0
// Holds the filters that Baton describes against those of Camunda's own description, as its JavaScript client carries it: whatever
// operation is here whole takes each field of Camunda's filter, and a field that is here takes each operator ($neq, $in, $like ...).
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {toJSONSchema} from 'zod';

const folder = dirname(createRequire(import.meta.url).resolve('@camunda8/orchestration-cluster-api'));
const schemas = await import(pathToFileURL(join(folder, readdirSync(folder).find(name => /^zod\.gen-.*\.js$/.test(name)))));
const described = await (await fetch(`${process.env.BATON_URL}/openapi.json`)).json();

/** What Camunda's client calls: [name, path] of each POST. */
function posts() {
  const maps = readdirSync(folder).filter(file => file.endsWith('.js.map')).map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const source = maps.flatMap(map => map.sources.map((name, i) => name.endsWith('sdk.gen.ts') ? map.sourcesContent[i] : '')).join('');
  return [...source.matchAll(/export const (\w+) = [\s\S]*?\.(get|post|put|patch|delete)<[\s\S]*?url: '([^']+)'/g)]
    .filter(([, , method]) => method === 'post').map(([, name, , url]) => [name, `/v2${url}`]);
}

/** The members that nodes of a schema have, those of all alternatives together: name to nodes. */
function members(root, nodes, found = new Map()) {
  for (const node of nodes) {
    if (node.$ref) members(root, [node.$ref.slice(2).split('/').reduce((part, key) => part[key], root)], found);
    for (const [name, part] of Object.entries(node.properties ?? {})) found.set(name, [...found.get(name) ?? [], part]);
    if (node.items) members(root, [node.items], found); // a list of filters: each takes the operators
    for (const kind of ['allOf', 'anyOf', 'oneOf']) members(root, node[kind] ?? [], found);
  }
  return found;
}

function operators(root, nodes) {
  return [...members(root, nodes).keys()].filter(name => name.startsWith('$'));
}

const counted = {operations: 0, operators: 0};
const missing = [];

function compare(name, operation, root, theirs) {
  const body = operation.requestBody?.content['application/json'].schema;
  const ours = members(described, members(described, [body]).get('filter') ?? []);
  for (const [field, nodes] of members(root, theirs)) {
    if (ours.has(field)) {
      const taken = new Set(operators(described, ours.get(field)));
      const wanted = field.startsWith('$') ? [] : operators(root, nodes);
      counted.operators += wanted.length;
      missing.push(...wanted.filter(operator => !taken.has(operator)).map(operator => `${name}: filter.${field}.${operator}`));
    } else if (operation['x-baton-standing']?.level === 'done')
      missing.push(`${name}: filter.${field}`);
  }
}

test('filters take each field and each operator that Camunda describes', () => {
  const paths = new Map(Object.entries(described.paths).map(([path, item]) => [path.replace(/\{\w+\}/g, '{}'), item.post]));
  for (const [name, path] of posts()) {
    const operation = paths.get(path.replace(/\{\w+\}/g, '{}'));
    const request = schemas[`z${name[0].toUpperCase()}${name.slice(1)}Data`];
    if (!operation || !request) continue;
    const root = toJSONSchema(request, {io: 'input', unrepresentable: 'any'});
    const filter = members(root, members(root, [root]).get('body') ?? []).get('filter');
    if (!filter) continue;
    counted.operations++;
    compare(name, operation, root, filter);
  }
  console.log(`${counted.operations} operations with filters, ${counted.operators} operators`);
  assert.deepEqual(missing, []);
  assert.ok(counted.operations > 30 && counted.operators > 1000, 'Camunda\'s description was read');
});
