-- SPDX-License-Identifier: Apache-2.0
-- What element instances wait for, one row each, with the details that Camunda's API tells of each kind.

CREATE VIEW wait_states AS
SELECT j.shard, j.key, j.instance, j.element_instance, 'JOB' AS kind,
       json_build_object('waitStateType', 'JOB', 'jobKey', j.key::text, 'jobType', j.type, 'jobKind',
                         (ARRAY['BPMN_ELEMENT', 'EXECUTION_LISTENER', 'TASK_LISTENER', 'AD_HOC_SUB_PROCESS', 'NOTIFICATION'])[j.kind + 1],
                         'listenerEventType', upper(nullif(j.listener_event, '')), 'retries', j.retries) AS details
FROM jobs j
UNION ALL
SELECT t.shard, t.key, t.instance, t.element_instance, 'USER_TASK',
       json_build_object('waitStateType', 'USER_TASK', 'taskKey', t.key::text, 'dueDate',
                         to_char(t.due AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
FROM user_tasks t WHERE t.state = 1
UNION ALL
SELECT s.shard, s.key, s.instance, s.element_instance, CASE s.kind WHEN 0 THEN 'MESSAGE' ELSE 'SIGNAL' END,
       CASE s.kind WHEN 0 THEN json_build_object('waitStateType', 'MESSAGE', 'messageName', s.name, 'correlationKey', s.correlation_key)
                   ELSE json_build_object('waitStateType', 'SIGNAL', 'signalName', s.name) END
FROM subscriptions s WHERE s.kind IN (0, 1) AND s.instance IS NOT NULL
UNION ALL
SELECT t.shard, t.key, t.instance, t.element_instance, 'TIMER',
       json_build_object('waitStateType', 'TIMER', 'dueDate', (extract(epoch FROM t.due) * 1000)::bigint, 'repetitions', t.repetitions)
FROM timers t WHERE t.instance IS NOT NULL;

-- The names of the variables that instances of a definition have or had.
CREATE VIEW variable_names AS
SELECT DISTINCT i.definition, i.tenant, i.process_id, v.name
FROM variables v JOIN instances i ON i.shard = v.shard AND i.key = v.instance
UNION
SELECT DISTINCT i.definition, i.tenant, i.process_id, n.name
FROM instances i, json_object_keys(CASE WHEN json_typeof(i.variables) = 'object' THEN i.variables ELSE '{}' END) AS n (name);
