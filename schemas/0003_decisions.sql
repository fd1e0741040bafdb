-- SPDX-License-Identifier: Apache-2.0
-- What decisions were evaluated: by business rule tasks and on their own. One row an evaluation, with every decision on the way.

CREATE TABLE decision_evaluations (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    decision         bigint      NOT NULL,              -- definition of the decision that was asked for
    decision_id      text        NOT NULL,
    instance         bigint,                            -- null: evaluated on its own
    element_instance bigint,
    definition       bigint,                            -- of the process
    tenant           text        NOT NULL,
    state            smallint    NOT NULL,              -- 1 evaluated, 2 failed
    failure          text,                              -- why there is no result
    evaluated        timestamptz NOT NULL,
    output           text        NOT NULL,              -- JSON
    trace            json        NOT NULL,              -- array: the evaluated decisions, the one that was asked for last
    PRIMARY KEY (shard, key)
);
CREATE INDEX decision_evaluations_instance ON decision_evaluations (instance) WHERE instance IS NOT NULL;
CREATE INDEX decision_evaluations_decision ON decision_evaluations (decision_id, key);

-- A decision and the graph it stands in came in one file of one deployment. Graphs deployed before graphs had rows of their own
-- have the decision's key and the name of the file.
CREATE VIEW decision_definitions AS
SELECT d.key, d.id, coalesce(nullif(d.name, ''), d.id) AS name, d.version, d.version_tag, d.tenant, d.digest, d.deployed, d.deleted,
       d.deployment, coalesce(r.key, d.key) AS requirements, coalesce(r.id, d.resource_name) AS requirements_id,
       coalesce(nullif(r.name, ''), r.id, d.resource_name) AS requirements_name, coalesce(r.version, d.version) AS requirements_version
FROM definitions d
LEFT JOIN definitions r ON r.kind = 4 AND r.deployment = d.deployment AND r.digest = d.digest AND r.tenant = d.tenant
WHERE d.kind = 1;

-- One row an evaluated decision. Its key is KEY-INDEX: the evaluation's and its place. The decision that was asked for names the
-- deployed file, and so the others.
CREATE VIEW decision_instances AS
SELECT e.shard, e.key AS evaluation, e.key::text || '-' || t.place AS key, t.place, e.instance, e.element_instance,
       e.definition, e.tenant, e.evaluated, e.decision AS asked,
       CASE WHEN e.state = 2 AND t.place = json_array_length(e.trace) THEN 2 ELSE 1 END AS state,
       CASE WHEN t.value ->> 'decisionDefinitionId' = e.decision_id THEN e.failure END AS failure,
       t.value ->> 'decisionDefinitionId' AS decision_id, t.value ->> 'decisionDefinitionName' AS decision_name,
       t.value ->> 'decisionDefinitionType' AS decision_type, coalesce(d.version, a.version) AS decision_version,
       coalesce(d.key, e.decision) AS decision, a.requirements, t.value ->> 'output' AS output,
       t.value -> 'evaluatedInputs' AS inputs, t.value -> 'matchedRules' AS rules
FROM decision_evaluations e
LEFT JOIN decision_definitions a ON a.key = e.decision
CROSS JOIN LATERAL json_array_elements(e.trace) WITH ORDINALITY AS t (value, place)
LEFT JOIN definitions d ON d.kind = 1 AND d.deployment = a.deployment AND d.digest = a.digest AND d.tenant = a.tenant
                       AND d.id = t.value ->> 'decisionDefinitionId';

-- Evaluations go with the history they came from.
ALTER FUNCTION history_drop(date) RENAME TO history_drop_partitions;
CREATE FUNCTION history_drop(before date) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM decision_evaluations WHERE evaluated < date_trunc('month', before::timestamp) AT TIME ZONE 'UTC';
    RETURN history_drop_partitions(before);
END $$;
