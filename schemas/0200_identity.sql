-- SPDX-License-Identifier: Apache-2.0
-- Who may ask, and for what. Camunda 8's model: users and clients belong to groups, roles and tenants, by themselves, by a group or by a mapping
-- rule of their token's claims; authorizations give an owner permissions on resources. Nobody has what no row gives.

-- Whose rows a read may see (orchestrator/store/read/scope.h). A null member does not narrow.
CREATE TYPE read_scope AS (
    tenants   text[],
    resources text[],                                   -- ids on which the permission is had
    person    text,                                     -- user tasks: assignee or candidate
    groups    text[],
    tasks     text[]                                    -- user tasks: keys
);

CREATE TABLE users (
    username text        PRIMARY KEY,
    name     text,
    email    text,
    password text,                                      -- scrypt$N$r$p$salt$digest, the last two in base64; null: none, a provider knows the user
    totp     bytea,                                     -- the secret of the second factor, once it was confirmed
    totp_new bytea,                                     -- … offered, and not confirmed yet
    totp_step bigint     NOT NULL DEFAULT 0,            -- the step of the last code that was taken: none is taken twice
    failures integer     NOT NULL DEFAULT 0,            -- in a row
    locked_until timestamptz,                           -- after failures: nobody logs in
    is_locked boolean    NOT NULL DEFAULT false,        -- by an administrator
    created  timestamptz NOT NULL DEFAULT now(),
    changed  timestamptz NOT NULL DEFAULT now()         -- of the password
);

CREATE TABLE groups (
    id          text        PRIMARY KEY,
    name        text        NOT NULL,
    description text,
    created     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE roles (
    id          text        PRIMARY KEY,
    name        text        NOT NULL,
    description text,
    created     timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE tenants ADD description text;

-- A token's holder is what a rule that fits says: claim_name is a FEEL expression over the claims (a name, or a path such as realm.roles), and the
-- rule fits when its value is claim_value or a list that has it.
CREATE TABLE mapping_rules (
    id          text        PRIMARY KEY,
    name        text        NOT NULL,
    claim_name  text        NOT NULL,
    claim_value text        NOT NULL,
    created     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (claim_name, claim_value)
);

-- What belongs to a group, a role or a tenant. Kinds: 1 user, 2 client, 3 group, 4 role, 5 mapping rule, 6 tenant.
CREATE TABLE members (
    whole_kind  smallint    NOT NULL CHECK (whole_kind IN (3, 4, 6)),
    whole       text        NOT NULL,
    member_kind smallint    NOT NULL CHECK (member_kind IN (1, 2, 3, 4, 5)),
    member      text        NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (whole_kind, whole, member_kind, member)
);
CREATE INDEX members_of ON members (member_kind, member);

CREATE TABLE authorizations (
    key               bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    owner_kind        smallint    NOT NULL CHECK (owner_kind IN (1, 2, 3, 4, 5)),
    owner             text        NOT NULL,
    resource_type     text        NOT NULL,
    resource_id       text,                             -- '*': all
    resource_property text,                             -- in place of an id: assignee, candidateUsers, candidateGroups of a user task
    permissions       text[]      NOT NULL,
    created           timestamptz NOT NULL DEFAULT now(),
    CHECK ((resource_id IS NULL) <> (resource_property IS NULL))
);
CREATE UNIQUE INDEX authorizations_of ON authorizations (owner_kind, owner, resource_type, coalesce(resource_id, ''), coalesce(resource_property, ''));

-- Keys of programs. A key is its holder's: the client that it names. Shown once, kept as a digest.
CREATE TABLE api_keys (
    id         text        PRIMARY KEY,                 -- the public part: baton_ID_SECRET
    client     text        NOT NULL,
    name       text        NOT NULL,
    digest     bytea       NOT NULL,                    -- SHA-256 of the secret, which is 256 random bits
    created    timestamptz NOT NULL DEFAULT now(),
    created_by text        NOT NULL,
    expires    timestamptz,
    used       timestamptz,                             -- the last time, to the minute
    revoked    timestamptz
);
CREATE INDEX api_keys_client ON api_keys (client);

-- Of browsers. The cookie holds 256 random bits, the row their digest.
CREATE TABLE sessions (
    digest    bytea       PRIMARY KEY,
    id        text        NOT NULL UNIQUE,              -- for lists; opens nothing
    username  text        NOT NULL,
    provider  text        NOT NULL DEFAULT '',          -- empty: a local user
    provider_session text,                              -- its `sid`, for back-channel logout
    subject   text,                                     -- its `sub`
    id_token  text,                                     -- for RP-initiated logout
    claims    json,                                     -- of the token: mapping rules read them
    created   timestamptz NOT NULL DEFAULT now(),
    used      timestamptz NOT NULL DEFAULT now(),       -- to the minute
    ends      timestamptz NOT NULL,
    address   text        NOT NULL DEFAULT '',
    agent     text        NOT NULL DEFAULT ''
);
CREATE INDEX sessions_username ON sessions (username);
CREATE INDEX sessions_ends ON sessions (ends);

-- A login that went to a provider and has not come back. The browser's cookie holds what `state` is the digest of.
CREATE TABLE logins (
    state    bytea       PRIMARY KEY,
    provider text        NOT NULL,
    verifier text        NOT NULL,                      -- PKCE
    nonce    text        NOT NULL,
    target   text        NOT NULL,                      -- where the browser goes then: a path of ours
    made     timestamptz NOT NULL DEFAULT now()
);

-- What providers said of themselves the last time, for a start while one is away.
CREATE TABLE provider_documents (
    name      text        PRIMARY KEY,
    issuer    text        NOT NULL,
    discovery text        NOT NULL,                     -- OpenID Connect's description; empty: there was none
    keys      text        NOT NULL,                     -- a JSON Web Key Set
    fetched   timestamptz NOT NULL DEFAULT now()
);

-- Grows with every change of the tables above that takes something away or gives it: nodes ask for it, and forget what they remember.
CREATE TABLE access_version (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version  bigint  NOT NULL
);
INSERT INTO access_version VALUES (true, 1);

CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER UPDATE OF password, totp OR DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON groups FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON roles FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON mapping_rules FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON members FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON authorizations FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER changed AFTER UPDATE OF revoked, expires OR DELETE ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

-- A session that has ended by itself is remembered by nobody.
CREATE FUNCTION sessions_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE ends > now()) THEN
        UPDATE access_version SET version = version + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER DELETE ON sessions REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION sessions_revoked();
