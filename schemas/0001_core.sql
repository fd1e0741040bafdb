-- SPDX-License-Identifier: Apache-2.0
-- The truth. One transaction writes what a batch of commands changed: rows of the current picture, history, outbox, and the shard's
-- own row that fences it. Every key of instance data begins with the shard; nothing here crosses shards, so that a group of shards
-- can move to a database of its own.

-- Who owns a shard and how far it has come. The consumer group is only a hint; this row decides.
CREATE TABLE shards (
    shard            integer     PRIMARY KEY,
    epoch            bigint      NOT NULL DEFAULT 0,    -- grows with every owner; a commit under an old one fails
    owner            text        NOT NULL DEFAULT '',
    next_offset      bigint      NOT NULL DEFAULT 0,    -- of the shard's partition of the command topic
    next_key         bigint      NOT NULL DEFAULT 1,
    clock            timestamptz,                       -- the shard's time: never goes back
    events           bigint      NOT NULL DEFAULT 0,    -- last sequence number of the shard's own stream
    batch            bigint      NOT NULL DEFAULT 0,    -- last history batch
    chain            bytea       NOT NULL DEFAULT '',   -- its digest
    next_outbound    bigint      NOT NULL DEFAULT 1,    -- number of the next record to publish
    events_published bigint      NOT NULL DEFAULT 0,    -- the last history batch that is on the event topic
    last_record      bytea       NOT NULL DEFAULT '',   -- digest of the last record taken: tells a recreated topic
    senders          bigint[]    NOT NULL DEFAULT '{}', -- highest record number taken from each shard: resends are skipped
    failures         integer     NOT NULL DEFAULT 0,    -- owners in a row that took over and committed nothing
    trying_offset    bigint      NOT NULL DEFAULT -1,   -- the record under suspicion, …
    tries            integer     NOT NULL DEFAULT 0,    -- … and how often it was tried
    halted           text        NOT NULL DEFAULT '',   -- why it stands still; `baton repair` moves it on
    rebuild          boolean     NOT NULL DEFAULT false, -- the next owner sends again what was in flight
    image            bytea       NOT NULL DEFAULT '',   -- the engine's own state of the shard
    updated          timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Who ran a shard from which command on: one row each time it is taken over. What its owner held in memory alone (which gateways wait
-- for jobs) begins anew there, so whoever runs the commands again needs these places.
CREATE TABLE shard_owners (
    shard       integer     NOT NULL,
    epoch       bigint      NOT NULL,
    owner       text        NOT NULL,
    from_offset bigint      NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, epoch)
);

CREATE TABLE instances (
    shard                   integer     NOT NULL,
    key                     bigint      NOT NULL,
    definition              bigint      NOT NULL,
    process_id              text        NOT NULL,
    version                 integer     NOT NULL,
    tenant                  text        NOT NULL,
    business_id             text,
    parent_instance         bigint,
    parent_element_instance bigint,
    root_instance           bigint,
    state                   smallint    NOT NULL,       -- 1 active, 2 completed, 3 terminated, 4 suspended
    started                 timestamptz NOT NULL,
    ended                   timestamptz,
    incidents               integer     NOT NULL,       -- open ones
    variables               json,                       -- of the root scope
    events                  bigint      NOT NULL,       -- last sequence number of its history
    image                   bytea,                      -- the engine's state; null when ended
    PRIMARY KEY (shard, key)
) WITH (fillfactor = 80);
CREATE INDEX instances_process ON instances (process_id, key);
CREATE INDEX instances_parent ON instances (parent_instance) WHERE parent_instance IS NOT NULL;
CREATE INDEX instances_business ON instances (business_id) WHERE business_id IS NOT NULL;

-- Elements that wait. What starts and ends within one transaction is in history only.
CREATE TABLE elements (
    shard        integer     NOT NULL,
    key          bigint      NOT NULL,
    instance     bigint      NOT NULL,
    scope        bigint,
    element_id   text        NOT NULL,
    type         text        NOT NULL,                  -- BPMN's name: serviceTask
    waits_for    text        NOT NULL,                  -- why it stands here, for people
    started      timestamptz NOT NULL,
    has_incident boolean     NOT NULL,
    variables    json,
    PRIMARY KEY (shard, key)
);
CREATE INDEX elements_instance ON elements (instance);

CREATE TABLE jobs (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint      NOT NULL,
    element_instance bigint      NOT NULL,
    element_id       text        NOT NULL,
    definition       bigint      NOT NULL,
    process_id       text        NOT NULL,
    version          integer     NOT NULL,
    type             text        NOT NULL,
    tenant           text        NOT NULL,
    kind             smallint    NOT NULL,              -- 0 task, 1 execution listener, 2 task listener, 3 ad-hoc
    listener_event   text,
    state            smallint    NOT NULL,              -- 1 waiting, 2 offered, 3 backing off, 4 failed
    priority         integer     NOT NULL,
    retries          integer     NOT NULL,
    attempt          integer     NOT NULL,
    due              timestamptz,                       -- offered: end of the lease, null until a worker takes it; backing off: next try
    offered          timestamptz,                       -- the last time
    worker           text,                              -- who took it
    timeout_ms       bigint      NOT NULL,
    created          timestamptz NOT NULL,
    headers          json,
    error_message    text,
    leased           boolean     NOT NULL DEFAULT false, -- it goes to who answers with the token of its attempt alone
    PRIMARY KEY (shard, key)
) WITH (fillfactor = 90);
CREATE INDEX jobs_due ON jobs (shard, due) WHERE due IS NOT NULL;
CREATE INDEX jobs_untaken ON jobs (shard, type, tenant, priority DESC, key) WHERE due IS NULL AND state IN (1, 2);

CREATE TABLE timers (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint,                            -- null: starts a definition
    element_instance bigint,
    definition       bigint,
    element_id       text        NOT NULL,
    due              timestamptz NOT NULL,
    repetitions      bigint      NOT NULL,              -- left after this one; -1: for ever
    PRIMARY KEY (shard, key)
);
CREATE INDEX timers_due ON timers (shard, due);

CREATE TABLE subscriptions (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint,
    element_instance bigint,
    kind             smallint    NOT NULL,              -- 0 message, 1 signal
    element_id       text        NOT NULL,
    name             text        NOT NULL,
    correlation_key  text        NOT NULL,
    opened           boolean     NOT NULL,              -- the message's shard knows of it
    created          timestamptz NOT NULL,
    tenant           text        NOT NULL,
    PRIMARY KEY (shard, key)
);

-- Who waits for a signal on this shard; the others are found by their instance.
CREATE INDEX subscriptions_signal ON subscriptions (shard, tenant, name, key) WHERE kind = 1;

-- What started instances by an id, and must not start others before `until`.
CREATE TABLE remembered (
    shard    integer     NOT NULL,
    tenant   text        NOT NULL,
    id       text        NOT NULL,
    instance bigint      NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (shard, tenant, id)
);

CREATE INDEX remembered_until ON remembered (shard, until);

CREATE TABLE mailboxes (
    shard           integer  NOT NULL,
    key             bigint   NOT NULL,
    name            text     NOT NULL,
    correlation_key text     NOT NULL,
    tenant          text     NOT NULL,
    kind            smallint NOT NULL,
    events          bigint   NOT NULL,
    image           bytea,
    PRIMARY KEY (shard, key)
);
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (shard, name, correlation_key, tenant, kind);

-- The subscriptions and messages of a mailbox. Its state is `image` of mailboxes, followed by these in the order of their numbers.
CREATE TABLE mailbox_entries (
    shard   integer NOT NULL,
    key     bigint  NOT NULL,
    mailbox bigint  NOT NULL,
    number  bigint  NOT NULL,
    image   bytea   NOT NULL,
    PRIMARY KEY (shard, key)
) WITH (fillfactor = 80);
CREATE INDEX mailbox_entries_order ON mailbox_entries (shard, mailbox, number);

CREATE FUNCTION mailbox_image(of_shard integer, of_mailbox bigint, head bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT head || coalesce(string_agg(image, ''::bytea ORDER BY number), ''::bytea)
    FROM mailbox_entries WHERE shard = of_shard AND mailbox = of_mailbox
$$;

CREATE TABLE messages (
    shard           integer     NOT NULL,
    key             bigint      NOT NULL,
    mailbox         bigint      NOT NULL,
    name            text        NOT NULL,
    correlation_key text        NOT NULL,
    message_id      text,
    variables       json,
    published       timestamptz NOT NULL,
    expires         timestamptz,
    tenant          text        NOT NULL,
    PRIMARY KEY (shard, key)
);
CREATE INDEX messages_expires ON messages (shard, expires);

CREATE TABLE user_tasks (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint      NOT NULL,
    element_instance bigint      NOT NULL,
    definition       bigint      NOT NULL,
    process_id       text        NOT NULL,
    version          integer     NOT NULL,
    element_id       text        NOT NULL,
    name             text,
    tenant           text        NOT NULL,
    state            smallint    NOT NULL,              -- 1 created, 2 completed, 3 canceled
    assignee         text,
    candidate_groups json,
    candidate_users  json,
    due              timestamptz,
    follow_up        timestamptz,
    priority         integer     NOT NULL,
    form_key         text,
    form_id          text,
    created          timestamptz NOT NULL,
    ended            timestamptz,
    headers          json,
    PRIMARY KEY (shard, key)
);
CREATE INDEX user_tasks_instance ON user_tasks (instance);
CREATE INDEX user_tasks_assignee ON user_tasks (assignee) WHERE assignee IS NOT NULL;

CREATE TABLE incidents (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint      NOT NULL,
    element_instance bigint,
    job              bigint,
    definition       bigint      NOT NULL,
    process_id       text        NOT NULL,
    element_id       text        NOT NULL,
    tenant           text        NOT NULL,
    state            smallint    NOT NULL,              -- 1 open, 2 resolved
    kind             text        NOT NULL,
    message          text,
    created          timestamptz NOT NULL,
    resolved         timestamptz,
    PRIMARY KEY (shard, key)
);
CREATE INDEX incidents_instance ON incidents (instance);

-- What is deployed. Bytes are kept once, by their SHA-256.
CREATE TABLE resources (
    digest bytea PRIMARY KEY,
    bytes  bytea NOT NULL
);

CREATE TABLE definitions (
    key           bigint      PRIMARY KEY,
    deployment    bigint      NOT NULL,
    kind          smallint    NOT NULL,                 -- 0 process, 1 decisions, 2 form, 3 other
    id            text        NOT NULL,
    version       integer     NOT NULL,
    version_tag   text,
    name          text,
    resource_name text        NOT NULL,
    digest        bytea       NOT NULL,
    tenant        text        NOT NULL,
    deployed      timestamptz NOT NULL,
    deleted       timestamptz
);
CREATE INDEX definitions_id ON definitions (kind, id, version);

-- One row a step of a stream: everything one command did to an instance (or mailbox, or the shard itself). `events` is a
-- baton.v1.EventBatch; the view readable_history unpacks it.
CREATE TABLE history (
    shard     integer     NOT NULL,
    kind      smallint    NOT NULL,                     -- 0 shard, 1 instance, 2 mailbox
    stream    bigint      NOT NULL,
    sequence  bigint      NOT NULL,
    time      timestamptz NOT NULL,
    batch     bigint      NOT NULL,
    ordinal   integer     NOT NULL,                     -- in the batch
    "offset"  bigint      NOT NULL,                     -- of the command
    cause     smallint    NOT NULL,                     -- type of the command
    principal text,
    origin    text,                                     -- whence the principal asked: address, request
    events    bytea       NOT NULL,
    PRIMARY KEY (shard, stream, sequence, time)
) PARTITION BY RANGE (time);
CREATE TABLE history_other PARTITION OF history DEFAULT;

-- One row a transaction. body = sha256(the digests of its rows of history, in order), digest = sha256(digest before ‖ body): history cannot
-- be changed unseen, and that a row belongs to it can be proved without telling the others.
CREATE TABLE history_batches (
    shard       integer     NOT NULL,
    batch       bigint      NOT NULL,
    next_offset bigint      NOT NULL,
    rows        integer     NOT NULL,
    time        timestamptz NOT NULL,
    digest      bytea       NOT NULL,
    body        bytea       NOT NULL,
    PRIMARY KEY (shard, batch)
);

-- Records to publish after the commit that made them. Deleted with a later commit, when they are on Kafka.
CREATE TABLE outbox (
    shard   integer NOT NULL,
    first   bigint  NOT NULL,                           -- number of the first record
    records integer NOT NULL,
    payload bytea   NOT NULL,
    vault_key text,                                     -- the vault's key that the dead letters in it take; null: there are none
    made    timestamptz NOT NULL DEFAULT now(),         -- for people: what stands here for long was not sent
    PRIMARY KEY (shard, first)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
DO $$ BEGIN -- cheaper than pglz, where the server has it
    ALTER TABLE outbox ALTER payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

CREATE TABLE tenants (
    id      text        PRIMARY KEY,
    name    text        NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE topic_subscriptions (
    name     text        PRIMARY KEY,
    topic    text        NOT NULL,
    settings json        NOT NULL,
    enabled  boolean     NOT NULL DEFAULT true,
    created  timestamptz NOT NULL DEFAULT now()
);

-- Names of the numbers in history, filled by `baton migrate`.
CREATE TABLE event_types (number integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE command_types (number integer PRIMARY KEY, name text NOT NULL);

-- Stops a transaction whose shard row was not there to update: somebody else owns the shard now.
CREATE FUNCTION shard_fence(updated bigint) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF updated = 0 THEN
        RAISE EXCEPTION 'the shard was taken' USING ERRCODE = 'BA001';
    END IF;
    RETURN 1;
END $$;

-- Makes the monthly partitions of history from this month to the one after next. Returns how many were made.
CREATE FUNCTION history_extend(today date DEFAULT current_date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month date;
    name  text;
    made  integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('baton history'));
    FOR i IN 0..2 LOOP
        month := (date_trunc('month', today) + make_interval(months => i))::date;
        name := 'history_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF history FOR VALUES FROM (%L) TO (%L)', name,
                           month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            made := made + 1;
        EXCEPTION WHEN check_violation THEN NULL; -- a test clock was there before: it stays in history_other
        END;
    END LOOP;
    RETURN made;
END $$;

-- Drops monthly partitions that lie wholly before a day. Returns how many were dropped.
CREATE FUNCTION history_drop(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part    record;
    dropped integer := 0;
BEGIN
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'history'::regclass AND c.relname ~ '^history_\d{4}_\d{2}$' LOOP
        IF to_date(substr(part.relname, 9), 'YYYY_MM') + interval '1 month' <= before THEN
            EXECUTE format('DROP TABLE %I', part.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

-- The key of a variable: of its scope's shard, and made of scope and name so that those of one name lie in the order of their scopes,
-- nearly. The projector makes the same (store/records_write.c).
CREATE FUNCTION variable_key(scope bigint, name text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (scope >> 51 << 51) | (((('x' || encode(substr(sha256(convert_to(name, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint) # scope)
                                  & ((1::bigint << 51) - 1))
$$;
