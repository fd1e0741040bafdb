// SPDX-License-Identifier: Apache-2.0

export { ApiError, Client, type ClientOptions, type Message, type Start } from './client.js';
export { BadInput, BpmnError, Failure, Fatal, RetryAfter, type FailureClass } from './errors.js';
export { JobKind, type Job, type Variables } from './job.js';
export { LosslessNumber } from './json.js';
export type { Log } from './log.js';
export { AdHoc, Corrected, Denied, type Completed, type Failed, type Outcome, type Thrown } from './outcome.js';
export { settingsOf, type Settings } from './settings.js';
export { Worker, type Handler, type JobOptions, type Middleware, type Returned } from './worker.js';
