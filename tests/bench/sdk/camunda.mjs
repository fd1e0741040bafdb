// SPDX-License-Identifier: Apache-2.0
// Workers with @camunda8/orchestration-cluster-api over REST, and with @camunda8/sdk's Zeebe client over gRPC: node camunda.mjs rest|grpc
const most = Number(process.env.MOST);
if (process.argv[2] === 'rest') {
  const {createCamundaClient} = await import('@camunda8/orchestration-cluster-api');
  const client = createCamundaClient({config: {CAMUNDA_REST_ADDRESS: process.env.BATON_URL, CAMUNDA_AUTH_STRATEGY: 'NONE'}});
  client.createJobWorker({jobType: 'bench.counted', workerName: 'bench', maxParallelJobs: most, jobTimeoutMs: 60000,
    jobHandler: (job) => job.complete({run: 1})});
} else {
  const {Camunda8} = await import('@camunda8/sdk');
  const zeebe = new Camunda8({ZEEBE_ADDRESS: process.env.BATON_GRPC, ZEEBE_GRPC_ADDRESS: `grpc://${process.env.BATON_GRPC}`, CAMUNDA_OAUTH_DISABLED: true,
    CAMUNDA_SECURE_CONNECTION: false, zeebeGrpcSettings: {ZEEBE_CLIENT_LOG_LEVEL: 'NONE'}}).getZeebeGrpcApiClient();
  zeebe.createWorker({taskType: 'bench.counted', maxJobsToActivate: most, timeout: 60000, taskHandler: (job) => job.complete({run: 1})});
}
