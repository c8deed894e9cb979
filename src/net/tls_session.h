/*
 * tls_session.h - the TLS of one stream: cipher text in and out, no sockets.
 *
 * The stream feeds what it received, reads plain text until there is none, and queues plain text
 * to be encrypted; cipher text goes to the stream's output queue. Loop thread only.
 */
#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H

#include "net/outq.h"
#include "net/tls.h"

enum {
	TLS_ENCRYPT_MAX = 65536,      /* plain bytes encrypted ahead of the kernel */
	TLS_TEXT_MAX = 256,
};

struct tls_session;

enum tls_result {
	TLS_OK,
	TLS_MORE,             /* input needed */
	TLS_CLOSED,           /* the peer said goodbye */
	TLS_FAILED,           /* see tls_session_error() */
};

/* host: whom a client's peer must prove to be; NULL at a server. */
struct tls_session *tls_session_new(struct tls *t, const char *host, struct outq *cipher);
void tls_session_free(struct tls_session *s);
/* Gives received bytes, which must stay valid until tls_session_keep(). */
void tls_session_feed(struct tls_session *s, char *data, size_t len);
/* Copies what of the fed bytes is not used yet. */
void tls_session_keep(struct tls_session *s);
enum tls_result tls_session_handshake(struct tls_session *s);
enum tls_result tls_session_read(struct tls_session *s, char *out, size_t max, size_t *ret_len);
/* Encrypts from the front of the queue, at most TLS_ENCRYPT_MAX; says how much. */
enum tls_result tls_session_write(struct tls_session *s, struct outq *plain, size_t *ret_len);
/* Queues our goodbye. */
void tls_session_goodbye(struct tls_session *s);
/* One sentence. */
const char *tls_session_error(const struct tls_session *s);

#endif
