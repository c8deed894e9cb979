#include "daemon/daemon.h"

#include "base/log.h"

/* --- sessions --- */

static void on_session(void *arg, struct session *s)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct daemon *d = arg;
	struct err *e = sessions_pair(a, d->sessions, s, &pair);
	struct mesh *m;

	if (e) {
		log_err(LOG_ERROR, "a session's keys are gone, it stays unconnected", e);
		return;
	}
	meshes_add_session(d->meshes, s, &pair);
	m = meshes_get(d->meshes, s->mesh_id);
	if (m && !d->restoring)
		meshes_rejoin(d->meshes, m, false);
}

static void on_session_end(void *arg, struct session *s, const char *why)
{
	meshes_end_session(((struct daemon *)arg)->meshes, s);
}

static bool get_mesh(void *arg, str slug, str *ret_mesh_id, str *ret_member_pubkey)
{
	struct mesh *m = meshes_get(((struct daemon *)arg)->meshes, slug);

	if (!m)
		return false;
	*ret_mesh_id = m->mesh_id;
	*ret_member_pubkey = m->member_pubkey;
	return true;
}

static const struct sessions_handler sessions_handler = { on_session, on_session_end, get_mesh };

/* --- meshes; all of it comes after everything is made --- */

static void on_route(void *arg, struct route *r)
{
	drain_on_route(((struct daemon *)arg)->drain, r);
}

static void on_gone(void *arg, struct route *r)
{
	drain_on_gone(((struct daemon *)arg)->drain, r);
}

static void on_left(void *arg, str mesh_id)
{
	struct daemon *d = arg;

	sessions_end_mesh(d->sessions, mesh_id);
	drain_wake(d->drain);
}

static void on_peer(void *arg, str mesh_id, str pubkey)
{
	drain_on_peer(((struct daemon *)arg)->drain, mesh_id, pubkey);
}

static void on_topic(void *arg, str mesh_id)
{
	drain_on_topic(((struct daemon *)arg)->drain, mesh_id);
}

static const struct meshes_handler meshes_handler = {
	.on_route = on_route,
	.on_gone = on_gone,
	.on_left = on_left,
	.on_peer = on_peer,
	.on_topic = on_topic,
};

static void on_prune(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct daemon *d = arg;
	i64 sent = 0, received = 0;
	struct err *e = outbox_prune(d->outbox, a, &sent);

	if (!e)
		e = inbox_prune(d->inbox, a, &received);
	if (e)
		log_err(LOG_WARN, "old messages could not be removed", e);
	else if (sent || received)
		log_info("inbox_prune_completed", LOG_I("outbox", sent), LOG_I("inbox", received));
	loop_timer_set(d->prune, DAEMON_PRUNE_MS);
}

static struct daemon_files files_of(struct arena *a, const struct paths *p)
{
	str dir = p->daemon;

	return (struct daemon_files){
		.dir = arena_dup(a, dir),
		.outbox = arena_printf(a, "%.*s/outbox.db", STRF(dir)),
		.inbox = arena_printf(a, "%.*s/inbox.db", STRF(dir)),
		.sessions = arena_printf(a, "%.*s/sessions.json", STRF(dir)),
	};
}

static struct err *open_parts(struct arena *a, struct daemon *d, struct tls *tls)
{
	TRY(outbox_open(a, d->loop, d->clock, d->random, d->files.outbox, &d->outbox));
	TRY(inbox_open(a, d->loop, d->clock, d->random, d->files.inbox, &d->inbox));
	d->events = events_new(d->loop, d->clock, d->inbox);
	d->parts = (struct meshes_spec){ .loop = d->loop,
					 .clock = d->clock,
					 .random = d->random,
					 .paths = d->paths,
					 .tls = tls,
					 .inbox = d->inbox,
					 .outbox = d->outbox,
					 .events = d->events };
	TRY(meshes_new(a, &d->parts, &meshes_handler, d, &d->meshes));
	d->drain = drain_new(&d->parts, d->meshes);
	d->sessions = sessions_new(d->loop, d->clock, d->paths, d->files.sessions,
				   &sessions_handler, d);
	d->accept = accept_new(&d->parts, d->meshes, d->sessions, d->drain);
	return NULL;
}

static void restore_sessions(struct daemon *d)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 restored = 0, dropped = 0;
	struct err *e;

	d->restoring = true;
	e = sessions_restore(a, d->sessions, &restored, &dropped);
	d->restoring = false;
	if (e)
		log_err(LOG_WARN, "earlier sessions could not be brought back", e);
	else if (restored || dropped)
		log_info("sessions_rehydrated", LOG_I("restored", restored),
			 LOG_I("dropped", dropped));
}

struct err *daemon_new(struct arena *a, const struct daemon_spec *spec, struct daemon **ret_daemon)
{
	struct daemon *d = calloc(1, sizeof(*d));
	struct err *e;

	if (!d)
		abort();
	d->arena = arena_new();
	d->loop = spec->loop;
	d->clock = spec->clock;
	d->random = spec->random;
	d->paths = spec->paths;
	d->files = files_of(d->arena, spec->paths);
	d->started_ms = clock_ms(spec->clock);
	d->prune = loop_timer_new(d->loop, on_prune, d);
	e = open_parts(a, d, spec->tls);
	if (e) {
		daemon_free(d);
		return e;
	}
	restore_sessions(d);
	loop_timer_set(d->prune, DAEMON_PRUNE_FIRST_MS);
	*ret_daemon = d;
	return NULL;
}

void daemon_close(struct daemon *d)
{
	i64 deadline = loop_now_ms(d->loop) + DAEMON_GOODBYE_MS;

	meshes_close(d->meshes);
	while (!meshes_is_closed(d->meshes) && loop_now_ms(d->loop) < deadline)
		loop_turn(d->loop, deadline - loop_now_ms(d->loop));
}

/* Who waits for a commit is called before it is freed; links end before what they call. */
void daemon_free(struct daemon *d)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e = NULL;

	if (!d)
		return;
	if (d->outbox)
		e = outbox_commit(d->outbox, a);
	if (!e && d->inbox)
		e = inbox_commit(d->inbox, a);
	if (e)
		log_err(LOG_WARN, "the last changes could not be stored", e);
	accept_free(d->accept);
	meshes_free(d->meshes);
	sessions_free(d->sessions);
	drain_free(d->drain);
	events_free(d->events);
	inbox_free(d->inbox);
	outbox_free(d->outbox);
	loop_timer_free(d->prune);
	arena_free(d->arena);
	free(d);
}

void daemon_tell_reach(struct daemon *d, const struct session *s)
{
	struct route *r = meshes_route(d->meshes, s->mesh_id, s->pubkey);

	if (r && route_link(r))
		link_set_reach(route_link(r), session_reach(s));
}

struct view daemon_view(const struct session *s)
{
	if (!s)
		return (struct view){ 0 };
	return (struct view){ s->mesh_id, s->pubkey, s->member_pubkey };
}
