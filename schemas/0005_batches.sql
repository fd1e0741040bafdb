-- SPDX-License-Identifier: Apache-2.0
-- Batch operations: one change for each instance that a filter found. The api makes the rows and sends the items' commands; the engine
-- writes what came of an item with the commit that did it. An item that was sent and not settled is sent again.

CREATE TABLE batch_operations (
    key        bigint      PRIMARY KEY,
    type       smallint    NOT NULL,           -- store/catalogue/batches.def
    state      smallint    NOT NULL DEFAULT 1, -- 1 active, 2 suspended, 3 canceled, 4 completed
    parameters json        NOT NULL,           -- the request
    tenant     text        NOT NULL DEFAULT '',
    principal  text        NOT NULL DEFAULT '',
    started    timestamptz NOT NULL DEFAULT now(),
    ended      timestamptz
);
CREATE INDEX batch_operations_active ON batch_operations (key) WHERE state = 1;

CREATE TABLE batch_items (
    shard     integer     NOT NULL,
    key       bigint      NOT NULL,            -- the operation's, and a number from 1 added
    batch     bigint      NOT NULL,
    instance  bigint      NOT NULL,
    item      bigint      NOT NULL,            -- the incident, or the instance
    state     smallint    NOT NULL DEFAULT 1,  -- 1 active, 2 completed, 3 failed, 4 canceled
    error     text,
    sent      timestamptz,                     -- its command
    processed timestamptz,
    PRIMARY KEY (shard, key),
    CONSTRAINT batch_max_items CHECK (key - batch < 4194304)
);
CREATE INDEX batch_items_batch ON batch_items (batch, state);

-- The first result of an item counts: one that was sent twice may be told twice.
CREATE FUNCTION batch_item_settles_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN OLD.state = 1 THEN NEW END;
END $$;
CREATE TRIGGER batch_item_settles_once BEFORE UPDATE ON batch_items FOR EACH ROW EXECUTE FUNCTION batch_item_settles_once();

CREATE VIEW batch_progress AS
SELECT b.*, p.total, p.completed, p.failed
FROM batch_operations b
CROSS JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE i.state = 2) AS completed, count(*) FILTER (WHERE i.state = 3) AS failed
                    FROM batch_items i WHERE i.batch = b.key) p;

-- Items to send now, each for some seconds taken by whoever asks.
CREATE FUNCTION batch_take(most integer)
RETURNS TABLE (shard integer, key bigint, instance bigint, item bigint, type smallint, parameters json, tenant text, principal text)
LANGUAGE sql AS $$
    WITH due AS (SELECT i.shard, i.key FROM batch_items i JOIN batch_operations b ON b.key = i.batch
                 WHERE b.state = 1 AND b.type <> 5 AND i.state = 1 AND (i.sent IS NULL OR i.sent < now() - interval '30 seconds')
                 ORDER BY i.key LIMIT most FOR UPDATE OF i SKIP LOCKED)
    UPDATE batch_items i SET sent = now() FROM due d, batch_operations b
    WHERE i.shard = d.shard AND i.key = d.key AND b.key = i.batch
    RETURNING i.shard, i.key, i.instance, i.item, b.type, b.parameters, b.tenant, b.principal
$$;

-- Operations whose items are all settled are over.
CREATE FUNCTION batch_close() RETURNS bigint LANGUAGE sql AS $$
    WITH closed AS (UPDATE batch_operations b SET state = 4, ended = now() WHERE b.state = 1
                    AND NOT EXISTS (SELECT FROM batch_items i WHERE i.batch = b.key AND i.state = 1) RETURNING 1)
    SELECT count(*) FROM closed
$$;

-- Takes an ended instance out of the current picture; its history stays until retention drops it. True when it was there and had ended.
CREATE FUNCTION instance_delete(of_shard integer, instance_key bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM instances i WHERE i.shard = of_shard AND i.key = instance_key AND i.state IN (2, 3);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM user_tasks t WHERE t.shard = of_shard AND t.instance = instance_key;
    DELETE FROM incidents n WHERE n.shard = of_shard AND n.instance = instance_key;
    DELETE FROM decision_evaluations d WHERE d.shard = of_shard AND d.instance = instance_key;
    RETURN true;
END $$;

-- Does items of deletions. Returns how many.
CREATE FUNCTION batch_delete(most integer) RETURNS bigint LANGUAGE sql AS $$
    WITH due AS (SELECT i.shard, i.key, instance_delete(i.shard, i.instance) AS gone
                 FROM batch_items i JOIN batch_operations b ON b.key = i.batch
                 WHERE b.state = 1 AND b.type = 5 AND i.state = 1 LIMIT most),
         done AS (UPDATE batch_items i SET state = CASE WHEN d.gone THEN 2 ELSE 3 END, processed = now(),
                         error = CASE WHEN NOT d.gone THEN 'the instance runs, or is not there' END
                  FROM due d WHERE i.shard = d.shard AND i.key = d.key RETURNING 1)
    SELECT count(*) FROM done
$$;

-- Ended instances of before a day, some at a time. Returns how many went.
CREATE FUNCTION instances_drop(before date, most integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE instance_delete(old.shard, old.key))
    FROM (SELECT i.shard, i.key FROM instances i WHERE i.state IN (2, 3) AND i.ended < before::timestamp AT TIME ZONE 'UTC'
          LIMIT most) old
$$;
CREATE INDEX instances_ended ON instances USING brin (ended) WHERE ended IS NOT NULL;
