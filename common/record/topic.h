// SPDX-License-Identifier: Apache-2.0
//
// Job types in names of topics. Kafka allows a-z A-Z 0-9 . _ - there; a job type may hold anything
// ("io.camunda:http-json:1"). Every other byte becomes _x and two hex digits, and an underscore
// before an x becomes _x5f, so that two types never share a topic.
#ifndef BATON_RECORD_TOPIC_H
#define BATON_RECORD_TOPIC_H

#include "base/str.h"

enum {
    TOPIC_MAX_JOB_TYPE = 200
}; // bytes of the encoded type; Kafka's limit is 249 for the whole name

// "pay" -> "pay", "http:1" -> "http_x3a1". False when it would be empty or longer than
// TOPIC_MAX_JOB_TYPE.
MUST_CHECK bool topic_part_of_job_type(struct arena *arena, str type, str *ret_part);

#endif
