-- SPDX-License-Identifier: Apache-2.0
-- Legal holds, and what retention may take in spite of none. A hold keeps an instance, all of a tenant, or what concerns a subject (a
-- person or program by name: what it did, what was done to it; instances with that business id) from retention, deletion and erasure.

CREATE TABLE audit_holds (
    key      bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind     text        NOT NULL CHECK (kind IN ('INSTANCE', 'TENANT', 'SUBJECT')),
    value    text        NOT NULL,                      -- an instance's key, a tenant's id ('' is the default one), a name
    reason   text        NOT NULL,
    made     timestamptz NOT NULL DEFAULT now(),
    made_by  text        NOT NULL DEFAULT '',
    released timestamptz,                               -- null: it holds
    released_by text
);
CREATE UNIQUE INDEX audit_holds_of ON audit_holds (kind, value, reason) WHERE released IS NULL;

CREATE FUNCTION audit_hold_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE WHEN TG_OP = 'INSERT' THEN 'HOLD' WHEN NEW.released IS NULL THEN 'UPDATE' ELSE 'RELEASE' END,
                       'entity_type', 'AUDIT_HOLD', 'entity', NEW.key::text, 'related_type', NEW.kind, 'related', NEW.value,
                       'description', NEW.reason));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE ON audit_holds FOR EACH ROW EXECUTE FUNCTION audit_hold_row();

-- Why an instance must stay; null: it need not.
CREATE FUNCTION held_by(of_instance bigint, of_tenant text, of_business_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'hold ' || h.key || ': ' || h.reason FROM audit_holds h WHERE h.released IS NULL AND CASE h.kind
        WHEN 'INSTANCE' THEN h.value = of_instance::text WHEN 'TENANT' THEN h.value = of_tenant ELSE h.value = of_business_id END
    ORDER BY h.key LIMIT 1
$$;

CREATE OR REPLACE FUNCTION instance_delete(of_shard integer, instance_key bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    why text;
BEGIN
    SELECT held_by(i.key, i.tenant, i.business_id) INTO why FROM instances i WHERE i.shard = of_shard AND i.key = instance_key;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'instance % is kept by %', instance_key, why USING ERRCODE = 'BA002';
    END IF;
    PERFORM FROM projections p WHERE p.shard = of_shard FOR UPDATE;
    DELETE FROM instances i WHERE i.shard = of_shard AND i.key = instance_key AND i.state IN (2, 3);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM user_tasks t WHERE t.shard = of_shard AND t.instance = instance_key;
    DELETE FROM incidents n WHERE n.shard = of_shard AND n.instance = instance_key;
    DELETE FROM decision_evaluations d WHERE d.shard = of_shard AND d.instance = instance_key;
    DELETE FROM element_instances e WHERE e.shard = of_shard AND e.instance = instance_key;
    DELETE FROM job_records j WHERE j.shard = of_shard AND j.instance = instance_key;
    DELETE FROM variables v WHERE v.shard = of_shard AND v.instance = instance_key;
    DELETE FROM personal_keys k WHERE k.shard = of_shard AND k.stream = instance_key;
    RETURN true;
END $$;

-- Items of deletions are deleted for whoever began the operation.
CREATE OR REPLACE FUNCTION batch_delete(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    item  record;
    gone  boolean;
    why   text;
    count bigint := 0;
BEGIN
    FOR item IN SELECT i.shard, i.key, i.instance, i.item, b.type, b.key AS batch, b.principal,
                       held_by(x.key, coalesce(x.tenant, d.tenant), x.business_id) AS held
                FROM batch_items i JOIN batch_operations b ON b.key = i.batch
                LEFT JOIN decision_evaluations d ON b.type = 8 AND d.shard = i.shard AND d.key = i.item
                LEFT JOIN instances x ON x.shard = i.shard AND x.key = CASE b.type WHEN 5 THEN i.instance ELSE d.instance END
                WHERE b.state = 1 AND b.type IN (5, 8) AND i.state = 1 LIMIT most LOOP
        PERFORM set_config('baton.author', jsonb_build_object('actor', nullif(item.principal, ''), 'batch', item.batch,
                           'actor_type', CASE item.principal WHEN '' THEN 'ANONYMOUS' ELSE 'USER' END)::text, true);
        gone := item.held IS NULL AND CASE item.type WHEN 5 THEN instance_delete(item.shard, item.instance)
                                                     ELSE evaluation_delete(item.shard, item.item) END;
        why := coalesce('it is kept by ' || item.held,
                        CASE item.type WHEN 5 THEN 'the instance runs, or is not there' ELSE 'the evaluation is not there' END);
        UPDATE batch_items i SET state = CASE WHEN gone THEN 2 ELSE 3 END, processed = now(), error = CASE WHEN NOT gone THEN why END
        WHERE i.shard = item.shard AND i.key = item.key;
        count := count + 1;
    END LOOP;
    PERFORM set_config('baton.author', '', true);
    RETURN count;
END $$;

CREATE OR REPLACE FUNCTION instances_drop(before date, most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    count bigint;
BEGIN
    SELECT count(*) FILTER (WHERE instance_delete(old.shard, old.key)) INTO count
    FROM (SELECT i.shard, i.key FROM instances i WHERE i.state IN (2, 3) AND i.ended < before::timestamp AT TIME ZONE 'UTC'
          AND held_by(i.key, i.tenant, i.business_id) IS NULL LIMIT most) old;
    IF count > 0 THEN
        PERFORM audit_note(jsonb_build_object('operation', 'DELETE', 'entity_type', 'PROCESS_INSTANCE', 'category', 'DEPLOYED_RESOURCES',
                           'description', count || ' instances that ended before ' || before || ': history.retention_days'));
    END IF;
    RETURN count;
END $$;

-- Before which day history was dropped, so that `baton audit verify` can say so. Each month once.
CREATE TABLE history_retired (
    before  date        PRIMARY KEY,
    dropped timestamptz NOT NULL DEFAULT now(),
    kept    bigint      NOT NULL                        -- steps of instances on hold
);

-- Drops monthly partitions that lie wholly before a day; steps of instances on hold go on in history_other. Returns how many were dropped.
CREATE OR REPLACE FUNCTION history_drop(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part    record;
    ends    date;
    held    bigint;
    dropped integer := 0;
BEGIN
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'history'::regclass AND c.relname ~ '^history_\d{4}_\d{2}$' LOOP
        ends := (to_date(substr(part.relname, 9), 'YYYY_MM') + interval '1 month')::date;
        CONTINUE WHEN ends > before;
        EXECUTE format('CREATE TEMP TABLE history_on_hold ON COMMIT DROP AS SELECT h.* FROM %I h JOIN instances i ON i.shard = h.shard AND '
                       'i.key = h.stream WHERE h.kind = 1 AND held_by(i.key, i.tenant, i.business_id) IS NOT NULL', part.relname);
        EXECUTE format('DROP TABLE %I', part.relname);
        INSERT INTO history SELECT * FROM history_on_hold;
        GET DIAGNOSTICS held = ROW_COUNT;
        DROP TABLE history_on_hold;
        INSERT INTO history_retired (before, kept) VALUES (ends, held) ON CONFLICT DO NOTHING;
        PERFORM audit_note(jsonb_build_object('operation', 'DELETE', 'entity_type', 'HISTORY', 'entity', part.relname,
                           'description', 'history before ' || ends || ': history.retention_days; ' || held || ' steps are on hold'));
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- Takes entries of before a time from the beginning of each chain, up to the first that a hold keeps. Returns how many.
CREATE FUNCTION audit_retire(before timestamptz, most integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    c     audit_chains;
    upto  bigint;
    total bigint := 0;
BEGIN
    FOR c IN SELECT * FROM audit_chains ORDER BY id LOOP
        SELECT coalesce(min(e.number) - 1, least(c.number, c.first + most - 1)) INTO upto FROM audit_entries e
        WHERE e.key >= (c.id::bigint << 33 | c.first) AND e.key < (c.id::bigint << 33 | c.first + most)
          AND (e.time >= before OR EXISTS (SELECT FROM audit_holds h WHERE h.released IS NULL AND CASE h.kind
               WHEN 'INSTANCE' THEN h.value = e.instance::text WHEN 'TENANT' THEN h.value = e.tenant
               ELSE h.value IN (e.actor, e.entity, e.related) END));
        CONTINUE WHEN upto < c.first;
        PERFORM FROM audit_chains WHERE id = c.id FOR UPDATE;
        UPDATE audit_chains SET first = upto + 1, base = (SELECT e.digest FROM audit_entries e WHERE e.key = (c.id::bigint << 33 | upto)) WHERE id = c.id;
        DELETE FROM audit_entries e WHERE e.key >= (c.id::bigint << 33 | c.first) AND e.key <= (c.id::bigint << 33 | upto);
        PERFORM audit_add(c.name, jsonb_build_object('operation', 'DELETE', 'entity_type', 'AUDIT_LOG', 'entity', c.name,
                          'description', 'entries ' || c.first || ' to ' || upto || ' of before ' || before || ': audit.retention_days'));
        total := total + upto - c.first + 1;
    END LOOP;
    RETURN total;
END $$;

CREATE FUNCTION audit_steps_retire(before timestamptz, most integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH old AS (SELECT s.shard, s.key FROM audit_steps s WHERE s.time < before AND NOT EXISTS (SELECT FROM audit_holds h WHERE h.released IS NULL
                 AND CASE h.kind WHEN 'INSTANCE' THEN h.value = s.instance::text WHEN 'TENANT' THEN h.value = s.tenant
                     ELSE h.value IN (s.actor, s.entity) END) ORDER BY s.time LIMIT most),
         gone AS (DELETE FROM audit_steps s USING old o WHERE s.shard = o.shard AND s.key = o.key RETURNING 1)
    SELECT count(*) FROM gone
$$;

UPDATE authorizations SET permissions = '{READ,UPDATE}' WHERE owner_kind = 4 AND owner = 'admin' AND resource_type = 'AUDIT_LOG';

-- Signed ends of all chains, the newest last: compact JWS (common/base/signature.h).
CREATE TABLE audit_checkpoints (
    number bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    made   timestamptz NOT NULL DEFAULT now(),
    jws    text        NOT NULL
);
CREATE INDEX audit_checkpoints_made ON audit_checkpoints (made);

-- What is signed.
CREATE FUNCTION audit_heads() RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('kind', 'checkpoint', 'installation', (SELECT id FROM installation), 'time', now(),
        'shards', (SELECT json_agg(json_build_object('shard', shard, 'batch', batch, 'digest', encode(chain, 'hex')) ORDER BY shard) FROM shards),
        'chains', (SELECT json_agg(json_build_object('chain', id, 'name', name, 'number', number, 'digest', encode(digest, 'hex')) ORDER BY id)
                   FROM audit_chains))
$$;
