// SPDX-License-Identifier: Apache-2.0

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
    const line = process.env['BATON_WORKER_LOG'] === 'json' ? JSON.stringify({ time, level, message, ...all })
      : `${time} ${level.padEnd(5)} ${message}${Object.entries(all).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')}`;
    process.stderr.write(`${line}\n`);
  }
}

export const log = new Log();

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = error instanceof AggregateError ? error.errors.map(textOf) : [];
  return [error.message, ...new Set(parts)].filter((one) => one !== '').join(': ');
}
