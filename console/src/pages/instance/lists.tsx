// SPDX-License-Identifier: Apache-2.0
// What belongs to an instance: its incidents, jobs, decisions and messages, and what it called.
import type { Schema } from '../../api/client';
import { List } from '../../list/list';
import { decisionInstancesSpec } from '../decisions/spec';
import { incidentsSpec } from '../incidents/spec';
import { instancesSpec } from '../instances/spec';
import { jobsSpec } from '../jobs/spec';
import { subscriptionsSpec } from '../messages/spec';

type Lists = 'incidents' | 'jobs' | 'called' | 'decisions' | 'messages';

export function PartList({ which, instance }: { which: Lists; instance: Schema<'ProcessInstance'> }) {
  const base = { processInstanceKey: instance.processInstanceKey };
  switch (which) {
    case 'incidents': return <List spec={{ ...incidentsSpec(base), narrowings: [] }} />;
    case 'jobs': return <List spec={{ ...jobsSpec(base), narrowings: [] }} />;
    case 'called': return <List spec={{ ...instancesSpec({ parentProcessInstanceKey: instance.processInstanceKey }), narrowings: [] }} />;
    case 'decisions': return <List spec={{ ...decisionInstancesSpec(base), narrowings: [] }} />;
    case 'messages': return <List spec={{ ...subscriptionsSpec(base), narrowings: [] }} />;
  }
}
