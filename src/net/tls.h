/*
 * tls.h - certificates and trust: what a listener or a client needs to speak TLS.
 *
 * TLS 1.2 and newer, ALPN http/1.1. A context is made once, shared by any number of streams
 * and counted by them, so it may be freed while streams still use it. Loop thread only.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/err.h"

struct tls;

/* A server's context from PEM files: the certificate with its chain, and its key. The error
 * names the file and says what is wrong with it. */
struct err *tls_server_new(struct arena *a, str cert_path, str key_path,
			   struct tls **ret_tls) MUST_CHECK;
/* A client's context: trusts the system's authorities, or those in the file that SSL_CERT_FILE
 * names, and if ca_path is not empty, those in that file too. Host names are always verified. */
struct err *tls_client_new(struct arena *a, str ca_path, struct tls **ret_tls) MUST_CHECK;
void tls_free(struct tls *t);                 /* NULL is fine */
void tls_freep(struct tls **t);

#endif
