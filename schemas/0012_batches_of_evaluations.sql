-- SPDX-License-Identifier: Apache-2.0
-- Batch operations that forget evaluations of decisions (type 8): like those that delete instances, nothing for the engine.

CREATE OR REPLACE FUNCTION batch_take(most integer)
RETURNS TABLE (shard integer, key bigint, instance bigint, item bigint, type smallint, parameters json, tenant text, principal text)
LANGUAGE sql AS $$
    WITH due AS (SELECT i.shard, i.key FROM batch_items i JOIN batch_operations b ON b.key = i.batch
                 WHERE b.state = 1 AND b.type NOT IN (5, 8) AND i.state = 1 AND (i.sent IS NULL OR i.sent < now() - interval '30 seconds')
                 ORDER BY i.key LIMIT most FOR UPDATE OF i SKIP LOCKED)
    UPDATE batch_items i SET sent = now() FROM due d, batch_operations b
    WHERE i.shard = d.shard AND i.key = d.key AND b.key = i.batch
    RETURNING i.shard, i.key, i.instance, i.item, b.type, b.parameters, b.tenant, b.principal
$$;

-- True when it was there.
CREATE FUNCTION evaluation_delete(of_shard integer, evaluation_key bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM decision_evaluations d WHERE d.shard = of_shard AND d.key = evaluation_key;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION batch_delete(most integer) RETURNS bigint LANGUAGE sql AS $$
    WITH due AS (SELECT i.shard, i.key, b.type, CASE b.type WHEN 5 THEN instance_delete(i.shard, i.instance)
                                                ELSE evaluation_delete(i.shard, i.item) END AS gone
                 FROM batch_items i JOIN batch_operations b ON b.key = i.batch
                 WHERE b.state = 1 AND b.type IN (5, 8) AND i.state = 1 LIMIT most),
         done AS (UPDATE batch_items i SET state = CASE WHEN d.gone THEN 2 ELSE 3 END, processed = now(),
                         error = CASE WHEN NOT d.gone AND d.type = 5 THEN 'the instance runs, or is not there'
                                      WHEN NOT d.gone THEN 'the evaluation is not there' END
                  FROM due d WHERE i.shard = d.shard AND i.key = d.key RETURNING 1)
    SELECT count(*) FROM done
$$;
