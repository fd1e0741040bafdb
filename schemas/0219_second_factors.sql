-- SPDX-License-Identifier: Apache-2.0
-- Secrets of second factors are sealed where there is a vault: `totp` (or what was offered, totp_new) under a data key of its own, which a key of the
-- vault wraps. Null: there was no vault then, and the secret lies as it is, until `baton vault rotate` seals it.
ALTER TABLE users ADD COLUMN totp_wrapped bytea, ADD COLUMN totp_key text;
