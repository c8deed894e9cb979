/*
 * account_internal.h - the one call of account.c that account_sync.c makes.
 */
#ifndef CLIENT_ACCOUNT_INTERNAL_H
#define CLIENT_ACCOUNT_INTERNAL_H

#include "client/account.h"

struct err *account_sync_call(struct arena *a, const struct api *api, const struct cli_sync_args *args,
			      struct cli_synced_args *ret_synced) MUST_CHECK;

#endif
