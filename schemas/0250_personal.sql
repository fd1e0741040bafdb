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
    PRIMARY KEY (tenant, subject, erased)
);

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

-- Destroys the keys of a person in a tenant. Returns how many streams had one.
CREATE FUNCTION personal_erase(of_tenant text, of_subject bytea, name text, why text, actor text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    held    text := personal_held(of_tenant, of_subject, name);
    streams bigint;
BEGIN
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'what is held about this person is kept by %', held USING ERRCODE = 'BA002';
    END IF;
    WITH gone AS (UPDATE personal_keys k SET wrapped = NULL, erased = now()
                  WHERE k.tenant = of_tenant AND k.subject = of_subject AND k.wrapped IS NOT NULL RETURNING k.shard, k.stream)
    SELECT count(DISTINCT (shard, stream)) INTO streams FROM gone;
    INSERT INTO personal_erasures (tenant, subject, reason, erased_by, streams) VALUES (of_tenant, of_subject, why, actor, streams)
        ON CONFLICT DO NOTHING;
    PERFORM audit_note(jsonb_build_object('operation', 'ERASE', 'entity_type', 'PERSON', 'entity', encode(of_subject, 'hex'), 'tenant', of_tenant,
                       'description', streams || ' instances; ' || why));
    RETURN streams;
END $$;
REVOKE EXECUTE ON FUNCTION personal_erase FROM PUBLIC;
