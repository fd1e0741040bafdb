// SPDX-License-Identifier: Apache-2.0
//
// Images: a stream's state as compact bytes. The first byte is the format's version; numbers are
// varints (zigzag where signed), strings have their length in front, trees are written in preorder,
// the last four bytes are a checksum. The same state always gives the same bytes.
#ifndef BATON_ENGINE_IMAGE_H
#define BATON_ENGINE_IMAGE_H

#include "engine/apply.h"

enum {
    IMAGE_VERSION = 6,
    IMAGE_OLDEST = 5, // that is still read
    IMAGE_WITH_BREAKERS = 6,
    IMAGE_CHECKSUM = 4,
    IMAGE_MAX_DEPTH = 200
}; // scopes and loop bodies within each other

str image_of_instance(struct arena *arena, const struct instance *instance);
str image_of_mailbox(struct arena *arena, const struct mailbox *mailbox);
// The parts that the whole is made of, as they are written into rows.
str image_of_mailbox_head(struct arena *arena, const struct mailbox *mailbox);
str image_of_entry(struct arena *arena, const struct mailbox_entry *entry);
str image_of_shard(struct arena *arena, const struct shard *shard);

// False when the image is damaged or of a later version; the stream is then to be freed.
MUST_CHECK bool image_read_instance(const struct engine_environment *environment, str image,
                                    struct instance *instance, struct error *err);
MUST_CHECK bool image_read_mailbox(str image, struct mailbox *mailbox, struct error *err);
MUST_CHECK bool image_read_shard(str image, struct shard *shard, struct error *err);

// image_bytes.c
struct image_reader {
    str rest;
    bool failed;
    uint64_t version;
    struct arena *arena; // strings are copied there
};

// Begins an image, and ends it with its checksum.
struct strbuf image_new(struct arena *arena);
str image_finish(struct strbuf *out);
void image_put_u64(struct strbuf *out, uint64_t value);
void image_put_i64(struct strbuf *out, int64_t value);
void image_put_str(struct strbuf *out, str text);
uint64_t image_get_u64(struct image_reader *in);
int64_t image_get_i64(struct image_reader *in);
str image_get_str(struct image_reader *in);
MUST_CHECK bool image_begin(struct image_reader *in, str image, struct arena *arena);
MUST_CHECK bool image_end(const struct image_reader *in, struct error *err);

#endif
