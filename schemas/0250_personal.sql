-- SPDX-License-Identifier: Apache-2.0
-- Personal data. A stream (an instance, a mailbox) has a key for each person whose values it holds, random and wrapped by a key of the vault; what it
-- stores of them is sealed under it. Values name the key by its number, never the person; persons are known by a keyed digest alone. Without its key a
-- value cannot be read any more, wherever a copy of it is.

CREATE TABLE personal_keys (
    shard     integer     NOT NULL,
    stream    bigint      NOT NULL,
    number    integer     NOT NULL,                     -- in the stream, from 1
    tenant    text        NOT NULL,
    subject   bytea       NOT NULL,                     -- digest of tenant and person
    process_id text,                                    -- null: a mailbox
    wrapped   bytea,                                    -- null: erased
    vault_key text        NOT NULL,                     -- the id of the key that wrapped it
    made      timestamptz NOT NULL DEFAULT now(),
    erased    timestamptz,
    PRIMARY KEY (shard, stream, number)
);
CREATE INDEX personal_keys_subject ON personal_keys (tenant, subject, shard, stream);
CREATE INDEX personal_keys_live ON personal_keys (tenant, subject, shard, stream, number) WHERE wrapped IS NOT NULL;
CREATE INDEX personal_keys_mailboxes ON personal_keys (shard, stream) WHERE process_id IS NULL AND stream > 0;

-- What persons are digested with; made by the first node that has a vault. One row.
CREATE TABLE personal_index (
    one       boolean     PRIMARY KEY DEFAULT true CHECK (one),
    wrapped   bytea       NOT NULL,
    vault_key text        NOT NULL
);

INSERT INTO row_security (name, condition) VALUES ('personal_index', 'false');

-- An erasure goes on until it is closed, whoever began it: nodes take the open ones in turn (orchestrator/gateway/erasure.h).
CREATE TABLE personal_erasures (
    tenant  text        NOT NULL,
    subject bytea       NOT NULL,
    erased  timestamptz NOT NULL DEFAULT now(),         -- when it began
    reason  text        NOT NULL,
    erased_by text      NOT NULL,
    name    text,                                       -- the person, as holds name them; null once nothing more is erased
    streams bigint      NOT NULL DEFAULT 0,             -- how many held something
    worker  text,                                       -- the node that works on it, …
    leased  timestamptz,                                -- … until then
    tries   integer     NOT NULL DEFAULT 0,             -- how often one took it
    stopped text,                                       -- by which hold that was placed meanwhile; null: it was not
    settled timestamptz,                                -- nothing of before is on its way any more; null: nodes take no value of the person yet
    closed  timestamptz,                                -- and every node knows
    PRIMARY KEY (tenant, subject, erased)
);
CREATE INDEX personal_erasures_open ON personal_erasures (erased) WHERE closed IS NULL;

-- What commands name an erasure by.
CREATE FUNCTION personal_erasure_number(erased timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM erased) * 1000000)::bigint
$$;

CREATE FUNCTION personal_holds(of_instance bigint, of_tenant text, of_subject bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM personal_keys k WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.shard = (of_instance >> 51) - 1
                   AND k.stream = of_instance AND k.wrapped IS NOT NULL)
$$;

-- Why a person may not be erased; null: they may. `name` is the person, as holds name them. Holds are few, and each is looked up.
CREATE FUNCTION personal_held(of_tenant text, of_subject bytea, name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'hold ' || h.key || ': ' || h.reason FROM audit_holds h WHERE h.released IS NULL AND CASE h.kind
        WHEN 'TENANT' THEN h.value = of_tenant
        WHEN 'INSTANCE' THEN h.value ~ '^\d{1,18}$' AND personal_holds(h.value::bigint, of_tenant, of_subject)
        ELSE h.value = name OR EXISTS (SELECT FROM instances i WHERE i.business_id = h.value AND i.tenant = of_tenant
                                       AND personal_holds(i.key, of_tenant, of_subject)) END
    ORDER BY h.key LIMIT 1
$$;

-- Begins to erase a person in a tenant: from here on a node that takes a shard over takes no value of theirs. Returns the erasure's number.
CREATE FUNCTION personal_erase(of_tenant text, of_subject bytea, name text, why text, actor text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held text := personal_held(of_tenant, of_subject, name);
BEGIN
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'what is held about this person is kept by %', held USING ERRCODE = 'BA002';
    END IF;
    INSERT INTO personal_erasures (tenant, subject, reason, erased_by, name) VALUES (of_tenant, of_subject, why, actor, name) ON CONFLICT DO NOTHING;
    PERFORM audit_note(jsonb_build_object('operation', 'ERASE', 'entity_type', 'PERSON', 'entity', encode(of_subject, 'hex'), 'tenant', of_tenant,
                       'description', why));
    RETURN personal_erasure_number(now());
END $$;

-- Open erasures that nobody works on, for a node to work on.
CREATE FUNCTION personal_take(node text, most integer)
RETURNS TABLE (of_tenant text, of_subject bytea, erasure bigint, actor text, is_settled boolean, try integer)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE personal_erasures e SET worker = node, leased = now() + interval '30 seconds', tries = e.tries + 1
    FROM (SELECT o.tenant, o.subject, o.erased FROM personal_erasures o WHERE o.closed IS NULL AND coalesce(o.leased, '-infinity') < now()
          ORDER BY o.leased NULLS FIRST, o.erased LIMIT most FOR UPDATE SKIP LOCKED) AS n
    WHERE e.tenant = n.tenant AND e.subject = n.subject AND e.erased = n.erased
    RETURNING e.tenant, e.subject, personal_erasure_number(e.erased), e.erased_by, e.settled IS NOT NULL, e.tries
$$;

-- Destroys some of the keys that are there, for the node that works on it. A key that somebody has locked comes later. The drafts of forms of these
-- instances go too: nobody can tell what was typed into which.
-- `marks` is how far each shard's outbox was, as an earlier call gave it: is_sent says whether all of that has gone. `told`: whoever has these streams in
-- memory must be told.
CREATE FUNCTION personal_erase_page(of_tenant text, of_subject bytea, erasure bigint, node text, most integer, marks bigint[])
RETURNS TABLE (is_mine boolean, why_stopped text, keys bigint, is_left boolean, told bigint[], is_sent boolean, next_marks text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    person text;
    held   text;
    shards integer[];
    gone   bigint[];
BEGIN
    UPDATE personal_erasures e SET leased = now() + interval '30 seconds'
    WHERE e.tenant = of_tenant AND e.subject = of_subject AND personal_erasure_number(e.erased) = erasure AND e.worker = node AND e.settled IS NULL
    RETURNING e.name INTO person;
    IF NOT FOUND THEN
        RETURN QUERY SELECT false, NULL::text, 0::bigint, false, NULL::bigint[], false, NULL::text;
        RETURN;
    END IF;
    held := personal_held(of_tenant, of_subject, person);
    IF held IS NOT NULL THEN
        UPDATE personal_erasures e SET settled = now(), stopped = held, name = NULL
        WHERE e.tenant = of_tenant AND e.subject = of_subject AND personal_erasure_number(e.erased) = erasure;
        RETURN QUERY SELECT true, held, 0::bigint, false, NULL::bigint[], false, NULL::text;
        RETURN;
    END IF;
    WITH page AS (SELECT k.shard, k.stream, k.number FROM personal_keys k WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL
                  ORDER BY k.shard, k.stream, k.number LIMIT most FOR UPDATE SKIP LOCKED),
         gone AS (UPDATE personal_keys k SET wrapped = NULL, erased = now() FROM page p
                  WHERE k.shard = p.shard AND k.stream = p.stream AND k.number = p.number RETURNING k.shard, k.stream)
    SELECT array_agg(g.shard), array_agg(g.stream) INTO shards, gone FROM gone g;
    DELETE FROM drafts d USING unnest(shards, gone) AS g (shard, stream), user_tasks u
    WHERE g.stream > 0 AND u.shard = g.shard AND u.instance = g.stream AND d.shard = u.shard AND d.task = u.key;
    UPDATE personal_erasures e SET streams = e.streams + cardinality(gone)
    WHERE gone IS NOT NULL AND e.tenant = of_tenant AND e.subject = of_subject AND personal_erasure_number(e.erased) = erasure;
    RETURN QUERY SELECT true, NULL::text, coalesce(cardinality(gone), 0)::bigint,
        EXISTS (SELECT FROM personal_keys k WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL),
        (SELECT array_agg(g.stream) FROM unnest(shards, gone) AS g (shard, stream) LEFT JOIN instances i ON i.shard = g.shard AND i.key = g.stream
         WHERE g.stream > 0 AND (i.state IN (1, 4) OR EXISTS (SELECT FROM mailboxes m WHERE m.shard = g.shard AND m.key = g.stream))),
        NOT EXISTS (SELECT FROM unnest(marks) WITH ORDINALITY AS m (mark, shard) JOIN outbox o ON o.shard = m.shard - 1 AND o.first < m.mark),
        (SELECT array_agg(coalesce(s.next_outbound, 0) ORDER BY n)::text
         FROM generate_series(0, (SELECT max(shard) FROM shards)) AS n LEFT JOIN shards s ON s.shard = n);
END $$;

-- Nodes take values of the person again: they are of after the erasure. They were told, and are once more before it is closed: one may have taken a shard
-- over in between.
CREATE FUNCTION personal_settle(of_tenant text, of_subject bytea, erasure bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    over personal_erasures;
BEGIN
    UPDATE personal_erasures e SET settled = now(), name = NULL, leased = now() + interval '30 seconds'
    WHERE e.tenant = of_tenant AND e.subject = of_subject AND e.settled IS NULL AND personal_erasure_number(e.erased) = erasure RETURNING e.* INTO over;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('baton.author', jsonb_build_object('actor', nullif(over.erased_by, ''),
                       'actor_type', CASE over.erased_by WHEN '' THEN 'ANONYMOUS' ELSE 'USER' END)::text, true);
    PERFORM audit_note(jsonb_build_object('operation', 'ERASE', 'entity_type', 'PERSON', 'entity', encode(of_subject, 'hex'), 'tenant', of_tenant,
                       'description', over.streams || ' instances; ' || over.reason));
    PERFORM set_config('baton.author', '', true);
END $$;

CREATE FUNCTION personal_close(of_tenant text, of_subject bytea, erasure bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE personal_erasures e SET closed = now()
    WHERE e.tenant = of_tenant AND e.subject = of_subject AND e.settled IS NOT NULL AND personal_erasure_number(e.erased) = erasure
$$;

-- Keys of mailboxes that are no more, where they were locked when these went, or their tenant was on hold.
CREATE FUNCTION personal_sweep(most integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH old AS (SELECT k.shard, k.stream, k.number FROM personal_keys k WHERE k.process_id IS NULL AND k.stream > 0 AND k.made < now() - interval '1 hour'
                 AND NOT EXISTS (SELECT FROM mailboxes m WHERE m.shard = k.shard AND m.key = k.stream)
                 AND NOT EXISTS (SELECT FROM audit_holds h WHERE h.released IS NULL AND h.kind = 'TENANT' AND h.value = k.tenant)
                 LIMIT most FOR UPDATE SKIP LOCKED),
         gone AS (DELETE FROM personal_keys k USING old o WHERE k.shard = o.shard AND k.stream = o.stream AND k.number = o.number RETURNING 1)
    SELECT count(*) FROM gone
$$;
REVOKE EXECUTE ON FUNCTION personal_erase(text, bytea, text, text, text), personal_take(text, integer),
    personal_erase_page(text, bytea, bigint, text, integer, bigint[]), personal_settle(text, bytea, bigint), personal_close(text, bytea, bigint),
    personal_sweep(integer) FROM PUBLIC;
