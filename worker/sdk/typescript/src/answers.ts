// SPDX-License-Identifier: Apache-2.0

import { toBinary } from '@bufbuild/protobuf';
import { Producer } from '@platformatic/kafka';
import { CommandSchema, type Command } from './gen/baton/v1/command_pb.js';
import { kafkaOptions } from './kafka.js';
import { textOf } from './log.js';
import type { Settings } from './settings.js';

const MOST_AT_ONCE = 500;
const MOST_BYTES = 2_000_000;
const PATIENCE_MS = 120_000;
const HEADERS = new Map([[Buffer.from('content-type'), Buffer.from('application/x-protobuf; proto=baton.v1.Command')]]);

interface Waiting {
  partition: number;
  value: Buffer;
  until: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The way of answers to Kafka: one producer for all types, in order, as many at once as have come meanwhile. */
export class Answers {
  readonly #producer: Producer;
  readonly #topic: string;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#producer = new Producer({ ...kafkaOptions(settings), acks: -1 });
    this.#producer.on('error', () => {}); // each send says its own
    this.#topic = `${settings.prefix}.commands`;
  }

  /** Ends when the answer is with Kafka; throws when it will not be. */
  send(partition: number, command: Command): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partition, value: Buffer.from(toBinary(CommandSchema, command)), until: Date.now() + PATIENCE_MS, resolve, reject });
      this.#sending ??= this.#sendAll().finally(() => { this.#sending = undefined; });
    });
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve(); // what else comes in this turn goes along
    while (this.#waiting.length > 0) await this.#sendSome(this.#take());
  }

  #take(): Waiting[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#waiting.length, MOST_AT_ONCE) && (count === 0 || bytes < MOST_BYTES); count++) bytes += this.#waiting[count]!.value.length;
    return this.#waiting.splice(0, count);
  }

  async #sendSome(some: Waiting[]): Promise<void> {
    try {
      await this.#producer.send({ messages: some.map(({ partition, value }) => ({ topic: this.#topic, partition, value, headers: HEADERS })) });
      for (const one of some) one.resolve();
    } catch (error) {
      if (some.length > 1) for (const one of some) await this.#sendSome([one]); // one that cannot be sent takes no other along
      else await this.#tryAgain(some[0]!, error as Error);
    }
  }

  async #tryAgain(one: Waiting, error: Error): Promise<void> {
    const canRetry = !(error as { findBy?: (name: string, value: unknown) => unknown }).findBy?.('canRetry', false);
    if (!canRetry || Date.now() > one.until) {
      one.reject(new Error(textOf(error)));
      return;
    }
    await new Promise((resume) => setTimeout(resume, 500));
    await this.#sendSome([one]);
  }

  /** False: some have not reached Kafka within that time. */
  async flush(ms: number): Promise<boolean> {
    const until = Date.now() + ms;
    while (this.#sending !== undefined && Date.now() < until) await Promise.race([this.#sending, new Promise((resume) => setTimeout(resume, 20))]);
    return this.#sending === undefined;
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}
