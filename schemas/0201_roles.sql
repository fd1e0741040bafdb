-- SPDX-License-Identifier: Apache-2.0
-- The roles that there are from the first day, as Camunda 8 has them. They can be changed and deleted as others. A test holds `admin` and
-- `readonly-admin` against orchestrator/access/resources.def. Values of secrets are revealed to programs: `admin` may write them, not read them.

INSERT INTO roles (id, name, description) VALUES
    ('admin', 'Admin', 'May do everything'),
    ('readonly-admin', 'Read-only admin', 'Sees everything, changes nothing'),
    ('connectors', 'Connectors', 'What Camunda''s connector runtime needs'),
    ('rpa', 'RPA', 'What robots need: jobs, their files and documents'),
    ('task-worker', 'Task worker', 'Works the user tasks it is the assignee or a candidate of');

INSERT INTO tenants (id, name, description) VALUES ('<default>', 'Default', 'Of whatever names no tenant')
ON CONFLICT DO NOTHING;
INSERT INTO members (whole_kind, whole, member_kind, member) SELECT 6, '<default>', 4, id FROM roles;

-- owner_kind 4: a role.
INSERT INTO authorizations (owner_kind, owner, resource_type, resource_id, permissions) VALUES
    (4, 'admin', 'AUDIT_LOG', '*', '{READ}'),
    (4, 'admin', 'AUTHORIZATION', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'BATCH', '*', '{CREATE,READ,UPDATE,CREATE_BATCH_OPERATION_CANCEL_PROCESS_INSTANCE,CREATE_BATCH_OPERATION_DELETE_PROCESS_INSTANCE,CREATE_BATCH_OPERATION_MIGRATE_PROCESS_INSTANCE,CREATE_BATCH_OPERATION_MODIFY_PROCESS_INSTANCE,CREATE_BATCH_OPERATION_RESOLVE_INCIDENT,CREATE_BATCH_OPERATION_DELETE_DECISION_INSTANCE,CREATE_BATCH_OPERATION_DELETE_DECISION_DEFINITION,CREATE_BATCH_OPERATION_DELETE_PROCESS_DEFINITION}'),
    (4, 'admin', 'CLUSTER_VARIABLE', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'COMPONENT', '*', '{ACCESS}'),
    (4, 'admin', 'DECISION_DEFINITION', '*', '{CREATE_DECISION_INSTANCE,READ_DECISION_DEFINITION,READ_DECISION_INSTANCE,DELETE_DECISION_INSTANCE}'),
    (4, 'admin', 'DECISION_REQUIREMENTS_DEFINITION', '*', '{READ}'),
    (4, 'admin', 'DOCUMENT', '*', '{CREATE,READ,DELETE}'),
    (4, 'admin', 'EXPRESSION', '*', '{EVALUATE}'),
    (4, 'admin', 'GLOBAL_LISTENER', '*', '{CREATE_TASK_LISTENER,READ_TASK_LISTENER,UPDATE_TASK_LISTENER,DELETE_TASK_LISTENER}'),
    (4, 'admin', 'GROUP', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'MAPPING_RULE', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'MESSAGE', '*', '{CREATE,READ}'),
    (4, 'admin', 'PERSONAL_DATA', '*', '{READ,DELETE}'),
    (4, 'admin', 'PROCESS_DEFINITION', '*', '{CREATE_PROCESS_INSTANCE,READ_PROCESS_DEFINITION,READ_PROCESS_INSTANCE,READ_USER_TASK,UPDATE_PROCESS_INSTANCE,UPDATE_USER_TASK,MODIFY_PROCESS_INSTANCE,CANCEL_PROCESS_INSTANCE,DELETE_PROCESS_INSTANCE,CLAIM_USER_TASK,COMPLETE_USER_TASK,READ_PERSONAL_DATA}'),
    (4, 'admin', 'RESOURCE', '*', '{CREATE,READ,DELETE_DRD,DELETE_FORM,DELETE_PROCESS,DELETE_RESOURCE}'),
    (4, 'admin', 'ROLE', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'SECRET', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'SYSTEM', '*', '{READ,READ_USAGE_METRIC,READ_JOB_METRIC,UPDATE}'),
    (4, 'admin', 'TENANT', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'TOPIC_SUBSCRIPTION', '*', '{READ,UPDATE,DELETE}'),
    (4, 'admin', 'USER', '*', '{CREATE,READ,UPDATE,DELETE}'),
    (4, 'admin', 'USER_TASK', '*', '{READ,UPDATE,CLAIM,COMPLETE}'),
    (4, 'readonly-admin', 'AUDIT_LOG', '*', '{READ}'),
    (4, 'readonly-admin', 'AUTHORIZATION', '*', '{READ}'),
    (4, 'readonly-admin', 'BATCH', '*', '{READ}'),
    (4, 'readonly-admin', 'CLUSTER_VARIABLE', '*', '{READ}'),
    (4, 'readonly-admin', 'COMPONENT', '*', '{ACCESS}'),
    (4, 'readonly-admin', 'DECISION_DEFINITION', '*', '{READ_DECISION_DEFINITION,READ_DECISION_INSTANCE}'),
    (4, 'readonly-admin', 'DECISION_REQUIREMENTS_DEFINITION', '*', '{READ}'),
    (4, 'readonly-admin', 'DOCUMENT', '*', '{READ}'),
    (4, 'readonly-admin', 'GLOBAL_LISTENER', '*', '{READ_TASK_LISTENER}'),
    (4, 'readonly-admin', 'GROUP', '*', '{READ}'),
    (4, 'readonly-admin', 'MAPPING_RULE', '*', '{READ}'),
    (4, 'readonly-admin', 'MESSAGE', '*', '{READ}'),
    (4, 'readonly-admin', 'PROCESS_DEFINITION', '*', '{READ_PROCESS_DEFINITION,READ_PROCESS_INSTANCE,READ_USER_TASK}'),
    (4, 'readonly-admin', 'RESOURCE', '*', '{READ}'),
    (4, 'readonly-admin', 'ROLE', '*', '{READ}'),
    (4, 'readonly-admin', 'SECRET', '*', '{READ}'),
    (4, 'readonly-admin', 'SYSTEM', '*', '{READ,READ_USAGE_METRIC,READ_JOB_METRIC}'),
    (4, 'readonly-admin', 'TENANT', '*', '{READ}'),
    (4, 'readonly-admin', 'TOPIC_SUBSCRIPTION', '*', '{READ}'),
    (4, 'readonly-admin', 'USER', '*', '{READ}'),
    (4, 'readonly-admin', 'USER_TASK', '*', '{READ}'),
    (4, 'connectors', 'PROCESS_DEFINITION', '*', '{READ_PROCESS_DEFINITION,READ_PROCESS_INSTANCE,UPDATE_PROCESS_INSTANCE,CREATE_PROCESS_INSTANCE}'),
    (4, 'connectors', 'MESSAGE', '*', '{CREATE}'),
    (4, 'connectors', 'SECRET', '*', '{READ,REVEAL}'),
    (4, 'connectors', 'DOCUMENT', '*', '{CREATE,READ,DELETE}'),
    (4, 'connectors', 'RESOURCE', '*', '{READ}'),
    (4, 'rpa', 'PROCESS_DEFINITION', '*', '{READ_PROCESS_INSTANCE,UPDATE_PROCESS_INSTANCE}'),
    (4, 'rpa', 'RESOURCE', '*', '{READ}'),
    (4, 'rpa', 'DOCUMENT', '*', '{CREATE,READ,DELETE}'),
    (4, 'task-worker', 'COMPONENT', '*', '{ACCESS}');
