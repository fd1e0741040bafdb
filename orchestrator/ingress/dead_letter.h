// SPDX-License-Identifier: Apache-2.0
//
// Dead letters: a record that could not be processed, on <topic>.dlq with its key, value and
// headers, and why and whence in headers of ours: baton-reason, baton-source-topic,
// baton-source-partition, baton-source-offset. Of a value of more than BUS_MAX_LETTER_BYTES the
// beginning is kept, a key of more than 16 KiB and headers beyond 32 KiB are left out; then
// baton-cut-from says how many bytes the value had, and the letter is not sent again.
#ifndef BATON_INGRESS_DEAD_LETTER_H
#define BATON_INGRESS_DEAD_LETTER_H

#include "base/error.h"
#include "bus/bus.h"

// The dead letter of a record; everything is copied into the arena.
void dead_letter_make(struct arena *arena, const struct bus_record *record, const struct error *why,
                      struct bus_record *ret_letter);

// Cuts a letter that its topic does not take: to 64 KiB, then to a quarter again and again. False
// when its value is empty already.
MUST_CHECK bool dead_letter_shorten(struct arena *arena, struct bus_record *letter);

// The record as it was before it died, to be sent to its topic again. False when the letter does
// not say where it came from, or has lost a part of its value.
MUST_CHECK bool dead_letter_revive(struct arena *arena, const struct bus_record *letter,
                                   struct bus_record *ret_record, struct error *err);

#endif
