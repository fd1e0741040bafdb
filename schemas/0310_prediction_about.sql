-- SPDX-License-Identifier: Apache-2.0
-- What a served prediction model is worth stands beside it, so that it can be told without reading the model. Empty: it was served before that.

ALTER TABLE prediction_models ADD COLUMN about jsonb NOT NULL DEFAULT '{}';
