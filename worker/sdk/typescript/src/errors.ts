// SPDX-License-Identifier: Apache-2.0

/** How a handler says that it did not come to its end. Everything else that it throws is a failure that is tried again. */

/** A business outcome that the process catches by its code. It uses no retries. */
export class BpmnError extends Error {
  override readonly name = 'BpmnError';

  constructor(readonly code: string, message = '', readonly variables: Record<string, unknown> = {}) {
    super(message);
    if (typeof code !== 'string' || code === '') throw new TypeError(`a BPMN error has a code, which is a text, not ${String(code)}`);
  }
}

/** A failure that is tried again after so many seconds. It uses a retry, unless `keepsRetries`. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';

  constructor(readonly seconds: number, message = `to be tried again after ${seconds} s`, readonly keepsRetries = false) {
    super(message);
    if (!(seconds > 0)) throw new RangeError('a job is tried again after more than 0 seconds');
  }
}

/** A failure that trying again does not mend: an incident at once, whatever retries are left. */
export class Fatal extends Error {
  override readonly name: string = 'Fatal';
}

/** Variables that do not fit what the handler declares: names the variable. An incident at once. */
export class BadInput extends Fatal {
  override readonly name = 'BadInput';
}
