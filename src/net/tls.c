#include "net/openssl.h"

#include "net/tls.h"

#include <errno.h>
#include <sys/stat.h>

#include "net/tls_internal.h"

static const unsigned char alpn_http1[] = "\x08http/1.1";

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "unknown reason";
}

/* Prefers http/1.1; a client that offers other protocols only is served all the same. */
static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *in, unsigned int in_len, void *arg)
{
	unsigned char *chosen = NULL;

	if (SSL_select_next_proto(&chosen, out_len, alpn_http1, sizeof(alpn_http1) - 1, in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Without it OpenSSL would ask on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return 0;
}

static struct err *context_new(struct arena *a, bool is_server, struct tls **ret_tls)
{
	SSL_CTX *ctx;
	struct tls *t;

	ERR_clear_error();
	ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	if (!ctx)
		return FAIL(a, INTERNAL, "starting TLS failed: %s", reason());
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* Tickets resume without it; it would keep 20,000 sessions. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	t->ctx = ctx;
	t->is_server = is_server;
	*ret_tls = t;
	return NULL;
}

/* OpenSSL's words for a missing file are a riddle. */
static struct err *check_readable(struct arena *a, const char *what, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return FAIL(a, IO, "cannot read the %s '%s': %s", what, path, strerror(errno));
	fclose(f);
	return NULL;
}

/* A group may read it: that is how systems share keys among their servers. */
static struct err *check_private(struct arena *a, const char *key)
{
	struct stat st;

	if (stat(key, &st) == 0 && st.st_mode & (S_IWGRP | S_IRWXO))
		return FAIL(a, FORBIDDEN,
			    "the TLS key '%s' can be read or written by other users (mode %04o): "
			    "chmod 600 '%s'",
			    key, (unsigned)(st.st_mode & 07777), key);
	return NULL;
}

static struct err *load_pair(struct arena *a, SSL_CTX *ctx, const char *cert, const char *key)
{
	TRY(check_readable(a, "TLS certificate", cert));
	TRY(check_readable(a, "TLS key", key));
	TRY(check_private(a, key));
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return FAIL(a, BAD_REQUEST, "'%s' is not a PEM certificate: %s", cert, reason());
	ERR_clear_error();
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1)
		return NULL;
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
		return FAIL(a, BAD_REQUEST,
			    "the TLS key '%s' does not belong to the certificate '%s'", key, cert);
	return FAIL(a, BAD_REQUEST, "'%s' is not a PEM key without passphrase: %s", key, reason());
}

struct err *tls_server_new(struct arena *a, str cert_path, str key_path, struct tls **ret_tls)
{
	CLEANUP(tls_freep) struct tls *t = NULL;

	TRY(context_new(a, true, &t));
	TRY(load_pair(a, t->ctx, arena_cstr(a, cert_path), arena_cstr(a, key_path)));
	SSL_CTX_set_alpn_select_cb(t->ctx, alpn_choose, NULL);
	*ret_tls = t;
	t = NULL;
	return NULL;
}

static struct err *trust_file(struct arena *a, struct tls *t, const char *ca)
{
	TRY(check_readable(a, "file of certificate authorities", ca));
	ERR_clear_error();
	if (SSL_CTX_load_verify_locations(t->ctx, ca, NULL) != 1)
		return FAIL(a, BAD_REQUEST, "'%s' holds no PEM certificate: %s", ca, reason());
	return NULL;
}

struct err *tls_client_new(struct arena *a, str ca_path, struct tls **ret_tls)
{
	CLEANUP(tls_freep) struct tls *t = NULL;
	const char *own = getenv("SSL_CERT_FILE");

	TRY(context_new(a, false, &t));
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
	/* OpenSSL reads SSL_CERT_FILE itself, but does not say when it cannot. */
	SSL_CTX_set_default_verify_paths(t->ctx);
	if (own && *own)
		TRY(trust_file(a, t, own));
	if (!str_empty(ca_path))
		TRY(trust_file(a, t, arena_cstr(a, ca_path)));
	SSL_CTX_set_alpn_protos(t->ctx, alpn_http1, sizeof(alpn_http1) - 1);
	*ret_tls = t;
	t = NULL;
	return NULL;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

void tls_freep(struct tls **t)
{
	tls_free(*t);
	*t = NULL;
}
