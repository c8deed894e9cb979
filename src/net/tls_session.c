#include "net/openssl.h"

#include "net/tls_session.h"

#include <arpa/inet.h>
#include <pthread.h>

#include "base/buf.h"
#include "net/tls_internal.h"

struct tls_session {
	SSL *ssl;
	bool is_server;
	bool failed; /* OpenSSL forbids further calls, also the goodbye */
	char *in;    /* fed, not yet used */
	size_t in_len;
	struct buf kept; /* where `in` points after tls_session_keep() */
	struct outq *cipher;
	char host[256];
	char text[TLS_TEXT_MAX];
};

/* The two ends of the SSL object: it reads from `in` and writes to `cipher`, nothing between. */

static int bio_read(BIO *b, char *out, size_t max, size_t *ret_len)
{
	struct tls_session *s = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	*ret_len = MIN(max, s->in_len);
	if (!*ret_len) {
		BIO_set_retry_read(b);
		return 0;
	}
	memcpy(out, s->in, *ret_len);
	s->in += *ret_len;
	s->in_len -= *ret_len;
	return 1;
}

static int bio_write(BIO *b, const char *data, size_t len, size_t *ret_len)
{
	struct tls_session *s = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	outq_add(s->cipher, str_of(data, len));
	*ret_len = len;
	return 1;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;
static pthread_once_t bio_once = PTHREAD_ONCE_INIT;

static void make_bio_method(void)
{
	bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	if (!bio_method)
		abort();
	BIO_meth_set_read_ex(bio_method, bio_read);
	BIO_meth_set_write_ex(bio_method, bio_write);
	BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

static void set_host(struct tls_session *s, const char *host)
{
	u8 ip[16];
	bool is_ip = inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;

	snprintf(s->host, sizeof(s->host), "%s", host);
	if (is_ip) {
		if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), host) != 1)
			abort();
		return;
	}
	SSL_set_tlsext_host_name(s->ssl, host);
	SSL_set_hostflags(s->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(s->ssl, host) != 1)
		abort();
}

struct tls_session *tls_session_new(struct tls *t, const char *host, struct outq *cipher)
{
	struct tls_session *s = calloc(1, sizeof(*s));
	BIO *bio;

	pthread_once(&bio_once, make_bio_method);
	bio = BIO_new(bio_method);
	if (!s || !bio)
		abort();
	s->ssl = SSL_new(t->ctx);
	if (!s->ssl)
		abort();
	s->is_server = t->is_server;
	s->cipher = cipher;
	s->kept = buf_make(SIZE_MAX);
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	if (t->is_server) {
		SSL_set_accept_state(s->ssl);
	} else {
		SSL_set_connect_state(s->ssl);
		set_host(s, host);
	}
	return s;
}

void tls_session_free(struct tls_session *s)
{
	if (!s)
		return;
	SSL_free(s->ssl);
	buf_done(&s->kept);
	free(s);
}

void tls_session_feed(struct tls_session *s, char *data, size_t len)
{
	if (!s->in_len) {
		s->in = data;
		s->in_len = len;
		return;
	}
	tls_session_keep(s);
	buf_add(&s->kept, str_of(data, len));
	s->in = s->kept.ptr;
	s->in_len = s->kept.len;
}

void tls_session_keep(struct tls_session *s)
{
	struct buf fresh;

	if (s->in_len == 0) {
		buf_done(&s->kept);
		return;
	}
	if (s->kept.len == s->in_len && s->in == s->kept.ptr)
		return;
	/* `in` may point into the old copy. */
	fresh = buf_make(SIZE_MAX);
	buf_add(&fresh, str_of(s->in, s->in_len));
	buf_done(&s->kept);
	s->kept = fresh;
	s->in = s->kept.ptr;
}

static bool is_unknown_issuer(long verdict)
{
	return verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

static void explain(struct tls_session *s)
{
	long verdict = SSL_get_verify_result(s->ssl);
	unsigned long code = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(code);

	if (!s->is_server && verdict == X509_V_ERR_HOSTNAME_MISMATCH)
		snprintf(s->text, sizeof(s->text), "the server's certificate is not for '%.100s'",
			 s->host);
	else if (!s->is_server && verdict != X509_V_OK)
		snprintf(s->text, sizeof(s->text),
			 "the server's certificate is not trusted: %.120s%s",
			 X509_verify_cert_error_string(verdict),
			 is_unknown_issuer(verdict) ? " (an authority of your own goes into a PEM "
						      "file that SSL_CERT_FILE names)"
						    : "");
	else if (!s->is_server && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
		snprintf(s->text, sizeof(s->text), "the server does not speak TLS there");
	else
		snprintf(s->text, sizeof(s->text), "TLS failed: %.150s",
			 why ? why : "unknown reason");
}

static enum tls_result result(struct tls_session *s, int rc)
{
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_NONE: return TLS_OK;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return TLS_MORE;
	case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
	default:
		s->failed = true;
		explain(s);
		return TLS_FAILED;
	}
}

enum tls_result tls_session_handshake(struct tls_session *s)
{
	/* Other sessions of this thread share the queue of errors. */
	ERR_clear_error();
	return result(s, SSL_do_handshake(s->ssl));
}

enum tls_result tls_session_read(struct tls_session *s, char *out, size_t max, size_t *ret_len)
{
	*ret_len = 0;
	ERR_clear_error();
	return result(s, SSL_read_ex(s->ssl, out, max, ret_len));
}

enum tls_result tls_session_write(struct tls_session *s, struct outq *plain, size_t *ret_len)
{
	size_t total = 0, n = 0;
	enum tls_result r = TLS_OK;
	struct iovec piece;

	while (total < TLS_ENCRYPT_MAX && outq_peek(plain, &piece, 1) == 1) {
		ERR_clear_error();
		r = result(s, SSL_write_ex(s->ssl, piece.iov_base,
					   MIN(piece.iov_len, TLS_ENCRYPT_MAX - total), &n));
		if (r != TLS_OK)
			break;
		outq_drop(plain, n);
		total += n;
	}
	*ret_len = total;
	return r;
}

void tls_session_goodbye(struct tls_session *s)
{
	ERR_clear_error();
	if (!s->failed && SSL_is_init_finished(s->ssl))
		SSL_shutdown(s->ssl);
}

const char *tls_session_error(const struct tls_session *s)
{
	return s->text;
}
