#include "daemon/drain.h"

#include "base/log.h"
#include "client/link.h"
#include "daemon/postbox.h"

enum { LEND_RETRY_MS = 30000 };

/* One row on its way. */
struct flight {
	struct drain *dr;
	struct flight *next;
	struct route *route;
	bool is_post;
	struct outbox_row row;               /* of it: seq, counts, enqueued_ms */
	char client_id[CLIENT_ID_BYTES_MAX]; /* row.client_message_id */
};

/* Who has rows to send. */
struct sender {
	struct sender *next;
	struct arena *arena;
	struct outbox_sender who;
	size_t window, under_way;
	bool found; /* during a scan */
};

/* A mesh that asked to go slower. */
struct pause {
	struct pause *next;
	str mesh_id;
	i64 until_ms; /* loop time */
};

struct drain {
	struct meshes_spec spec;
	struct meshes *ms;
	struct postbox *postbox;
	struct arena *arena;
	struct sender *senders;
	struct flight *flights;
	struct pause *pauses;
	size_t n_flights;
	struct loop_task scan;
	struct loop_timer *timer;
	i64 timer_ms;          /* loop time; 0: off */
	drain_heard_fn *heard; /* NULL: nobody */
	void *heard_arg;
};

void drain_set_heard(struct drain *dr, drain_heard_fn *fn, void *arg)
{
	dr->heard = fn;
	dr->heard_arg = arg;
}

static void tell_heard(struct drain *dr, const struct outbox_row *row, const struct json *ack,
		       const struct strs *left_out)
{
	if (dr->heard)
		dr->heard(dr->heard_arg, row->client_message_id, ack, left_out);
}

/* --- senders --- */

static void request_scan(struct drain *dr)
{
	loop_at_turn_end(dr->spec.loop, &dr->scan);
}

/* Only ever earlier than what is set: each scan looks for what is next. */
static void scan_in(struct drain *dr, i64 delay_ms)
{
	i64 at_ms = loop_now_ms(dr->spec.loop) + delay_ms;

	if (delay_ms <= 0) {
		request_scan(dr);
	} else if (!dr->timer_ms || at_ms < dr->timer_ms) {
		dr->timer_ms = at_ms;
		loop_timer_set(dr->timer, delay_ms);
	}
}

static bool same_sender(const struct outbox_sender *x, str mesh_id, str session_pubkey)
{
	return str_eq(x->mesh_id, mesh_id) && str_eq(x->session_pubkey, session_pubkey);
}

static struct sender *get_sender(struct drain *dr, str mesh_id, str session_pubkey)
{
	struct sender *s = dr->senders;

	while (s && !same_sender(&s->who, mesh_id, session_pubkey))
		s = s->next;
	return s;
}

static struct sender *add_sender(struct drain *dr, const struct outbox_sender *who)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->arena = arena_new();
	s->who = (struct outbox_sender){
		arena_dup(s->arena, who->mesh_id),        arena_dup(s->arena, who->mesh),
		arena_dup(s->arena, who->session_pubkey), arena_dup(s->arena, who->session_id),
		arena_dup(s->arena, who->session_name),   0
	};
	s->window = DRAIN_WINDOW;
	s->next = dr->senders;
	dr->senders = s;
	return s;
}

static void drop_idle_senders(struct drain *dr)
{
	for (struct sender **at = &dr->senders; *at;) {
		struct sender *s = *at;

		if (s->found || s->under_way) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		arena_free(s->arena);
		free(s);
	}
}

static i64 paused_ms(struct drain *dr, str mesh_id)
{
	for (struct pause *p = dr->pauses; p; p = p->next)
		if (str_eq(p->mesh_id, mesh_id))
			return p->until_ms - loop_now_ms(dr->spec.loop);
	return 0;
}

/* The whole mesh: what is limited is the member, and all its sessions with it. */
static i64 pause_mesh(struct drain *dr, str mesh_id)
{
	i64 delay_ms = DRAIN_PAUSE_MS / 2 + (i64)random_below(dr->spec.random, DRAIN_PAUSE_MS);
	struct pause *p = dr->pauses;

	while (p && !str_eq(p->mesh_id, mesh_id))
		p = p->next;
	if (!p) {
		p = NEW(dr->arena, struct pause);
		p->mesh_id = arena_dup(dr->arena, mesh_id);
		p->next = dr->pauses;
		dr->pauses = p;
	}
	p->until_ms = MAX(p->until_ms, loop_now_ms(dr->spec.loop) + delay_ms);
	for (struct sender *s = dr->senders; s; s = s->next)
		if (str_eq(s->who.mesh_id, mesh_id))
			s->window = 1;
	return delay_ms;
}

/* --- flights --- */

static void end_flight(struct flight *f)
{
	struct drain *dr = f->dr;
	struct sender *s = get_sender(dr, f->row.mesh_id, f->row.session_pubkey);
	struct flight **at = &dr->flights;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	dr->n_flights--;
	if (s)
		s->under_way--;
	free(f);
}

/* Full jitter: anything up to the doubled time. */
static i64 backoff(struct drain *dr, i64 failures)
{
	i64 top = (i64)DRAIN_BACKOFF_MS << MIN(failures, 10);

	return 1 + (i64)random_below(dr->spec.random, (u64)MIN(top, OUTBOX_BACKOFF_MAX_MS));
}

static str reason_of(struct arena *a, const struct err *e)
{
	str word = err_wire(e);

	return str_starts(e->text, word) ? e->text
					 : arena_printf(a, "%.*s: %.*s", STRF(word), STRF(e->text));
}

static void kill_row(struct drain *dr, const struct outbox_row *row, str reason)
{
	log_warn("drain_permanent_failure", LOG_S("id", row->client_message_id),
		 LOG_S("mesh", row->mesh), LOG_S("why", reason));
	outbox_mark_dead(dr->spec.outbox, row->seq, reason);
	tell_heard(dr, row, NULL, NULL);
}

static void take_failure(struct drain *dr, const struct outbox_row *row, const struct err *e)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct outbox *ob = dr->spec.outbox;
	str reason = reason_of(a, e);
	i64 delay_ms = 0;

	switch (drain_classify(e)) {
	case DRAIN_PERMANENT: kill_row(dr, row, reason); return;
	case DRAIN_PASSING:
		if (row->refusals + 1 >= DRAIN_ATTEMPTS_MAX) {
			kill_row(dr, row, arena_printf(a, "max_attempts: %.*s", STRF(reason)));
			return;
		}
		delay_ms = backoff(dr, row->refusals);
		outbox_mark_later(ob, row->seq, delay_ms, reason, true);
		break;
	case DRAIN_SLOWER:
		/* The mesh waits, not the row: what was accepted first goes first. */
		delay_ms = pause_mesh(dr, row->mesh_id);
		outbox_mark_later(ob, row->seq, 0, reason, false);
		break;
	case DRAIN_AWAY:
		if (clock_ms(dr->spec.clock) - row->enqueued_ms > DRAIN_AWAY_KEEP_MS) {
			kill_row(dr, row, reason);
			return;
		}
		delay_ms = DRAIN_BACKOFF_MS +
			   (i64)random_below(dr->spec.random,
					     (u64)MIN((i64)DRAIN_BACKOFF_MS
							      << MIN(row->attempts, 10),
						      DRAIN_AWAY_MS));
		outbox_mark_later(ob, row->seq, delay_ms, reason, false);
		break;
	case DRAIN_UNKNOWN:
		/* A lost connection is waited for elsewhere; silence is not repeated at once. */
		delay_ms = e->code == ERR_TIMEOUT ? backoff(dr, row->attempts) : 0;
		outbox_mark_later(ob, row->seq, delay_ms, reason, false);
		break;
	}
	scan_in(dr, delay_ms);
}

static void pump(struct drain *dr, struct sender *s);

static void take_word(struct flight *f, const struct err *e, const struct json *reply,
		      const struct strs *left_out)
{
	struct drain *dr = f->dr;
	struct sender *s = get_sender(dr, f->row.mesh_id, f->row.session_pubkey);

	if (e) {
		take_failure(dr, &f->row, e);
		if (f->is_post)
			tell_heard(dr, &f->row, NULL, NULL);
	} else {
		outbox_mark_done(dr->spec.outbox, f->row.seq, json_get_str(reply, S("messageId")));
		tell_heard(dr, &f->row, reply, left_out);
		if (s)
			s->window = MIN(s->window + 1, (size_t)DRAIN_WINDOW);
	}
	end_flight(f);
	/* Half a window at a time, so that the outbox is not asked for each. */
	if (!e && s && s->under_way <= s->window / 2)
		pump(dr, s);
}

static void on_ack(void *arg, const struct err *e, const struct json *reply)
{
	take_word(arg, e, reply, NULL);
}

static void on_posted(void *arg, const struct err *e, const struct json *reply,
		      const struct strs *left_out)
{
	take_word(arg, e, reply, left_out);
}

/* The row's texts are needed only until it is written. */
static void launch(struct drain *dr, struct sender *s, struct route *r,
		   const struct outbox_row *row)
{
	struct flight *f = calloc(1, sizeof(*f));
	struct send_args args = {
		.targetSpec = row->target_spec,
		.priority = PRIORITY_NEXT,
		.nonce = row->nonce,
		.ciphertext = row->ciphertext,
		.client_message_id = row->client_message_id,
		.request_fingerprint = row->fingerprint,
		.replyToId = str_empty(row->reply_to_id) ? STR_NONE : row->reply_to_id,
	};

	if (!f)
		abort();
	for (int i = 1; priority_words[i]; i++)
		if (str_eq(row->priority, str_from(priority_words[i])))
			args.priority = (enum priority)i;
	f->dr = dr;
	f->route = r;
	f->is_post = outbox_is_post(row);
	f->row = (struct outbox_row){ .seq = row->seq,
				      .mesh_id = s->who.mesh_id,
				      .mesh = s->who.mesh,
				      .session_pubkey = s->who.session_pubkey,
				      .enqueued_ms = row->enqueued_ms,
				      .attempts = row->attempts,
				      .refusals = row->refusals };
	f->row.client_message_id = str_of(f->client_id,
					  MIN(row->client_message_id.len, sizeof(f->client_id)));
	memcpy(f->client_id, row->client_message_id.ptr, f->row.client_message_id.len);
	f->next = dr->flights;
	dr->flights = f;
	dr->n_flights++;
	s->under_way++;
	outbox_mark_inflight(dr->spec.outbox, row->seq);
	if (f->is_post)
		postbox_send(dr->postbox, r, row, on_posted, f);
	else
		link_send(route_link(r), &args, DRAIN_ACK_MS, on_ack, f);
}

/* The sender's own route, opened again if it ended. NULL: there is none now, or ever. */
static struct route *route_of(struct drain *dr, struct sender *s)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct route *r = meshes_route(dr->ms, s->who.mesh_id, s->who.session_pubkey);
	struct err *e;

	if (r)
		return r;
	/* Without any mesh the configuration is being moved about, more likely than left. */
	if (!meshes_get(dr->ms, s->who.mesh_id)) {
		if (meshes_at(dr->ms, 0))
			outbox_kill(dr->spec.outbox, s->who.mesh_id, s->who.session_pubkey,
				    arena_printf(a, "no_broker_for_mesh:%.*s", STRF(s->who.mesh)));
		return NULL;
	}
	e = meshes_lend_route(a, dr->ms, &s->who, &r);
	if (!e)
		return r;
	log_err(LOG_WARN, "what an ended session left cannot be sent", e);
	if (e->code == ERR_NOT_FOUND)
		outbox_kill(dr->spec.outbox, s->who.mesh_id, s->who.session_pubkey,
			    arena_printf(a, "session_key_lost: %.*s", STRF(e->text)));
	else
		scan_in(dr, LEND_RETRY_MS);
	return NULL;
}

static void kill_closed(struct drain *dr, struct sender *s, struct route *r)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	str word, why = route_why(r, &word);

	outbox_kill(dr->spec.outbox, s->who.mesh_id, s->who.session_pubkey,
		    arena_printf(a, "%.*s: %.*s", STRF(word), STRF(why)));
}

static void pump(struct drain *dr, struct sender *s)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 pause = paused_ms(dr, s->who.mesh_id);
	struct route *r = route_of(dr, s);
	struct outbox_rows rows;
	struct err *e;

	if (!r || s->under_way >= s->window)
		return;
	if (route_get_state(r) == ROUTE_CLOSED) {
		if (!route_is_kicked(r))
			kill_closed(dr, s, r);
		return;
	}
	if (pause > 0) {
		scan_in(dr, pause);
		return;
	}
	route_touch(r);
	if (!link_is_ready(route_link(r)))
		return;
	e = outbox_due(dr->spec.outbox, a, s->who.mesh_id, s->who.session_pubkey,
		       s->window - s->under_way, &rows);
	if (e) {
		log_err(LOG_WARN, "the outbox cannot be read", e);
		scan_in(dr, LEND_RETRY_MS);
		return;
	}
	for (size_t i = 0; i < rows.n; i++)
		launch(dr, s, r, &rows.items[i]);
	if (!s->under_way && !rows.n) {
		s->found = false; /* the next scan drops it, unless there is more */
		route_release(r);
	}
}

static void on_scan(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct drain *dr = arg;
	struct outbox_senders all;
	struct err *e = outbox_senders(dr->spec.outbox, a, &all);
	i64 now_ms = clock_ms(dr->spec.clock), next_ms = INT64_MAX;

	loop_timer_off(dr->timer);
	dr->timer_ms = 0;
	if (e) {
		log_err(LOG_WARN, "the outbox cannot be read", e);
		scan_in(dr, LEND_RETRY_MS);
		return;
	}
	for (struct sender *s = dr->senders; s; s = s->next)
		s->found = false;
	for (size_t i = 0; i < all.n; i++) {
		const struct outbox_sender *who = &all.items[i];
		struct sender *s = get_sender(dr, who->mesh_id, who->session_pubkey);

		if (!s)
			s = add_sender(dr, who);
		s->found = true;
		/* Looked at again when it is time; what a turned clock put far away, soon. */
		if (who->next_ms > now_ms)
			next_ms = MIN(next_ms, MIN(who->next_ms - now_ms, DRAIN_AWAY_MS));
		pump(dr, s);
	}
	drop_idle_senders(dr);
	if (next_ms != INT64_MAX)
		scan_in(dr, next_ms);
}

static void on_timer(void *arg)
{
	on_scan(arg);
}

struct drain *drain_new(const struct meshes_spec *spec, struct meshes *ms)
{
	struct drain *dr = calloc(1, sizeof(*dr));

	if (!dr)
		abort();
	dr->spec = *spec;
	dr->ms = ms;
	dr->postbox = postbox_new(spec, ms);
	dr->arena = arena_new();
	dr->scan = (struct loop_task){ .fn = on_scan, .arg = dr };
	dr->timer = loop_timer_new(spec->loop, on_timer, dr);
	request_scan(dr);
	return dr;
}

/* After the meshes: then no link has a flight any more. */
void drain_free(struct drain *dr)
{
	if (!dr)
		return;
	loop_task_cancel(&dr->scan);
	loop_timer_free(dr->timer);
	postbox_free(dr->postbox);
	while (dr->flights) {
		struct flight *f = dr->flights;

		dr->flights = f->next;
		free(f);
	}
	while (dr->senders) {
		struct sender *s = dr->senders;

		dr->senders = s->next;
		arena_free(s->arena);
		free(s);
	}
	arena_free(dr->arena);
	free(dr);
}

void drain_wake(struct drain *dr)
{
	request_scan(dr);
}

void drain_wake_sender(struct drain *dr, const struct outbox_sender *who)
{
	struct sender *s = get_sender(dr, who->mesh_id, who->session_pubkey);

	if (!s)
		s = add_sender(dr, who);
	s->found = true;
	pump(dr, s);
}

/* Nobody hears any more what became of it: it is sent again, over this route or another. */
static void give_up(struct drain *dr, struct route *r)
{
	struct flight *f = dr->flights;

	postbox_on_gone(dr->postbox, r);
	while (f) {
		struct flight *next = f->next;

		if (f->route == r) {
			outbox_mark_later(dr->spec.outbox, f->row.seq, 0, S("the connection ended"),
					  false);
			end_flight(f);
		}
		f = next;
	}
}

void drain_on_route(struct drain *dr, struct route *r)
{
	/* What posts over it asked is not answered any more; of the rest the link has told. */
	if (route_get_state(r) == ROUTE_CLOSED)
		give_up(dr, r);
	/* We may not have been told of a key meanwhile. */
	if (route_get_state(r) == ROUTE_OPEN)
		outbox_wake_posts(dr->spec.outbox, route_mesh_id(r));
	if (route_get_state(r) == ROUTE_OPEN || route_get_state(r) == ROUTE_CLOSED)
		request_scan(dr);
}

void drain_on_gone(struct drain *dr, struct route *r)
{
	give_up(dr, r);
	request_scan(dr);
}

void drain_on_peer(struct drain *dr, str mesh_id, str pubkey)
{
	struct mesh *m = meshes_get(dr->ms, mesh_id);
	const struct roster *roster = m ? meshes_kept_roster(dr->ms, m) : NULL;

	outbox_wake_target(dr->spec.outbox, mesh_id, pubkey);
	for (size_t i = 0; roster && i < roster->list.peers.n; i++)
		if (str_eq(roster->list.peers.items[i].pubkey, pubkey))
			outbox_wake_target(dr->spec.outbox, mesh_id,
					   roster->list.peers.items[i].memberPubkey);
	request_scan(dr);
}

void drain_on_topic(struct drain *dr, str mesh_id)
{
	outbox_wake_posts(dr->spec.outbox, mesh_id);
	request_scan(dr);
}

size_t drain_under_way(const struct drain *dr)
{
	return dr->n_flights;
}
