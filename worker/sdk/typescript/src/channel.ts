// SPDX-License-Identifier: Apache-2.0

/** One job type: a consumer with loops of its own, and the jobs that came of it until they are answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, type GroupAssignment } from '@platformatic/kafka';
import { jobOf, readMessage, readParts, type OwnJob } from './job.js';
import { kafkaOptions } from './kafka.js';
import type { Lease } from './lease.js';
import { log, textOf } from './log.js';
import type { Metrics } from './metrics.js';
import { failed, type Outcome } from './outcome.js';
import { Progress } from './progress.js';
import { partOfJobType, type Settings, type TypeSettings } from './settings.js';

const FETCH_MS = 500;
const COMMIT_MS = 1000;
const CLOSE_MS = 3000; // to commit and to leave the group at the end
const MOST_REST_MS = 30_000;
const FETCH_BYTES = 1_048_576; // of a node; one record may be larger
const FAILED_COMMITS = 3; // in a row: then the consumer begins anew

/** A job from its record to its answer. */
export class Running {
  also: bigint[] = []; // records of the same attempt that came again
  lease: Lease | undefined;

  constructor(readonly partition: number, public offset: bigint, public life: number, readonly job: OwnJob) {}
}

export interface Owner {
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly shutdown: AbortSignal;
  readonly end: AbortSignal;
  begin(channel: Channel, running: Running): void;
  refuse(channel: Channel, running: Running, outcome: Outcome): void;
}

type Partitions = Map<number, bigint>;

function isOf(error: unknown, id: string): boolean {
  const found = (error as { findBy?: (name: string, value: unknown) => unknown }).findBy?.('apiId', id);
  return found !== null && found !== undefined;
}

export class Channel {
  paused: boolean;
  turned = Date.now();
  isAssigned = false;
  lastError = '';
  readonly topic: string;
  readonly #group: string;
  readonly #ends = new AbortController();
  #progress = new Map<number, Progress>();
  #life = 0; // grows when partitions go: what came before is not committed any more
  #toCommit: Partitions = new Map();
  #positions: Partitions = new Map(); // of the next fetch, by partition that this worker has
  #queued = new Map<bigint, Running>(); // by key, in the order of their coming
  #running = new Map<bigint, Running>();
  #ended: Promise<void> | undefined;

  constructor(readonly jobType: string, readonly own: TypeSettings, private readonly owner: Owner) {
    const part = partOfJobType(jobType);
    this.paused = own.paused;
    this.topic = `${owner.settings.prefix}.jobs.${part}`;
    this.#group = `${owner.settings.prefix}.workers.${part}`;
  }

  // -- For the worker ------------------------------------------------------------------------

  start(): void {
    this.#ended = this.#supervise();
  }

  /** Leaves the group, once what is answered is committed. False: Kafka has not answered in time. */
  async stop(): Promise<boolean> {
    this.#ends.abort();
    return Promise.race([(this.#ended ?? Promise.resolve()).then(() => true), sleep(CLOSE_MS, false, { ref: false })]);
  }

  get inFlight(): number {
    return this.#running.size;
  }

  /** It counts for nothing here and is left to others: it is not committed. */
  dropped(running: Running): void {
    if (this.#running.get(running.job.key) === running) this.#running.delete(running.job.key);
  }

  /** Its answer is with Kafka, or will never be. */
  finished(running: Running): void {
    if (this.#running.get(running.job.key) === running) this.#running.delete(running.job.key);
    this.#done(running.partition, running.life, [running.offset, ...running.also]);
    this.fill();
  }

  /** Begins what there are free hands for. */
  fill(): void {
    for (const [key, running] of this.#queued) {
      if (this.owner.shutdown.aborted || this.paused || this.#running.size >= this.own.maxConcurrent) return;
      this.#queued.delete(key);
      this.#running.set(key, running);
      this.owner.begin(this, running);
    }
  }

  // -- Jobs ----------------------------------------------------------------------------------

  #done(partition: number, life: number, offsets: readonly bigint[]): void {
    if (life !== this.#life) return;
    for (const offset of offsets) {
      const done = this.#progress.get(partition)?.end(offset);
      if (done !== undefined) this.#toCommit.set(partition, done);
    }
  }

  #takeRecord(partition: number, offset: bigint, value: Buffer | null): void {
    let progress = this.#progress.get(partition);
    if (progress === undefined) this.#progress.set(partition, (progress = new Progress()));
    progress.begin(offset);
    this.owner.metrics.add('jobs_received', this.jobType);
    let message;
    try {
      message = readMessage(value);
    } catch (error) {
      log.error('a record is no job', { topic: this.topic, partition, offset: String(offset), error: textOf(error) });
      this.owner.metrics.add('jobs_unreadable', this.jobType);
      this.#done(partition, this.#life, [offset]);
      return;
    }
    try {
      const running = new Running(partition, offset, this.#life, jobOf(message, readParts(message), this.owner.shutdown, this.owner.end));
      if (!this.#isStale(running)) this.#queued.set(running.job.key, running);
    } catch (error) {
      const running = new Running(partition, offset, this.#life, jobOf(message, {}, this.owner.shutdown, this.owner.end));
      this.owner.refuse(this, running, failed(`the worker cannot read the job: ${textOf(error)}`));
    }
  }

  /** It is worked on already, or by a later attempt. */
  #isStale(running: Running): boolean {
    const { job } = running;
    const known = this.#queued.get(job.key) ?? this.#running.get(job.key);
    if (known === undefined) return false;
    if (known.job.attempt < job.attempt) {
      known.job.loseLease();
      this.owner.metrics.add('leases_lost', this.jobType);
      if (this.#queued.delete(job.key)) { // it counts for nothing any more
        this.#done(known.partition, known.life, [known.offset, ...known.also]);
      }
      return false;
    }
    this.owner.metrics.add('jobs_stale', this.jobType);
    if (known.job.attempt !== job.attempt || known.partition !== running.partition) this.#done(running.partition, running.life, [running.offset]);
    else if (known.life !== running.life) Object.assign(known, { life: running.life, offset: running.offset, also: [] });
    else known.also.push(running.offset);
    return true;
  }

  // -- The consumer --------------------------------------------------------------------------

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ends.signal }).catch(() => {});
  }

  async #supervise(): Promise<void> {
    let rest = 500;
    while (!this.#ends.signal.aborted) {
      const began = Date.now();
      try {
        await this.#consume();
        return;
      } catch (error) { // a loop that ends silently is a worker that gets no jobs
        rest = Date.now() - began > 60_000 ? 500 : Math.min(rest * 2, MOST_REST_MS);
        this.owner.metrics.add('loop_restarts', this.jobType);
        this.#note(error, `begins anew in ${rest / 1000} s`);
        this.#forget();
        await this.#rest(rest);
      }
    }
  }

  #note(error: unknown, then: string): void {
    const text = textOf(error);
    if (text === this.lastError) return;
    this.lastError = text;
    log.warn(`jobs do not come; the worker ${then}`, { type: this.jobType, error: text });
  }

  async #consume(): Promise<void> {
    await this.#makeTopic();
    if (this.#ends.signal.aborted) return;
    const { sessionMs } = this.owner.settings;
    const consumer = new Consumer({ ...kafkaOptions(this.owner.settings), groupId: this.#group, autocommit: false, sessionTimeout: sessionMs,
      heartbeatInterval: Math.max(Math.floor(sessionMs / 4), 100), rebalanceTimeout: Math.max(60_000, sessionMs), maxWaitTime: FETCH_MS, maxBytes: FETCH_BYTES });
    const session = { isOver: false }; // loops of one that has failed take nothing of the next one
    const broken = new Promise<never>((_, reject) => {
      consumer.on('error', reject);
      consumer.on('consumer:heartbeat:error', ({ error }) => reject(error)); // the library sends none after it
    });
    broken.catch(() => {});
    consumer.on('consumer:group:rebalance', () => {
      void this.#commit(consumer);
      this.#forget(); // what has not begun goes to others
    });
    consumer.on('consumer:group:join', ({ assignments }) => {
      if (!session.isOver) this.#join(consumer, assignments ?? []).catch((error: unknown) => consumer.emit('error', error));
    });
    let loops: Promise<unknown> = Promise.resolve();
    try {
      consumer.topics.track(this.topic);
      await Promise.race([consumer.joinGroup(), broken]);
      loops = Promise.all([this.#fetchAll(consumer, session), this.#commitAll(consumer, session)]);
      await Promise.race([loops, broken]);
      await this.#commit(consumer);
    } finally {
      session.isOver = true;
      this.isAssigned = false;
      await Promise.race([loops.catch(() => {}), sleep(2000, undefined, { ref: false })]);
      await Promise.race([Promise.resolve(consumer.close(true)).catch(() => {}), sleep(5000, undefined, { ref: false })]);
    }
  }

  async #join(consumer: Consumer, assignments: GroupAssignment[]): Promise<void> {
    this.#forget();
    const life = this.#life;
    const partitions = assignments.find((one) => one.topic === this.topic)?.partitions ?? [];
    const positions: Partitions = new Map();
    if (partitions.length > 0) {
      const committed = (await consumer.listCommittedOffsets({ topics: [{ topic: this.topic, partitions }] })).get(this.topic) ?? [];
      const first = await this.#earliest(consumer, partitions);
      for (const partition of partitions) positions.set(partition, (committed[partition] ?? -1n) >= 0n ? committed[partition]! : (first.get(partition) ?? 0n));
    }
    if (life !== this.#life) return; // the group has moved again
    this.#positions = positions;
    this.isAssigned = true;
    this.lastError = '';
    log.info('jobs come of partitions', { type: this.jobType, topic: this.topic, partitions });
  }

  async #earliest(consumer: Consumer, partitions: number[]): Promise<Partitions> {
    const found = (await consumer.listOffsets({ topics: [this.topic], partitions: { [this.topic]: partitions }, timestamp: -2n })).get(this.topic) ?? [];
    return new Map(partitions.map((partition) => [partition, found[partition] ?? 0n]));
  }

  /** With full hands nothing is fetched. The group keeps the worker, for heartbeats have a timer of their own. */
  #hasRoom(): boolean {
    return !this.paused && !this.owner.shutdown.aborted && this.#queued.size < this.own.maxConcurrent && this.#positions.size > 0;
  }

  async #fetchAll(consumer: Consumer, session: { readonly isOver: boolean }): Promise<void> {
    while (!this.#ends.signal.aborted && !session.isOver) {
      this.turned = Date.now();
      if (this.#hasRoom()) await this.#fetch(consumer);
      else await this.#rest(10);
      this.fill();
    }
  }

  async #fetch(consumer: Consumer): Promise<void> {
    const life = this.#life;
    const metadata = await consumer.metadata({ topics: [this.topic] });
    const topic = metadata.topics.get(this.topic);
    if (topic === undefined) throw new Error(`the topic ${this.topic} is gone`);
    const byNode = new Map<number, number[]>();
    for (const partition of this.#positions.keys()) {
      const leader = topic.partitions[partition]?.leader ?? -1;
      if (leader < 0) continue; // others go on meanwhile
      byNode.set(leader, [...(byNode.get(leader) ?? []), partition]);
    }
    if (byNode.size === 0) await this.#rest(FETCH_MS);
    await Promise.all([...byNode].map(([node, partitions]) => this.#fetchOf(consumer, node, topic.id, partitions, life)));
  }

  async #fetchOf(consumer: Consumer, node: number, topicId: string, partitions: number[], life: number): Promise<void> {
    const asked = new Map(partitions.map((partition) => [partition, this.#positions.get(partition) ?? 0n]));
    let response;
    try {
      response = await consumer.fetch({ node, maxWaitTime: FETCH_MS, topics: [{ topicId, partitions: [...asked].map(([partition, fetchOffset]) => (
        { partition, fetchOffset, partitionMaxBytes: FETCH_BYTES, currentLeaderEpoch: -1, lastFetchedEpoch: -1 })) }] });
    } catch (error) {
      if (this.#ends.signal.aborted || life !== this.#life) return;
      if (!isOf(error, 'OFFSET_OUT_OF_RANGE')) throw error;
      const first = await this.#earliest(consumer, partitions); // retention has taken what was committed
      if (life === this.#life) for (const [partition, offset] of first) if (offset > asked.get(partition)!) this.#positions.set(partition, offset);
      return;
    }
    if (life !== this.#life) return;
    for (const one of response.responses.flatMap((topic) => topic.partitions)) {
      for (const batch of one.records ?? []) this.#takeBatch(one.partitionIndex, asked.get(one.partitionIndex) ?? 0n, batch);
    }
  }

  #takeBatch(partition: number, from: bigint, batch: { firstOffset: bigint; lastOffsetDelta: number; attributes: number; records: { offsetDelta: number; value: Buffer | null }[] }): void {
    const isControl = (batch.attributes & 0x20) !== 0;
    for (const record of isControl ? [] : batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta);
      if (offset >= from) this.#takeRecord(partition, offset, record.value);
    }
    this.#positions.set(partition, batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n);
  }

  async #commitAll(consumer: Consumer, session: { readonly isOver: boolean }): Promise<void> {
    let failures = 0;
    while (!this.#ends.signal.aborted && !session.isOver) {
      await this.#rest(COMMIT_MS);
      if (session.isOver) return;
      failures = (await this.#commit(consumer)) ? 0 : failures + 1;
      if (failures >= FAILED_COMMITS) throw new Error('offsets cannot be committed');
    }
  }

  /** False: it failed, and is tried again while the partitions are here. */
  async #commit(consumer: Consumer): Promise<boolean> {
    const life = this.#life;
    const offsets = [...this.#toCommit].map(([partition, offset]) => ({ topic: this.topic, partition, offset, leaderEpoch: -1 }));
    this.#toCommit.clear();
    if (offsets.length === 0) return true;
    try {
      await consumer.commit({ offsets });
      return true;
    } catch (error) { // a new owner is sent them again, and answers stay answers
      log.info('offsets were not committed', { type: this.jobType, error: textOf(error) });
      if (life === this.#life) for (const { partition, offset } of offsets) if ((this.#toCommit.get(partition) ?? -1n) < offset) this.#toCommit.set(partition, offset);
      return false;
    }
  }

  /** What has not begun goes to who has the partitions now; what runs is answered from here, and the first answer wins. */
  #forget(): void {
    this.#life++;
    this.#queued.clear();
    this.#progress.clear();
    this.#toCommit.clear();
    this.#positions = new Map();
    this.isAssigned = false;
  }

  // -- The topic -----------------------------------------------------------------------------

  /** Who comes first makes the topic; where that is not allowed, it is waited for. */
  async #makeTopic(): Promise<void> {
    const admin = new Admin(kafkaOptions(this.owner.settings));
    admin.on('error', () => {});
    try {
      while (!this.#ends.signal.aborted && !(await this.#hasTopic(admin))) await this.#rest(1000);
    } finally {
      await admin.close().catch(() => {});
    }
  }

  async #hasTopic(admin: Admin): Promise<boolean> {
    this.turned = Date.now();
    try {
      await admin.createTopics({ topics: [this.topic], partitions: this.owner.settings.jobPartitions, replicas: -1, configs: [{ name: 'max.message.bytes', value: '4194304' }] });
      return true;
    } catch (error) {
      if (isOf(error, 'TOPIC_ALREADY_EXISTS')) return true;
      const isRefused = isOf(error, 'TOPIC_AUTHORIZATION_FAILED') || isOf(error, 'CLUSTER_AUTHORIZATION_FAILED');
      if (isRefused && (await admin.listTopics().catch(() => [] as string[])).includes(this.topic)) return true;
      this.#note(isRefused ? new Error(`the topic ${this.topic} is not there and must not be made from here`) : error, 'waits');
      return false;
    }
  }
}
