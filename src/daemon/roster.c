/*
 * roster.c - requests to a mesh's broker, which may wait for the connection, and the list of
 * peers, which is one of them.
 */
#include "daemon/meshes_internal.h"

#include "base/log.h"
#include "client/resolve.h"

enum { MEMBERS_MAX = 4 << 20 };

static void unlink_ask(struct ask *k)
{
	struct ask **at = &k->ms->asks;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	k->ms->n_asks--;
}

/* Off the list first: who is told may ask again. */
static void finish(struct ask *k, const struct err *e, const struct json *reply)
{
	unlink_ask(k);
	if (k->fn)
		k->fn(k->arg, e, reply);
	arena_free(k->arena);
	free(k);
}

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	finish(arg, e, reply);
}

static void arm(struct meshes *ms)
{
	i64 first = INT64_MAX;

	for (const struct ask *k = ms->asks; k; k = k->next)
		if (!k->sent)
			first = MIN(first, k->deadline_ms);
	if (first == INT64_MAX)
		loop_timer_off(ms->ask_timer);
	else
		loop_timer_set(ms->ask_timer, MAX(first - loop_now_ms(ms->spec.loop), 0));
}

static void send_ask(struct ask *k, struct route *r)
{
	i64 left = k->deadline_ms - loop_now_ms(k->ms->spec.loop);

	k->sent = true;
	link_request_text(r->link, k->type, k->members, MAX(left, 1), on_reply, k);
}

/* The first that waits on this route and is not sent; the list is newest first, so the last. */
static struct ask *next_waiting(struct meshes *ms, u64 route)
{
	struct ask *found = NULL;

	for (struct ask *k = ms->asks; k; k = k->next)
		if (k->route == route && !k->sent)
			found = k;
	return found;
}

void asks_on_route(struct route *r)
{
	struct meshes *ms = r->ms;
	struct ask *k;

	while (r->link && link_is_ready(r->link) && (k = next_waiting(ms, r->serial)))
		send_ask(k, r);
	arm(ms);
}

static struct err *not_connected(struct arena *a, struct meshes *ms, u64 serial)
{
	struct route *r = route_by_serial(ms, serial);

	if (!r)
		return FAIL(a, CANCELLED, "the mesh was left, or the session ended");
	if (r->state == ROUTE_CLOSED)
		return err_word(FAIL(a, REFUSED, "%.*s", STRF(r->why)), arena_dup(a, r->word));
	return FAIL(a, TRY_AGAIN, "not connected to the broker of '%.*s'%s%.*s",
		    STRF(r->mesh->m.slug), str_empty(r->why) ? "" : ": ", STRF(r->why));
}

void asks_drop_route(struct route *r)
{
	struct meshes *ms = r->ms;
	bool more = true;

	while (more) {
		struct ask *k = ms->asks;

		while (k && k->route != r->serial)
			k = k->next;
		more = k != NULL;
		if (!k)
			break;
		/* Those sent are told by the link, or it is freed and tells nobody. */
		k->route = 0;
		k->sent = false;
		k->deadline_ms = 0;
	}
	if (!ms->closing)
		arm(ms);
}

/* Those sent were told by the link. */
void asks_fail_route(struct route *r)
{
	for (struct ask *k = r->ms->asks; k; k = k->next)
		if (k->route == r->serial && !k->sent)
			k->deadline_ms = 0;
	arm(r->ms);
}

void asks_on_timer(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct meshes *ms = arg;
	i64 now_ms = loop_now_ms(ms->spec.loop);
	bool more = true;

	while (more) {
		struct ask *k = ms->asks;

		while (k && (k->sent || k->deadline_ms > now_ms))
			k = k->next;
		more = k != NULL;
		if (k)
			finish(k, not_connected(a, ms, k->route), NULL);
	}
	arm(ms);
}

void asks_free(struct meshes *ms)
{
	while (ms->asks) {
		struct ask *k = ms->asks;

		unlink_ask(k);
		arena_free(k->arena);
		free(k);
	}
}

static str write_members(struct arena *a, const struct json_field *fields, const void *args)
{
	CLEANUP(buf_done) struct buf text = buf_make(MEMBERS_MAX);
	struct json_out out = json_out(&text);
	str whole;

	if (!fields)
		return STR_NONE;
	json_obj(&out);
	json_encode(&out, fields, args);
	json_obj_end(&out);
	whole = arena_dup(a, buf_str(&text));
	return text.full ? STR_NONE : str_of(whole.ptr + 1, whole.len - 2);
}

static struct ask *new_ask(struct route *r, i64 timeout_ms, link_reply_fn *fn, void *arg)
{
	struct ask *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->ms = r->ms;
	k->arena = arena_new();
	k->route = r->serial;
	k->deadline_ms = loop_now_ms(r->ms->spec.loop) + (timeout_ms ? timeout_ms : LINK_REPLY_MS);
	k->fn = fn;
	k->arg = arg;
	k->next = r->ms->asks;
	r->ms->asks = k;
	return k;
}

static void start_ask(struct ask *k, struct route *r)
{
	struct meshes *ms = r->ms;

	/* Too many, or nothing to wait for: told by the timer, at once. */
	if (ms->n_asks++ >= ASK_WAITING_MAX || !r->link)
		k->deadline_ms = 0;
	else if (link_is_ready(r->link))
		send_ask(k, r);
	arm(ms);
}

void route_ask(struct route *r, const char *type, const struct json_field *fields, const void *args,
	       i64 timeout_ms, link_reply_fn *fn, void *arg)
{
	struct ask *k = new_ask(r, timeout_ms, fn, arg);

	k->type = type;
	k->members = write_members(k->arena, fields, args);
	start_ask(k, r);
}

void route_ask_text(struct route *r, str type, str members, i64 timeout_ms, link_reply_fn *fn,
		    void *arg)
{
	struct ask *k = new_ask(r, timeout_ms, fn, arg);

	k->type = arena_cstr(k->arena, type);
	k->members = arena_dup(k->arena, members);
	start_ask(k, r);
}

void meshes_ask(struct meshes *ms, struct mesh *m, const char *type,
		const struct json_field *fields, const void *args, i64 timeout_ms,
		link_reply_fn *fn, void *arg)
{
	route_ask(m->member, type, fields, args, timeout_ms, fn, arg);
}

void meshes_forget(struct meshes *ms, void *arg)
{
	for (struct ask *k = ms->asks; k; k = k->next)
		if (k->arg == arg)
			k->fn = NULL;
	for (struct joined *j = ms->meshes; j; j = j->next) {
		for (struct waiting_roster *w = j->waiting; w; w = w->next)
			if (w->arg == arg)
				w->fn = NULL;
	}
}

/* --- the list of peers --- */

static void tell_waiting(struct joined *j, const struct err *e)
{
	struct waiting_roster *w = j->waiting;

	j->waiting = NULL;
	while (w) {
		struct waiting_roster *next = w->next;

		if (w->fn && j->roster)
			w->fn(w->arg, NULL, j->roster);
		else if (w->fn)
			w->fn(w->arg, e, NULL);
		free(w);
		w = next;
	}
}

static void on_tell(void *arg)
{
	tell_waiting(arg, NULL);
}

static void on_refresh(void *arg);

void roster_init(struct joined *j)
{
	j->news = true;
	j->refresh = loop_timer_new(j->ms->spec.loop, on_refresh, j);
	j->tell = (struct loop_task){ .fn = on_tell, .arg = j };
	j->asked_ms = -ROSTER_EVERY_MS;
	j->used_ms = -ROSTER_USED_MS;
}

/* Who waits hears it as long as the others live; at the end of all, nobody does. */
void roster_done(struct joined *j)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	loop_task_cancel(&j->tell);
	loop_timer_free(j->refresh);
	if (!j->ms->closing) {
		arena_free(j->roster_arena);
		j->roster_arena = NULL;
		j->roster = NULL;
		meshes_forget(j->ms, j);
		tell_waiting(j, FAIL(a, CANCELLED, "the mesh was left"));
	}
	while (j->waiting) {
		struct waiting_roster *w = j->waiting;

		j->waiting = w->next;
		free(w);
	}
	arena_free(j->roster_arena);
}

/* A copy that lives as long as the roster; the reply goes with the frame. */
static struct err *take_list(struct joined *j, struct arena *a, const struct json *reply,
			     struct roster **ret_roster)
{
	struct roster *roster = NEW(a, struct roster);

	roster->at_ms = clock_ms(j->ms->spec.clock);
	TRY(json_parse(a, arena_dup(a, reply->raw), &roster->reply));
	TRY(json_decode(a, roster->reply, peers_list_fields, &roster->list, sizeof(roster->list),
			NULL));
	members_verify(a, &roster->list.members, j->m.mesh_id, j->owner_pubkey);
	*ret_roster = roster;
	return NULL;
}

static void on_list(void *arg, const struct err *e, const struct json *reply)
{
	struct joined *j = arg;
	struct arena *a = arena_new();
	struct roster *roster = NULL;
	struct err *bad = NULL;

	j->asking = false;
	if (reply)
		bad = take_list(j, a, reply, &roster);
	if (bad)
		log_err(LOG_WARN, "the broker's list of peers makes no sense", bad);
	if (e || bad) {
		j->news = true;
		tell_waiting(j, e ? e : bad);
		arena_free(a);
		return;
	}
	/* Those who were given the old one use it in their call only. */
	arena_free(j->roster_arena);
	j->roster_arena = a;
	j->roster = roster;
	j->roster_mono_ms = loop_now_ms(j->ms->spec.loop);
	tell_waiting(j, NULL);
	if (j->news)
		roster_news(j);
}

static void ask_list(struct joined *j)
{
	struct list_peers_args args = { .members = true };

	if (j->asking)
		return;
	j->asking = true;
	j->news = false;
	j->asked_ms = loop_now_ms(j->ms->spec.loop);
	meshes_ask(j->ms, &j->m, "list_peers", list_peers_fields, &args, 0, on_list, j);
}

static void on_refresh(void *arg)
{
	struct joined *j = arg;

	if (j->news && j->m.member->state == ROUTE_OPEN)
		ask_list(j);
}

void roster_news(struct joined *j)
{
	i64 now_ms = loop_now_ms(j->ms->spec.loop);

	j->news = true;
	if (j->asking || loop_timer_is_set(j->refresh))
		return;
	/* Nobody looked for long: the next who does asks. The first list is for the first who does. */
	if (j->roster && now_ms - j->used_ms > ROSTER_USED_MS)
		return;
	loop_timer_set(j->refresh, MAX(j->asked_ms + ROSTER_EVERY_MS - now_ms, 0));
}

void meshes_roster(struct meshes *ms, struct mesh *m, i64 max_age_ms, roster_fn *fn, void *arg)
{
	struct joined *j = joined_of(m);
	struct waiting_roster *w = calloc(1, sizeof(*w)), **at = &j->waiting;
	i64 now_ms = loop_now_ms(ms->spec.loop);

	if (!w)
		abort();
	w->fn = fn;
	w->arg = arg;
	while (*at)
		at = &(*at)->next;
	*at = w;
	j->used_ms = now_ms;
	if (j->roster && (j->m.member->state != ROUTE_OPEN ||
			  (!j->news && now_ms - j->roster_mono_ms < max_age_ms)))
		loop_next_turn(ms->spec.loop, &j->tell);
	else
		ask_list(j);
}

const struct roster *meshes_kept_roster(struct meshes *ms, struct mesh *m)
{
	return joined_of(m)->roster;
}
