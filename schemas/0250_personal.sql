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
CREATE INDEX personal_keys_subject ON personal_keys (tenant, subject);

-- What persons are digested with; made by the first node that has a vault. One row.
CREATE TABLE personal_index (
    one       boolean     PRIMARY KEY DEFAULT true CHECK (one),
    wrapped   bytea       NOT NULL,
    vault_key text        NOT NULL
);

INSERT INTO row_security (name, condition) VALUES ('personal_index', 'false');

CREATE TABLE personal_erasures (
    tenant  text        NOT NULL,
    subject bytea       NOT NULL,
    erased  timestamptz NOT NULL DEFAULT now(),
    reason  text        NOT NULL,
    erased_by text      NOT NULL,
    streams bigint      NOT NULL,                       -- how many held something
    settled timestamptz,                                -- nothing of before is on its way any more; null: nodes take no value of the person yet
    PRIMARY KEY (tenant, subject, erased)
);
CREATE INDEX personal_erasures_open ON personal_erasures (erased) WHERE settled IS NULL;

-- What commands name an erasure by.
CREATE FUNCTION personal_erasure_number(erased timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM erased) * 1000000)::bigint
$$;

-- Why a person may not be erased; null: they may. `name` is the person, as holds name them.
CREATE FUNCTION personal_held(of_tenant text, of_subject bytea, name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT 'hold ' || h.key || ': ' || h.reason FROM audit_holds h WHERE h.released IS NULL
         AND (h.kind = 'SUBJECT' AND h.value = name OR h.kind = 'TENANT' AND h.value = of_tenant) ORDER BY h.key LIMIT 1),
        (SELECT held_by(k.stream, k.tenant, i.business_id) FROM personal_keys k
         LEFT JOIN instances i ON i.shard = k.shard AND i.key = k.stream
         WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL
           AND held_by(k.stream, k.tenant, i.business_id) IS NOT NULL ORDER BY k.shard, k.stream LIMIT 1))
$$;

-- What was typed into tasks of instances that hold something of the person: nobody can tell which of it is theirs.
CREATE FUNCTION personal_drop_drafts(of_tenant text, of_subject bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM drafts d USING personal_keys k, user_tasks u WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.stream > 0
        AND u.shard = k.shard AND u.instance = k.stream AND d.shard = u.shard AND d.task = u.key;
END $$;

-- Destroys the keys of a person in a tenant. Returns how many streams had one, and the erasure's number and time.
CREATE FUNCTION personal_erase(of_tenant text, of_subject bytea, name text, why text, actor text)
RETURNS TABLE (streams bigint, number bigint, at text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held  text := personal_held(of_tenant, of_subject, name);
    count bigint;
BEGIN
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'what is held about this person is kept by %', held USING ERRCODE = 'BA002';
    END IF;
    WITH gone AS (UPDATE personal_keys k SET wrapped = NULL, erased = now()
                  WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL RETURNING k.shard, k.stream)
    SELECT count(DISTINCT (shard, stream)) INTO count FROM gone;
    PERFORM personal_drop_drafts(of_tenant, of_subject);
    INSERT INTO personal_erasures (tenant, subject, reason, erased_by, streams) VALUES (of_tenant, of_subject, why, actor, count)
        ON CONFLICT DO NOTHING;
    PERFORM audit_note(jsonb_build_object('operation', 'ERASE', 'entity_type', 'PERSON', 'entity', encode(of_subject, 'hex'), 'tenant', of_tenant,
                       'description', count || ' instances; ' || why));
    RETURN QUERY SELECT count, personal_erasure_number(now()), now()::text;
END $$;

-- The keys that came meanwhile: a step that was being written, or a value on its way to another instance. Nodes have been told since, and make none now.
-- `marks` is how far each shard's outbox was, as an earlier call gave it: is_sent says whether all of that has gone.
CREATE FUNCTION personal_erase_late(of_tenant text, of_subject bytea, erasure bigint, marks bigint[])
RETURNS TABLE (streams bigint, at text, is_sent boolean, next_marks text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    count bigint;
BEGIN
    WITH gone AS (UPDATE personal_keys k SET wrapped = NULL, erased = now()
                  WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL RETURNING k.shard, k.stream)
    SELECT count(DISTINCT (shard, stream)) INTO count FROM gone;
    PERFORM personal_drop_drafts(of_tenant, of_subject);
    UPDATE personal_erasures e SET streams = e.streams + count
    WHERE count > 0 AND e.tenant = of_tenant AND e.subject = of_subject AND personal_erasure_number(e.erased) = erasure;
    RETURN QUERY SELECT count, now()::text,
        NOT EXISTS (SELECT FROM unnest(marks) WITH ORDINALITY AS m (mark, shard) JOIN outbox o ON o.shard = m.shard - 1 AND o.first < m.mark),
        (SELECT array_agg(coalesce(s.next_outbound, 0) ORDER BY n)::text
         FROM generate_series(0, (SELECT max(shard) FROM shards)) AS n LEFT JOIN shards s ON s.shard = n);
END $$;

-- Nodes take values of the person again: they are of after the erasure.
CREATE FUNCTION personal_settle(of_tenant text, of_subject bytea, erasure bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE personal_erasures e SET settled = now()
    WHERE e.tenant = of_tenant AND e.subject = of_subject AND e.settled IS NULL AND personal_erasure_number(e.erased) <= erasure
$$;
REVOKE EXECUTE ON FUNCTION personal_erase(text, bytea, text, text, text), personal_erase_late(text, bytea, bigint, bigint[]),
    personal_settle(text, bytea, bigint) FROM PUBLIC;
