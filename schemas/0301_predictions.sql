-- SPDX-License-Identifier: Apache-2.0
-- Prediction models that are served: one a process and tenant. Their bytes are C's own (orchestrator/insight/predictor.h).

CREATE TABLE prediction_models (
    tenant     text        NOT NULL,                    -- whose instances it is for
    process_id text        NOT NULL,
    version    text        NOT NULL,                    -- the beginning of the bytes' digest: what tells it from every other
    model      bytea       NOT NULL,
    cases      bigint      NOT NULL,                    -- that it was learned from
    changed    timestamptz NOT NULL DEFAULT now(),
    changed_by text        NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, process_id)
);

CREATE FUNCTION prediction_model_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, 'entity_type', 'PREDICTION_MODEL',
        'tenant', CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant ELSE NEW.tenant END,
        'entity', CASE WHEN TG_OP = 'DELETE' THEN OLD.process_id ELSE NEW.process_id END, 'description', CASE WHEN TG_OP <> 'DELETE' THEN
        'version ' || NEW.version || ', of ' || NEW.cases || ' cases' END));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON prediction_models FOR EACH ROW EXECUTE FUNCTION prediction_model_changed();
