-- SPDX-License-Identifier: Apache-2.0
-- How far the audit log was streamed to others (gateway/audit_stream.h): to each sink, of each chain of entries ('c' and its id) and of
-- what each shard's commands did ('s' and its number).

CREATE TABLE audit_streams (
    sink   text   NOT NULL,                             -- 'topic', 'syslog'
    source text   NOT NULL,
    last   bigint NOT NULL,                             -- key of the last entry that has arrived
    PRIMARY KEY (sink, source)
);

-- One node at a time streams to a sink.
CREATE TABLE audit_stream_owners (
    sink  text        PRIMARY KEY,
    owner text        NOT NULL,
    until timestamptz NOT NULL
);

-- What comes next, of each source so many at most; nothing where another node streams.
CREATE FUNCTION audit_stream_take(of_sink text, by_owner text, most integer)
RETURNS TABLE (source text, key bigint, entry json) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_stream_owners AS o VALUES (of_sink, by_owner, now() + interval '30 seconds')
    ON CONFLICT (sink) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE o.owner = excluded.owner OR o.until < now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'c' || c.id, e.key, json_strip_nulls(json_build_object('auditLogKey', e.key::text, 'timestamp', e.time, 'operation', e.operation,
        'category', e.category, 'result', e.result, 'actorType', e.actor_type, 'actorId', e.actor, 'address', e.address, 'requestId', e.request,
        'entity', e.entity_type, 'entityKey', e.entity, 'relatedEntity', e.related_type, 'relatedEntityKey', e.related,
        'tenantId', CASE e.tenant WHEN '' THEN '<default>' ELSE e.tenant END, 'processDefinitionId', e.process_id,
        'processInstanceKey', e.instance::text, 'batchOperationKey', e.batch::text, 'permission', e.permission, 'description', e.description,
        'times', e.times, 'chain', c.name, 'number', e.number, 'digest', encode(e.digest, 'hex')))
    FROM audit_chains c LEFT JOIN audit_streams s ON s.sink = of_sink AND s.source = 'c' || c.id
    CROSS JOIN LATERAL (SELECT x.* FROM audit_entries x WHERE x.key > coalesce(s.last, c.id::bigint << 33) AND x.key < (c.id + 1)::bigint << 33
                        ORDER BY x.key LIMIT most) e
    UNION ALL
    SELECT 's' || h.shard, t.key, json_strip_nulls(json_build_object('auditLogKey', t.key::text, 'timestamp', t.time, 'operation', t.operation,
        'category', t.category, 'result', t.result, 'actorType', t.actor_type, 'actorId', t.actor, 'address', split_part(t.origin, ' ', 1),
        'requestId', split_part(t.origin, ' ', 2), 'entity', t.entity_type, 'entityKey', t.entity,
        'tenantId', CASE t.tenant WHEN '' THEN '<default>' ELSE t.tenant END, 'processDefinitionId', t.process_id,
        'processInstanceKey', t.instance::text, 'elementInstanceKey', t.element_instance::text, 'userTaskKey', t.user_task::text,
        'jobKey', t.job::text, 'batchOperationKey', t.batch::text, 'description', t.description))
    FROM shards h LEFT JOIN audit_streams s ON s.sink = of_sink AND s.source = 's' || h.shard
    CROSS JOIN LATERAL (SELECT x.* FROM audit_steps x WHERE x.shard = h.shard AND x.key > coalesce(s.last, 0) ORDER BY x.key LIMIT most) t;
END $$;

-- They have arrived: the last key of each source. False where another node has taken the sink.
CREATE FUNCTION audit_stream_done(of_sink text, by_owner text, sources text[], keys bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM audit_stream_owners WHERE sink = of_sink AND owner = by_owner FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO audit_streams AS s SELECT of_sink, u.source, max(u.key) FROM unnest(sources, keys) AS u (source, key) GROUP BY u.source
    ON CONFLICT (sink, source) DO UPDATE SET last = greatest(s.last, excluded.last);
    RETURN true;
END $$;

-- A node that ends lets the next one begin at once.
CREATE FUNCTION audit_stream_leave(of_sink text, by_owner text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM audit_stream_owners WHERE sink = of_sink AND owner = by_owner
$$;

ALTER TABLE audit_chains DROP COLUMN streamed;
