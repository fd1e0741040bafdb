// SPDX-License-Identifier: Apache-2.0
//
// From steps of instances to flat records (record/records.h), a run of steps at a time. What a run
// needs of records that earlier ones made is asked for first:
//
//     struct record_fold *fold = record_fold_new(&arena);
//     record_fold_want(fold, steps, count);       // which keys; the caller loads those it has
//     record_fold_add_job(fold, &job); …          // jobs, elements: as they were stored
//     record_fold_add_element(fold, &element); …
//     record_fold_steps(fold, steps, count);
//     record_fold_changes(fold)                   // what to store
//
// Steps come in the order of history; several instances may be mixed. Those of other streams only
// make entries of the audit log. A record that was not loaded
// although it was wanted (its instance was deleted) is passed over.
#ifndef BATON_HISTORY_RECORDS_H
#define BATON_HISTORY_RECORDS_H

#include "record/records.h"

struct record_fold;

// Everything lives in the arena, which must outlive the fold; steps must, too.
struct record_fold *record_fold_new(struct arena *arena);

// Keys that the steps speak of and do not make themselves, each once. Steps of other streams than
// instances are passed over.
struct record_wanted record_fold_want(struct record_fold *fold, const struct history_row *steps,
                                      size_t count);

// Stored records; copied, their texts are not.
void record_fold_add_job(struct record_fold *fold, const struct job_record *job);
void record_fold_add_element(struct record_fold *fold, const struct element_record *element);

void record_fold_steps(struct record_fold *fold, const struct history_row *steps, size_t count);

// Valid as long as the arena.
const struct record_changes *record_fold_changes(struct record_fold *fold);

#endif
