#include "net/test_certs.h"

#include "net/test_net.h"

#include <pthread.h>
#include <sys/stat.h>

#include "net/listener.h"
#include "net/outq.h"
#include "net/tls_session.h"

enum { BIG = 3 * 1024 * 1024 };

struct house {
	struct arena *arena;
	struct loop *loop;
	struct test_cert cert;
	struct tls *server, *client;
	struct listener *ln;
	struct peer guest;
	bool echo;
	struct dial_to to;
};

static void guest_data(void *arg, char *data, size_t len)
{
	struct house *h = arg;

	if (h->echo)
		stream_send(h->guest.s, str_of(data, len));
	else
		peer_data(&h->guest, data, len);
}

static void guest_written(void *arg, u64 total)
{
	((struct house *)arg)->guest.written = total;
}

static void guest_end(void *arg, enum stream_end why, const char *text)
{
	peer_end(&((struct house *)arg)->guest, why, text);
}

static const struct stream_handler guest_handler = {
	.on_data = guest_data,
	.on_written = guest_written,
	.on_end = guest_end,
};

static void on_accept(void *arg, struct stream *s)
{
	struct house *h = arg;

	peer_done(&h->guest);
	h->guest = (struct peer){ .loop = h->loop, .s = s, .in = buf_make(64 << 20) };
	stream_start(s, &guest_handler, h, 64 << 20);
}

/* A TLS listener with such a certificate, and a client that trusts it. */
static void house_open(struct house *h, const char *names, int days)
{
	*h = (struct house){ .arena = arena_new() };
	h->cert = test_cert_new(names, days);
	assert_ok(loop_new(h->arena, &h->loop));
	assert_ok(tls_server_new(h->arena, str_from(h->cert.cert), str_from(h->cert.key),
				 &h->server));
	assert_ok(tls_client_new(h->arena, str_from(h->cert.cert), &h->client));
	assert_ok(listener_open(h->arena, h->loop, S("127.0.0.1"), 0, h->server, on_accept, h,
				&h->ln));
	h->to = (struct dial_to){ .host = S("localhost"),
				  .port = listener_addr(h->ln)->port,
				  .tls = h->client,
				  .deadline_ms = 5000 };
}

static void house_done(struct house *h)
{
	peer_done(&h->guest);
	listener_close(h->ln);
	tls_free(h->server);
	tls_free(h->client);
	loop_free(h->loop);
	test_cert_remove(&h->cert);
	arena_free(h->arena);
}

static str filled(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i % 23 + i / 4096 % 3);
	return str_of(p, n);
}

TEST(echo_over_tls)
{
	struct house h;
	struct peer p;
	CLEANUP(block_unrefp) struct block *b = NULL;

	house_open(&h, "DNS:localhost", 1);
	h.echo = true;
	b = block_new(filled(h.arena, BIG));
	peer_dial(&p, h.loop, &h.to);
	assert_string_equal(p.text, "");
	assert_true(stream_is_tls(p.s));
	peer_send(&p, "hello");
	peer_expect(&p, S("hello"));
	stream_send_block(p.s, b);
	peer_expect(&p, block_str(b));
	assert_int_equal(p.written, 5 + BIG);
	assert_int_equal(h.guest.written, 5 + BIG);
	assert_int_equal(stream_waiting(p.s), 0);
	peer_done(&p);
	house_done(&h);
}

TEST(an_address_in_the_certificate)
{
	struct house h;
	struct peer p;

	house_open(&h, "IP:127.0.0.1", 1);
	h.to.host = S("127.0.0.1");
	peer_dial(&p, h.loop, &h.to);
	assert_string_equal(p.text, "");
	peer_done(&p);
	house_done(&h);
}

static const struct {
	const char *names;
	int days;
	bool trust;
	const char *why;
} refused[] = {
	{ "DNS:example.org", 1, true, "the server's certificate is not for 'localhost'" },
	{ "DNS:*.localhost", 1, true, "the server's certificate is not for 'localhost'" },
	{ "DNS:localhost", -1, true,
	  "the server's certificate is not trusted: certificate has expired" },
	{ "DNS:localhost", 1, false,
	  "the server's certificate is not trusted: self-signed certificate (an authority of your "
	  "own goes into a PEM file that SSL_CERT_FILE names)" },
};

TEST(bad_certificates_are_refused_in_words)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct house h;
		struct peer p;
		struct tls *nobody = NULL;

		house_open(&h, refused[i].names, refused[i].days);
		assert_ok(tls_client_new(h.arena, STR_NONE, &nobody));
		if (!refused[i].trust)
			h.to.tls = nobody;
		peer_dial(&p, h.loop, &h.to);
		assert_true(p.failed);
		assert_str(str_from(p.text),
			   arena_printf(h.arena, "TLS with localhost (127.0.0.1:%d) failed: %s",
					h.to.port, refused[i].why));
		/* The server is told, too. */
		UNTIL(h.loop, h.guest.ended);
		assert_int_equal(h.guest.why, STREAM_FAILED);
		tls_free(nobody);
		house_done(&h);
	}
}

TEST(a_plain_peer_gets_no_further)
{
	struct house h;
	struct peer p;
	struct dial_to plain;

	house_open(&h, "DNS:localhost", 1);
	plain = h.to;
	plain.tls = NULL;
	peer_dial(&p, h.loop, &plain);
	peer_send(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	UNTIL(h.loop, h.guest.ended);
	assert_int_equal(h.guest.why, STREAM_FAILED);
	assert_int_equal(h.guest.got, 0);
	peer_done(&p);
	house_done(&h);
}

/* A server that accepts and says nothing costs the dial its deadline, not for ever. */
TEST(a_silent_server_costs_the_deadline)
{
	struct house h;
	struct peer p;
	struct listener *plain = NULL;

	house_open(&h, "DNS:localhost", 1);
	assert_ok(listener_open(h.arena, h.loop, S("127.0.0.1"), 0, NULL, on_accept, &h, &plain));
	h.to.port = listener_addr(plain)->port;
	h.to.host = S("127.0.0.1");
	h.to.deadline_ms = 300;
	peer_dial(&p, h.loop, &h.to);
	assert_str(str_from(p.text), arena_printf(h.arena,
						  "TLS with 127.0.0.1:%d failed: "
						  "no answer in time",
						  h.to.port));
	listener_close(plain);
	house_done(&h);
}

TEST(a_proper_goodbye_is_an_end_and_a_cut_is_not)
{
	struct house h;
	struct peer p;

	house_open(&h, "DNS:localhost", 1);
	h.echo = true;
	for (int cut = 0; cut < 2; cut++) {
		peer_dial(&p, h.loop, &h.to);
		/* Everything is read, session tickets too: else the kernel would say reset. */
		peer_send(&p, "x");
		peer_expect(&p, S("x"));
		if (cut)
			stream_abort(p.s);
		else
			stream_close(p.s);
		p.s = NULL;
		UNTIL(h.loop, h.guest.ended);
		assert_int_equal(h.guest.why, cut ? STREAM_TRUNCATED : STREAM_EOF);
		peer_done(&p);
	}
	house_done(&h);
}

TEST(pausing_in_the_middle_keeps_what_is_undecrypted)
{
	struct house h;
	struct peer p;
	str big;

	house_open(&h, "DNS:localhost", 1);
	big = filled(h.arena, BIG);
	peer_dial(&p, h.loop, &h.to);
	stream_send(p.s, big);
	while (h.guest.got < BIG) {
		u64 got;

		loop_turn(h.loop, 10);
		if (!h.guest.s)
			continue;
		stream_pause(h.guest.s);
		got = h.guest.got;
		loop_turn(h.loop, 1);
		assert_int_equal(h.guest.got, got);
		stream_resume(h.guest.s);
	}
	assert_str(buf_str(&h.guest.in), big);
	peer_done(&p);
	house_done(&h);
}

/* Two sessions mouth to mouth, one byte at a time. */
TEST(a_handshake_byte_by_byte)
{
	struct house h;
	struct outq to_server = { 0 }, to_client = { 0 }, text = { 0 };
	struct tls_session *c, *s;
	enum tls_result rc = TLS_MORE, rs = TLS_MORE;
	char got[16];
	size_t n = 0, encrypted = 0;

	house_open(&h, "DNS:localhost", 1);
	c = tls_session_new(h.client, "localhost", &to_server);
	s = tls_session_new(h.server, NULL, &to_client);
	rc = tls_session_handshake(c);
	while (rc == TLS_MORE || rs == TLS_MORE) {
		struct outq *q = to_server.len ? &to_server : &to_client;
		struct tls_session *to = to_server.len ? s : c;
		struct iovec iov;
		char byte;

		assert_int_equal(outq_peek(q, &iov, 1), 1);
		byte = *(char *)iov.iov_base;
		outq_drop(q, 1);
		tls_session_feed(to, &byte, 1);
		if (to == s && rs == TLS_MORE)
			rs = tls_session_handshake(s);
		else if (to == c && rc == TLS_MORE)
			rc = tls_session_handshake(c);
		tls_session_keep(to);
	}
	assert_int_equal(rc, TLS_OK);
	assert_int_equal(rs, TLS_OK);
	outq_add(&text, S("hello"));
	assert_int_equal(tls_session_write(c, &text, &encrypted), TLS_OK);
	assert_int_equal(encrypted, 5);
	while (to_server.len) {
		struct iovec iov;
		char byte;

		outq_peek(&to_server, &iov, 1);
		byte = *(char *)iov.iov_base;
		outq_drop(&to_server, 1);
		tls_session_feed(s, &byte, 1);
		assert_int_equal(tls_session_read(s, got, sizeof(got), &n),
				 to_server.len ? TLS_MORE : TLS_OK);
		tls_session_keep(s);
	}
	assert_str(str_of(got, n), S("hello"));
	outq_clear(&to_client);
	tls_session_free(c);
	tls_session_free(s);
	house_done(&h);
}

TEST(old_tls_is_refused)
{
	struct house h;
	SSL_CTX *old = SSL_CTX_new(TLS_client_method());
	struct tls_session *s;
	struct outq out = { 0 };
	SSL *ssl;
	BIO *in = BIO_new(BIO_s_mem()), *sent = BIO_new(BIO_s_mem());
	char *hello;
	long n;

	house_open(&h, "DNS:localhost", 1);
	SSL_CTX_set_security_level(old, 0);
	SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
	SSL_CTX_set_min_proto_version(old, TLS1_VERSION);
	ssl = SSL_new(old);
	SSL_set_bio(ssl, in, sent);
	SSL_connect(ssl);
	n = BIO_get_mem_data(sent, &hello);
	assert_true(n > 0);
	s = tls_session_new(h.server, NULL, &out);
	tls_session_feed(s, hello, (size_t)n);
	assert_int_equal(tls_session_handshake(s), TLS_FAILED);
	assert_non_null(strstr(tls_session_error(s), "unsupported protocol"));
	tls_session_free(s);
	outq_clear(&out);
	SSL_free(ssl);
	SSL_CTX_free(old);
	house_done(&h);
}

TEST(wrong_files_are_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct test_cert one = test_cert_new("DNS:one", 1), two = test_cert_new("DNS:two", 1);
	str cert = str_from(one.cert), key = str_from(one.key), other = str_from(two.key);
	struct tls *t = NULL;
	struct err *e;

	e = tls_server_new(a, S("/no/such/cert"), key, &t);
	assert_err(e, IO);
	assert_str(e->text,
		   S("cannot read the TLS certificate '/no/such/cert': No such file or directory"));
	e = tls_server_new(a, cert, S("/no/such/key"), &t);
	assert_err(e, IO);
	assert_true(str_contains(e->text, S("TLS key '/no/such/key'")));
	e = tls_server_new(a, key, key, &t);
	assert_err(e, BAD_REQUEST);
	assert_true(str_contains(e->text, S("is not a PEM certificate")));
	e = tls_server_new(a, cert, cert, &t);
	assert_err(e, BAD_REQUEST);
	assert_true(str_contains(e->text, S("is not a PEM key")));
	e = tls_server_new(a, cert, other, &t);
	assert_err(e, BAD_REQUEST);
	assert_true(str_contains(e->text, S("does not belong to the certificate")));
	assert_int_equal(chmod(two.key, 0644), 0);
	e = tls_server_new(a, str_from(two.cert), other, &t);
	assert_err(e, FORBIDDEN);
	assert_true(str_contains(e->text, arena_printf(a, "(mode 0644): chmod 600 '%s'", two.key)));
	e = tls_client_new(a, S("/no/such/ca"), &t);
	assert_err(e, IO);
	e = tls_client_new(a, key, &t);
	assert_err(e, BAD_REQUEST);
	assert_int_equal(setenv("SSL_CERT_FILE", "/no/such/ca", 1), 0);
	e = tls_client_new(a, STR_NONE, &t);
	assert_err(e, IO);
	assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
	assert_null(t);
	test_cert_remove(&one);
	test_cert_remove(&two);
}

TEST_MAIN("net/tls")
