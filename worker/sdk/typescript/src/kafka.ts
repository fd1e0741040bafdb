// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { BaseOptions, SASLOptions } from '@platformatic/kafka';
import type { Settings } from './settings.js';

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

class Properties {
  #known = new Set<string>();

  constructor(private readonly values: Record<string, string>) {}

  get(name: string, fallback = ''): string {
    this.#known.add(name);
    return this.values[name] ?? fallback;
  }

  oneOf<Value extends string>(name: string, values: readonly Value[], fallback: Value): Value {
    const value = this.get(name, fallback).toUpperCase();
    if (!values.includes(value as Value)) throw new Error(`BATON_KAFKA_PROPERTIES: ${name}: expected ${values.join(', ')}, found ${JSON.stringify(value)}`);
    return value as Value;
  }

  file(name: string): string | undefined {
    const path = this.get(name);
    if (path === '') return undefined;
    try {
      return readFileSync(path, 'utf-8');
    } catch (error) {
      throw new Error(`BATON_KAFKA_PROPERTIES: ${name}: ${(error as Error).message}`);
    }
  }

  checkAll(): void {
    for (const name of Object.keys(this.values)) if (!this.#known.has(name)) throw new Error(`BATON_KAFKA_PROPERTIES: this SDK does not know ${JSON.stringify(name)}`);
  }
}

/** What all clients of a worker have in common. Properties have librdkafka's names, so that one setting serves workers in every language. */
export function kafkaOptions(settings: Settings): BaseOptions {
  const given = new Properties(settings.properties);
  const protocol = given.oneOf('security.protocol', PROTOCOLS, 'PLAINTEXT');
  const tls: ConnectionOptions = { rejectUnauthorized: given.get('enable.ssl.certificate.verification', 'true') !== 'false',
    ca: given.file('ssl.ca.location'), cert: given.file('ssl.certificate.location'), key: given.file('ssl.key.location') };
  if (given.get('ssl.endpoint.identification.algorithm', 'https') === 'none') tls.checkServerIdentity = () => undefined;
  const sasl: SASLOptions = { mechanism: given.oneOf('sasl.mechanism', MECHANISMS, given.oneOf('sasl.mechanisms', MECHANISMS, 'PLAIN')),
    username: given.get('sasl.username'), password: given.get('sasl.password') };
  given.checkAll();
  return { clientId: settings.name, bootstrapBrokers: settings.brokers, metadataMaxAge: 10_000, retries: 3, retryDelay: 500, connectTimeout: 5000,
    ...(protocol.endsWith('SSL') ? { tls, tlsServerName: true } : {}), ...(protocol.startsWith('SASL') ? { sasl } : {}) };
}
