// SPDX-License-Identifier: Apache-2.0
//
// The audit log for others: every entry as a JSON object, to the topic <prefix>.audit
// (audit.topic) and to a syslog collector (audit.syslog). A sink has a thread of its own, so that
// one that is away holds nothing up; how far it has come is kept in PostgreSQL, so nothing is lost
// when it or the node starts again. An entry may come twice; its auditLogKey tells. One node at a
// time streams to a sink.
#ifndef BATON_GATEWAY_AUDIT_STREAM_H
#define BATON_GATEWAY_AUDIT_STREAM_H

#include "base/strbuf.h"

struct audit_streams;
struct gateway;

struct audit_streams *audit_streams_new(const struct gateway *gateway);
void audit_streams_free(struct audit_streams *streams); // waits for its threads

#endif
