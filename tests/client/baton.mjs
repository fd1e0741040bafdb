// SPDX-License-Identifier: Apache-2.0
// A Baton of its own for one test file: a database and topics with a prefix of their own on the tests' PostgreSQL and Kafka.
import {spawn, execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {once} from 'node:events';
import net from 'node:net';

const binaries = process.env.BATON_TEST_BIN;
const clusterEnv = process.env.BATON_TEST_ENV;

function cluster() {
  const values = {};
  for (const line of readFileSync(clusterEnv, 'utf8').split('\n')) {
    const match = /^(?:export )?(\w+)='?(.*?)'?$/.exec(line);
    if (match) values[match[1]] = match[2];
  }
  return values;
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export async function waitFor(what, probe, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

// Starts a node; stop() ends it.
export async function startBaton(name, ...settings) {
  const {BATON_TEST_KAFKA: kafka, BATON_TEST_POSTGRES: postgres, BATON_TEST_DIR: folder} = cluster();
  const database = `${name}_${process.pid}`;
  execFileSync('psql', [postgres, '-qc', `CREATE DATABASE ${database}`]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let node;
  let ended;
  async function start(...more) {
    ended = false;
    node = spawn(`${binaries}/baton-orchestrator`, [
      `--postgres.url=${postgres} dbname=${database}`, '--postgres.migrate=true', `--kafka.brokers=${kafka}`,
      `--kafka.topic_prefix=${database}`, `--api.listen=127.0.0.1:${port}`, `--node.name=${name}`, '--engine.shards=3', ...settings, ...more,
    ], {stdio: ['ignore', 'inherit', 'inherit']});
    node.on('exit', () => { ended = true; });
    await waitFor(`${url} to be ready`, async () => {
      if (ended) throw new Error('the node ended at start');
      return fetch(`${url}/health/ready`).then(answer => answer.ok, () => false);
    });
  }
  async function stop(signal = 'SIGTERM') {
    node.kill(signal);
    if (!ended) await once(node, 'exit');
  }
  await start();
  return {
    url, kafka, kafkaFolder: `${folder}/kafka`, database, binaries, postgres: `${postgres} dbname=${database}`, topicPrefix: database,
    get pid() { return node.pid; },
    stop: () => stop(),
    start,
    crash: () => stop('SIGKILL'),
    async restart() {
      await stop();
      await start();
    },
  };
}
