#include "daemon/meshes.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "client/brokers.h"
#include "client/keys.h"
#include "daemon/meshes_internal.h"
#include "daemon/session_keys.h"

enum { INOTIFY_BUF = 4096 };

const char *route_state_word(enum route_state s)
{
	static const char *const words[] = { "connecting", "open", "reconnecting", "closed" };

	return words[s];
}

/* What the owner key is, and whether the broker greets with a challenge, if we know. */
static void recall(struct joined *j)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct paths *p = j->ms->spec.paths;
	struct mesh_keys_args keys;

	if (!keys_load(a, p, j->m.mesh_id, &keys))
		j->owner_pubkey = arena_dup(j->arena, keys.owner_pubkey);
	if (brokers_get_hello2(a, p, j->m.broker_url, &j->hello2))
		j->hello2 = false;
}

static void name_it(struct joined *j, const struct config_mesh_args *c, str display_name)
{
	j->m.name = arena_dup(j->arena, c->name);
	j->m.display_name = arena_dup(j->arena, display_name);
}

static struct err *join(struct meshes *ms, const struct config_mesh_args *c, str display_name,
			struct joined **ret_joined)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct err *e = config_mesh_pair(a, c, &pair);
	struct joined *j;

	if (e)
		return err_copy(ms->arena, e);
	j = calloc(1, sizeof(*j));
	if (!j)
		abort();
	j->ms = ms;
	j->arena = arena_new();
	j->member = pair;
	j->member_id = arena_dup(j->arena, c->memberId);
	j->m.mesh_id = arena_dup(j->arena, c->meshId);
	j->m.slug = arena_dup(j->arena, c->slug);
	j->m.broker_url = arena_dup(j->arena, c->brokerUrl);
	j->m.member_pubkey = sign_pair_pubkey(j->arena, &pair);
	name_it(j, c, display_name);
	recall(j);
	roster_init(j);
	j->m.member = route_new_member(j);
	*ret_joined = j;
	return NULL;
}

static void free_joined(struct joined *j)
{
	doubles_done(j);
	while (j->routes)
		route_free(j->routes);
	posts_done(j);
	roster_done(j);
	sign_pair_wipe(&j->member);
	arena_free(j->arena);
	free(j);
}

static bool same_identity(const struct joined *j, const struct config_mesh_args *c)
{
	return str_eq(j->m.mesh_id, c->meshId) &&
	       str_eq(j->m.broker_url, c->brokerUrl) && str_eq(j->member_id, c->memberId) &&
	       str_eq_nocase(j->m.member_pubkey, c->pubkey);
}

/* The same member under another name: its link says hello anew. The mesh under another slug
 * goes on as it is. */
static void rename_it(struct joined *j, const struct config_mesh_args *c, str display_name)
{
	bool again = !str_eq(j->m.display_name, display_name);

	if (!str_eq(j->m.slug, c->slug))
		j->m.slug = arena_dup(j->arena, c->slug);
	if (!again && str_eq(j->m.name, c->name))
		return;
	name_it(j, c, display_name);
	if (again) {
		route_free(j->m.member);
		j->m.member = route_new_member(j);
	}
}

static struct joined *find_same(struct meshes *ms, const struct config_mesh_args *c)
{
	struct joined *j = ms->meshes;

	while (j && !same_identity(j, c))
		j = j->next;
	return j;
}

static void leave(struct meshes *ms, struct joined **at)
{
	struct joined *j = *at;

	*at = j->next;
	log_info("mesh left", LOG_S("mesh", j->m.slug));
	(void)standing_drop_mesh(ms->standing, j->m.mesh_id);
	if (ms->h->on_left)
		ms->h->on_left(ms->arg, j->m.mesh_id);
	free_joined(j);
}

static size_t count(const struct meshes *ms)
{
	size_t n = 0;

	for (const struct joined *j = ms->meshes; j; j = j->next)
		n++;
	return n;
}

static void add_mesh(struct meshes *ms, const struct config_mesh_args *c, str display_name,
		     bool tell)
{
	struct joined **at = &ms->meshes, *j = NULL;
	struct err *e;

	if (count(ms) == MESHES_MAX) {
		log_warn("a mesh is passed over: there are too many", LOG_S("mesh", c->slug));
		return;
	}
	e = join(ms, c, display_name, &j);
	if (e) {
		log_err(LOG_WARN, "a mesh of config.json cannot be used", e);
		return;
	}
	j->found = true;
	while (*at)
		at = &(*at)->next;
	*at = j;
	log_info("mesh joined", LOG_S("mesh", j->m.slug), LOG_S("broker", j->m.broker_url));
	if (tell && ms->h->on_joined)
		ms->h->on_joined(ms->arg, j->m.mesh_id);
}

/* First what is gone: a mesh whose keys changed is left, then joined. */
static void take_config(struct meshes *ms, const struct config_args *c, bool tell)
{
	for (struct joined *j = ms->meshes; j; j = j->next)
		j->found = false;
	for (size_t i = 0; i < c->meshes.n; i++) {
		struct joined *j = find_same(ms, &c->meshes.items[i]);

		if (j) {
			j->found = true;
			rename_it(j, &c->meshes.items[i], c->displayName);
		}
	}
	for (struct joined **at = &ms->meshes; *at;) {
		if ((*at)->found)
			at = &(*at)->next;
		else
			leave(ms, at);
	}
	for (size_t i = 0; i < c->meshes.n; i++)
		if (!find_same(ms, &c->meshes.items[i]))
			add_mesh(ms, &c->meshes.items[i], c->displayName, tell);
}

/* Has the file changed since it was read? *ret_there false: there is none. */
static bool config_changed(struct meshes *ms, bool *ret_there)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	i64 mtime_ns = 0, size = -1;
	struct stat st;
	bool changed;

	*ret_there = stat(arena_cstr(a, ms->spec.paths->config), &st) == 0;
	if (*ret_there) {
		mtime_ns = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		size = st.st_size;
	}
	changed = mtime_ns != ms->seen_mtime_ns || size != ms->seen_size;
	ms->seen_mtime_ns = mtime_ns;
	ms->seen_size = size;
	return changed;
}

static void on_reload(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct meshes *ms = arg;
	struct config_args config;
	bool there, changed = config_changed(ms, &there);
	struct err *e = NULL;

	if (ms->closing || (!changed && !ms->reload_failed))
		return;
	/* Nobody leaves all meshes by removing or emptying the file; a restore and an editor do it
	 * for a moment. */
	if (!there || ms->seen_size == 0)
		e = FAIL(a, NOT_FOUND, "'%.*s' is %s", STRF(ms->spec.paths->config),
			 there ? "empty" : "gone");
	else
		e = config_load(a, ms->spec.paths, &config);
	if (e && !ms->reload_failed)
		log_err(LOG_WARN, "config.json cannot be read, the meshes stay as they are", e);
	ms->reload_failed = e != NULL;
	if (e) {
		loop_timer_set(ms->reload, CONFIG_POLL_MS);
		return;
	}
	take_config(ms, &config, true);
}

static void reload_soon(struct meshes *ms)
{
	if (!loop_timer_is_set(ms->reload))
		loop_timer_set(ms->reload, CONFIG_CALM_MS);
}

static void on_inotify(void *arg)
{
	struct meshes *ms = arg;
	union {
		char bytes[INOTIFY_BUF];
		struct inotify_event first;
	} buf;
	ssize_t n = read(loop_watch_fd(ms->watch), buf.bytes, sizeof(buf.bytes));

	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *ev = (const void *)(buf.bytes + at);

		if ((ev->mask & IN_Q_OVERFLOW) || (ev->len && strcmp(ev->name, "config.json") == 0))
			reload_soon(ms);
		at += (ssize_t)(sizeof(*ev) + ev->len);
	}
}

static void watch_config(struct meshes *ms)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd >= 0 && inotify_add_watch(fd, arena_cstr(a, ms->spec.paths->dir),
					 IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && loop_watch_new(a, ms->spec.loop, fd, on_inotify, ms, &ms->watch))
		ms->watch = NULL;
}

static void on_poll(void *arg)
{
	reload_soon(arg);
}

static void on_wake(void *arg, i64 gap_ms)
{
	log_info("woken: connecting anew", LOG_I("ms", gap_ms));
	meshes_restart(arg);
}

struct err *meshes_new(struct arena *a, const struct meshes_spec *spec,
		       const struct meshes_handler *h, void *arg, struct meshes **ret_meshes)
{
	CLEANUP(arena_freep) struct arena *own = arena_new();
	struct config_args config;
	struct meshes *ms;
	struct err *e;
	bool there;

	e = config_load(own, spec->paths, &config);
	if (e)
		return err_copy(a, e);
	ms = calloc(1, sizeof(*ms));
	if (!ms)
		abort();
	ms->spec = *spec;
	ms->h = h;
	ms->arg = arg;
	ms->arena = arena_new();
	ms->reload = loop_timer_new(spec->loop, on_reload, ms);
	ms->ask_timer = loop_timer_new(spec->loop, asks_on_timer, ms);
	ms->poll = loop_timer_new(spec->loop, on_poll, ms);
	ms->wake = wake_new(spec->loop, spec->clock, on_wake, ms);
	ms->standing = standing_open(arena_printf(own, "%.*s/standing.json", STRF(spec->paths->daemon)));
	watch_config(ms);
	if (!ms->watch)
		loop_timer_every(ms->poll, CONFIG_POLL_MS);
	(void)config_changed(ms, &there);
	take_config(ms, &config, false);
	*ret_meshes = ms;
	return NULL;
}

void meshes_free(struct meshes *ms)
{
	if (!ms)
		return;
	ms->closing = true;
	asks_free(ms);
	storing_orphan(ms);
	while (ms->meshes) {
		struct joined *j = ms->meshes;

		ms->meshes = j->next;
		free_joined(j);
	}
	posts_end(ms);
	leaving_free(ms);
	loop_watch_free(ms->watch);
	loop_timer_free(ms->reload);
	loop_timer_free(ms->ask_timer);
	loop_timer_free(ms->poll);
	wake_free(ms->wake);
	standing_free(ms->standing);
	tls_free(ms->own_tls);
	arena_free(ms->arena);
	free(ms);
}

void meshes_close(struct meshes *ms)
{
	ms->closing = true;
	for (struct joined *j = ms->meshes; j; j = j->next)
		for (struct route *r = j->routes; r; r = r->next)
			if (r->link)
				link_close(r->link);
}

bool meshes_is_closed(const struct meshes *ms)
{
	for (const struct joined *j = ms->meshes; j; j = j->next)
		for (const struct route *r = j->routes; r; r = r->next)
			if (r->link && (link_is_ready(r->link) || link_is_closing(r->link)))
				return false;
	return !ms->leaving;
}

void meshes_reload(struct meshes *ms)
{
	ms->seen_size = -2;
	loop_timer_set(ms->reload, 0);
}

void meshes_restart(struct meshes *ms)
{
	for (struct joined *j = ms->meshes; j; j = j->next)
		for (struct route *r = j->routes; r; r = r->next)
			if (r->link)
				link_restart(r->link);
}

void meshes_rejoin(struct meshes *ms, struct mesh *m, bool only_kicked)
{
	struct joined *j = joined_of(m);
	i64 now_ms = loop_now_ms(ms->spec.loop);
	bool due = !j->rejoined_ms || now_ms - j->rejoined_ms >= REJOIN_EVERY_MS;
	bool any = false;

	for (struct route *r = j->routes; r; r = r->next) {
		if (!r->dormant || (!route_is_kicked(r) && (only_kicked || !due)))
			continue;
		any = true;
		route_rejoin(r);
	}
	if (any)
		j->rejoined_ms = MAX(now_ms, 1);
}

struct mesh *meshes_get(struct meshes *ms, str slug_or_id)
{
	for (struct joined *j = ms->meshes; j; j = j->next)
		if (str_eq(j->m.slug, slug_or_id))
			return &j->m;
	for (struct joined *j = ms->meshes; j; j = j->next)
		if (str_eq(j->m.mesh_id, slug_or_id))
			return &j->m;
	return NULL;
}

const struct sign_pair *mesh_pair(const struct mesh *m)
{
	return &((const struct joined *)m)->member;
}

struct mesh *meshes_at(struct meshes *ms, size_t i)
{
	struct joined *j = ms->meshes;

	while (j && i--)
		j = j->next;
	return j ? &j->m : NULL;
}

static str list_slugs(struct arena *a, const struct meshes *ms)
{
	str all = STR_NONE;

	for (const struct joined *j = ms->meshes; j; j = j->next)
		all = arena_printf(a, "%.*s%s%.*s", STRF(all), str_empty(all) ? "" : ", ",
				   STRF(j->m.slug));
	return all;
}

struct err *meshes_choose(struct arena *a, struct meshes *ms, str slug,
			  const struct session *session, struct mesh **ret_mesh)
{
	struct mesh *m;

	if (str_empty(slug) && session)
		slug = session->mesh_id;
	if (!str_empty(slug)) {
		m = meshes_get(ms, slug);
		if (!m)
			return err_word(
				FAIL(a, NOT_FOUND,
				     "this machine has not joined the mesh '%.*s'; joined: %.*s",
				     STRF(slug), STRF(list_slugs(a, ms))),
				S("mesh_not_attached"));
	} else {
		m = meshes_at(ms, 0);
		if (!m)
			return err_word(FAIL(a, BAD_REQUEST, "this machine has joined no mesh"),
					S("mesh_required"));
		if (joined_of(m)->next)
			return err_word(FAIL(a, BAD_REQUEST, "say which mesh: %.*s",
					     STRF(list_slugs(a, ms))),
					S("mesh_required"));
	}
	*ret_mesh = m;
	return NULL;
}

struct route *meshes_route(struct meshes *ms, str mesh_id, str session_pubkey)
{
	for (struct joined *j = ms->meshes; j; j = j->next) {
		if (!str_eq(j->m.mesh_id, mesh_id))
			continue;
		for (struct route *r = j->routes; r; r = r->next)
			if (str_eq(r->session_pubkey, session_pubkey))
				return r;
	}
	return NULL;
}

void meshes_add_session(struct meshes *ms, const struct session *s, const struct sign_pair *pair)
{
	struct mesh *m = meshes_get(ms, s->mesh_id);
	struct route *old = meshes_route(ms, s->mesh_id, s->pubkey);

	if (old)
		route_free(old);
	if (m)
		route_new_session(joined_of(m), s, pair);
}

void meshes_end_session(struct meshes *ms, const struct session *s)
{
	struct route *r = meshes_route(ms, s->mesh_id, s->pubkey);

	if (r && !str_empty(r->session_pubkey))
		route_free(r);
}

struct err *meshes_lend_route(struct arena *a, struct meshes *ms, const struct outbox_sender *who,
			      struct route **ret_route)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct mesh *m = meshes_get(ms, who->mesh_id);

	if (!m)
		return FAIL(a, NOT_FOUND, "this machine has left the mesh '%.*s'", STRF(who->mesh));
	TRY(session_keys_find(a, ms->spec.paths, m->slug, who->session_id, &pair));
	if (!str_eq(sign_pair_pubkey(a, &pair), who->session_pubkey))
		return FAIL(a, NOT_FOUND, "the key of session '%.*s' is another one now",
			    STRF(who->session_id));
	*ret_route = route_new_lent(joined_of(m), who, &pair);
	return NULL;
}
