/*
 * tls_internal.h - the inside of a TLS context, for tls.c and tls_session.c.
 */
#ifndef NET_TLS_INTERNAL_H
#define NET_TLS_INTERNAL_H

#include "net/tls.h"

struct tls {
	SSL_CTX *ctx;
	bool is_server;
};

#endif
