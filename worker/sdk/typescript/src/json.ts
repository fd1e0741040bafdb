// SPDX-License-Identifier: Apache-2.0

/** JSON in which no number loses a digit. */
import { isNumber, LosslessNumber } from 'lossless-json';
import { parse, stringify } from './number.js';

export { LosslessNumber };

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Numbers are `number` where that holds every digit, else `bigint` or LosslessNumber. Throws what is no JSON (RFC 8259). */
export function read(data: Uint8Array): unknown {
  return parse(decoder.decode(data));
}

/** Of values that check() has nothing against. */
export function write(value: unknown): Uint8Array {
  return new TextEncoder().encode(stringify(value) ?? 'null');
}

/** What can be written; throws an Error that names the place of what JSON does not have. */
export function check(value: unknown, path = '', above: readonly object[] = []): void {
  const place = path === '' ? 'the value' : path;
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new Error(`${place} holds half of a surrogate pair, which is no text`);
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`${place} is ${value}, which is no number in JSON`);
      return;
    case 'function':
    case 'symbol':
      throw new Error(`${place} is a ${typeof value}, which JSON does not have`);
    case 'object':
      if (value !== null) checkParts(value, path, above);
  }
}

function checkParts(value: object, path: string, above: readonly object[]): void {
  if (value instanceof LosslessNumber) {
    if (!isNumber(value.value)) throw new Error(`${path} is ${value.value}, which is no number in JSON`);
    return;
  }
  if (above.includes(value)) throw new Error(`${path === '' ? 'the value' : path} contains itself`);
  if (value instanceof Map || value instanceof Set || value instanceof Promise || value instanceof Error || ArrayBuffer.isView(value)) {
    throw new Error(`${path === '' ? 'the value' : path} is a ${value.constructor.name}, which JSON does not have`);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    if (value instanceof Date && Number.isNaN(value.getTime())) throw new Error(`${path} is a Date of no time`);
    return;
  }
  const below = [...above, value];
  if (Array.isArray(value)) value.forEach((item, index) => check(item, `${path}[${index}]`, below));
  else for (const [name, item] of Object.entries(value)) {
    check(name, path);
    check(item, path === '' ? name : `${path}.${name}`, below);
  }
}
