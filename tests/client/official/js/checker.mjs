// SPDX-License-Identifier: Apache-2.0
// Stands between a client and Baton and holds every answer against Camunda's own description of the API, as its JavaScript client
// carries it: the schemas of the answers, and which path they belong to.
//
//   node checker.mjs TARGET    prints "listening PORT"; GET /checked tells what was seen and what was wrong
import {readFileSync, readdirSync} from 'node:fs';
import {createServer, request} from 'node:http';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {gunzipSync} from 'node:zlib';

const folder = dirname(createRequire(import.meta.url).resolve('@camunda8/orchestration-cluster-api'));

function sources() {
  const found = {};
  for (const name of readdirSync(folder).filter(file => file.endsWith('.js.map'))) {
    const {sources: names, sourcesContent} = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    names.forEach((source, i) => { found[source.split('/').pop()] = sourcesContent[i]; });
  }
  return found;
}

async function readOperations() {
  const schemas = await import(pathToFileURL(join(folder, readdirSync(folder).find(name => /^zod\.gen-.*\.js$/.test(name)))));
  const calls = sources()['sdk.gen.ts'].matchAll(/export const (\w+) = [\s\S]*?\.(get|post|put|patch|delete)<[\s\S]*?url: '([^']+)'/g);
  return [...calls].map(([, name, method, url]) => ({
    name,
    method: method.toUpperCase(),
    pattern: new RegExp(`^/v2${url.replace(/\{\w+\}/g, '[^/]+')}$`),
    literal: url.replace(/\{\w+\}/g, '').length,
    answer: schemas[`z${name[0].toUpperCase()}${name.slice(1)}Response`],
  })).sort((a, b) => b.literal - a.literal);
}

const [target] = process.argv.slice(2);
const operations = await readOperations();
const seen = new Map();
const wrong = [];
let answers = 0;

function check(method, url, status, text) {
  const path = url.split('?')[0];
  const operation = operations.find(one => one.method === method && one.pattern.test(path));
  answers++;
  if (!operation || status < 200 || status > 299) return;
  seen.set(operation.name, (seen.get(operation.name) ?? 0) + 1);
  if (!operation.answer || status === 204) return;
  let value;
  try { value = JSON.parse(text); } catch { return; } // XML
  const result = operation.answer.safeParse(value);
  if (!result.success)
    wrong.push(...result.error.issues.slice(0, 5).map(issue => `${operation.name}: ${issue.path.join('.')}: ${issue.message}`));
}

function forward(incoming, outgoing) {
  const url = new URL(incoming.url, target);
  const sent = request(url, {method: incoming.method, headers: {...incoming.headers, host: url.host}}, answer => {
    const parts = [];
    answer.on('data', part => parts.push(part));
    answer.on('end', () => {
      const body = Buffer.concat(parts);
      const plain = answer.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      check(incoming.method, incoming.url, answer.statusCode, plain.toString());
      outgoing.writeHead(answer.statusCode, answer.headers);
      outgoing.end(body);
    });
  });
  sent.on('error', () => outgoing.destroy());
  outgoing.on('close', () => sent.destroy());
  incoming.pipe(sent);
}

const server = createServer((incoming, outgoing) => {
  if (incoming.url !== '/checked') return forward(incoming, outgoing);
  outgoing.end(JSON.stringify({answers, operations: Object.fromEntries([...seen].sort()), wrong: [...new Set(wrong)]}));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
