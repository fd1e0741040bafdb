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

/**
 * Why a job failed: what becomes of it follows from this, never from the message. A business outcome is no failure but a BpmnError.
 *
 * - `TRANSIENT`: it may go better later, one retry is used
 * - `THROTTLED`: another system asks to come again later, no retry is used
 * - `PERMANENT`: it will go wrong each time, an incident
 * - `AUTH`: a credential was refused, an incident that names it
 * - `POISON`: an input cannot be worked on, an incident that names it
 */
export type FailureClass = 'TRANSIENT' | 'THROTTLED' | 'PERMANENT' | 'AUTH' | 'POISON';

/** A failure of a class. `subject` is the credential or the input that is meant; `seconds` when to come again, at the earliest; 0: as the class has it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly subject: string;
  readonly seconds: number;

  constructor(readonly failureClass: FailureClass, message = failureClass.toLowerCase(), options: { subject?: string; seconds?: number } = {}) {
    super(message);
    this.subject = options.subject ?? '';
    this.seconds = options.seconds ?? 0;
    if (!(this.seconds >= 0)) throw new RangeError('a job is tried again after 0 seconds or more');
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
