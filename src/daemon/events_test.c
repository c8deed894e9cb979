#include "daemon/events.h"

#include "base/test.h"
#include "crypto/secret.h"

struct bench {
	struct arena *a;
	struct loop *loop;
	struct clock_fixed time;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct inbox *ib;
	struct events *ev;
	int woken;
};

static void start(struct bench *b)
{
	*b = (struct bench){ .a = arena_new(), .time = { 1700000000000000 } };
	assert_true(crypto_start());
	assert_ok(loop_new(b->a, &b->loop));
	b->clock = clock_fixed(&b->time);
	b->random = random_seeded(&b->seed);
	assert_ok(inbox_open(b->a, b->loop, &b->clock, &b->random, S(":memory:"), &b->ib));
	b->ev = events_new(b->loop, &b->clock, b->ib);
}

static void end(struct bench *b)
{
	events_free(b->ev);
	inbox_free(b->ib);
	loop_free(b->loop);
	arena_free(b->a);
}

static void on_more(void *arg)
{
	((struct bench *)arg)->woken++;
}

static const struct view everything = { 0 };
static const struct view of_s1 = { S("mesh0001"), S("5e551"), S("3e3be5") };
static const struct view of_other = { S("mesh0002"), S("5e551"), S("3e3be5") };

static struct events_reader *join(struct bench *b, const struct view *v, i64 last_id)
{
	struct events_reader *r = NULL;

	assert_ok(events_join(b->a, b->ev, v, last_id, on_more, b, &r));
	return r;
}

/* A message to that recipient, stored and told of. */
static i64 message(struct bench *b, const char *id, const char *recipient)
{
	struct inbound m = { .message_id = str_from(id),
			     .from_name = S("bob"),
			     .readable = true,
			     .body = str_from(id) };
	struct inbox_for to = { S("mesh0001"), S("flock"), str_from(recipient), RECIPIENT_SESSION,
				events_reserve(b->ev) };
	struct inbox_row row;
	bool is_new;

	assert_ok(inbox_add(b->ib, b->a, &m, &to, &row, &is_new));
	assert_ok(inbox_commit(b->ib, b->a));
	events_publish_message(b->ev, &row);
	return to.event_id;
}

/* What a reader has to take: kinds, with the body of a message: "message:m1 reset". */
static str taken(struct bench *b, struct events_reader *r)
{
	str all = STR_NONE;
	struct event e;
	i64 last = 0;

	while (events_take(r, b->a, &e)) {
		const struct json *data;
		str body;

		assert_ok(json_parse(b->a, e.data, &data));
		assert_false(str_empty(json_get_str(data, S("ts"))));
		body = json_get_str(data, S("body"));
		assert_true(e.id >= last);
		last = e.id;
		all = arena_printf(b->a, "%.*s%s%s%s%.*s", STRF(all), str_empty(all) ? "" : " ",
				   e.kind, str_empty(body) ? "" : ":", STRF(body));
	}
	return all;
}

static void publish(struct bench *b, const char *kind)
{
	events_publish(b->ev, 0, kind, S("mesh0001"), STR_NONE, S("{\"ts\":\"x\"}"));
}

TEST(a_reader_is_woken_and_takes_what_it_may_see)
{
	struct events_reader *all, *mine, *other;
	struct bench b;

	start(&b);
	all = join(&b, &everything, -1);
	mine = join(&b, &of_s1, -1);
	other = join(&b, &of_other, -1);
	message(&b, "m1", "5e551");
	message(&b, "m2", "5e552");
	message(&b, "m3", "3e3be5");
	publish(&b, "peer_join");
	assert_int_equal(b.woken, 0);
	loop_turn(b.loop, 0);
	assert_int_equal(b.woken, 2);
	assert_str(taken(&b, all), S("message:m1 message:m2 message:m3 peer_join"));
	assert_str(taken(&b, mine), S("message:m1 message:m3 peer_join"));
	assert_str(taken(&b, other), S(""));
	events_leave(all);
	events_leave(mine);
	events_leave(other);
	end(&b);
}

TEST(what_came_meanwhile_is_replayed_after_the_last_id)
{
	struct events_reader *r;
	struct bench b;
	i64 id;

	start(&b);
	id = message(&b, "m1", "5e551");
	publish(&b, "peer_join");
	message(&b, "m2", "5e551");
	r = join(&b, &everything, id);
	loop_turn(b.loop, 0);
	assert_int_equal(b.woken, 1);
	assert_str(taken(&b, r), S("peer_join message:m2"));
	events_leave(r);
	end(&b);
}

TEST(after_a_restart_there_is_a_reset_and_the_inbox)
{
	struct events_reader *r;
	struct bench b;
	i64 id;

	start(&b);
	id = message(&b, "m1", "5e551");
	message(&b, "m2", "5e551");
	message(&b, "m3", "5e552");
	events_free(b.ev);
	b.time.us -= 1000000; /* even if the clock was turned back */
	b.ev = events_new(b.loop, &b.clock, b.ib);
	r = join(&b, &of_s1, id);
	assert_true(message(&b, "m4", "5e551") > id + 1);
	assert_str(taken(&b, r), S("reset message:m2 message:m4"));
	message(&b, "m5", "5e551");
	assert_str(taken(&b, r), S("message:m5"));
	events_leave(r);
	end(&b);
}

TEST(a_slow_reader_loses_no_message)
{
	struct events_reader *r;
	struct bench b;

	start(&b);
	r = join(&b, &of_s1, -1);
	message(&b, "m1", "5e551");
	for (int i = 0; i < 2 * EVENTS_MAX; i++)
		publish(&b, "peer_join");
	message(&b, "m2", "5e551");
	assert_true(str_starts(taken(&b, r), S("reset message:m1 peer_join")));
	publish(&b, "peer_leave");
	assert_str(taken(&b, r), S("peer_leave"));
	events_leave(r);
	end(&b);
}

TEST(memory_is_bounded_in_bytes)
{
	struct events_reader *r;
	struct bench b;
	str big;

	start(&b);
	big = arena_printf(b.a, "{\"ts\":\"x\",\"pad\":\"%0*d\"}", EVENTS_BYTES / 4, 0);
	r = join(&b, &everything, -1);
	for (int i = 0; i < 8; i++)
		events_publish(b.ev, 0, "system", STR_NONE, STR_NONE, big);
	assert_str(taken(&b, r), S("reset system system system"));
	events_leave(r);
	end(&b);
}

TEST(an_id_from_nowhere_is_a_reset)
{
	struct events_reader *r;
	struct bench b;

	start(&b);
	message(&b, "m1", "5e551");
	r = join(&b, &everything, INT64_MAX);
	assert_str(taken(&b, r), S("reset"));
	message(&b, "m2", "5e551");
	assert_str(taken(&b, r), S("message:m2"));
	events_leave(r);
	end(&b);
}

TEST(ids_rise_although_a_message_waits_for_its_commit)
{
	struct inbound m = { .message_id = S("m1"), .readable = true, .body = S("m1") };
	struct inbox_for to = { S("mesh0001"), S("flock"), S("5e551"), RECIPIENT_SESSION, 0 };
	struct events_reader *r;
	struct inbox_row row;
	struct bench b;
	bool is_new;

	start(&b);
	r = join(&b, &everything, -1);
	to.event_id = events_reserve(b.ev);
	assert_ok(inbox_add(b.ib, b.a, &m, &to, &row, &is_new));
	publish(&b, "peer_join");
	assert_str(taken(&b, r), S(""));
	assert_ok(inbox_commit(b.ib, b.a));
	events_publish_message(b.ev, &row);
	assert_str(taken(&b, r), S("message:m1 peer_join"));
	events_reserve(b.ev);
	publish(&b, "peer_leave");
	assert_str(taken(&b, r), S(""));
	events_cancel(b.ev);
	assert_str(taken(&b, r), S("peer_leave"));
	events_leave(r);
	end(&b);
}

struct leaver {
	struct events_reader *me, *other;
	int woken;
};

static void leave_both(void *arg)
{
	struct leaver *l = arg;

	l->woken++;
	events_leave(l->me);
	events_leave(l->other);
	l->me = l->other = NULL;
}

TEST(readers_may_leave_when_they_are_woken)
{
	struct leaver l = { 0 };
	struct bench b;

	start(&b);
	assert_ok(events_join(b.a, b.ev, &everything, -1, leave_both, &l, &l.me));
	l.other = join(&b, &everything, -1);
	publish(&b, "peer_join");
	loop_turn(b.loop, 0);
	assert_int_equal(l.woken + b.woken, b.woken ? 2 : 1);
	publish(&b, "peer_join");
	loop_turn(b.loop, 0);
	assert_int_equal(l.woken, 1);
	end(&b);
}

TEST(there_is_a_limit_to_readers)
{
	struct events_reader *all[EVENTS_READERS_MAX], *more;
	struct bench b;

	start(&b);
	for (size_t i = 0; i < EVENTS_READERS_MAX; i++)
		all[i] = join(&b, &everything, -1);
	assert_err(events_join(b.a, b.ev, &everything, -1, on_more, &b, &more), TRY_AGAIN);
	for (size_t i = 0; i < EVENTS_READERS_MAX; i++)
		events_leave(all[i]);
	end(&b);
}

TEST_MAIN("daemon/events")
