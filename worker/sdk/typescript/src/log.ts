// SPDX-License-Identifier: Apache-2.0

import { stringify } from './number.js';

type Fields = Record<string, unknown>;

/** Lines on standard error: text, or JSON with BATON_WORKER_LOG=json. */
export class Log {
  constructor(private readonly fields: Fields = {}) {}

  with(fields: Fields): Log {
    return new Log({ ...this.fields, ...fields });
  }

  info(message: string, fields: Fields = {}): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.#write('error', message, fields);
  }

  #write(level: string, message: string, fields: Fields): void {
    const time = new Date().toISOString();
    const all = { ...this.fields, ...fields };
    const line = process.env['BATON_WORKER_LOG'] === 'json' ? written({ time, level, message, ...all })
      : `${time} ${level.padEnd(5)} ${message}${Object.entries(all).map(([name, value]) => ` ${name}=${written(value)}`).join('')}`;
    process.stderr.write(`${line}\n`);
  }
}

export const log = new Log();

/** Of whatever it is: a line that cannot be written must not fail the job. */
function written(value: unknown): string {
  try {
    return stringify(value) ?? 'null';
  } catch (error) {
    return `"cannot be written: ${textOf(error)}"`;
  }
}

/** Of whatever was thrown; never throws itself. */
export function textOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const parts = error instanceof AggregateError ? error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))) : [];
    return [error.message, ...new Set(parts)].filter((one) => one !== '').join(': ');
  } catch {
    return 'something was thrown that has no text';
  }
}
