// SPDX-License-Identifier: Apache-2.0
//
// What commands did, as rows of the audit log (schemas/0211_audit_steps.sql).
#include "store/bulk.h"
#include "store/records_private.h"

// Above the keys of audit_entries, and in a shard in the order of its history.
static uint64_t key_of(uint32_t shard, const struct audit_record *row)
{
    enum { SHARD_SHIFT = 50, BATCH_SHIFT = 16, ORDINAL_SHIFT = 3 };
    const uint64_t ordinals = (1 << (BATCH_SHIFT - ORDINAL_SHIFT)) - 1;
    const uint64_t batches = ((uint64_t)1 << (SHARD_SHIFT - BATCH_SHIFT)) - 1;
    return (uint64_t)(shard + 1) << SHARD_SHIFT | (row->batch & batches) << BATCH_SHIFT |
           (row->ordinal & ordinals) << ORDINAL_SHIFT | row->part;
}

static void add_key(struct bulk *rows, uint64_t key)
{
    if (key == 0)
        bulk_null(rows);
    else
        bulk_int(rows, (int64_t)key);
}

static void add_row(struct bulk *rows, uint32_t shard, const struct audit_record *row)
{
    bulk_int(rows, shard);
    bulk_int(rows, (int64_t)key_of(shard, row));
    bulk_time(rows, row->time_ms);
    bulk_text(rows, str_of(row->operation));
    bulk_text(rows, str_of(row->category));
    bulk_text(rows, row->has_failed ? STR("FAIL") : STR("SUCCESS"));
    bulk_text(rows, row->actor);
    bulk_optional(rows, row->origin);
    bulk_text(rows, str_of(row->entity_type));
    bulk_optional(rows, row->entity);
    bulk_optional(rows, row->tenant);
    bulk_int(rows, row->has_tenant);
    bulk_optional(rows, row->process_id);
    add_key(rows, row->definition);
    add_key(rows, row->instance);
    add_key(rows, row->mailbox);
    add_key(rows, row->element_instance);
    add_key(rows, row->job);
    add_key(rows, row->user_task);
    add_key(rows, row->decision);
    bulk_optional(rows, row->decision_id);
    add_key(rows, row->evaluation);
    add_key(rows, row->deployment);
    add_key(rows, row->resource);
    bulk_optional(rows, row->resource_kind);
    add_key(rows, row->batch_item);
    bulk_optional(rows, row->description);
}

bool records_write_audit(struct records *records, const struct records_turn *turn,
                         const struct record_changes *changes, struct error *err)
{
    static const enum param_type types[] = {
        PARAM_I32,  PARAM_I64,  PARAM_TIME, PARAM_TEXT, PARAM_TEXT, PARAM_TEXT, PARAM_TEXT,
        PARAM_TEXT, PARAM_TEXT, PARAM_TEXT, PARAM_TEXT, PARAM_BOOL, PARAM_TEXT, PARAM_I64,
        PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_TEXT,
        PARAM_I64,  PARAM_I64,  PARAM_I64,  PARAM_TEXT, PARAM_I64,  PARAM_TEXT};
    struct bulk rows;
    if (changes->audit.count == 0)
        return true;
    bulk_init(&rows, turn->arena, types, COUNT_OF(types), false);
    for (size_t i = 0; i < changes->audit.count; i++)
        add_row(&rows, turn->shard, &changes->audit.items[i]);
    struct params params = params_new(turn->arena);
    bulk_params(&rows, &params);
    return records_run_only(records, RECORDS_STORE_AUDIT, &params, err);
}
