# SPDX-License-Identifier: Apache-2.0
"""The SDK beside a real node, with PostgreSQL and Kafka. Environment: as tests/client/borders_test."""
import decimal
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', '..')
sys.path[:0] = [os.path.join(ROOT, 'tests', 'client'), os.path.join(ROOT, 'tests', 'node')]
from client_scene import Baton, wait_for  # noqa: E402

from baton import ApiError, Client  # noqa: E402

WORKER = '''
from decimal import Decimal
from baton import BpmnError, Worker
worker = Worker()
@worker.job('price')
def price(amount: Decimal, count: int):
    return {'total': amount * count}
@worker.job('ship')
async def ship(approved: bool):
    if not approved:
        raise BpmnError('SOLD_OUT')
worker.run()
'''


class Process(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.baton = Baton('sdkpython')
        cls.addClassCleanup(cls.baton.stop)
        scene = cls.baton.scene
        folder = tempfile.mkdtemp()
        program = os.path.join(folder, 'worker.py')
        open(program, 'w').write(WORKER)
        env = {**{name: value for name, value in os.environ.items() if not name.startswith('BATON_')}, 'BATON_KAFKA_BROKERS': scene.kafka,
               'BATON_KAFKA_TOPIC_PREFIX': scene.name, 'BATON_WORKER_NAME': 'python'}
        cls.log = open(os.path.join(folder, 'log'), 'w+')
        cls.worker = subprocess.Popen([sys.executable, program], env=env, stdout=cls.log, stderr=cls.log)
        cls.client = Client(cls.baton.url)
        cls.client.deploy(os.path.join(ROOT, 'worker', 'sdk', 'conformance', 'order.bpmn'))

    @classmethod
    def tearDownClass(cls):
        cls.worker.terminate()
        code = cls.worker.wait(30)
        cls.client.close()
        assert code == 0, open(cls.log.name).read()

    def state(self, key):
        return self.client.call('GET', f'/v2/process-instances/{key}')['state']

    def through(self, order, approved):
        key = self.client.start('order', {'order': order, 'amount': decimal.Decimal('12345678901234567890.12'), 'count': 3}, business_id=order)['processInstanceKey']
        self.client.publish('paid', order, keep_s=60)
        task = wait_for('the task', lambda: list(self.client.search('user-tasks', {'processInstanceKey': key, 'state': 'CREATED'})))[0]
        self.client.complete_task(task['userTaskKey'], {'approved': approved})
        wait_for('the end', lambda: self.state(key) == 'COMPLETED')
        return key

    def test_a_process_with_python_workers_to_its_end(self):
        for order, approved, end in (('A-1', True, 'end'), ('A-2', False, 'sorry')):
            key = self.through(order, approved)
            total = wait_for('the variable', lambda: list(self.client.search('variables', {'processInstanceKey': key, 'name': 'total'})))[0]
            self.assertEqual(total['value'], '37037036703703703670.36')
            passed = wait_for('the elements', lambda: [e['elementId'] for e in self.client.search('element-instances', {'processInstanceKey': key, 'type': 'END_EVENT'})])
            self.assertEqual(passed, [end])

    def test_what_the_api_refuses_is_an_error_with_its_words(self):
        with self.assertRaises(ApiError) as caught:
            self.client.start('nobody')
        self.assertEqual(caught.exception.status, 404)
        self.assertIn('nobody', caught.exception.detail)
        with self.assertRaises(ApiError) as caught:
            Client('http://127.0.0.1:1').start('order')
        self.assertEqual((caught.exception.status, caught.exception.title), (0, 'UNREACHABLE'))

    def test_searches_go_through_all_pages(self):
        keys = {self.client.start('order', {'order': f'many-{n}', 'amount': 1, 'count': n})['processInstanceKey'] for n in range(12)}
        wait_for('they wait', lambda: len(list(self.client.search('process-instances', {'processDefinitionId': 'order', 'state': 'ACTIVE'}))) >= 12)
        import baton.client as client
        client._MOST_PER_PAGE, before = 5, client._MOST_PER_PAGE
        try:
            found = [one['processInstanceKey'] for one in self.client.search('process-instances', {'state': 'ACTIVE'})]
            self.assertEqual(len(found), len(set(found)))
            self.assertTrue(keys <= set(found))
            self.assertEqual(len(list(self.client.search('process-instances', {'state': 'ACTIVE'}, most=7))), 7)
        finally:
            client._MOST_PER_PAGE = before
        for key in keys:
            self.client.cancel(key)


if __name__ == '__main__':
    unittest.main()
