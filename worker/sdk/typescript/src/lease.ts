// SPDX-License-Identifier: Apache-2.0

import type { OwnJob } from './job.js';

const DEFAULT_LEASE_MS = 60_000;

/** Of one job that is worked on: taken after a second of work, extended at a third of each, whatever the handler waits for. */
export class Lease {
  #timer: NodeJS.Timeout;
  #until: number | undefined; // when it ends as far as this worker knows; undefined: it was not taken yet
  #isOver = false;

  /** `extend` ends when the extension is with Kafka. */
  constructor(private readonly job: OwnJob, leaseMs: number, takeMs: number, private readonly extend: (leaseMs: number) => Promise<void>) {
    const length = leaseMs || job.leaseMs || DEFAULT_LEASE_MS;
    this.#timer = setTimeout(() => this.#extendNow(length), takeMs);
  }

  #extendNow(length: number): void {
    if (this.#isOver) return;
    const sent = performance.now();
    if (this.#until !== undefined && sent > this.#until) this.job.loseLease(); // no extension reached Kafka in time
    this.extend(length).then(() => { this.#until = sent + length; }, () => {});
    this.#timer = setTimeout(() => this.#extendNow(length), Math.min(Math.max(length / 3, 100), 2_000_000_000));
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
