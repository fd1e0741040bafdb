// SPDX-License-Identifier: Apache-2.0

/** JSON in which no number loses a digit, on the language's own parser: numbers that it would round stand as marked texts while it works. */
import { LosslessNumber } from 'lossless-json';

const MARK = `\u0000${Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join('')}:`;
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const MARKED = new RegExp(`"${JSON.stringify(MARK).slice(1, -1).replace(/\\/g, '\\\\')}([^"]*)"`, 'g');

function withoutZeros(digits: string): [string, number] {
  let from = 0, to = digits.length;
  while (from < to && digits[from] === '0') from++;
  while (to > from && digits[to - 1] === '0') to--;
  return [digits.slice(from, to), digits.length - to];
}

/** Sign, digits without zeros at the ends, and exponent: equal for texts of the same number. */
function canonical(text: string): string | undefined {
  const parts = NUMBER.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const [kept, zeros] = withoutZeros(whole + fraction);
  return kept === '' ? '0' : `${sign}${kept}e${Number(exponent) - fraction.length + zeros}`;
}

/** A `number` holds every digit of it. What is no number at all is left to the parser. */
function isExact(text: string): boolean {
  if (text.length < 16 && !/[eE]/.test(text)) return true;
  const value = Number(text);
  const found = canonical(text);
  return found === undefined || (text.length < 400 && Number.isFinite(value) && canonical(String(value)) === found);
}

function unmarked(_: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
  const text = value.slice(MARK.length);
  return /^-?\d+$/.test(text) ? BigInt(text) : new LosslessNumber(text);
}

/** Numbers are `number` where that holds every digit, else `bigint` or LosslessNumber. Throws what is no JSON. */
export function parse(text: string): unknown {
  let isMarked = false;
  const marked = text.replace(TOKENS, (token) => {
    if (token.startsWith('"') || isExact(token)) return token;
    isMarked = true;
    return JSON.stringify(MARK + token);
  });
  return isMarked ? JSON.parse(marked, unmarked) : JSON.parse(text);
}

/** Undefined for what JSON does not have at all. */
export function stringify(value: unknown): string | undefined {
  let isMarked = false;
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'bigint' && !(one instanceof LosslessNumber)) return one;
    isMarked = true;
    return MARK + String(one);
  }) as string | undefined;
  return isMarked ? text?.replace(MARKED, '$1') : text;
}
