# SPDX-License-Identifier: Apache-2.0
"""A day of a team with camunda-orchestration-sdk, unchanged. Its models raise where a member that Camunda always sends is missing."""
import os
import time
import unittest

from camunda_orchestration_sdk import CamundaClient, models

MODELS = os.environ['MODELS']


def made(name, /, **members):
    """A model of the client of its JSON."""
    return getattr(models, name).from_dict(members)


def eventually(what, probe, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f'waited {seconds} s for {what}')


class TeamDay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = CamundaClient(configuration={'CAMUNDA_REST_ADDRESS': os.environ['BATON_URL'], 'CAMUNDA_AUTH_STRATEGY': 'NONE'})

    def start(self, loan, **more):
        return self.client.create_process_instance(data=made(
            'ProcessCreationById', processDefinitionId='loan', variables={'loan': loan, 'days': 40}, **more))

    def job(self, job_type):
        def poll():
            return self.client.activate_jobs(data=made(
                'JobActivationRequest', type=job_type, worker='day', timeout=60000, maxJobsToActivate=1, requestTimeout=2000)).jobs
        return eventually(f'a job {job_type}', poll)[0]

    def search(self, what, query, **query_members):
        return getattr(self.client, f'search_{what}')(data=made(query, **query_members))

    def one(self, what, query, **query_members):
        return eventually(what, lambda: self.search(what, query, **query_members).items)[0]

    def test_1_the_cluster_says_what_it_is(self):
        self.assertEqual(self.client.get_topology().partitions_count, 3)
        self.client.get_status()
        self.assertTrue(self.client.get_license().valid_license)
        self.assertEqual(self.client.get_authentication().username, 'anonymous')

    def test_2_models_are_deployed_and_found(self):
        deployed = self.client.deploy_resources_from_files([os.path.join(MODELS, name) for name in ('library.bpmn', 'fee.dmn', 'hand-over.form')])
        self.assertEqual([len(deployed.processes), len(deployed.decisions), len(deployed.forms)], [2, 1, 1])
        loan = self.one('process_definitions', 'ProcessDefinitionSearchQuery', filter={'processDefinitionId': 'loan', 'isLatestVersion': True})
        self.assertEqual(self.client.get_process_definition(loan.process_definition_key).version_tag, 'spring')
        self.assertIn('Lend a book', self.client.get_process_definition_xml(loan.process_definition_key))
        decision = self.one('decision_definitions', 'DecisionDefinitionSearchQuery', filter={'decisionDefinitionId': 'fee-of'})
        self.assertEqual(self.client.get_decision_definition(decision.decision_definition_key).name, 'Fee of a loan')
        graph = self.one('decision_requirements', 'DecisionRequirementsSearchQuery', filter={'decisionRequirementsId': 'fees'})
        self.assertEqual(self.client.get_decision_requirements(graph.decision_requirements_key).version, 1)

    def test_3_a_loan_goes_from_its_start_to_its_end(self):
        started = self.start('L-1', businessId='case-1')
        self.assertEqual(started.business_id, 'case-1')
        key = started.process_instance_key
        fetch = self.job('fetch')
        self.assertEqual(fetch.variables.to_dict()['loan'], 'L-1')
        self.client.complete_job(fetch.job_key, data=made('JobCompletionRequest', variables={'shelf': 7}))
        task = self.one('user_tasks', 'UserTaskSearchQuery', filter={'processInstanceKey': key, 'state': 'CREATED'})
        self.assertEqual((task.priority, task.candidate_groups, task.name), (60, ['desk', 'night'], 'Hand it over'))
        self.assertEqual(self.client.get_user_task_form(task.user_task_key).form_id, 'hand-over')
        self.client.assign_user_task(task.user_task_key, data=made('UserTaskAssignmentRequest', assignee='ann'))
        self.client.update_user_task(task.user_task_key, data=made('UserTaskUpdateRequest', changeset={'priority': 70}))
        self.assertEqual(self.client.get_user_task(task.user_task_key).priority, 70)
        self.client.unassign_user_task(task.user_task_key)
        seen = self.client.search_user_task_variables(task.user_task_key, data=made('UserTaskVariableSearchQueryRequest', filter={'name': 'shelf'}))
        self.assertEqual(seen.items[0].value, '7')
        self.client.complete_user_task(task.user_task_key, data=made('UserTaskCompletionRequest', variables={'reader': 'Bo'}))
        subscription = self.one('message_subscriptions', 'MessageSubscriptionSearchQuery', filter={'processInstanceKey': key})
        self.assertEqual(subscription.correlation_key, 'L-1')
        correlated = self.client.correlate_message(data=made('MessageCorrelationRequest', name='book-returned', correlationKey='L-1', variables={'state': 'good'}))
        self.assertEqual(correlated.process_instance_key, key)
        self.assertEqual(self.client.get_process_instance(key).state, 'COMPLETED')
        found = eventually('variables', lambda: [v for v in [self.search('variables', 'VariableSearchQuery', filter={'processInstanceKey': key}, sort=[{'field': 'name'}])]
                                                 if len(v.items) == 5])[0].items
        self.assertEqual([variable.name for variable in found], ['days', 'loan', 'reader', 'shelf', 'state'])
        self.assertEqual(self.client.get_variable(found[1].variable_key).value, '"L-1"')
        self.assertEqual(len(self.client.get_process_instance_sequence_flows(key).items), 4)
        self.client.get_process_instance_statistics(key)

    def test_4_workers_fail_throw_errors_and_are_resolved(self):
        key = self.start('L-2').process_instance_key
        self.client.fail_job(self.job('fetch').job_key, data=made('JobFailRequest', retries=1, errorMessage='not there'))
        self.client.fail_job(self.job('fetch').job_key, data=made('JobFailRequest', retries=0, errorMessage='still not'))
        incident = self.one('incidents', 'IncidentSearchQuery', filter={'processInstanceKey': key, 'state': 'ACTIVE'})
        self.assertEqual(self.client.get_incident(incident.incident_key).error_type, 'JOB_NO_RETRIES')
        failed = self.one('jobs', 'JobSearchQuery', filter={'processInstanceKey': key, 'state': 'FAILED'})
        self.client.update_job(failed.job_key, data=made('JobUpdateRequest', changeset={'retries': 2}))
        self.client.resolve_incident(incident.incident_key, data=made('IncidentResolutionRequest'))
        self.client.throw_job_error(self.job('fetch').job_key, data=made('JobErrorRequest', errorCode='LOST'))
        ended = self.one('process_instances', 'ProcessInstanceSearchQuery', filter={'processInstanceKey': key, 'state': 'COMPLETED'})
        self.assertFalse(ended.has_incident)

    def test_5_instances_are_found_and_paged(self):
        started = [self.start(f'L-{number}').process_instance_key for number in range(3, 6)]

        def count(**asked):
            return self.search('process_instances', 'ProcessInstanceSearchQuery', filter=asked).page.total_items
        self.assertEqual(count(processDefinitionId='loan', state='ACTIVE'), 3)
        self.assertEqual(count(processDefinitionId={'$like': 'l?an'}, state={'$neq': 'ACTIVE'}), 2)
        self.assertEqual(count(variables=[{'name': 'loan', 'value': '"L-3"'}]), 1)
        self.assertEqual(count(businessId={'$exists': True}), 1)
        keys, page = [], {'limit': 2}
        for _ in range(10):
            answer = self.search('process_instances', 'ProcessInstanceSearchQuery', sort=[{'field': 'startDate', 'order': 'DESC'}], page=page)
            if not answer.items:
                break
            keys += [item.process_instance_key for item in answer.items]
            page = {'limit': 2, 'after': answer.page.end_cursor}
        self.assertEqual((len(keys), len(set(keys))), (5, 5))
        element = self.one('element_instances', 'ElementInstanceSearchQuery', filter={'processInstanceKey': started[0], 'elementId': 'fetch'})
        self.assertEqual(self.client.get_element_instance(element.element_instance_key).element_id, 'fetch')

    def test_6_instances_are_modified_canceled_and_worked_on_in_batches(self):
        key = self.start('L-6').process_instance_key
        self.client.modify_process_instance(key, data=made(
            'ProcessInstanceModificationInstruction', activateInstructions=[{'elementId': 'wait'}]))
        self.one('element_instances', 'ElementInstanceSearchQuery', filter={'processInstanceKey': key, 'elementId': 'wait'})
        self.client.cancel_process_instance(key, data=None)  # left out, neither client can write it
        self.assertEqual(self.client.get_process_instance(key).state, 'TERMINATED')
        begun = self.client.cancel_process_instances_batch_operation(data=made(
            'ProcessInstanceCancellationBatchOperationRequest', filter={'processDefinitionId': 'loan', 'state': 'ACTIVE'}))
        batch = eventually('the batch', lambda: [b for b in [self.client.get_batch_operation(begun.batch_operation_key)] if b.state == 'COMPLETED'])[0]
        self.assertEqual(batch.operations_completed_count, 3)
        self.one('batch_operations', 'BatchOperationSearchQuery', filter={'state': 'COMPLETED'})
        self.one('batch_operation_items', 'BatchOperationItemSearchQuery', filter={'batchOperationKey': begun.batch_operation_key})

    def test_7_decisions_are_evaluated(self):
        result = self.client.evaluate_decision(data=made('DecisionEvaluationByID', decisionDefinitionId='fee-of', variables={'days': 31}))
        self.assertEqual(result.output, '2')
        ended = self.client.create_process_instance(data=made(
            'ProcessCreationById', processDefinitionId='fee', variables={'days': 3}, awaitCompletion=True, fetchVariables=['fee']))
        self.assertEqual(ended.variables.to_dict(), {'fee': 0})
        found = self.one('decision_instances', 'DecisionInstanceSearchQuery', filter={'decisionDefinitionId': 'fee-of'}, sort=[{'field': 'evaluationDate', 'order': 'DESC'}])
        self.assertEqual(self.client.get_decision_instance(found.decision_evaluation_instance_key).evaluated_inputs[0].input_value, '3')

    def test_8_messages_and_signals_are_published(self):
        self.assertTrue(self.client.publish_message(data=made('MessagePublicationRequest', name='book-returned', correlationKey='L-7', timeToLive=1000)).message_key)
        self.assertTrue(self.client.broadcast_signal(data=made('SignalBroadcastRequest', signalName='closing')).signal_key)


if __name__ == '__main__':
    unittest.main(verbosity=2)
