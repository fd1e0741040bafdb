// SPDX-License-Identifier: Apache-2.0
//
// Connections whose notices ("does not exist, skipping") nobody reads.
#ifndef BATON_STORE_NOTICES_H
#define BATON_STORE_NOTICES_H

#include <libpq-fe.h>

static inline void notice_ignore(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

static inline void ignore_notices(PGconn *conn)
{
    PQsetNoticeReceiver(conn, notice_ignore, NULL);
}

#endif
