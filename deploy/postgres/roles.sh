#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run once, when the container's database is made: the roles of nodes and of the API. What they may do, `baton migrate roles` gives them.
# BYPASSRLS: the engine works for all tenants, and may copy rows in.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE baton_engine LOGIN BYPASSRLS PASSWORD :'password';
CREATE ROLE baton_api LOGIN PASSWORD :'password';
SQL
