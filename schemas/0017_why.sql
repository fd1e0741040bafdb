-- SPDX-License-Identifier: Apache-2.0
-- What the question "why does nothing happen" needs and nothing else keeps: who asks for jobs, and which messages reached nobody.

-- Workers that poll over REST or gRPC, as the nodes that they ask note them every few seconds.
CREATE TABLE job_askers (
    type      text        NOT NULL,
    tenant    text        NOT NULL,
    worker    text        NOT NULL,                     -- as it calls itself; empty: it does not
    processes text        NOT NULL,                     -- ids of the processes whose jobs it may have, a line each; empty: of any
    node      text        NOT NULL,                     -- that noted it last
    since     timestamptz NOT NULL,                     -- asks without a break of a minute since then
    seen      timestamptz NOT NULL,
    PRIMARY KEY (type, tenant, worker)
);
CREATE INDEX job_askers_worker ON job_askers (worker);

-- Consumer groups of workers on Kafka, as the nodes that have jobs of the type find them.
CREATE TABLE job_groups (
    type    text        PRIMARY KEY,
    members text[],                                     -- client ids; null: the brokers do not tell
    lag     bigint      NOT NULL,                       -- jobs on the topic that the group has not committed past
    looked  timestamptz NOT NULL,
    seen    timestamptz                                 -- the last time that it had a member; null: never
);

-- Messages that reached nobody in their time. They go with their retention.
CREATE TABLE missed_messages (
    shard           integer     NOT NULL,
    key             bigint      NOT NULL,
    name            text        NOT NULL,
    correlation_key text        NOT NULL,
    tenant          text        NOT NULL,
    published       timestamptz NOT NULL,
    missed          timestamptz NOT NULL,
    PRIMARY KEY (shard, key)
);
CREATE INDEX missed_messages_name ON missed_messages (name, missed);
CREATE INDEX missed_messages_missed ON missed_messages USING brin (missed);

-- Whom a message reached, by its key alone: keys of a shard come in the order of their rows.
CREATE INDEX correlations_message ON correlations USING brin (message int8_minmax_multi_ops) WITH (autosummarize = on);

-- Who asks as the nodes have seen it: [[type, tenant, worker, processes], …].
CREATE FUNCTION job_askers_note(askers json, by_node text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO job_askers AS a (type, tenant, worker, processes, node, since, seen)
    SELECT DISTINCT ON (1, 2, 3) e ->> 0, e ->> 1, e ->> 2, e ->> 3, by_node, now(), now() FROM json_array_elements(json_without_nul(askers)) e ORDER BY 1, 2, 3
    ON CONFLICT (type, tenant, worker) DO UPDATE SET processes = excluded.processes, node = excluded.node, seen = excluded.seen,
        since = CASE WHEN a.seen < excluded.seen - interval '1 minute' THEN excluded.since ELSE a.since END
$$;

-- What is too old to explain anything goes, at most so many rows of each.
CREATE FUNCTION why_retire(most integer) RETURNS bigint LANGUAGE sql AS $$
    WITH a AS (DELETE FROM job_askers WHERE (type, tenant, worker) IN (
                   SELECT type, tenant, worker FROM job_askers WHERE seen < now() - interval '30 days' LIMIT most) RETURNING 1),
         m AS (DELETE FROM missed_messages WHERE (shard, key) IN (
                   SELECT shard, key FROM missed_messages WHERE missed < now() - interval '7 days' LIMIT most) RETURNING 1)
    SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM m)
$$;
