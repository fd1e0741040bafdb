// SPDX-License-Identifier: Apache-2.0
//
// Dead letters: a record that could not be processed, on <topic>.dlq with its key, value and
// headers, and why and whence in headers of ours: baton-reason, baton-source-topic,
// baton-source-partition, baton-source-offset. Of a value that does not fit a record the beginning
// is kept, and baton-cut-from says how many bytes it had.
#ifndef BATON_INGRESS_DEAD_LETTER_H
#define BATON_INGRESS_DEAD_LETTER_H

#include "base/error.h"
#include "bus/bus.h"

// The dead letter of a record; everything is copied into the arena.
void dead_letter_make(struct arena *arena, const struct bus_record *record, const struct error *why,
                      struct bus_record *ret_letter);

// The record as it was before it died, to be sent to its topic again. False when the letter does
// not say where it came from, or has lost a part of its value.
MUST_CHECK bool dead_letter_revive(struct arena *arena, const struct bus_record *letter,
                                   struct bus_record *ret_record, struct error *err);

#endif
