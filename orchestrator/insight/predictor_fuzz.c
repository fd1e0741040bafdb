// SPDX-License-Identifier: Apache-2.0
// Any bytes as a prediction model, once as they are and once as what stands in a file with the
// right digest. What is read predicts, is merged with itself, written and read again.
#include "base/digest.h"
#include "insight/predictor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct arena *arena, struct predictor *predictor)
{
    struct error err;
    struct predictor *again;
    struct prefix prefix = prefix_new(arena);
    struct strbuf out = strbuf_new(arena);
    double *next = ARENA_ARRAY(arena, double, predictor->labels.count);
    for (uint32_t i = 0; i < predictor->labels.count; i++) {
        predictor_settle_at(predictor, &prefix);
        (void)predictor_predict(predictor, &prefix, next);
        prefix_add(&prefix, activity_hash(predictor->labels.items[i]));
    }
    check(predictor_write(predictor, &out, &err));
    check(predictor_read(arena, strbuf_str(&out), &again, &err));
    check(predictor_merge(predictor, again, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct predictor *predictor;
    struct strbuf sealed = strbuf_new(&arena);
    if (predictor_read(&arena, str_from(data, size), &predictor, &err))
        use(&arena, predictor);
    strbuf_add(&sealed, STR("BATON-PREDICTION\n\x01"));
    strbuf_add(&sealed, str_from(data, size));
    struct digest digest = digest_sha256(strbuf_str(&sealed));
    strbuf_add(&sealed, str_from(digest.bytes, DIGEST_SIZE));
    if (predictor_read(&arena, strbuf_str(&sealed), &predictor, &err))
        use(&arena, predictor);
    arena_done(&arena);
    return 0;
}
