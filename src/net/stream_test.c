#include "net/test_net.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener.h"

enum { BIG = 4 * 1024 * 1024, OUT_MAX = 256 * 1024 };

/* A server that keeps its streams and, if asked, sends everything back. */
struct house {
	struct arena *arena;
	struct loop *loop;
	struct listener *ln;
	int port;
	bool echo;
	size_t out_max;
	struct peer guests[128];
	size_t n;
};

static void guest_data(void *arg, char *data, size_t len)
{
	struct peer *p = arg;

	peer_data(p, data, len);
	if (p->forget)
		stream_send(p->s, str_of(data, len));
}

static const struct stream_handler guest_handler = {
	.on_data = guest_data,
	.on_written = peer_written,
	.on_end = peer_end,
};

static void on_accept(void *arg, struct stream *s)
{
	struct house *h = arg;
	struct peer *p = &h->guests[h->n++];

	*p = (struct peer){ .loop = h->loop, .s = s, .in = buf_make(64 << 20), .forget = h->echo };
	stream_start(s, &guest_handler, p, h->out_max);
}

static void house_open(struct house *h)
{
	*h = (struct house){ .arena = arena_new(), .out_max = OUT_MAX };
	assert_ok(loop_new(h->arena, &h->loop));
	assert_ok(listener_open(h->arena, h->loop, S("127.0.0.1"), 0, NULL, on_accept, h, &h->ln));
	h->port = listener_addr(h->ln)->port;
	assert_true(h->port > 0);
}

static void house_done(struct house *h)
{
	for (size_t i = 0; i < h->n; i++)
		peer_done(&h->guests[i]);
	listener_close(h->ln);
	loop_free(h->loop);
	arena_free(h->arena);
}

static str filled(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i % 23 + i / 4096 % 3);
	return str_of(p, n);
}

TEST(echo_over_tcp)
{
	struct house h;
	struct peer p;

	house_open(&h);
	h.echo = true;
	h.out_max = 2 * BIG;
	peer_connect(&p, h.loop, h.port);
	stream_send(p.s, filled(h.arena, BIG));
	peer_expect(&p, filled(h.arena, BIG));
	assert_int_equal(p.written, BIG);
	assert_int_equal(stream_waiting(h.guests[0].s), 0);
	assert_true(stream_peer(p.s)->is_loopback);
	assert_int_equal(stream_peer(p.s)->port, h.port);
	assert_int_equal(stream_peer(h.guests[0].s)->port, stream_local(p.s)->port);
	peer_done(&p);
	house_done(&h);
}

TEST(echo_over_a_unix_socket)
{
	struct house h;
	struct peer p;
	struct dial_to to = { .deadline_ms = 5000 };
	char dir[] = "/tmp/claudemesh-net-XXXXXX";
	struct listener *ln = NULL, *second = NULL;
	struct stat st;

	house_open(&h);
	h.echo = true;
	assert_non_null(mkdtemp(dir));
	to.unix_path = arena_printf(h.arena, "%s/s", dir);
	assert_ok(listener_open_unix(h.arena, h.loop, to.unix_path, on_accept, &h, &ln));
	assert_int_equal(stat(to.unix_path.ptr, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_err(listener_open_unix(h.arena, h.loop, to.unix_path, on_accept, &h, &second),
		   CONFLICT);
	peer_dial(&p, h.loop, &to);
	peer_send(&p, "hello");
	peer_expect(&p, S("hello"));
	assert_true(stream_peer(p.s)->is_unix);
	peer_done(&p);
	listener_close(ln);
	assert_int_equal(access(to.unix_path.ptr, F_OK), -1);
	rmdir(dir);
	house_done(&h);
}

TEST(a_dead_socket_file_is_replaced)
{
	struct house h;
	char dir[] = "/tmp/claudemesh-net-XXXXXX";
	struct listener *ln = NULL;
	str path, plain, lengthy;
	FILE *f;

	house_open(&h);
	assert_non_null(mkdtemp(dir));
	path = arena_printf(h.arena, "%s/s", dir);
	plain = arena_printf(h.arena, "%s/file", dir);
	lengthy = arena_printf(h.arena, "%s/%0120d", dir, 1);
	assert_ok(listener_open_unix(h.arena, h.loop, path, on_accept, &h, &ln));
	/* Closing it removes the file; a killed process leaves one. */
	assert_int_equal(link(path.ptr, arena_cstr(h.arena, arena_printf(h.arena, "%s/t", dir))),
			 0);
	listener_close(ln);
	assert_int_equal(rename(arena_cstr(h.arena, arena_printf(h.arena, "%s/t", dir)), path.ptr),
			 0);
	loop_turn(h.loop, 0);
	assert_ok(listener_open_unix(h.arena, h.loop, path, on_accept, &h, &ln));
	listener_close(ln);
	f = fopen(plain.ptr, "we");
	assert_non_null(f);
	fclose(f);
	assert_err(listener_open_unix(h.arena, h.loop, plain, on_accept, &h, &ln), CONFLICT);
	assert_err(listener_open_unix(h.arena, h.loop, lengthy, on_accept, &h, &ln), BAD_REQUEST);
	unlink(plain.ptr);
	rmdir(dir);
	house_done(&h);
}

TEST(a_busy_port_is_named)
{
	struct house h;
	struct listener *ln = NULL;
	struct err *e;

	house_open(&h);
	e = listener_open(h.arena, h.loop, S("127.0.0.1"), h.port, NULL, on_accept, &h, &ln);
	assert_err(e, CONFLICT);
	assert_str(e->text, arena_printf(h.arena,
					 "cannot listen on 127.0.0.1:%d: another program uses "
					 "that port; stop it or choose another port",
					 h.port));
	assert_err(listener_open(h.arena, h.loop, S("127.0.0.1"), 65536, NULL, on_accept, &h, &ln),
		   BAD_REQUEST);
	assert_err(listener_open(h.arena, h.loop, S("no such host"), 0, NULL, on_accept, &h, &ln),
		   BAD_REQUEST);
	assert_err(listener_open(h.arena, h.loop, S("192.0.2.1"), 0, NULL, on_accept, &h, &ln), IO);
	house_done(&h);
}

/* A slow reader costs at most its limit, and then its connection. */
TEST(a_reader_that_does_not_read_is_dropped)
{
	struct house h;
	struct peer p;
	str piece;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	stream_pause(p.s);
	UNTIL(h.loop, h.n == 1);
	piece = filled(h.arena, OUT_MAX / 4);
	while (!h.guests[0].ended) {
		u64 mark;

		stream_send(h.guests[0].s, piece);
		mark = stream_sent_total(h.guests[0].s);
		assert_true(mark > h.guests[0].written);
		loop_turn(h.loop, 0);
		assert_true(mark < 256 << 20);
		assert_true(h.guests[0].ended || stream_waiting(h.guests[0].s) <= OUT_MAX);
	}
	assert_int_equal(h.guests[0].why, STREAM_SLOW);
	/* What was dropped never counts as written. */
	assert_true(stream_written_total(h.guests[0].s) < stream_sent_total(h.guests[0].s));
	peer_done(&p);
	house_done(&h);
}

TEST(room_says_what_may_be_queued_and_one_large_piece_always_may)
{
	struct house h;
	struct peer p;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	assert_int_equal(stream_room(h.guests[0].s), OUT_MAX);
	stream_send(h.guests[0].s, filled(h.arena, 4 * OUT_MAX));
	assert_int_equal(stream_room(h.guests[0].s), 0);
	peer_expect(&p, filled(h.arena, 4 * OUT_MAX));
	assert_int_equal(stream_room(h.guests[0].s), OUT_MAX);
	assert_false(h.guests[0].ended);
	peer_done(&p);
	house_done(&h);
}

TEST(a_broadcast_is_one_block)
{
	enum { N = 100 };
	static struct peer peers[N];
	struct house h;
	CLEANUP(block_unrefp) struct block *b = NULL;

	house_open(&h);
	b = block_new(filled(h.arena, 10000));
	for (int i = 0; i < N; i++)
		peer_connect(&peers[i], h.loop, h.port);
	UNTIL(h.loop, h.n == N);
	for (int i = 0; i < N; i++)
		stream_send_block(h.guests[i].s, b);
	assert_int_equal(atomic_load(&b->refs), N + 1);
	for (int i = 0; i < N; i++)
		peer_expect(&peers[i], block_str(b));
	assert_int_equal(atomic_load(&b->refs), 1);
	for (int i = 0; i < N; i++)
		peer_done(&peers[i]);
	house_done(&h);
}

TEST(pausing_holds_input_back)
{
	struct house h;
	struct peer p;
	u64 before;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	stream_pause(h.guests[0].s);
	stream_send(p.s, filled(h.arena, 1000));
	UNTIL(h.loop, p.written == 1000);
	loop_turn(h.loop, 10);
	before = h.guests[0].got;
	assert_int_equal(before, 0);
	stream_resume(h.guests[0].s);
	UNTIL(h.loop, h.guests[0].got == 1000);
	peer_done(&p);
	house_done(&h);
}

/* The last answer reaches a peer that is still sending. */
TEST(closing_flushes_and_lingers)
{
	struct house h;
	struct peer p;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	stream_send(p.s, filled(h.arena, BIG));
	stream_send(h.guests[0].s, filled(h.arena, BIG));
	stream_close(h.guests[0].s);
	h.guests[0].s = NULL;
	peer_expect(&p, filled(h.arena, BIG));
	UNTIL(h.loop, p.ended);
	assert_int_equal(p.why, STREAM_EOF);
	peer_done(&p);
	house_done(&h);
}

/* A peer that stopped sending can still be answered. */
TEST(half_closed)
{
	struct house h;
	struct peer p;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	peer_send(&p, "bye");
	stream_close(p.s);
	p.s = NULL;
	UNTIL(h.loop, h.guests[0].ended);
	assert_int_equal(h.guests[0].why, STREAM_EOF);
	assert_str(buf_str(&h.guests[0].in), S("bye"));
	stream_send(h.guests[0].s, S("still here"));
	UNTIL(h.loop, h.guests[0].written == 10);
	house_done(&h);
}

/* What came before a reset is delivered, although our write failed: fire and forget. */
TEST(input_survives_a_failed_write)
{
	struct house h;
	struct peer p;
	struct stream *guest;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	guest = h.guests[0].s;
	stream_pause(guest);
	peer_send(&p, "last words");
	UNTIL(h.loop, p.written == 10);
	stream_abort(p.s);
	p.s = NULL;
	for (int i = 0; i < 3; i++) {
		stream_send(guest, S("nobody reads this"));
		loop_turn(h.loop, 20);
	}
	assert_false(h.guests[0].ended);
	stream_resume(guest);
	UNTIL(h.loop, h.guests[0].ended);
	assert_str(buf_str(&h.guests[0].in), S("last words"));
	house_done(&h);
}

TEST(connections_refused_are_told_as_sentences)
{
	struct house h;
	struct peer p;
	struct dial_to to = { .host = S("127.0.0.1"), .deadline_ms = 2000 };

	house_open(&h);
	listener_close(h.ln);
	h.ln = NULL;
	to.port = h.port;
	peer_dial(&p, h.loop, &to);
	assert_str(str_from(p.text),
		   arena_printf(h.arena, "connect to 127.0.0.1:%d failed: connection refused",
				h.port));
	to.host = S("no-such-host.invalid");
	peer_dial(&p, h.loop, &to);
	assert_str(str_from(p.text),
		   S("cannot find the host 'no-such-host.invalid': no such name"));
	to.unix_path = S("/tmp/claudemesh-no-such-socket");
	peer_dial(&p, h.loop, &to);
	assert_str(str_from(p.text), S("connect to /tmp/claudemesh-no-such-socket failed: "
				       "no such file or directory"));
	house_done(&h);
}

static void never(void *arg, struct stream *s, const struct err *e)
{
	fail_msg("called back after dial_cancel");
}

static void cancel(void *arg)
{
	dial_cancel(arg);
}

TEST(a_cancelled_dial_is_silent)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct house h;

	house_open(&h);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct dial_to to = { .host = str_from(hosts[i]),
				      .port = h.port,
				      .deadline_ms = 2000 };
		struct loop_task under_way = { .fn = cancel };

		dial_cancel(dial_start(h.loop, &to, never, NULL));
		/* It starts at the beginning of the turn; this runs before the sockets are looked at. */
		under_way.arg = dial_start(h.loop, &to, never, NULL);
		loop_at_turn_end(h.loop, &under_way);
		for (int turn = 0; turn < 3; turn++)
			loop_turn(h.loop, 5);
	}
	house_done(&h);
}

static int raw_connect(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Newcomers are turned away, and once there are descriptors again they come in. */
TEST(running_out_of_descriptors)
{
	struct house h;
	struct peer p;
	struct rlimit before, tight;
	int fds[3], spare;
	char c;

	house_open(&h);
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 1);
	peer_done(&p);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = raw_connect(h.port);
	/* The lowest free descriptor is the limit: not one more. */
	spare = dup(fds[0]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = (struct rlimit){ (rlim_t)spare, before.rlim_max };
	close(spare);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	log_setup(LOG_OFF, LOG_TEXT, 2, "test");
	for (int i = 0; i < 20; i++)
		loop_turn(h.loop, 5);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	log_setup(LOG_INFO, LOG_TEXT, 2, "test");
	assert_int_equal(h.n, 1);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		assert_int_equal(recv(fds[i], &c, 1, MSG_DONTWAIT), 0);
		close(fds[i]);
	}
	peer_connect(&p, h.loop, h.port);
	UNTIL(h.loop, h.n == 2);
	peer_done(&p);
	house_done(&h);
}

TEST(ipv6)
{
	struct house h;
	struct peer p;
	struct listener *ln = NULL;
	struct dial_to to = { .host = S("::1"), .deadline_ms = 2000 };

	house_open(&h);
	h.echo = true;
	/* Some machines have none. */
	if (!listener_open(h.arena, h.loop, S("::1"), 0, NULL, on_accept, &h, &ln)) {
		to.port = listener_addr(ln)->port;
		peer_dial(&p, h.loop, &to);
		peer_send(&p, "six");
		peer_expect(&p, S("six"));
		assert_true(stream_peer(h.guests[0].s)->is_loopback);
		peer_done(&p);
		listener_close(ln);
	}
	house_done(&h);
}

TEST(two_thousand_connections_come_and_go)
{
	struct house h;

	house_open(&h);
	for (int i = 0; i < 2000; i++) {
		struct peer p;

		peer_connect(&p, h.loop, h.port);
		UNTIL(h.loop, h.n == 1);
		if (i % 2)
			peer_send(&p, "x");
		peer_done(i % 3 ? &p : &h.guests[0]);
		peer_done(i % 3 ? &h.guests[0] : &p);
		h.n = 0;
	}
	house_done(&h);
}

TEST_MAIN("net/stream")
