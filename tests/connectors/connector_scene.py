# SPDX-License-Identifier: Apache-2.0
"""A node and a baton-worker with connectors, and models made from the connectors' own element templates."""
import json
import os
import sys
import unittest
from xml.sax.saxutils import quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'client'))
from client_scene import Baton, wait_for  # noqa: E402
from scene import BINARIES, free_port  # noqa: E402,F401

MODEL = '''<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
  <error id="known" errorCode="KNOWN"/>
  <process id="{id}" isExecutable="true"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="call"/>
    <serviceTask id="call"><extensionElements>{extensions}</extensionElements></serviceTask>
    <sequenceFlow id="b" sourceRef="call" targetRef="e"/><endEvent id="e"/>
    <boundaryEvent id="caught" attachedToRef="call"><errorEventDefinition errorRef="known"/></boundaryEvent>
    <sequenceFlow id="c" sourceRef="caught" targetRef="otherwise"/><endEvent id="otherwise"/></process></definitions>'''


def from_template(connector, process, **values):
    """A model with one task, as a modeler makes it of the template and of the values by their properties' ids."""
    with open(os.path.join(ROOT, 'worker', 'connectors', connector, 'template.json'), encoding='utf-8') as file:
        properties = json.load(file)['properties']
    ids = {item.get('id') for item in properties}
    assert set(values) <= ids, set(values) - ids
    definition, inputs, headers = {}, '', ''
    for item in properties:
        value, binding = values.get(item.get('id'), item.get('value')), item['binding']
        if value is None:
            continue
        if binding['type'] == 'zeebe:taskDefinition':
            definition[binding['property']] = value
        elif binding['type'] == 'zeebe:input':
            inputs += f'<zeebe:input source={quoteattr(value)} target="{binding["name"]}"/>'
        else:
            headers += f'<zeebe:header key="{binding["key"]}" value={quoteattr(value)}/>'
    task = ' '.join(f'{key}="{value}"' for key, value in definition.items())
    return MODEL.format(id=process, extensions=f'<zeebe:taskDefinition {task}/><zeebe:ioMapping>{inputs}</zeebe:ioMapping>'
                                               f'<zeebe:taskHeaders>{headers}</zeebe:taskHeaders>')


class ConnectorScene(unittest.TestCase):
    connector = None  # its folder, and the option of baton-worker

    @classmethod
    def setUpClass(cls):
        cls.baton = Baton(cls.connector)
        cls.scene = cls.baton.scene
        cls.outside = os.path.join(cls.scene.folder, 'mounted')
        os.makedirs(cls.outside)
        cls.start_worker('worker', '--allow', '127.0.0.1,localhost')

    @classmethod
    def tearDownClass(cls):
        cls.baton.stop()

    @classmethod
    def start_worker(cls, name, *more):
        return cls.scene.start(name, f'{BINARIES}/baton-worker', f'--{cls.connector}', f'--kafka.brokers={cls.scene.kafka}',
                               f'--kafka.topic_prefix={cls.scene.name}', f'--secrets.directory={cls.outside}', *more)

    @classmethod
    def secret(cls, name, value):
        with open(os.path.join(cls.outside, name), 'w', encoding='utf-8') as file:
            file.write(value)

    def begin(self, process, variables=None, /, **values):
        self.baton.deploy((process + '.bpmn', from_template(self.connector, process, **values)))
        return self.baton.post('/v2/process-instances', {'processDefinitionId': process, 'variables': variables or {}})['processInstanceKey']

    def incident(self, key):
        found = self.baton.post('/v2/incidents/search', {'filter': {'processInstanceKey': key}})['items']
        return found[0]['errorMessage'] if found else ''

    def failed(self, key, seconds=60):
        return wait_for(f'an incident of {key}', lambda: self.incident(key), seconds)

    def refused(self, process, seconds=60):
        """What was said when a credential was refused: one breaker for all jobs that need it, behind which the process' job waits."""
        def found():
            return next((one for one in self.baton.get('/v2/breakers?kind=CREDENTIAL')['items'] if process in one['processDefinitionIds']), None)
        breaker = wait_for(f'the breaker of {process}', found, seconds)
        self.assertEqual(breaker['cause'], 'AUTH')
        return breaker['message']

    def variables(self, key):
        found = self.baton.post('/v2/variables/search?truncateValues=false', {'filter': {'processInstanceKey': key}})['items']
        return {item['name']: json.loads(item['value']) for item in found}

    def completed(self, key, seconds=60):
        def is_over():
            self.assertEqual(self.incident(key), '')
            return self.baton.get(f'/v2/process-instances/{key}')['state'] == 'COMPLETED'
        wait_for(f'{key} to complete', is_over, seconds)
        return self.variables(key)

    def ended_at(self, key, element):
        """Whether the instance went by this element."""
        return bool(self.baton.post('/v2/element-instances/search', {'filter': {'processInstanceKey': key, 'elementId': element}})['items'])

    def run_one(self, process, variables=None, /, **values):
        return self.completed(self.begin(process, variables, **values))
