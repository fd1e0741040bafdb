// SPDX-License-Identifier: Apache-2.0
//
// Row-level security (schemas/0240_row_security.sql): a session that sets nothing sees nothing of
// tenants. Private to store.
#ifndef BATON_STORE_ROW_SECURITY_H
#define BATON_STORE_ROW_SECURITY_H

// In the first SELECT of a session of the installation's own.
#define STORE_SEES_ALL "set_config('baton.tenants', '*', false)"

#endif
