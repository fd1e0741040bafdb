// SPDX-License-Identifier: Apache-2.0
// What is known of the cluster: who runs, and the counters that a node shows to Prometheus.
export interface Partition { partitionId: number; role: string; health: string; state?: string }
export interface Broker { nodeId: number; brokerId?: string; host: string; port: number; version: string; partitions: Partition[] }
export interface Topology { brokers: Broker[]; clusterSize: number; partitionsCount: number; replicationFactor: number; gatewayVersion: string; clusterId: string | null }

export interface Sample { name: string; labels: Record<string, string>; value: number }

/** Prometheus' text format, as far as the node writes it. */
export function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match?.[1] || !match[3]) return [];
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']));
    return [{ name: match[1], labels, value: Number(match[3]) }];
  });
}
