-- SPDX-License-Identifier: Apache-2.0
-- Documents: files of people and workers, too large or too binary for variables, which hold references to them.

CREATE TABLE documents (
    tenant       text        NOT NULL,
    id           text        NOT NULL,                  -- in its tenant
    content_hash text        NOT NULL,                  -- SHA-256, hexadecimal
    content_type text        NOT NULL,
    file_name    text        NOT NULL,
    size         bigint      NOT NULL,
    expires      timestamptz,                           -- null: never
    process_id   text,                                  -- what it belongs to, as its owner says
    instance     bigint,
    properties   json,
    created      timestamptz NOT NULL DEFAULT now(),
    bytes        bytea       NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX documents_id ON documents (id);
CREATE INDEX documents_expires ON documents (expires) WHERE expires IS NOT NULL;
