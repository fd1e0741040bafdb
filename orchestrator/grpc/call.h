// SPDX-License-Identifier: Apache-2.0
//
// A call: one stream of a connection, from its headers to its trailers. It lives until both its
// stream is closed and the gateway has ended the operation that it asked for.
//
//     receiving ──► working ──► ending ──► over
//         └─────────────┴──────────┴──► the stream is closed: what is answered is dropped
#ifndef BATON_GRPC_CALL_H
#define BATON_GRPC_CALL_H

#include "gateway/caller.h"
#include "record/rows.h"

#include <protobuf-c/protobuf-c.h>
#include <sys/queue.h>

struct evbuffer;
struct grpc_connection;
struct grpc_server;

enum grpc_status { // google.golang.org/grpc/codes
    GRPC_OK = 0,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_NOT_FOUND = 5,
    GRPC_ALREADY_EXISTS = 6,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_UNAUTHENTICATED = 16,
};

struct grpc_call;

struct grpc_method {
    const char *name; // "CompleteJob"
    const ProtobufCMessageDescriptor *request;
    void (*handle)(struct grpc_call *call, const ProtobufCMessage *request);
    const char *permission; // what it takes to be allowed (access/need.h)
};

extern const struct grpc_method grpc_methods[];
extern const size_t grpc_method_count;

struct grpc_call {
    TAILQ_ENTRY(grpc_call) link; // of its connection
    struct caller caller;        // its context is the call
    struct arena arena;
    struct grpc_server *server;
    struct grpc_connection *connection; // NULL: the stream is closed
    int32_t stream;
    const struct grpc_method *method; // NULL: not known (yet)
    str authorization;
    str encoding;     // of the request's message
    bool is_grpc;     // its content type
    int64_t began_ms; // when its headers came
    bool is_admitted; // may be received
    bool is_asking;   // who the caller is, …
    bool is_waiting;  // … and the answer takes its time
    bool has_ended;   // the request is there in whole
    size_t bytes;     // counted for it: received, unpacked
    size_t header_bytes;
    struct evbuffer *in;  // the request
    struct evbuffer *out; // messages that are not sent yet
    bool is_working;      // the gateway has it
    bool has_answered;    // response headers are on their way
    bool is_deferred;     // the connection waits for more in `out`
    bool is_ending;       // trailers follow what is in `out`
    enum grpc_status status;
    str message;                             // of the status
    void (*on_sent)(struct grpc_call *call); // `out` is empty; NULL: nobody asks
    void (*on_closed)(
        struct grpc_call *call); // the stream closed while it worked; NULL: caller_leave
    void (*on_free)(struct grpc_call *call); // NULL: nothing to free
    void *context;                           // of the method
};

// -- Answering: for methods -----------------------------------------------------------------------

static inline struct grpc_call *grpc_call_of(const struct caller *caller)
{
    return caller->context;
}

// One message more. Its bytes are copied.
void grpc_call_send(struct grpc_call *call, const ProtobufCMessage *message);

// Before the message with it: a job that is given back when the client is gone before it can have
// it.
void grpc_call_promise_job(struct grpc_call *call, const struct released_job *job);

// The end. The call may be gone afterwards.
void grpc_call_end(struct grpc_call *call, enum grpc_status status, str message);

// One message and the end.
void grpc_call_answer(struct grpc_call *call, const ProtobufCMessage *message);

void grpc_call_fail(struct grpc_call *call, enum grpc_status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

size_t grpc_call_unsent(const struct grpc_call *call); // bytes

// -- For the connection ---------------------------------------------------------------------------

struct grpc_call *grpc_call_new(struct grpc_connection *connection, int32_t stream);

// False when the headers are too many.
MUST_CHECK bool grpc_call_header(struct grpc_call *call, str name, str value);

// False when the request is too large, after answering.
MUST_CHECK bool grpc_call_data(struct grpc_call *call, str bytes);

// The headers are complete: a call that may not be made ends here.
void grpc_call_admit(struct grpc_call *call);

// A request that does not arrive in time ends here.
void grpc_call_check(struct grpc_call *call, int64_t now_ms);

// The request is complete.
void grpc_call_begin(struct grpc_call *call);

void grpc_call_closed(struct grpc_call *call);

#endif
