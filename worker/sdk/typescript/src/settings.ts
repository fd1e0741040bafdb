// SPDX-License-Identifier: Apache-2.0

/** Settings, by the environment alone where nothing else is said: the names are those of `baton config print`, and BATON_WORKER_…. */
import { hostname } from 'node:os';

const OWN = ['MAX_CONCURRENT', 'LEASE_MS', 'PAUSED'] as const;
const ALL = ['NAME', 'MAX_CONCURRENT', 'LEASE_MS', 'GRACE_MS', 'TAKE_MS', 'PAUSED', 'METRICS', 'LOG'] as const;

export interface Settings {
  brokers: string[];
  properties: Record<string, string>; // as librdkafka calls them
  prefix: string; // of topics and groups
  jobPartitions: number; // of a topic that the worker makes
  sessionMs: number; // how long the jobs of a killed worker lie
  name: string; // who answers, in the history
  maxConcurrent: number; // jobs of a type at one time
  leaseMs: number; // 0: what the job says
  graceMs: number; // from the signal to stop until the process ends
  takeMs: number; // a job that is worked on for so long is taken
  paused: boolean;
  metrics: string; // host:port that serves /metrics and /health; empty: none
  environment: Record<string, string>; // BATON_WORKER_…
}

export interface TypeSettings {
  maxConcurrent: number;
  leaseMs: number;
  paused: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function number(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = env[name] ?? '';
  if (text === '') return fallback;
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) throw new Error(`${name}: expected ${least} to ${most}, found ${JSON.stringify(text)}`);
  return Number(text);
}

function choice(env: Environment, name: string, choices: readonly string[], fallback: string): string {
  const text = env[name] || fallback;
  if (!choices.includes(text)) throw new Error(`${name}: expected ${choices.join(' or ')}, found ${JSON.stringify(text)}`);
  return text;
}

function flag(env: Environment, name: string, fallback: boolean): boolean {
  return choice(env, name, ['true', 'false'], String(fallback)) === 'true';
}

function properties(env: Environment, name: string): Record<string, string> {
  const found: Record<string, string> = {};
  const parts = (env[name] ?? '').split(/(?<!\\);/).map((part) => part.replaceAll('\\;', ';').trim());
  for (const [index, one] of parts.entries()) {
    if (one === '') continue;
    const at = one.indexOf('='); // a part without one may be the rest of a password
    if (at < 0) throw new Error(`${name}: expected name=value, separated by semicolons; part ${index + 1} has no "=" (a semicolon in a value is written \\;)`);
    found[one.slice(0, at).trim()] = one.slice(at + 1).trim();
  }
  return found;
}

/** Throws an Error that names a variable that is wrong. */
export function settingsOf(env: Environment = process.env): Settings {
  choice(env, 'BATON_WORKER_LOG', ['text', 'json'], 'text');
  return {
    brokers: (env['BATON_KAFKA_BROKERS'] || '127.0.0.1:9092').split(',').map((one) => one.trim()),
    properties: properties(env, 'BATON_KAFKA_PROPERTIES'),
    prefix: env['BATON_KAFKA_TOPIC_PREFIX'] || 'baton',
    jobPartitions: number(env, 'BATON_KAFKA_JOB_PARTITIONS', 8, 1, 1024),
    sessionMs: number(env, 'BATON_KAFKA_SESSION_MS', 6000, 1000, 300_000),
    name: env['BATON_WORKER_NAME'] || `${hostname()}-${process.pid}`,
    maxConcurrent: number(env, 'BATON_WORKER_MAX_CONCURRENT', 10, 1, 10_000),
    leaseMs: number(env, 'BATON_WORKER_LEASE_MS', 0, 0, 2_073_600_000),
    graceMs: number(env, 'BATON_WORKER_GRACE_MS', 20_000, 0, 3_600_000),
    takeMs: number(env, 'BATON_WORKER_TAKE_MS', 1000, 50, 3_600_000),
    paused: flag(env, 'BATON_WORKER_PAUSED', false),
    metrics: env['BATON_WORKER_METRICS'] ?? '',
    environment: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('BATON_WORKER_'))) as Record<string, string>,
  };
}

function variableOf(jobType: string): string {
  return `BATON_WORKER_${jobType.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_`;
}

/** The environment goes before what the code says, and what is said of a type before what is said of all. */
export function ofType(settings: Settings, jobType: string, code: Partial<TypeSettings>): TypeSettings {
  const prefix = variableOf(jobType);
  const env = settings.environment;
  for (const [name, value] of Object.entries(code)) {
    const isGood = value === undefined || (Number.isSafeInteger(value) && (value as number) >= (name === 'maxConcurrent' ? 1 : 0));
    if (!isGood) throw new Error(`jobs of type ${JSON.stringify(jobType)}: ${name}: expected a whole number, found ${String(value)}`);
  }
  return {
    maxConcurrent: number(env, `${prefix}MAX_CONCURRENT`, code.maxConcurrent ?? settings.maxConcurrent, 1, 10_000),
    leaseMs: number(env, `${prefix}LEASE_MS`, code.leaseMs ?? settings.leaseMs, 0, 2_073_600_000),
    paused: flag(env, `${prefix}PAUSED`, settings.paused),
  };
}

/** Throws where BATON_WORKER_… names no setting and no type that is served. */
export function checkSettings(settings: Settings, jobTypes: readonly string[]): void {
  const known = new Set([...ALL.map((name) => `BATON_WORKER_${name}`), ...jobTypes.flatMap((type) => OWN.map((name) => variableOf(type) + name))]);
  for (const name of Object.keys(settings.environment)) {
    if (!known.has(name)) throw new Error(`${name} names no setting, and no type of this worker; there are ${[...known].join(', ')}`);
  }
}

/** The job type as it stands in names of topics (docs/protocol.md). */
export function partOfJobType(jobType: string): string {
  const data = Buffer.from(jobType);
  let out = '';
  data.forEach((byte, at) => {
    const character = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9._-]/.test(character) && !(character === '_' && data[at + 1] === 0x78);
    out += isPlain ? character : `_x${byte.toString(16).padStart(2, '0')}`;
  });
  if (data.length < 1 || out.length > 200) throw new Error(`a job type has 1 to 200 bytes, those of its topic counted: ${JSON.stringify(jobType.slice(0, 40))} has ${out.length}`);
  return out;
}
