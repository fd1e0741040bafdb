// SPDX-License-Identifier: Apache-2.0
// The nodes, who has which shard, and how much goes through.
import { ask, askText, Problem } from '../../api/client';
import { Bones, Failure, Facts, Notice, PageTitle, Panel, State, Scroll } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { t } from '../../text';
import { samplesOf, type Sample, type Topology } from './data';

interface Health { status: string; warnings?: string[]; reasons?: string[] }

async function readHealth(): Promise<Health> {
  try {
    return await ask<Health>({ method: 'GET', path: '/health/ready' });
  } catch (error) {
    if (error instanceof Problem && error.status === 503) return { status: 'DOWN', reasons: [error.message] };
    throw error;
  }
}

const METRICS = ['shard', 'lag', 'outbox', 'epoch', 'backlog'];

function ShardTable({ samples }: { samples: Sample[] }) {
  const shards = [...new Set(samples.map((sample) => sample.labels['shard']).filter((shard) => shard !== undefined))].sort((a, b) => Number(a) - Number(b));
  const names = [...new Set(samples.filter((sample) => sample.labels['shard'] !== undefined && Object.keys(sample.labels).length === 1).map((sample) => sample.name))].filter((name) => METRICS.some((part) => name.includes(part))).slice(0, 6);
  if (shards.length === 0 || names.length === 0) return null;
  const valueOf = (name: string, shard: string) => samples.find((sample) => sample.name === name && sample.labels['shard'] === shard)?.value;
  return (
    <Panel title={t('cluster.shards')} flush>
      <Scroll label={t('cluster.shards')}><table class="table"><thead><tr><th scope="col">{t('cluster.shard')}</th>{names.map((name) => <th key={name} scope="col">{name.replace(/^baton_/, '').replaceAll('_', ' ')}</th>)}</tr></thead>
        <tbody>{shards.map((shard) => <tr key={shard}><td class="num strong">{shard}</td>{names.map((name) => <td key={name} class="num">{showNumber(valueOf(name, shard) ?? 0)}</td>)}</tr>)}</tbody></table></Scroll>
    </Panel>
  );
}

function Counters({ samples }: { samples: Sample[] }) {
  const rows = samples.filter((sample) => !/_bucket$|_sum$/.test(sample.name) && Object.keys(sample.labels).length === 0 && sample.value !== 0);
  return (
    <Panel title={t('cluster.counters')} flush>
      <Scroll label={t('cluster.counters')} style={{ maxHeight: '480px' }}><table class="table"><thead><tr><th scope="col">{t('name')}</th><th scope="col" class="right">{t('variable.value')}</th></tr></thead>
        <tbody>{rows.map((row) => <tr key={row.name}><td class="mono">{row.name}</td><td class="num right">{showNumber(row.value)}</td></tr>)}</tbody></table></Scroll>
    </Panel>
  );
}

export function Cluster() {
  const topology = useLoad('topology', () => ask<Topology>({ method: 'GET', path: '/v2/topology' }), ['cluster']);
  const health = useLoad('health', readHealth, ['cluster']);
  const metrics = useLoad('metrics', async () => samplesOf(await askText('/metrics')), ['cluster']);
  if (!topology.value) return topology.error !== null ? <Failure error={topology.error} retry={topology.reload} /> : <Bones rows={5} />;
  const { brokers, clusterId, gatewayVersion, partitionsCount } = topology.value;
  const warnings = [...(health.value?.warnings ?? []), ...(health.value?.reasons ?? [])];
  return (
    <>
      <PageTitle title={t('nav.cluster')} about={t('cluster.about')} state={health.value && <State state={health.value.status === 'UP' ? 'HEALTHY' : 'UNHEALTHY'} />} />
      {warnings.map((warning) => <Notice key={warning} kind="warn">{warning}</Notice>)}
      <div class="halves">
        <Panel title={t('cluster.installation')}><Facts facts={[[t('cluster.id'), <code>{clusterId ?? '–'}</code>], [t('cluster.version'), gatewayVersion], [t('cluster.nodes'), brokers.length], [t('cluster.shards'), partitionsCount]]} /></Panel>
        {brokers.map((broker) => (
          <Panel key={broker.nodeId} flush title={<span class="row">{broker.brokerId ?? broker.nodeId}<span class="soft mono small">{broker.host}:{broker.port}</span></span>} actions={<span class="tag">{broker.version}</span>}>
            <ul class="shards">{broker.partitions.map((partition) => <li key={partition.partitionId}><span class="num strong">{t('cluster.shard')} {partition.partitionId}</span><State state={partition.health === 'healthy' ? 'HEALTHY' : 'UNHEALTHY'} /></li>)}</ul>
          </Panel>
        ))}
      </div>
      {metrics.error !== null && <Notice>{t('cluster.nometrics')}</Notice>}
      {metrics.value && <><ShardTable samples={metrics.value} /><Counters samples={metrics.value} /></>}
    </>
  );
}
