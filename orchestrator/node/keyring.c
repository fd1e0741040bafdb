// SPDX-License-Identifier: Apache-2.0
#include "node/keyring.h"

#include "base/array.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/map.h"
#include "record/limits.h"
#include "vault/personal.h"
#include "wire/texts.h"
#include "wire/wire.h"

#include <stdlib.h>

_Static_assert((int)LIMIT_PERSONS_PER_VALUE == (int)PERSONAL_MAX_SUBJECTS, "as the table says");

struct person {
    struct person *next;
    uint32_t number;
    bool is_erased;
    str tenant;
    char digest[DIGEST_SIZE];
    struct vault_key key;
};

struct ring { // of a stream; in an arena of its own
    struct arena arena;
    struct person *first; // the newest
    uint32_t count;
    uint32_t last_number;
};

struct bar { // a person who is being erased
    uint64_t erasure;
    char digest[DIGEST_SIZE];
};

struct keyring {
    const struct vault *vault;
    const struct vault_key *index;
    struct engine_vault for_engine;
    struct arena arena;
    struct idmap rings;
    struct bar *bars;
    size_t bar_count;
    ARRAY(uint64_t) on_its_way; // numbers of records that have a ring
    struct arena fresh_arena;
    ARRAY(struct personal_key_row) fresh;
};

// -- Persons who are being erased ---------------------------------------------------------

static void bar_remove(struct keyring *keyring, size_t i)
{
    keyring->bars[i] = keyring->bars[--keyring->bar_count];
}

static bool is_barred(const struct keyring *keyring, const char *digest)
{
    for (size_t i = 0; i < keyring->bar_count; i++)
        if (memcmp(keyring->bars[i].digest, digest, DIGEST_SIZE) == 0)
            return true;
    return false;
}

static void lift(void *context, uint64_t erasure, str digest)
{
    struct keyring *keyring = context;
    for (size_t i = keyring->bar_count; i-- > 0;)
        if (keyring->bars[i].erasure <= erasure && digest.len == DIGEST_SIZE &&
            memcmp(keyring->bars[i].digest, digest.data, DIGEST_SIZE) == 0)
            bar_remove(keyring, i);
}

static void bar(void *context, uint64_t erasure, str digest)
{
    struct keyring *keyring = context;
    if (digest.len != DIGEST_SIZE)
        return;
    lift(keyring, erasure, digest);
    keyring->bars = realloc(keyring->bars, (keyring->bar_count + 1) * sizeof *keyring->bars);
    check(keyring->bars != NULL);
    struct bar *added = &keyring->bars[keyring->bar_count++];
    *added = (struct bar){.erasure = erasure};
    memcpy(added->digest, digest.data, DIGEST_SIZE);
}

void keyring_bar(struct keyring *keyring, uint64_t erasure, str digest)
{
    bar(keyring, erasure, digest);
}

// -- Rings ------------------------------------------------------------------------------

static bool is_gone(struct keyring *keyring, const struct person *person)
{
    return person->is_erased || is_barred(keyring, person->digest);
}

static void ring_free(struct ring *ring)
{
    struct arena arena = ring->arena;
    for (struct person *person = ring->first; person != NULL; person = person->next)
        vault_key_wipe(&person->key);
    arena_done(&arena);
}

// Of the record of this number in the outbox; the same the other way round.
static uint64_t stream_on_its_way(uint64_t number)
{
    return (uint64_t)(-(int64_t)number - 1);
}

static struct ring *ring_of(struct keyring *keyring, uint64_t stream)
{
    struct ring *ring = idmap_get(&keyring->rings, stream);
    if (ring != NULL)
        return ring;
    struct arena arena = ARENA_EMPTY;
    ring = ARENA_NEW(&arena, struct ring);
    ring->arena = arena;
    idmap_put(&keyring->rings, stream, ring);
    if ((int64_t)stream < 0)
        *ARRAY_PUSH(&keyring->arena, &keyring->on_its_way) = stream_on_its_way(stream);
    return ring;
}

static struct person *person_known(struct ring *ring, str digest)
{
    struct person *person = ring == NULL ? NULL : ring->first;
    while (person != NULL && memcmp(person->digest, digest.data, DIGEST_SIZE) != 0)
        person = person->next;
    return person;
}

static struct person *person_numbered(struct ring *ring, uint32_t number)
{
    struct person *person = ring == NULL ? NULL : ring->first;
    while (person != NULL && person->number != number)
        person = person->next;
    return person;
}

static struct person *add_person(struct ring *ring, uint32_t number, str tenant, str digest)
{
    struct person *person = ARENA_NEW(&ring->arena, struct person);
    *person = (struct person){
        .next = ring->first, .number = number, .tenant = str_copy(&ring->arena, tenant)};
    memcpy(person->digest, digest.data, DIGEST_SIZE);
    ring->first = person;
    ring->count++;
    if (number > ring->last_number)
        ring->last_number = number;
    return person;
}

static bool has_key(const struct keyring *keyring, str id)
{
    return keyring->vault != NULL && vault_has(keyring->vault, id);
}

static bool refuse_lacking(str id, const char *what, struct error *err)
{
    return error_set(err, ERROR_UNAVAILABLE, "vault",
                     "%s sealed under the key '%.*s', which this node's vault does not have: give "
                     "it vault.keys with that key and start it anew",
                     what, STR_ARG(id));
}

bool keyring_add(struct keyring *keyring, const struct store_person *stored, struct error *err)
{
    struct ring *ring = ring_of(keyring, stored->stream);
    struct person *person = person_numbered(ring, stored->number);
    struct arena arena = ARENA_EMPTY;
    str by = vault_wrapped_by(stored->wrapped);
    if (stored->subject.len != DIGEST_SIZE)
        return true;
    if (!str_is_empty(stored->wrapped) && !str_is_empty(by) && !has_key(keyring, by))
        return refuse_lacking(by, "personal values are", err);
    if (person == NULL)
        person = add_person(ring, stored->number, stored->tenant, stored->subject);
    str bound = personal_bound(&arena, stored->tenant, stored->stream, stored->number);
    person->is_erased |= str_is_empty(stored->wrapped);
    if (!person->is_erased &&
        !vault_unwrap(keyring->vault, stored->wrapped, bound, &person->key, err)) {
        person->is_erased = true; // somebody has changed the row: there is no such key any more
        log_error("node", "ALARM: personal values of %llu are lost: %s",
                  (unsigned long long)stored->stream, err->text);
    }
    if (person->is_erased)
        vault_key_wipe(&person->key);
    arena_done(&arena);
    return true;
}

// -- Sealing ----------------------------------------------------------------------------

static void note_new(struct keyring *keyring, const struct engine_value *value, uint32_t number,
                     str digest, str wrapped)
{
    struct arena *arena = &keyring->fresh_arena;
    *ARRAY_PUSH(arena, &keyring->fresh) =
        (struct personal_key_row){.stream = value->stream,
                                  .number = number,
                                  .tenant = str_copy(arena, value->tenant),
                                  .subject = str_copy(arena, digest),
                                  .process_id = str_copy(arena, value->process_id),
                                  .wrapped = wrapped,
                                  .vault_key = vault_current(keyring->vault)};
}

static struct person *find_or_make(struct keyring *keyring, struct arena *arena,
                                   const struct engine_value *value, str subject, str *ret_why)
{
    struct ring *ring = ring_of(keyring, value->stream);
    str digest = personal_digest(arena, keyring->index, value->tenant, subject);
    struct person *person = person_known(ring, digest);
    if (person != NULL ? is_gone(keyring, person) : is_barred(keyring, digest.data)) {
        *ret_why = STR("the person that the value belongs to was erased: no value of theirs is "
                       "taken here any more");
        return NULL;
    }
    if (person != NULL)
        return person;
    if (ring->count == LIMIT_PERSONS_PER_STREAM) {
        *ret_why = str_format(arena,
                              "the instance, or what waits for one, holds data of %d persons, "
                              "which is the limit (PERSONS_PER_STREAM)",
                              LIMIT_PERSONS_PER_STREAM);
        return NULL;
    }
    person = add_person(ring, ring->last_number + 1, value->tenant, digest);
    str bound = personal_bound(arena, value->tenant, value->stream, person->number);
    str wrapped = vault_wrap_new(&keyring->fresh_arena, keyring->vault, bound, &person->key);
    note_new(keyring, value, person->number, digest, wrapped);
    return person;
}

static bool seal(void *context, struct arena *arena, const struct engine_value *value,
                 str *ret_json, str *ret_why)
{
    struct keyring *keyring = context;
    struct personal_keys keys = {0};
    struct vault_key copies[PERSONAL_MAX_SUBJECTS];
    if (keyring->vault == NULL) {
        *ret_why = STR("a value is personal, and this installation has no vault to seal it "
                       "(vault.key_file, vault.keys)");
        return false;
    }
    for (; keys.count < value->subjects->count; keys.count++) {
        struct person *person =
            find_or_make(keyring, arena, value, value->subjects->items[keys.count], ret_why);
        if (person == NULL)
            return false;
        copies[keys.count] = person->key;
        keys.keys[keys.count] = &copies[keys.count];
        keys.numbers[keys.count] = person->number;
    }
    const struct personal_place place = {value->tenant, value->stream, value->sequence,
                                         value->position};
    *ret_json = personal_seal(arena, &keys, &place, value->subjects, value->json);
    for (uint32_t i = 0; i < keys.count; i++)
        vault_key_wipe(&copies[i]);
    return true;
}

// -- Opening ----------------------------------------------------------------------------

static enum engine_opening open_with(struct keyring *keyring, struct arena *arena,
                                     const struct personal_header *header, str sealed,
                                     struct personal_subjects *ret_subjects, str *ret_json)
{
    struct ring *ring = idmap_get(&keyring->rings, header->place.stream);
    const struct vault_key *keys[PERSONAL_MAX_SUBJECTS];
    str tenant = STR_EMPTY;
    for (uint32_t i = 0; i < header->count; i++) {
        struct person *person = person_numbered(ring, header->numbers[i]);
        if (person == NULL || is_gone(keyring, person))
            return OPENING_ERASED;
        keys[i] = &person->key;
        tenant = person->tenant;
    }
    return personal_open(arena, keys, tenant, sealed, ret_subjects, ret_json) ? OPENING_DONE
                                                                              : OPENING_ERASED;
}

static enum engine_opening open_for_engine(void *context, struct arena *arena, uint64_t stream,
                                           str sealed, struct personal_subjects *ret_subjects,
                                           str *ret_json)
{
    struct personal_header header;
    if (!personal_read(arena, sealed, &header) || header.place.stream != stream)
        return OPENING_FOREIGN;
    return open_with(context, arena, &header, sealed, ret_subjects, ret_json);
}

static void erase(void *context, uint64_t stream, str digest)
{
    struct keyring *keyring = context;
    struct person *person =
        digest.len == DIGEST_SIZE ? person_known(idmap_get(&keyring->rings, stream), digest) : NULL;
    if (person == NULL)
        return;
    person->is_erased = true;
    vault_key_wipe(&person->key);
}

static bool has(void *context, uint64_t stream)
{
    const struct keyring *keyring = context;
    return idmap_get(&keyring->rings, stream) != NULL;
}

static void forget(void *context, uint64_t stream)
{
    struct keyring *keyring = context;
    struct ring *ring = idmap_remove(&keyring->rings, stream);
    if (ring != NULL)
        ring_free(ring);
}

// -- Records ----------------------------------------------------------------------------

struct sending {
    struct keyring *keyring;
    struct arena *arena;
    bool marks;
    uint64_t streams[2]; // whose values it may open
    bool has_failed;
    struct error *err;         // of has_failed
    struct engine_value value; // of what is sealed
};

static bool on_sealed(void *context, str sealed, str *ret_json)
{
    struct sending *sending = context;
    struct personal_header header;
    struct personal_subjects subjects = {0};
    if (!personal_read(sending->arena, sealed, &header) ||
        (header.place.stream != sending->streams[0] && header.place.stream != sending->streams[1]))
        return false;
    if (open_with(sending->keyring, sending->arena, &header, sealed, &subjects, ret_json) !=
        OPENING_DONE)
        *ret_json = STR("null");
    else if (sending->marks)
        *ret_json = personal_mark(sending->arena, &subjects, *ret_json);
    return true;
}

static str open_text(void *context, str json)
{
    struct sending *sending = context;
    const struct personal_replacing replacing = {sending, on_sealed};
    return personal_replace(sending->arena, json, &replacing);
}

static bool on_marked(void *context, const struct personal_subjects *subjects, str json,
                      str *ret_json, struct error *err)
{
    struct sending *sending = context;
    str why;
    sending->value.subjects = subjects;
    sending->value.json = json;
    sending->value.position++;
    return seal(sending->keyring, sending->arena, &sending->value, ret_json, &why) ||
           error_set(err, ERROR_INVALID, "vault", "%.*s", STR_ARG(why));
}

// Marks of who is being erased give way to null: what goes on with them was sent before.
static bool on_late(void *context, const struct personal_subjects *subjects, str json,
                    str *ret_json, struct error *err)
{
    struct sending *sending = context;
    (void)err;
    *ret_json = personal_mark(sending->arena, subjects, json);
    for (uint32_t i = 0; i < subjects->count; i++) {
        str digest = personal_digest(sending->arena, sending->keyring->index, sending->value.tenant,
                                     subjects->items[i]);
        if (is_barred(sending->keyring, digest.data))
            *ret_json = STR("null");
    }
    return true;
}

static str leave_late_out(void *context, str json)
{
    struct sending *sending = context;
    const struct personal_sealing leaving = {sending, on_late};
    struct error err;
    str left;
    return personal_seal_marked(sending->arena, json, &leaving, &left, &err) ? left : json;
}

void keyring_leave_out(struct keyring *keyring, struct arena *arena, str tenant,
                       struct outbox_record *record)
{
    struct sending sending = {.keyring = keyring, .arena = arena, .value = {.tenant = tenant}};
    const struct wire_replacing replacing = {&sending, personal_has_marked, leave_late_out};
    if (keyring->bar_count > 0 && record->kind == OUTBOX_COMMAND && keyring->index != NULL &&
        personal_has_marked(record->value))
        record->value = wire_replace_texts(arena, record->value, &replacing);
}

static str seal_text(void *context, str json)
{
    struct sending *sending = context;
    const struct personal_sealing sealing = {sending, on_marked};
    struct error err;
    str sealed;
    if (personal_seal_marked(sending->arena, json, &sealing, &sealed, &err))
        return sealed;
    if (!sending->has_failed)
        *sending->err = err;
    sending->has_failed = true;
    return STR("{}");
}

bool keyring_store_record(struct keyring *keyring, struct arena *arena, uint64_t number, str tenant,
                          struct outbox_record *record, bool *ret_is_sealed, struct error *err)
{
    struct sending sending = {.keyring = keyring,
                              .arena = arena,
                              .err = err,
                              .value = {.tenant = tenant,
                                        .process_id = STR_EMPTY,
                                        .stream = stream_on_its_way(number),
                                        .sequence = number}};
    const struct wire_replacing replacing = {&sending, personal_has_marked, seal_text};
    *ret_is_sealed = false;
    if (record->kind != OUTBOX_COMMAND || keyring->vault == NULL ||
        !personal_has_marked(record->value))
        return true;
    str sealed = wire_replace_texts(arena, record->value, &replacing);
    if (sending.has_failed)
        return false;
    record->value = sealed;
    *ret_is_sealed = true;
    return true;
}

// A reply of an awaited instance is opened for who may read it; jobs are for their workers.
static bool is_opened(struct arena *arena, const struct outbox_record *record)
{
    struct reply reply;
    struct error err;
    if (record->kind == OUTBOX_REPLY)
        return wire_decode_reply(arena, record->value, &reply, &err) && reply.gateway != 0;
    return record->kind == OUTBOX_COMMAND || record->kind == OUTBOX_JOB;
}

bool keyring_open_record(struct keyring *keyring, struct arena *arena, uint64_t number,
                         struct outbox_record *record)
{
    struct sending sending = {.keyring = keyring,
                              .arena = arena,
                              .marks = record->kind == OUTBOX_COMMAND,
                              .streams = {record->stream, stream_on_its_way(number)}};
    const struct wire_replacing replacing = {&sending, personal_has_sealed, open_text};
    if (!personal_has_sealed(record->value) || !is_opened(arena, record))
        return false;
    record->value = wire_replace_texts(arena, record->value, &replacing);
    return true;
}

void keyring_drop_sent(struct keyring *keyring, uint64_t published)
{
    for (size_t i = keyring->on_its_way.count; i-- > 0;) {
        uint64_t number = keyring->on_its_way.items[i];
        if (number >= published)
            continue;
        forget(keyring, stream_on_its_way(number));
        keyring->on_its_way.items[i] = keyring->on_its_way.items[--keyring->on_its_way.count];
    }
}

// -- Dead letters -----------------------------------------------------------------------

// A record that cannot be read may say anything, so that all of it is sealed: under a key of its
// own, which is wrapped beside it.
static const str letter_bound = {"baton dead letter", 17};

bool keyring_seal_letter(struct keyring *keyring, struct arena *arena, struct outbox_record *record)
{
    struct vault_key key;
    struct strbuf out = strbuf_new(arena);
    if (keyring->vault == NULL)
        return false;
    str wrapped = vault_wrap_new(arena, keyring->vault, letter_bound, &key);
    strbuf_add_char(&out, (char)(wrapped.len >> 8));
    strbuf_add_char(&out, (char)wrapped.len);
    strbuf_add(&out, wrapped);
    strbuf_add(&out, vault_seal(arena, &key, STR_EMPTY, letter_bound, record->value));
    vault_key_wipe(&key);
    record->value = strbuf_str(&out);
    record->is_sealed = true;
    return true;
}

bool keyring_open_letter(struct keyring *keyring, struct arena *arena, struct outbox_record *record,
                         struct error *err)
{
    struct vault_key key;
    const unsigned char *bytes = (const unsigned char *)record->value.data;
    size_t len = record->value.len < 2 ? 0 : (size_t)bytes[0] << 8 | bytes[1];
    if (len == 0 || record->value.len - 2 < len)
        return error_set(err, ERROR_INVALID, "outbox", "a sealed dead letter is cut short");
    str wrapped = str_sub(record->value, 2, len);
    str by = vault_wrapped_by(wrapped);
    if (str_is_empty(by))
        return error_set(err, ERROR_INVALID, "outbox", "the key of a dead letter is damaged");
    if (!has_key(keyring, by))
        return refuse_lacking(by, "a dead letter is", err);
    if (!vault_unwrap(keyring->vault, wrapped, letter_bound, &key, err))
        return false;
    bool good = vault_unseal(arena, &key, letter_bound, str_from_index(record->value, 2 + len),
                             &record->value, err);
    vault_key_wipe(&key);
    record->is_sealed = false;
    return good;
}

// -- The streams of an outbox -------------------------------------------------------------

struct collecting {
    struct arena *arena;
    struct idmap seen;
    ARRAY(uint64_t) streams;
};

static bool on_found(void *context, str sealed, str *ret_json)
{
    struct collecting *collecting = context;
    struct personal_header header;
    (void)ret_json;
    if (!personal_read(collecting->arena, sealed, &header) ||
        idmap_get(&collecting->seen, header.place.stream) != NULL)
        return false;
    idmap_put(&collecting->seen, header.place.stream, collecting);
    *ARRAY_PUSH(collecting->arena, &collecting->streams) = header.place.stream;
    return false;
}

const uint64_t *keyring_streams(struct arena *arena, str packed, size_t *ret_count)
{
    struct collecting collecting = {.arena = arena, .seen = idmap_new(arena)};
    const struct personal_replacing replacing = {&collecting, on_found};
    (void)personal_replace(arena, packed, &replacing);
    *ret_count = collecting.streams.count;
    return collecting.streams.items;
}

// -- Life -------------------------------------------------------------------------------

struct keyring *keyring_new(const struct vault *vault, const struct vault_key *index)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    check(keyring != NULL && (vault == NULL || index != NULL));
    keyring->vault = vault;
    keyring->index = index;
    keyring->rings = idmap_new(&keyring->arena);
    keyring->for_engine = (struct engine_vault){.context = keyring,
                                                .seal = seal,
                                                .open = open_for_engine,
                                                .erase = erase,
                                                .bar = bar,
                                                .lift = lift,
                                                .has = has,
                                                .forget = forget,
                                                .can_seal = vault != NULL};
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    size_t cursor = 0;
    uint64_t stream;
    void *ring;
    if (keyring == NULL)
        return;
    while (idmap_next(&keyring->rings, &cursor, &stream, &ring))
        ring_free(ring);
    arena_done(&keyring->arena);
    arena_done(&keyring->fresh_arena);
    free(keyring->bars);
    free(keyring);
}

const struct engine_vault *keyring_vault(struct keyring *keyring)
{
    return &keyring->for_engine;
}

void keyring_take_new(struct keyring *keyring, struct arena *arena, struct changes *changes)
{
    for (size_t i = 0; i < keyring->fresh.count; i++) {
        struct personal_key_row *row = ARRAY_PUSH(arena, &changes->personal_keys);
        *row = keyring->fresh.items[i];
        str *const texts[] = {&row->tenant, &row->subject, &row->process_id, &row->wrapped};
        for (size_t k = 0; k < COUNT_OF(texts); k++)
            *texts[k] = str_copy(arena, *texts[k]);
    }
    memset(&keyring->fresh, 0, sizeof keyring->fresh);
    arena_reset(&keyring->fresh_arena);
}
