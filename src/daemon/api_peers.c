/*
 * api_peers.c - who is there, and what others see of us.
 */
#include "daemon/api_call.h"

#include "client/validate.h"

enum { PEERS_FRESH_MS = 2000, TELL_MS = 5000 };

/* Meshes that a call asks, one after the other; one that fails does not spoil the others. */
struct round_mesh {
	str mesh_id, slug;
	const struct json *reply;
	i64 at_ms;
	bool failed;
};

struct round {
	struct round_mesh *items;
	size_t n, now;
	struct err *first; /* failure */
};

/* The meshes meant: that of the argument, the session's, or all. */
static struct err *round_begin(struct api_call *c, str mesh, struct round **ret_round)
{
	struct round *r = NEW(c->arena, struct round);
	str mesh_id;
	struct mesh *m;

	TRY(api_mesh_filter(c, mesh, &mesh_id));
	r->items = NEW_ARRAY(c->arena, struct round_mesh, MESHES_MAX);
	for (size_t i = 0; (m = meshes_at(c->daemon->meshes, i)); i++) {
		if (!str_empty(mesh_id) && !str_eq(mesh_id, m->mesh_id))
			continue;
		r->items[r->n++] = (struct round_mesh){ .mesh_id = arena_dup(c->arena, m->mesh_id),
							.slug = arena_dup(c->arena, m->slug) };
	}
	if (!r->n)
		return err_word(FAIL(c->arena, TRY_AGAIN, "the daemon has no mesh yet"),
				S("broker not initialised"));
	*ret_round = r;
	return NULL;
}

/* Peers. */

/* The rows of a list of the reply, each with its mesh. */
static void put_rows(struct json_out *j, const struct round_mesh *m, str key)
{
	const struct json *list = json_get(m->reply, key);

	for (const struct json *row = list ? list->first : NULL; row; row = row->next) {
		json_obj(j);
		for (const struct json *member = row->first; member; member = member->next) {
			json_key(j, member->key);
			json_value(j, member);
		}
		json_put_str(j, "mesh", m->slug);
		json_obj_end(j);
	}
}

static void put_list(struct api_call *c, const struct round *r, const char *key)
{
	json_key(&c->json, str_from(key));
	json_arr(&c->json);
	for (size_t i = 0; i < r->n; i++)
		put_rows(&c->json, &r->items[i], str_from(key));
	json_arr_end(&c->json);
}

static void peers_answer(struct api_call *c)
{
	const struct round *r = c->state;
	size_t answered = 0;

	for (size_t i = 0; i < r->n; i++)
		answered += r->items[i].reply != NULL;
	if (!answered) {
		api_fail(c, r->first);
		return;
	}
	api_ok(c);
	put_list(c, r, "peers");
	put_list(c, r, "members");
	json_key(&c->json, S("meshes"));
	json_arr(&c->json);
	for (size_t i = 0; i < r->n; i++) {
		json_obj(&c->json);
		json_put_str(&c->json, "mesh", r->items[i].slug);
		json_put_str(&c->json, "at", r->items[i].reply ? time_iso(c->arena, r->items[i].at_ms)
							       : STR_NONE);
		json_put_opt(&c->json, "ownerPubkey",
			     json_get_str(r->items[i].reply, S("ownerPubkey")));
		json_obj_end(&c->json);
	}
	json_arr_end(&c->json);
	api_done(c, 200);
}

/* The list is the daemon's; what is needed of it is copied into the call. */
static const struct json *keep(struct arena *a, const struct json *reply)
{
	const struct json *copy;

	return reply && !json_parse(a, arena_dup(a, reply->raw), &copy) ? copy : NULL;
}

static void peers_next(struct api_call *c);

static void on_roster(void *arg, const struct err *e, const struct roster *roster)
{
	struct api_call *c = arg;
	struct round *r = c->state;
	struct round_mesh *m = &r->items[r->now++];

	if (e && !r->first)
		r->first = err_copy(c->arena, e);
	if (!e) {
		m->reply = keep(c->arena, roster->reply);
		m->at_ms = roster->at_ms;
	}
	peers_next(c);
}

static void peers_next(struct api_call *c)
{
	const struct local_peers_args *in = c->args;
	struct round *r = c->state;
	struct mesh *m = NULL;

	while (r->now < r->n && !(m = meshes_get(c->daemon->meshes, r->items[r->now].mesh_id)))
		r->now++;
	if (r->now == r->n) {
		if (!r->first)
			r->first = FAIL(c->arena, TRY_AGAIN, "no mesh answered");
		peers_answer(c);
		return;
	}
	meshes_roster(c->daemon->meshes, m, in->fresh ? 0 : PEERS_FRESH_MS, on_roster, c);
}

static struct err *peers_run(struct api_call *c)
{
	const struct local_peers_args *in = c->args;
	struct round *r;

	TRY(round_begin(c, in->mesh, &r));
	c->state = r;
	peers_next(c);
	return NULL;
}

/* Profile and groups: each change is told on the session's own connection, or holds for the
 * member. */

struct change {
	const char *type, *name;
	const struct json_field *fields;
	const void *args;
};

enum { CHANGES_MAX = 4 };

struct telling {
	struct round *round;
	struct change changes[CHANGES_MAX];
	size_t n, next_change, next_mesh;
	size_t told; /* to how many meshes, at least one change each */
	bool all_confirmed;
};

static enum scope scope_of(const struct api_call *c)
{
	return c->is_session ? SCOPE_CONNECTION : SCOPE_MEMBER;
}

static struct err *read_changes(struct api_call *c, struct telling *t)
{
	const struct local_profile_args *in = c->args;
	enum scope scope = scope_of(c);
	struct set_status_args *status = NEW(c->arena, struct set_status_args);
	struct set_summary_args *summary = NEW(c->arena, struct set_summary_args);
	struct set_visible_args *visible = NEW(c->arena, struct set_visible_args);
	struct set_profile_args *profile = NEW(c->arena, struct set_profile_args);
	struct invalid why;

	*status = (struct set_status_args){ .scope = scope };
	*summary = (struct set_summary_args){ .summary = in->summary, .scope = scope };
	*visible = (struct set_visible_args){ .scope = scope };
	*profile = (struct set_profile_args){ .avatar = in->avatar, .title = in->title, .bio = in->bio,
					      .capabilities = in->capabilities, .scope = scope };
	if (in->summary.ptr)
		t->changes[t->n++] = (struct change){ "set_summary", "summary", set_summary_fields,
						      summary };
	if (in->status.ptr) {
		if (!valid_status(c->arena, in->status, &status->status, &why))
			return invalid_err(c->arena, &why);
		t->changes[t->n++] = (struct change){ "set_status", "status", set_status_fields, status };
	}
	if (in->visible) {
		if (in->visible->type != JSON_BOOL)
			return FAIL(c->arena, BAD_REQUEST, "field 'visible': not true or false");
		visible->visible = in->visible->b;
		t->changes[t->n++] = (struct change){ "set_visible", "visible", set_visible_fields,
						      visible };
	}
	if (in->avatar.ptr || in->title.ptr || in->bio.ptr || in->capabilities.present)
		t->changes[t->n++] = (struct change){ "set_profile", "profile", set_profile_fields,
						      profile };
	if (!t->n)
		return FAIL(c->arena, BAD_REQUEST, "nothing to change was given");
	return NULL;
}

static void profile_answer(struct api_call *c)
{
	struct telling *t = c->state;
	struct json_out *j;

	if (!t->told) {
		api_fail(c, t->round->first);
		return;
	}
	j = api_ok(c);
	json_key(j, S("applied"));
	json_arr(j);
	for (size_t i = 0; i < t->n; i++)
		json_str(j, str_from(t->changes[i].name));
	json_arr_end(j);
	json_key(j, S("meshes"));
	json_arr(j);
	for (size_t i = 0; i < t->round->n; i++)
		if (!t->round->items[i].failed)
			json_str(j, t->round->items[i].slug);
	json_arr_end(j);
	json_put_bool(j, "confirmed", t->all_confirmed);
	api_done(c, 200);
}

static void tell_next(struct api_call *c);

static void on_told(void *arg, const struct err *e, const struct json *reply)
{
	struct api_call *c = arg;
	struct telling *t = c->state;
	struct round_mesh *m = &t->round->items[t->next_mesh];

	if (e && !t->round->first)
		t->round->first = err_copy(c->arena, e);
	m->failed |= e != NULL;
	t->next_change++;
	tell_next(c);
}

static struct route *route_for(struct api_call *c, const struct mesh *m)
{
	struct session *s = api_session(c);

	return s ? meshes_route(c->daemon->meshes, m->mesh_id, s->pubkey) : m->member;
}

/* The next change of the next mesh, one at a time. */
static void tell_next(struct api_call *c)
{
	struct telling *t = c->state;

	for (; t->next_mesh < t->round->n; t->next_mesh++, t->next_change = 0) {
		struct round_mesh *rm = &t->round->items[t->next_mesh];
		struct mesh *m = meshes_get(c->daemon->meshes, rm->mesh_id);
		struct route *route = m ? route_for(c, m) : NULL;
		struct link *l = route ? route_link(route) : NULL;
		bool answers = l && link_has_challenge(l);

		if (!m || !route) {
			rm->failed = true;
			continue;
		}
		/* A reference broker takes it without a word. */
		while (l && link_is_ready(l) && !answers && t->next_change < t->n) {
			const struct change *ch = &t->changes[t->next_change++];

			t->all_confirmed = false;
			rm->failed |= !link_tell(l, ch->type, ch->fields, ch->args);
		}
		if (t->next_change < t->n && !rm->failed) {
			const struct change *ch = &t->changes[t->next_change];

			route_ask(route, ch->type, ch->fields, ch->args, TELL_MS, on_told, c);
			return;
		}
		t->told += !rm->failed;
	}
	if (!t->told && !t->round->first)
		t->round->first = FAIL(c->arena, TRY_AGAIN, "no broker took it");
	profile_answer(c);
}

static struct err *tell_all(struct api_call *c, str mesh, struct telling *t)
{
	TRY(round_begin(c, mesh, &t->round));
	t->all_confirmed = true;
	c->state = t;
	tell_next(c);
	return NULL;
}

static struct err *profile_run(struct api_call *c)
{
	const struct local_profile_args *in = c->args;
	struct telling *t = NEW(c->arena, struct telling);
	struct session *s = api_session(c);

	TRY(read_changes(c, t));
	if (in->hook && s) {
		sessions_saw_hook(c->daemon->sessions, s);
		daemon_tell_reach(c->daemon, s);
	}
	return tell_all(c, in->mesh, t);
}

static struct err *group_join_run(struct api_call *c)
{
	const struct local_group_args *in = c->args;
	struct join_group_args *args = NEW(c->arena, struct join_group_args);
	struct telling *t = NEW(c->arena, struct telling);
	struct invalid why;

	*args = (struct join_group_args){ .role = in->role, .scope = scope_of(c) };
	if (!valid_group(c->arena, in->name, &args->name, &why))
		return invalid_err(c->arena, &why);
	t->changes[t->n++] = (struct change){ "join_group", "group", join_group_fields, args };
	return tell_all(c, in->mesh, t);
}

static struct err *group_leave_run(struct api_call *c)
{
	const struct local_mesh_args *in = c->args;
	struct leave_group_args *args = NEW(c->arena, struct leave_group_args);
	struct telling *t = NEW(c->arena, struct telling);
	struct invalid why;

	*args = (struct leave_group_args){ .scope = scope_of(c) };
	if (!valid_group(c->arena, c->param, &args->name, &why))
		return invalid_err(c->arena, &why);
	t->changes[t->n++] = (struct change){ "leave_group", "group", leave_group_fields, args };
	return tell_all(c, in->mesh, t);
}

#define ARGS(id) local_##id##_fields, sizeof(struct local_##id##_args)

const struct api_route api_peer_routes[] = {
	{ "GET", "/v1/peers", ARGS(peers), 0, API_ANYONE, peers_run,
	  "Who is there, as the brokers list them." },
	{ "POST", "/v1/profile", ARGS(profile), 16 << 10, API_ANYONE, profile_run,
	  "What others see: summary, status, visibility, profile." },
	{ "POST", "/v1/groups", ARGS(group), 4096, API_ANYONE, group_join_run,
	  "Joins a group, or changes the role in it." },
	{ "DELETE", "/v1/groups/<name>", ARGS(mesh), 0, API_ANYONE, group_leave_run,
	  "Leaves a group." },
	{ 0 }
};
