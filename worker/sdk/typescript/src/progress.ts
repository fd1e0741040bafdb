// SPDX-License-Identifier: Apache-2.0

/** How far a partition is done: jobs end in any order, and only what has no unanswered job before it is committed. */
export class Progress {
  #open = new Map<bigint, boolean>(); // offset: it is done; in the order of offsets

  begin(offset: bigint): void {
    this.#open.set(offset, false);
  }

  /** The offset to commit, where that has changed. */
  end(offset: bigint): bigint | undefined {
    if (!this.#open.has(offset)) return undefined;
    this.#open.set(offset, true);
    let done: bigint | undefined;
    for (const [first, isDone] of this.#open) {
      if (!isDone) break;
      this.#open.delete(first);
      done = first + 1n;
    }
    return done;
  }
}
