-- SPDX-License-Identifier: Apache-2.0
-- What tests of processes need, under engine.test_clock: a time that stands still, and an installation that is empty again.

ALTER TABLE installation
    ADD test_clock_pinned_ms bigint,                    -- the time, until another one is set; null: it runs
    ADD purges               bigint NOT NULL DEFAULT 0; -- how often everything was deleted

-- Deletes what ever ran, waits or was deployed, of all shards in one transaction. What stays: the shards' places on their topics and
-- their counters, so that no command is done twice and no key comes again; settings (topic_subscriptions, tenants); whoever may log in.
-- Owners of shards find that they own them no more and take them anew. What their outboxes had sent before is not taken any more.
-- Returns the number of the purge.
CREATE FUNCTION purge_installation() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    own    record;
    number bigint;
BEGIN
    PERFORM FROM shards ORDER BY shard FOR UPDATE;
    PERFORM FROM projections ORDER BY shard FOR UPDATE;
    FOR own IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'shard' AND NOT a.attisdropped
               WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND c.relname NOT IN ('shards', 'shard_owners', 'shard_places') ORDER BY c.relname LOOP
        EXECUTE format('DELETE FROM %I', own.relname);
    END LOOP;
    DELETE FROM definitions;
    DELETE FROM process_elements;
    DELETE FROM resources;
    DELETE FROM documents;
    DELETE FROM batch_operations;
    UPDATE shards SET epoch = epoch + 1, clock = NULL, events = 0, batch = 0, chain = '', events_published = 0, failures = 0,
                      trying_offset = -1, tries = 0, rebuild = false, image = '', updated = now(),
                      senders = (SELECT array_agg(coalesce(s.next_outbound, 1) - 1 ORDER BY n)
                                 FROM installation i, generate_series(0, i.shards - 1) n LEFT JOIN shards s ON s.shard = n);
    UPDATE installation SET purges = purges + 1 RETURNING purges INTO number;
    RETURN number;
END $$;
