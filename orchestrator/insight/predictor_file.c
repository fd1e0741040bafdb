// SPDX-License-Identifier: Apache-2.0
//
// Prediction models as bytes. States are in the order of their keys, numbers are varints, real
// numbers the eight bytes of IEEE 754, least first.
#include "insight/predictor.h"

#include <math.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "insight/limits.h"

static const str MAGIC = {"BATON-PREDICTION\n", 17};

enum { VERSION_BYTES = 6 };

str predictor_version(struct arena *arena, str bytes)
{
    struct digest digest = digest_sha256(bytes);
    return digest_hex(arena, str_from(digest.bytes, VERSION_BYTES));
}

// -- Writing ------------------------------------------------------------------------------

static void write_real(struct strbuf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++)
        strbuf_add_char(out, (char)(unsigned char)(bits >> 8 * i));
}

static int by_key(const void *a, const void *b)
{
    const struct predict_state *x = *(struct predict_state *const *)a;
    const struct predict_state *y = *(struct predict_state *const *)b;
    return (x->key > y->key) - (x->key < y->key);
}

static int by_label(const void *a, const void *b)
{
    const struct next_count *x = a, *y = b;
    return (x->label > y->label) - (x->label < y->label);
}

static void write_state(struct strbuf *out, const struct predict_state *state,
                        struct arena *scratch)
{
    size_t count = state->next.count;
    struct next_count *next = ARENA_ARRAY(scratch, struct next_count, count);
    if (count > 0)
        memcpy(next, state->next.items, count * sizeof *next);
    qsort(next, count, sizeof *next, by_label);
    varint_write(out, count);
    for (size_t i = 0; i < count; i++) {
        varint_write(out, next[i].label);
        varint_write(out, next[i].count);
    }
    sketch_write(out, &state->remaining, scratch);
    for (int truth = 0; truth < 2; truth++) {
        varint_write(out, state->outcomes[truth]);
        varint_write(out, state->over[truth]);
    }
}

static void write_table(struct strbuf *out, const struct predict_table *table,
                        struct arena *scratch)
{
    size_t count = table->states.count;
    struct predict_state **sorted = ARENA_ARRAY(scratch, struct predict_state *, count);
    if (count > 0)
        memcpy(sorted, table->states.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_key);
    varint_write(out, table->abstraction.kind);
    varint_write(out, table->abstraction.last);
    varint_write(out, table->unkept);
    varint_write(out, count);
    for (size_t i = 0; i < count; i++) {
        varint_write(out, i == 0 ? sorted[0]->key : sorted[i]->key - sorted[i - 1]->key);
        write_state(out, sorted[i], scratch);
    }
}

static void write_target(struct strbuf *out, const struct rung *rung,
                         const struct target_score *score)
{
    varint_write(out, rung->candidate);
    varint_write(out, rung->count);
    for (size_t i = 0; i < rung->count; i++)
        varint_write(out, rung->tables[i]);
    varint_write(out, score->prefixes);
    varint_write(out, score->cases);
    write_real(out, score->loss);
    write_real(out, score->prior_loss);
    write_real(out, score->also);
    write_real(out, score->prior_also);
    write_real(out, score->width);
    varint_write(out, score->is_fallen_back);
}

bool predictor_write(const struct predictor *p, struct strbuf *out, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    size_t begun = out->len;
    strbuf_add(out, MAGIC);
    varint_write(out, PREDICT_FORMAT);
    varint_write_text(out, p->outcome);
    varint_write(out, p->cases);
    varint_write_signed(out, p->until);
    varint_write(out, p->labels.count - 1);
    for (uint32_t i = LABEL_END + 1; i < p->labels.count; i++)
        varint_write_text(out, p->labels.items[i]);
    varint_write(out, p->table_count);
    for (size_t i = 0; i < p->table_count; i++)
        write_table(out, &p->tables[i], &scratch);
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        write_target(out, &p->rungs[t], &p->scores[t]);
    varint_write(out, p->calibrated);
    write_real(out, p->shift_low);
    write_real(out, p->shift_high);
    varint_write(out, p->isotonic.count);
    for (size_t i = 0; i < p->isotonic.count; i++) {
        write_real(out, p->isotonic.points[i].told);
        write_real(out, p->isotonic.points[i].came);
    }
    struct digest digest = digest_sha256(str_from_index(strbuf_str(out), begun));
    strbuf_add(out, str_from(digest.bytes, DIGEST_SIZE));
    arena_done(&scratch);
    return insight_within(INSIGHT_LIMIT_PREDICT_BYTES, out->len - begun, err);
}

// -- Reading ------------------------------------------------------------------------------

static bool read_real(str *rest, double *ret_value)
{
    uint64_t bits = 0;
    if (rest->len < 8)
        return false;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)(unsigned char)rest->data[i] << 8 * i;
    memcpy(ret_value, &bits, sizeof bits);
    *rest = str_from_index(*rest, 8);
    return true;
}

// A number of things that take at least a byte each.
static bool read_count(str *rest, uint64_t most, uint64_t *ret_count)
{
    return varint_read(rest, ret_count) && *ret_count <= most && *ret_count <= rest->len;
}

// Sums of counts stay far from where they would wrap.
static bool read_times(str *rest, uint64_t *ret_times)
{
    return varint_read(rest, ret_times) && *ret_times < UINT64_C(1) << 48;
}

static bool read_labels(struct predictor *p, str *rest)
{
    uint64_t count;
    str text;
    struct error err;
    uint32_t label;
    if (!read_count(rest, INSIGHT_MOST_PREDICT_LABELS, &count))
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (!varint_read_text(rest, &text) || !predictor_label(p, text, &label, &err) ||
            label != i + 1)
            return false;
    return true;
}

static bool read_state(struct predictor *p, struct predict_state *state, str *rest)
{
    uint64_t count, label, times, before = 0;
    if (!read_count(rest, p->labels.count, &count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!varint_read(rest, &label) || label >= p->labels.count || (i > 0 && label <= before) ||
            !read_times(rest, &times) || times == 0)
            return false;
        *ARRAY_PUSH(p->arena, &state->next) = (struct next_count){(uint32_t)label, times};
        state->next_total += times;
        before = label;
    }
    bool is_read = sketch_read(&state->remaining, p->arena, rest);
    for (int truth = 0; is_read && truth < 2; truth++)
        is_read =
            read_times(rest, &state->outcomes[truth]) && read_times(rest, &state->over[truth]);
    return is_read;
}

static bool read_table(struct predictor *p, struct predict_table *table, str *rest)
{
    uint64_t kind, last, count, step, key = 0;
    if (!varint_read(rest, &kind) || kind >= ABSTRACTION_KINDS || !varint_read(rest, &last) ||
        (last > PREFIX_WINDOW && last != PREFIX_ALL) || !varint_read(rest, &table->unkept) ||
        !read_count(rest, INSIGHT_MOST_PREDICT_STATES, &count))
        return false;
    table->abstraction = (struct abstraction){(uint8_t)kind, (uint8_t)last};
    table->by_key = idmap_new(p->arena);
    for (uint64_t i = 0; i < count; i++) {
        if (!varint_read(rest, &step) || step == 0 || __builtin_add_overflow(key, step, &key))
            return false;
        struct predict_state *state = ARENA_NEW(p->arena, struct predict_state);
        state->key = key;
        idmap_put(&table->by_key, key, state);
        *ARRAY_PUSH(p->arena, &table->states) = state;
        if (!read_state(p, state, rest))
            return false;
    }
    return true;
}

static bool read_rung(const struct predictor *p, struct rung *rung, str *rest)
{
    uint64_t candidate, count, table;
    if (!varint_read(rest, &candidate) || candidate >= predict_candidate_count() ||
        !varint_read(rest, &count) || count == 0 || count > PREDICT_LEVELS)
        return false;
    rung->candidate = (uint8_t)candidate;
    rung->count = (uint8_t)count;
    for (uint64_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count;
        if (!varint_read(rest, &table) || table >= p->table_count || (table == 0) != is_last)
            return false;
        rung->tables[i] = (uint8_t)table;
    }
    return true;
}

static bool read_score(struct target_score *score, str *rest)
{
    uint64_t is_fallen_back;
    bool is_read = varint_read(rest, &score->prefixes) && varint_read(rest, &score->cases) &&
                   read_real(rest, &score->loss) && read_real(rest, &score->prior_loss) &&
                   read_real(rest, &score->also) && read_real(rest, &score->prior_also) &&
                   read_real(rest, &score->width) && varint_read(rest, &is_fallen_back) &&
                   is_fallen_back <= 1;
    score->is_fallen_back = is_read && is_fallen_back == 1;
    return is_read;
}

static bool read_calibration(struct predictor *p, str *rest)
{
    uint64_t count;
    struct isotonic_point before = {-1, 0};
    if (!varint_read(rest, &p->calibrated) || !read_real(rest, &p->shift_low) ||
        !read_real(rest, &p->shift_high) || !isfinite(p->shift_low) || !isfinite(p->shift_high) ||
        !read_count(rest, ISOTONIC_POINTS + 1, &count))
        return false;
    p->isotonic.count = count;
    p->isotonic.points = ARENA_ARRAY(p->arena, struct isotonic_point, count);
    for (uint64_t i = 0; i < count; i++) {
        struct isotonic_point *point = &p->isotonic.points[i];
        if (!read_real(rest, &point->told) || !read_real(rest, &point->came) ||
            !(point->told > before.told) || !(point->came >= before.came) || !(point->came <= 1) ||
            !(point->told <= 1))
            return false;
        before = *point;
    }
    return true;
}

static bool read_body(struct predictor *p, str rest)
{
    uint64_t tables;
    str outcome;
    if (!varint_read_text(&rest, &outcome) || !varint_read(&rest, &p->cases) ||
        !varint_read_signed(&rest, &p->until) || !read_labels(p, &rest) ||
        !varint_read(&rest, &tables) || tables == 0 || tables > PREDICT_TABLES)
        return false;
    p->outcome = str_copy(p->arena, outcome);
    p->table_count = tables;
    for (uint64_t i = 0; i < tables; i++)
        if (!read_table(p, &p->tables[i], &rest) ||
            (p->tables[i].abstraction.last == 0) != (i == 0))
            return false;
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        if (!read_rung(p, &p->rungs[t], &rest) || !read_score(&p->scores[t], &rest))
            return false;
    return read_calibration(p, &rest) && rest.len == 0;
}

bool predictor_read(struct arena *arena, str bytes, struct predictor **ret_predictor,
                    struct error *err)
{
    uint64_t format;
    if (!str_starts_with(bytes, MAGIC))
        return error_set(err, ERROR_INVALID, "model",
                         "is no prediction model: `baton predict train … --out MODEL` writes one");
    str rest = str_from_index(bytes, MAGIC.len);
    bool has_format = varint_read(&rest, &format);
    if (has_format && format != PREDICT_FORMAT)
        return error_set(err, ERROR_UNSUPPORTED, "model",
                         "is of format %llu, and this version reads %d: train it again",
                         (unsigned long long)format, PREDICT_FORMAT);
    if (!insight_within(INSIGHT_LIMIT_PREDICT_BYTES, bytes.len, err))
        return false;
    size_t signed_len = bytes.len - DIGEST_SIZE;
    bool is_whole = has_format && rest.len >= DIGEST_SIZE;
    if (is_whole) {
        struct digest digest = digest_sha256(str_sub(bytes, 0, signed_len));
        is_whole =
            str_equal(str_from(digest.bytes, DIGEST_SIZE), str_from_index(bytes, signed_len));
    }
    struct predictor *p = predictor_new(arena);
    if (!is_whole || !read_body(p, str_sub(rest, 0, rest.len - DIGEST_SIZE)))
        return error_set(err, ERROR_INVALID, "model",
                         "is cut or damaged (%zu bytes): copy or train it again", bytes.len);
    if (!utf8_is_valid(p->outcome) || str_find_char(p->outcome, '\0') < p->outcome.len)
        return error_set(err, ERROR_INVALID, "model",
                         "predicts an outcome whose name is no text: train it again");
    *ret_predictor = p;
    return true;
}
