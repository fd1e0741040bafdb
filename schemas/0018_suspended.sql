-- SPDX-License-Identifier: Apache-2.0
-- Since when an instance is suspended; null: it is not.
ALTER TABLE instances ADD COLUMN suspended timestamptz;
