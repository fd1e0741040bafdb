-- SPDX-License-Identifier: Apache-2.0
-- Conditions as what element instances wait for. One belongs to the element on which, or in which, its event waits; its row tells of
-- the event itself. Instances that run while this is applied show theirs from the next step on that changes the element.

ALTER TABLE instances ADD COLUMN conditions json;       -- of its own event sub-processes, as in elements; null: none
ALTER TABLE elements ADD COLUMN conditions json;        -- [{element, type, expression, events}, …]: of events on and in it; null: none

-- Few have any: a search of what waits finds them without reading all that has ended.
CREATE INDEX instances_conditions ON instances (shard, key) WHERE conditions IS NOT NULL;
CREATE INDEX elements_conditions ON elements (shard, instance) WHERE conditions IS NOT NULL;

DROP VIEW wait_states;
CREATE VIEW wait_states AS
SELECT j.shard, j.key::text AS id, j.instance, j.element_instance, NULL AS element_id, NULL AS type, 'JOB' AS kind,
       json_build_object('waitStateType', 'JOB', 'jobKey', j.key::text, 'jobType', j.type, 'jobKind',
                         (ARRAY['BPMN_ELEMENT', 'EXECUTION_LISTENER', 'TASK_LISTENER', 'AD_HOC_SUB_PROCESS', 'NOTIFICATION'])[j.kind + 1],
                         'listenerEventType', upper(nullif(j.listener_event, '')), 'retries', j.retries) AS details
FROM jobs j
UNION ALL
SELECT t.shard, t.key::text, t.instance, t.element_instance, NULL, NULL, 'USER_TASK',
       json_build_object('waitStateType', 'USER_TASK', 'taskKey', t.key::text, 'dueDate',
                         to_char(t.due AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
FROM user_tasks t WHERE t.state = 1
UNION ALL
SELECT s.shard, s.key::text, s.instance, s.element_instance, NULL, NULL, CASE s.kind WHEN 0 THEN 'MESSAGE' ELSE 'SIGNAL' END,
       CASE s.kind WHEN 0 THEN json_build_object('waitStateType', 'MESSAGE', 'messageName', s.name, 'correlationKey', s.correlation_key)
                   ELSE json_build_object('waitStateType', 'SIGNAL', 'signalName', s.name) END
FROM subscriptions s WHERE s.kind IN (0, 1) AND s.instance IS NOT NULL
UNION ALL
SELECT t.shard, t.key::text, t.instance, t.element_instance, NULL, NULL, 'TIMER',
       json_build_object('waitStateType', 'TIMER', 'dueDate', (extract(epoch FROM t.due) * 1000)::bigint, 'repetitions', t.repetitions)
FROM timers t WHERE t.instance IS NOT NULL
UNION ALL
SELECT h.shard, h.key || '-' || c.number, h.instance, h.key, c.condition ->> 'element', c.condition ->> 'type', 'CONDITION',
       json_build_object('waitStateType', 'CONDITION', 'expression', '=' || (c.condition ->> 'expression'), 'events', c.condition -> 'events')
FROM (SELECT e.shard, e.key, e.instance, e.conditions FROM elements e WHERE e.conditions IS NOT NULL
      UNION ALL
      SELECT i.shard, i.key, i.key, i.conditions FROM instances i WHERE i.conditions IS NOT NULL) h
CROSS JOIN json_array_elements(h.conditions) WITH ORDINALITY AS c (condition, number);
