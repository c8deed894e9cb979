/*
 * net.c - what lies between clients and broker, and the loop of virtual time.
 *
 * In one direction of one connection nothing overtakes; everything else may. A cut loses what
 * has not arrived, some of it or all, and each side learns of it in its own time.
 */
#include "simulate/sim.h"

#include "base/log.h"

static void pipe_add(struct pipe *p, struct packet *packet)
{
	packet->due_us = MAX(packet->due_us, p->last_due_us);
	packet->taken_us = MAX(packet->taken_us, p->last_taken_us);
	p->last_due_us = packet->due_us;
	p->last_taken_us = packet->taken_us;
	if (!p->last)
		p->last = &p->first;
	*p->last = packet;
	p->last = &packet->next;
}

static struct packet *pipe_pop(struct pipe *p)
{
	struct packet *packet = p->first;

	p->first = packet->next;
	if (!p->first)
		p->last = &p->first;
	return packet;
}

static void pipe_drop(struct pipe *p)
{
	p->first = NULL;
	p->last = &p->first;
}

static i64 delay(struct sim *s)
{
	return s->healed ? MS : (i64)roll(s, (u64)s->delay_us) + 1;
}

struct conn *connect_new(struct sim *s, struct client *client)
{
	struct conn *c = NEW(s->a, struct conn);

	c->client = client;
	memcpy(c->session_pubkey, client->session_pubkey, sizeof(c->session_pubkey));
	c->ref = (struct conn_ref){ 0, ++s->slots % 16, s->slots };
	c->client_open = true;
	c->gate_ends_us = c->client_ends_us = NEVER;
	snprintf(c->challenge, sizeof(c->challenge), "challenge%llu", (unsigned long long)roll(s, 1u << 30));
	c->next = s->conns;
	s->conns = c;
	return c;
}

void conn_send(struct sim *s, struct conn *c, str frame, struct msg *msg)
{
	struct packet *p = NEW(s->a, struct packet);

	if (c->closing || c->cut)
		return; /* into the void: the client does not know yet */
	*p = (struct packet){ .due_us = s->now_us + delay(s), .text = frame, .msg = msg };
	pipe_add(&c->up, p);
}

void conn_close_clean(struct sim *s, struct conn *c)
{
	struct packet *p = NEW(s->a, struct packet);

	c->client_open = false;
	if (c->closing || c->cut)
		return;
	note(s, "%s closes", c->client->name);
	*p = (struct packet){ .due_us = s->now_us + delay(s), .close = true };
	pipe_add(&c->up, p);
	c->closing = true;
}

/* A random first part of what is under way still arrives. */
static void lose_tail(struct sim *s, struct pipe *p)
{
	struct packet **at = &p->first;

	while (*at && chance(s, 50))
		at = &(*at)->next;
	*at = NULL;
	p->last = at;
}

void conn_cut(struct sim *s, struct conn *c)
{
	if (c->cut)
		return;
	note(s, "the connection %u of %s is cut", c->ref.gen, c->client->name);
	c->cut = true;
	lose_tail(s, &c->up);
	lose_tail(s, &c->down);
	c->stalled_until_us = 0;
	c->gate_ends_us = s->now_us + (i64)roll(s, chance(s, 70) ? 200 * MS : 105 * SECOND);
	c->client_ends_us = s->now_us + (i64)roll(s, chance(s, 70) ? 200 * MS : 105 * SECOND);
}

/* Everybody's connection ends: the process is gone, and what was waiting in it. */
void broker_restart(struct sim *s, bool crash)
{
	note(s, crash ? "the broker dies" : "the broker is restarted");
	for (size_t i = 0; i < s->n_events; i++)
		event_free(s->events[i].ev);
	s->n_events = 0;
	/* Whether that succeeds or not, nobody hears of it. */
	for (int i = 0; i < s->n_shards && !crash; i++)
		effects_free(engine_stop(s->shards[i].engine));
	engines_free(s);
	disk_close(s);
	for (struct conn *c = s->conns; c; c = c->next) {
		c->online = false;
		c->forgotten = true;
		if (c->gate == GATE_GONE)
			continue;
		lose_tail(s, &c->down);
		pipe_drop(&c->up);
		c->cut = true;
		c->gate = GATE_GONE;
		c->gate_ends_us = NEVER;
		c->client_ends_us = s->now_us + (i64)roll(s, SECOND);
	}
	for (int i = 0; i < s->n_clients; i++)
		shadow_ended(s, s->clients[i]);
	disk_calm(s);
	disk_open(s);
	oracle_reopened(s);
	engines_start(s);
}

/* Up waits while the engine decides about a hello, or while its queue is full. */
static i64 up_due(const struct sim *s, const struct conn *c)
{
	if (!c->up.first || c->gate == GATE_ASKED || c->gate == GATE_GONE || s->n_events > EVENTS_MAX / 2)
		return NEVER;
	return c->up.first->due_us;
}

static i64 down_due(const struct conn *c)
{
	return c->down.first && c->client_open ? MAX(c->down.first->due_us, c->stalled_until_us) : NEVER;
}

static struct packet *untaken(const struct conn *c)
{
	struct packet *p;

	if (c->gate == GATE_GONE)
		return NULL;
	for (p = c->down.first; p && p->taken; p = p->next)
		;
	return p;
}

static i64 taken_due(const struct conn *c)
{
	const struct packet *p = untaken(c);

	return p ? MAX(p->taken_us, c->stalled_until_us) : NEVER;
}

static i64 conn_due(const struct sim *s, const struct conn *c)
{
	i64 t = MIN(MIN(up_due(s, c), down_due(c)), taken_due(c));

	if (c->gate != GATE_GONE)
		t = MIN(t, c->gate_ends_us);
	return c->client_open ? MIN(t, c->client_ends_us) : t;
}

static void take(struct sim *s, struct conn *c)
{
	struct packet *p = untaken(c);
	struct event *ev;

	p->taken = true;
	if (!p->mark || !c->known)
		return;
	ev = event_new(EVENT_WRITTEN, c->ref, STR_NONE, STR_NONE);
	ev->mark = p->mark;
	oracle_written(s, c, p->mark);
	gate_submit(s, c, ev, NULL, STR_NONE);
}

static void arrive_down(struct sim *s, struct conn *c)
{
	struct packet *p = pipe_pop(&c->down);

	if (p->close) {
		c->client_open = false;
		client_closed(s, c->client, c, p->code);
	} else {
		client_got(s, c->client, c, p->text);
	}
}

static void arrive_up(struct sim *s, struct conn *c)
{
	struct packet *p = pipe_pop(&c->up);

	if (p->close)
		gate_gone(s, c, true);
	else
		gate_take(s, c, p);
}

static void conn_turn(struct sim *s, struct conn *c)
{
	i64 now = s->now_us;

	if (taken_due(c) <= now)
		take(s, c);
	else if (up_due(s, c) <= now)
		arrive_up(s, c);
	else if (down_due(c) <= now)
		arrive_down(s, c);
	else if (c->gate != GATE_GONE && c->gate_ends_us <= now)
		gate_gone(s, c, false);
	else if (c->client_open && c->client_ends_us <= now) {
		c->client_open = false;
		client_closed(s, c->client, c, 1006);
	}
}

static bool has_events(const struct sim *s, const struct shard *at)
{
	for (size_t i = 0; i < s->n_events; i++)
		if (&s->shards[s->events[i].conn->shard] == at)
			return true;
	return false;
}

/* SQLite has one writer: while another shard's transaction is open, this one waits. */
static bool must_wait(const struct sim *s, const struct shard *at)
{
	for (int i = 0; i < s->n_shards; i++)
		if (&s->shards[i] != at && db_begun(s->shards[i].db))
			return true;
	return false;
}

static i64 shard_due(const struct sim *s, const struct shard *at)
{
	i64 timer_ms = engine_next_ms(at->engine);
	i64 timer_us = timer_ms == INT64_MAX ? NEVER : timer_ms * MS;

	if (s->n_shards > 1 && must_wait(s, at))
		return NEVER;
	return MAX(has_events(s, at) ? 0 : timer_us, at->busy_until_us);
}

/* Which engine is next. */
static struct shard *next_shard(struct sim *s)
{
	struct shard *next = &s->shards[0];

	for (int i = 1; i < s->n_shards; i++)
		if (shard_due(s, &s->shards[i]) < shard_due(s, next))
			next = &s->shards[i];
	return next;
}

/* Connections that nothing can happen to any more. */
static void forget_conns(struct sim *s)
{
	struct conn **at = &s->conns;

	while (*at) {
		struct conn *c = *at;

		if (c->gate == GATE_GONE && !c->client_open && c->forgotten)
			*at = c->next;
		else
			at = &c->next;
	}
}

void run_until(struct sim *s, i64 until_us)
{
	while (!s->failed) {
		struct conn *conn = NULL;
		struct client *client = NULL;
		struct shard *shard = next_shard(s);
		i64 t = shard_due(s, shard);

		for (struct conn *c = s->conns; c; c = c->next) {
			if (conn_due(s, c) < t) {
				t = conn_due(s, c);
				conn = c;
			}
		}
		for (int i = 0; i < s->n_clients; i++) {
			if (s->clients[i]->next_us < t) {
				t = s->clients[i]->next_us;
				client = s->clients[i];
			}
		}
		if (t > until_us)
			break;
		s->now_us = MAX(s->now_us, t);
		if (s->disk_ok_us && s->now_us >= s->disk_ok_us) {
			note(s, "the disk is well again");
			disk_calm(s);
		}
		if (client)
			client_wake(s, client);
		else if (conn)
			conn_turn(s, conn);
		else
			engine_run(s, shard);
	}
	s->now_us = MAX(s->now_us, until_us);
	forget_conns(s);
}
