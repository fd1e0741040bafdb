# SPDX-License-Identifier: Apache-2.0
"""A day of a team with pyzeebe, unchanged, over gRPC; and what becomes of jobs whose client is gone (by Google's gRPC library)."""
import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

import grpc
from pyzeebe import ZeebeClient, ZeebeWorker, create_insecure_channel
from pyzeebe.errors import ProcessDefinitionNotFoundError, ProcessInstanceNotFoundError, ProcessInvalidError
from pyzeebe.proto.gateway_pb2 import (ActivateJobsRequest, CompleteJobRequest, CreateProcessInstanceRequest, DeployResourceRequest,
                                       EvaluateDecisionRequest, FailJobRequest, ModifyProcessInstanceRequest, Resource,
                                       StreamActivatedJobsRequest, ThrowErrorRequest, TopologyRequest, UpdateJobRetriesRequest,
                                       UpdateJobTimeoutRequest)
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

ADDRESS = os.environ['BATON_GRPC']
MODELS = os.environ['MODELS']
TASK = '''<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="{id}" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><serviceTask id="t"><extensionElements>
<zeebe:taskDefinition type="{id}"/></extensionElements></serviceTask></process></definitions>'''

# Opens a stream, says how many jobs came, and hangs.
WATCHER = '''
import sys, grpc
from pyzeebe.proto.gateway_pb2 import StreamActivatedJobsRequest
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub
stub = GatewayStub(grpc.insecure_channel(sys.argv[1]))
print('open', flush=True)
for job in stub.StreamActivatedJobs(StreamActivatedJobsRequest(type=sys.argv[2], worker='watcher', timeout=600000)):
    print(job.key, flush=True)
'''


class Raw(unittest.TestCase):
    """Calls as they are."""

    @classmethod
    def setUpClass(cls):
        cls.channel = grpc.insecure_channel(ADDRESS)
        cls.stub = GatewayStub(cls.channel)
        files = [Resource(name=name, content=open(os.path.join(MODELS, name), 'rb').read()) for name in ('library.bpmn', 'fee.dmn', 'hand-over.form')]
        answer = cls.stub.DeployResource(DeployResourceRequest(resources=files))
        cls.deployed = [d.WhichOneof('Metadata') for d in answer.deployments]

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()

    def deploy_task(self, name):
        self.stub.DeployResource(DeployResourceRequest(resources=[Resource(name=f'{name}.bpmn', content=TASK.format(id=name).encode())]))

    def start(self, process, variables='{}'):
        return self.stub.CreateProcessInstance(CreateProcessInstanceRequest(bpmnProcessId=process, version=-1, variables=variables)).processInstanceKey

    def take(self, job_type, timeout=60000, wait=10000):
        answers = self.stub.ActivateJobs(ActivateJobsRequest(type=job_type, worker='raw', timeout=timeout, maxJobsToActivate=10, requestTimeout=wait))
        return [job for answer in answers for job in answer.jobs]

    def refused(self, code, call, request):
        with self.assertRaises(grpc.RpcError) as caught:
            answer = call(request)
            list(answer) if hasattr(answer, '__iter__') else None
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception.details()

    def test_what_is_deployed_has_its_kind(self):
        self.assertEqual(sorted(set(self.deployed)), ['decision', 'decisionRequirements', 'form', 'process'])

    def test_the_cluster(self):
        answer = self.stub.Topology(TopologyRequest())
        self.assertEqual((answer.partitionsCount, answer.clusterSize, len(answer.brokers[0].partitions)), (3, 1, 3))

    def test_a_job_from_its_taking_to_its_answers(self):
        self.start('loan', '{"loan": "G-1", "days": 3}')
        job, = self.take('fetch')
        self.assertEqual((job.type, job.elementId, job.customHeaders, job.retries, job.worker, job.tenantId),
                         ('fetch', 'fetch', '{"shelf":"upper"}', 3, 'raw', '<default>'))
        self.assertGreater(job.deadline, time.time() * 1000 + 50000)
        self.stub.UpdateJobTimeout(UpdateJobTimeoutRequest(jobKey=job.key, timeout=90000))
        self.stub.FailJob(FailJobRequest(jobKey=job.key, retries=0, errorMessage='no such shelf'))
        self.assertIn('at least one', self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.UpdateJobRetries, UpdateJobRetriesRequest(jobKey=job.key, retries=0)))
        self.stub.UpdateJobRetries(UpdateJobRetriesRequest(jobKey=job.key, retries=1))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.CompleteJob, CompleteJobRequest(jobKey=job.key, variables='[1]'))
        for key in (17, -1, 2 ** 63 - 1):
            self.refused(grpc.StatusCode.NOT_FOUND, self.stub.CompleteJob, CompleteJobRequest(jobKey=key))

    def test_an_error_ends_it(self):
        self.start('loan', '{"loan": "G-2", "days": 3}')
        job, = self.take('fetch')
        self.stub.ThrowError(ThrowErrorRequest(jobKey=job.key, errorCode='LOST', errorMessage='gone'))
        self.refused(grpc.StatusCode.NOT_FOUND, self.stub.CompleteJob, CompleteJobRequest(jobKey=job.key))

    def test_a_decision_is_evaluated(self):
        answer = self.stub.EvaluateDecision(EvaluateDecisionRequest(decisionId='fee-of', variables='{"days": 40}'))
        self.assertEqual((answer.decisionId, len(answer.evaluatedDecisions), answer.failureMessage), ('fee-of', 1, ''))
        self.assertEqual(len(answer.evaluatedDecisions[0].matchedRules), 1)

    def test_refusals_say_why(self):
        self.assertIn('at least 1', self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.ActivateJobs, ActivateJobsRequest(type='x')))
        self.refused(grpc.StatusCode.NOT_FOUND, self.stub.CreateProcessInstance, CreateProcessInstanceRequest(bpmnProcessId='nothing', version=-1))
        self.refused(grpc.StatusCode.NOT_FOUND, self.stub.ModifyProcessInstance, ModifyProcessInstanceRequest(processInstanceKey=2251799813685249))
        broken = DeployResourceRequest(resources=[Resource(name='broken.bpmn', content=b'<a')])
        self.assertIn('broken.bpmn', self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.DeployResource, broken))
        far = CreateProcessInstanceRequest(bpmnProcessId='loan', version=-1, startInstructions=[{'elementId': 'é' * 30000}])
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.CreateProcessInstance, far)
        unknown = self.channel.unary_unary('/gateway_protocol.Gateway/Nothing', lambda x: b'', lambda x: x)
        self.refused(grpc.StatusCode.UNIMPLEMENTED, unknown, None)
        large = DeployResourceRequest(resources=[Resource(name='large.bpmn', content=b' ' * (9 << 20))])
        self.assertIn('GRPC_MAX_MESSAGE', self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.stub.DeployResource, large))

    def test_a_stream_has_a_job_within_milliseconds(self):
        self.deploy_task('quick')
        stream = self.stub.StreamActivatedJobs(StreamActivatedJobsRequest(type='quick', worker='raw', timeout=60000))
        keys = []
        for _ in range(20):
            key = self.start('quick')
            job = next(stream)
            keys.append((job.processInstanceKey, key))
            self.stub.CompleteJob(CompleteJobRequest(jobKey=job.key))
        stream.cancel()
        self.assertEqual([a for a, _ in keys], [b for _, b in keys])

    def watch(self, name):
        watcher = subprocess.Popen([sys.executable, '-c', WATCHER, ADDRESS, name], stdout=subprocess.PIPE, text=True)
        self.assertEqual(watcher.stdout.readline(), 'open\n')
        return watcher

    def test_a_stream_that_is_killed_costs_nobody_a_lease(self):
        self.deploy_task('killed')
        watcher = self.watch('killed')
        time.sleep(1)
        watcher.kill()
        watcher.wait()
        key = self.start('killed')
        job, = self.take('killed')
        self.assertEqual((job.processInstanceKey, job.retries), (key, 3))

    def test_a_stream_that_stands_still_costs_nobody_a_lease(self):
        """It has the lease of ten minutes; it takes a job and does not answer a ping."""
        self.deploy_task('frozen')
        watcher = self.watch('frozen')
        try:
            time.sleep(1)
            watcher.send_signal(signal.SIGSTOP)
            keys = {self.start('frozen') for _ in range(3)}
            taken, end = set(), time.monotonic() + 60
            while taken != keys and time.monotonic() < end:
                taken |= {job.processInstanceKey for job in self.take('frozen', wait=2000)}
            self.assertEqual(taken, keys)
        finally:
            watcher.kill()
            watcher.wait()

    def test_a_client_that_does_not_read_stops_nobody(self):
        self.deploy_task('slow')
        stuck = self.stub.StreamActivatedJobs(StreamActivatedJobsRequest(type='slow', worker='stuck', timeout=600000))
        next_key = self.start('slow', '{"text": "' + 'x' * 200000 + '"}')
        self.assertEqual(next(stuck).processInstanceKey, next_key)
        keys = {self.start('slow', '{"text": "' + 'x' * 200000 + '"}') for _ in range(60)}
        stuck.cancel()
        taken, end = set(), time.monotonic() + 30
        while len(keys - taken) > 20 and time.monotonic() < end:
            taken |= {job.processInstanceKey for job in self.take('slow', wait=2000)}
        had = 4 << 20  # what this library takes in without being read from
        self.assertLessEqual(len(keys - taken) * 200000, had)


def frame(kind, flags, stream, payload=b''):
    return len(payload).to_bytes(3, 'big') + bytes([kind, flags]) + stream.to_bytes(4, 'big') + payload


def open_call(stream, path):
    """HEADERS of a call whose request does not follow (RFC 7541: literals that are not indexed)."""
    fields = [(':method', 'POST'), (':scheme', 'http'), (':path', path), (':authority', 'x'), ('content-type', 'application/grpc'), ('te', 'trailers')]
    block = b''.join(b'\0' + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)
    return frame(1, 4, stream, block)


def answered(peer, stream, seconds):
    """Whether a call is ended by the other side within this time; pings are answered meanwhile."""
    end, buffer = time.monotonic() + seconds, b''
    while (left := end - time.monotonic()) > 0:
        peer.settimeout(left)
        try:
            buffer += peer.recv(65536)
        except TimeoutError:
            return False
        while len(buffer) >= 9 and len(buffer) >= 9 + (size := int.from_bytes(buffer[:3], 'big')):
            kind, flags, number, payload = buffer[3], buffer[4], int.from_bytes(buffer[5:9], 'big'), buffer[9:9 + size]
            buffer = buffer[9 + size:]
            if kind == 6 and not flags & 1:
                peer.sendall(frame(6, 1, 0, payload))
            if kind == 1 and flags & 1 and number == stream:
                return True
    return False


class Borders(unittest.TestCase):
    """A request that never comes."""

    def test_requests_that_never_come(self):
        host, port = ADDRESS.split(':')
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + frame(4, 0, 0) + open_call(1, '/gateway_protocol.Gateway/Nothing'))
            self.assertTrue(answered(peer, 1, 10), 'a call that may not be made is refused before its request comes')
            peer.sendall(open_call(3, '/gateway_protocol.Gateway/CompleteJob'))
            self.assertFalse(answered(peer, 3, 10), 'one that may be made has time')
            self.assertTrue(answered(peer, 3, 40), 'but not for ever')


class Day(unittest.TestCase):
    """pyzeebe as its users use it."""

    def test_a_day(self):
        asyncio.run(self.day())

    async def day(self):
        channel = create_insecure_channel(grpc_address=ADDRESS)
        client = ZeebeClient(channel)
        self.assertEqual((await client.topology()).partitions_count, 3)
        await client.deploy_resource(*(os.path.join(MODELS, name) for name in ('library.bpmn', 'fee.dmn')))
        worker = ZeebeWorker(channel)
        seen = []

        @worker.task(task_type='fetch')
        async def fetch(loan: str):
            seen.append(loan)
            return {'shelf': 7}

        working = asyncio.create_task(worker.work())
        instances = [await client.run_process('loan', {'loan': f'P-{i}', 'days': 3}) for i in range(20)]
        for _ in range(400):
            if len(seen) == len(instances):
                break
            await asyncio.sleep(0.05)
        self.assertEqual(sorted(seen), sorted(f'P-{i}' for i in range(20)))
        result = await client.run_process_with_result('fee', {'days': 40})
        self.assertIn('fee', result.variables)
        await client.publish_message('book-returned', 'P-0', {'late': True}, 1000)
        await client.broadcast_signal('nobody-waits')
        await client.cancel_process_instance(instances[1].process_instance_key)
        with self.assertRaises(ProcessInstanceNotFoundError):
            await client.cancel_process_instance(instances[1].process_instance_key)
        with self.assertRaises(ProcessDefinitionNotFoundError):
            await client.run_process('nothing')
        broken = os.path.join(os.environ['TMPDIR'], 'broken.bpmn')
        with open(broken, 'w') as file:
            file.write('<a')
        with self.assertRaises(ProcessInvalidError):
            await client.deploy_resource(broken)
        await worker.stop()
        working.cancel()


if __name__ == '__main__':
    unittest.main(verbosity=2)
