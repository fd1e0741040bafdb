// SPDX-License-Identifier: Apache-2.0
// Camunda's official Node client, with whatever its own variables in the environment say: who does Baton say that it is? Twice, as JSON.
import {createCamundaClient} from '@camunda8/orchestration-cluster-api';

const camunda = createCamundaClient();
const consistency = {consistency: {waitUpToMs: 0}};
const me = await camunda.getAuthentication(consistency);
const topology = await camunda.getTopology();
console.log(JSON.stringify({username: me.username, partitions: topology.partitionsCount}));
