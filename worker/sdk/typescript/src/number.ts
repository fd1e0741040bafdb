// SPDX-License-Identifier: Apache-2.0

import { LosslessNumber } from 'lossless-json';

/** Of a JSON number: a `number` where that holds every digit, else a bigint or a LosslessNumber. */
export function readNumber(text: string): unknown {
  const value = Number(text);
  if (Number.isFinite(value) && canonical(String(value)) === canonical(text)) return value;
  return /^-?\d+$/.test(text) ? BigInt(text) : new LosslessNumber(text);
}

/** Sign, digits without zeros at the ends, and exponent: equal for texts of the same number. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}
