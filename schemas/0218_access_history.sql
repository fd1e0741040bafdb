-- SPDX-License-Identifier: Apache-2.0
-- What was given to whom, and when: who could do what on that day. Written by triggers, by nobody's hand; kept for ever, as it is small. And what a
-- change would do before it is made.

CREATE TABLE access_history (
    of_table text        NOT NULL CHECK (of_table IN ('members', 'authorizations')),
    gift     jsonb       NOT NULL,                      -- the row
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL DEFAULT 'infinity',
    number   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
CREATE INDEX access_history_until ON access_history (of_table, until, since);

-- What makes a row the same row, whatever else of it changes. No row of one table is one of the other.
CREATE FUNCTION access_row(of_table text, gift jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE of_table WHEN 'authorizations' THEN gift->>'key'
           ELSE jsonb_build_array(gift->'whole_kind', gift->'whole', gift->'member_kind', gift->'member')::text END
$$;
CREATE INDEX access_history_open ON access_history (access_row(of_table, gift)) WHERE until = 'infinity';

INSERT INTO access_history SELECT 'members', to_jsonb(m), m.since FROM members m;
INSERT INTO access_history SELECT 'authorizations', to_jsonb(a), a.created FROM authorizations a;

CREATE FUNCTION access_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
DECLARE
    moment timestamptz := clock_timestamp(); -- one row's end is the next one's beginning
    same   text; -- a variable has the collation of the index; what comes of a name has not
BEGIN
    IF TG_OP <> 'INSERT' THEN
        same := access_row(TG_TABLE_NAME, to_jsonb(OLD));
        UPDATE access_history h SET until = greatest(h.since, moment)
        WHERE h.until = 'infinity' AND access_row(h.of_table, h.gift) = same;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO access_history VALUES (TG_TABLE_NAME, to_jsonb(NEW), moment);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION access_note();
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON authorizations FOR EACH ROW EXECUTE FUNCTION access_note();

-- The rows as they were then; null: as they are.
CREATE FUNCTION members_at(moment timestamptz) RETURNS SETOF members LANGUAGE sql STABLE AS $$
    SELECT m.* FROM members m WHERE moment IS NULL
    UNION ALL SELECT r.* FROM access_history h, jsonb_populate_record(NULL::members, h.gift) r
    WHERE h.of_table = 'members' AND h.until > moment AND h.since <= moment
$$;
CREATE FUNCTION authorizations_at(moment timestamptz) RETURNS SETOF authorizations LANGUAGE sql STABLE AS $$
    SELECT a.* FROM authorizations a WHERE moment IS NULL
    UNION ALL SELECT r.* FROM access_history h, jsonb_populate_record(NULL::authorizations, h.gift) r
    WHERE h.of_table = 'authorizations' AND h.until > moment AND h.since <= moment
$$;

-- Whoever something comes to: users and clients, and mapping rules and groups, which tokens' holders fit.
CREATE FUNCTION access_holders(of_members members[], of_owner_kind smallint, of_owner text)
RETURNS TABLE (kind smallint, id text, way text) LANGUAGE sql STABLE SET enable_nestloop = off AS $$
    WITH RECURSIVE holders (kind, id, way) AS (
        SELECT of_owner_kind, of_owner, lower(replace(audit_kind(of_owner_kind), '_', ' ')) || ' ' || of_owner
        UNION
        SELECT m.member_kind, m.member, lower(replace(audit_kind(m.member_kind), '_', ' ')) || ' ' || m.member || ' → ' || h.way
        FROM holders h JOIN unnest(of_members) m ON m.whole_kind = h.kind AND m.whole = h.id
    )
    SELECT h.kind, h.id, h.way FROM holders h WHERE h.kind IN (1, 2, 3, 5)
$$;

-- Who can do it, by what: with a moment, who could.
CREATE FUNCTION access_who(of_type text, of_permission text, of_resource text, moment timestamptz)
RETURNS TABLE (owner_type text, owner text, way text, authorization_key bigint, resource_id text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ms members[] := ARRAY(SELECT m FROM members_at(moment) m);
BEGIN
    RETURN QUERY
    SELECT audit_kind(h.kind), h.id, h.way, a.key, coalesce(a.resource_id, '=' || a.resource_property)
    FROM authorizations_at(moment) a, access_holders(ms, a.owner_kind, a.owner) h
    WHERE a.resource_type = of_type AND of_permission = ANY (a.permissions)
      AND (a.resource_id IN ('*', of_resource) OR a.resource_property IS NOT NULL)
    ORDER BY h.kind, h.id, a.key, h.way LIMIT 10001;
END $$;

-- All that comes to everybody from these rows; membership of a tenant is MEMBER of it. Whoever is in something is looked for once, for all that own.
CREATE FUNCTION access_effective(of_members members[], of_authorizations authorizations[])
RETURNS TABLE (owner_type text, owner text, resource_type text, resource_id text, permission text) LANGUAGE sql STABLE SET enable_nestloop = off AS $$
    WITH RECURSIVE m AS MATERIALIZED (SELECT * FROM unnest(of_members)),
    given AS MATERIALIZED (
        SELECT a.owner_kind AS kind, a.owner AS id, a.resource_type, coalesce(a.resource_id, '=' || a.resource_property) AS resource_id, p AS permission
        FROM unnest(of_authorizations) a, unnest(a.permissions) p
        UNION
        SELECT m.member_kind, m.member, 'TENANT', m.whole, 'MEMBER' FROM m WHERE m.whole_kind = 6
    ),
    holders (owner_kind, owner, kind, id) AS (
        SELECT DISTINCT g.kind, g.id, g.kind, g.id FROM given g
        UNION
        SELECT h.owner_kind, h.owner, m.member_kind, m.member FROM holders h JOIN m ON m.whole_kind = h.kind AND m.whole = h.id
    )
    SELECT DISTINCT audit_kind(h.kind), h.id, g.resource_type, g.resource_id, g.permission
    FROM given g JOIN holders h ON h.owner_kind = g.kind AND h.owner = g.id WHERE h.kind IN (1, 2, 3, 5)
$$;

CREATE FUNCTION access_kind(name text) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT array_position(ARRAY['USER', 'CLIENT', 'GROUP', 'ROLE', 'MAPPING_RULE', 'TENANT'], name)::smallint
$$;

CREATE FUNCTION access_is_there(of_kind smallint, of_id text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE of_kind WHEN 1 THEN EXISTS (SELECT FROM users WHERE username = of_id)
                        WHEN 3 THEN EXISTS (SELECT FROM groups WHERE id = of_id)
                        WHEN 4 THEN EXISTS (SELECT FROM roles WHERE id = of_id)
                        WHEN 5 THEN EXISTS (SELECT FROM mapping_rules WHERE id = of_id)
                        WHEN 6 THEN EXISTS (SELECT FROM tenants WHERE id = of_id)
                        ELSE true END -- clients are whoever shows a token
$$;

-- Why the operation itself would be refused, after the changes before it; null: it would be done. Users and groups may be a provider's.
CREATE FUNCTION access_refusal(c jsonb, ms members[], given authorizations[], gone text[], has_providers boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_kind  smallint := access_kind(c->>'ownerType');
    of_whole smallint := access_kind(c->>'wholeType');
    is_in    boolean := EXISTS (SELECT FROM unnest(ms) m WHERE m.whole_kind = of_whole AND m.whole = c->>'wholeId'
                                AND m.member_kind = of_kind AND m.member = c->>'ownerId');
    is_there boolean := access_is_there(of_kind, c->>'ownerId') AND NOT concat(c->>'ownerType', ' ', c->>'ownerId') = ANY (gone);
    named    text := concat(lower(replace(c->>'ownerType', '_', ' ')), ' ''', c->>'ownerId', '''');
BEGIN
    RETURN CASE c->>'operation'
    WHEN 'ASSIGN' THEN CASE
        WHEN (of_whole = 3 AND of_kind IN (3, 4)) OR (of_whole = 4 AND of_kind = 4) THEN
            concat('a ', lower(c->>'ownerType'), ' cannot belong to a ', lower(c->>'wholeType'))
        WHEN NOT access_is_there(of_whole, c->>'wholeId') OR concat(c->>'wholeType', ' ', c->>'wholeId') = ANY (gone) THEN
            concat('there is no ', lower(c->>'wholeType'), ' ''', c->>'wholeId', '''')
        WHEN NOT is_there AND NOT (has_providers AND of_kind IN (1, 3)) THEN 'there is no ' || named
        WHEN is_in THEN 'the ' || named || ' belongs to it already' END
    WHEN 'UNASSIGN' THEN CASE
        WHEN NOT is_in THEN concat('no ', named, ' belongs to a ', lower(c->>'wholeType'), ' ''', c->>'wholeId', '''') END
    WHEN 'GIVE' THEN CASE
        WHEN EXISTS (SELECT FROM unnest(given) a WHERE a.owner_kind = of_kind AND a.owner = c->>'ownerId' AND a.resource_type = c->>'resourceType'
                     AND a.resource_id IS NOT DISTINCT FROM c->>'resourceId' AND a.resource_property IS NOT DISTINCT FROM c->>'resourcePropertyName') THEN
            'its owner has an authorization on this resource already: change it' END
    WHEN 'TAKE' THEN CASE
        WHEN NOT EXISTS (SELECT FROM unnest(given) a WHERE a.key = (c->>'authorizationKey')::bigint) THEN
            'there is no authorization with key ' || (c->>'authorizationKey') END
    WHEN 'REMOVE' THEN CASE WHEN NOT is_there THEN 'there is no ' || named END
    END;
END $$;

-- Who would win and lose what by changes, of which nothing is done (docs/security.md). An operation, and whom and what it is about.
CREATE FUNCTION access_simulate(changes jsonb, has_providers boolean)
RETURNS TABLE (refused text, wins boolean, owner_type text, owner text, resource_type text, resource_id text, permission text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    before_members members[] := ARRAY(SELECT m FROM members m);
    before_given authorizations[] := ARRAY(SELECT a FROM authorizations a);
    ms members[] := before_members;
    given authorizations[] := before_given;
    gone text[] := '{}';
    c jsonb;
    k smallint;
    why text;
BEGIN
    FOR c IN SELECT * FROM jsonb_array_elements(changes) LOOP
        why := access_refusal(c, ms, given, gone, has_providers);
        IF why IS NOT NULL THEN
            RETURN QUERY SELECT why, NULL::boolean, NULL, NULL, NULL, NULL, NULL;
            RETURN;
        END IF;
        k := access_kind(c->>'ownerType');
        CASE c->>'operation'
        WHEN 'ASSIGN' THEN
            ms := ms || ROW(access_kind(c->>'wholeType'), c->>'wholeId', k, c->>'ownerId', now())::members;
        WHEN 'UNASSIGN' THEN
            ms := ARRAY(SELECT m FROM unnest(ms) m WHERE NOT (m.whole_kind = access_kind(c->>'wholeType') AND m.whole = c->>'wholeId'
                        AND m.member_kind = k AND m.member = c->>'ownerId'));
        WHEN 'GIVE' THEN
            given := given || ROW(0, k, c->>'ownerId', c->>'resourceType',
                                  c->>'resourceId', c->>'resourcePropertyName',
                                  ARRAY(SELECT jsonb_array_elements_text(c->'permissionTypes')), now())::authorizations;
        WHEN 'TAKE' THEN
            given := ARRAY(SELECT a FROM unnest(given) a WHERE a.key <> (c->>'authorizationKey')::bigint);
        WHEN 'REMOVE' THEN
            ms := ARRAY(SELECT m FROM unnest(ms) m WHERE NOT (m.whole_kind = k AND m.whole = c->>'ownerId')
                        AND NOT (m.member_kind = k AND m.member = c->>'ownerId'));
            given := ARRAY(SELECT a FROM unnest(given) a WHERE NOT (a.owner_kind = k AND a.owner = c->>'ownerId'));
            gone := gone || concat(c->>'ownerType', ' ', c->>'ownerId');
        END CASE;
    END LOOP;
    RETURN QUERY
    WITH b AS MATERIALIZED (SELECT * FROM access_effective(before_members, before_given)),
         a AS MATERIALIZED (SELECT * FROM access_effective(ms, given))
    SELECT NULL::text, d.* FROM (SELECT true, w.* FROM (SELECT * FROM a EXCEPT SELECT * FROM b) w
                     UNION ALL SELECT false, l.* FROM (SELECT * FROM b EXCEPT SELECT * FROM a) l) d
    ORDER BY 2, 3, 1, 4, 5, 6 LIMIT 10001;
END $$;
