-- SPDX-License-Identifier: Apache-2.0
-- What people leave on their desk: kept apart from the real data, seen by nobody else.

-- What somebody has typed into a task's form and not handed in.
CREATE TABLE drafts (
    shard     bigint      NOT NULL,
    task      bigint      NOT NULL,
    person    text        NOT NULL,                     -- empty: where nobody logs in
    variables text        NOT NULL,                     -- a JSON object; sealed where there is a vault
    changed   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, task, person)
);
CREATE INDEX drafts_person ON drafts (person, changed);

-- Pages of the console as somebody narrowed and ordered them: an address under a name.
CREATE TABLE views (
    person  text        NOT NULL,
    name    text        NOT NULL,
    address text        NOT NULL,                       -- a path with its query
    changed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person, name)
);

-- A draft is of its task's tenant.
INSERT INTO row_security (name, condition) VALUES
    ('drafts', 'EXISTS (SELECT FROM user_tasks u WHERE u.shard = drafts.shard AND u.key = drafts.task)');
