#include "daemon/sessions.h"

#include "base/log.h"
#include "crypto/encode.h"
#include "crypto/fingerprint.h"
#include "crypto/secret.h"
#include "daemon/process.h"
#include "daemon/session_keys.h"
#include "daemon/sessions_file.h"

enum { SWEEP_MS = 5 * 60 * 1000, TOKEN_BYTES = SESSION_TOKEN_LEN / 2 };

struct entry {
	struct session s; /* first: entry_of() */
	struct sessions *owner;
	struct arena *arena;
	struct process_watch *process; /* NULL: not known */
};

struct sessions {
	struct loop *loop;
	const struct clock *clock;
	const struct paths *paths;
	struct arena *arena;
	str file;
	const struct sessions_handler *h;
	void *arg;
	struct loop_timer *sweep;
	struct session *all[SESSIONS_MAX]; /* oldest first */
	size_t n;
	bool unsaved; /* activity that the file does not tell of */
};

static struct entry *entry_of(struct session *s)
{
	return (struct entry *)s;
}

static void free_entry(struct entry *en)
{
	process_watch_free(en->process);
	arena_free(en->arena);
	free(en);
}

static struct err *save(struct arena *a, struct sessions *ss)
{
	ss->unsaved = false;
	return sessions_file_save(a, ss->file, ss->all, ss->n);
}

/* What it tells is only for the next daemon: this one goes on without. */
static bool save_or_warn(struct sessions *ss)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e = save(a, ss);

	if (e)
		log_err(LOG_WARN, "the list of sessions could not be written", e);
	return !e;
}

static void end_session(struct sessions *ss, struct session *s, const char *why)
{
	size_t i = 0;

	while (ss->all[i] != s)
		i++;
	memmove(&ss->all[i], &ss->all[i + 1], (--ss->n - i) * sizeof(ss->all[0]));
	log_info("session ended", LOG_S("session", s->session_id), LOG_S("mesh", s->mesh),
		 LOG_S("why", str_from(why)));
	ss->h->on_end(ss->arg, s, why);
	free_entry(entry_of(s));
}

static void on_process_end(void *arg)
{
	struct entry *en = arg;
	struct sessions *ss = en->owner;

	end_session(ss, &en->s, "its process ended");
	(void)save_or_warn(ss);
}

/* Only sessions whose process nobody knows grow old: a running one is alive, however quiet. */
static void on_sweep(void *arg)
{
	struct sessions *ss = arg;
	i64 now_ms = clock_ms(ss->clock);
	size_t before = ss->n;

	for (size_t i = ss->n; i-- > 0;)
		if (!entry_of(ss->all[i])->process &&
		    now_ms - ss->all[i]->active_ms > SESSION_TTL_MS)
			end_session(ss, ss->all[i], "not heard of for a day");
	if (ss->n != before || ss->unsaved)
		(void)save_or_warn(ss);
}

struct sessions *sessions_new(struct loop *loop, const struct clock *clock,
			      const struct paths *paths, str file, const struct sessions_handler *h,
			      void *arg)
{
	struct sessions *ss = calloc(1, sizeof(*ss));

	if (!ss)
		abort();
	ss->loop = loop;
	ss->clock = clock;
	ss->paths = paths;
	ss->arena = arena_new();
	ss->file = arena_dup(ss->arena, file);
	ss->h = h;
	ss->arg = arg;
	ss->sweep = loop_timer_new(loop, on_sweep, ss);
	loop_timer_every(ss->sweep, SWEEP_MS);
	return ss;
}

void sessions_free(struct sessions *ss)
{
	if (!ss)
		return;
	if (ss->unsaved)
		(void)save_or_warn(ss);
	while (ss->n)
		free_entry(entry_of(ss->all[--ss->n]));
	loop_timer_free(ss->sweep);
	arena_free(ss->arena);
	free(ss);
}

static struct group_list dup_groups(struct arena *a, const struct group_list *from)
{
	struct group_list to = { NEW_ARRAY(a, struct group_args, from->n + 1), from->n,
				 from->present };

	for (size_t i = 0; i < from->n; i++) {
		to.items[i].name = arena_dup(a, from->items[i].name);
		if (from->items[i].role.ptr)
			to.items[i].role = arena_dup(a, from->items[i].role);
	}
	return to;
}

static str dup_or_none(struct arena *a, str s)
{
	return s.ptr ? arena_dup(a, s) : STR_NONE;
}

/* The copy is added, watched and told of. */
static struct session *add(struct sessions *ss, const struct session *from)
{
	struct entry *en = calloc(1, sizeof(*en));

	if (!en)
		abort();
	en->owner = ss;
	en->arena = arena_new();
	en->s = *from;
	en->s.token_hash = dup_or_none(en->arena, from->token_hash);
	en->s.session_id = dup_or_none(en->arena, from->session_id);
	en->s.mesh = dup_or_none(en->arena, from->mesh);
	en->s.mesh_id = dup_or_none(en->arena, from->mesh_id);
	en->s.display_name = dup_or_none(en->arena, from->display_name);
	en->s.cwd = dup_or_none(en->arena, from->cwd);
	en->s.role = dup_or_none(en->arena, from->role);
	en->s.message_mode = dup_or_none(en->arena, from->message_mode);
	en->s.start_time = dup_or_none(en->arena, from->start_time);
	en->s.pubkey = dup_or_none(en->arena, from->pubkey);
	en->s.member_pubkey = dup_or_none(en->arena, from->member_pubkey);
	en->s.groups = dup_groups(en->arena, &from->groups);
	if (from->pid)
		en->process = process_watch_new(ss->loop, from->pid, from->start_time,
						on_process_end, en);
	ss->all[ss->n++] = &en->s;
	ss->h->on_session(ss->arg, &en->s);
	return &en->s;
}

/* Does the session of the file still live, and may it? Fills what the file does not say. */
static bool may_return(struct arena *a, struct sessions *ss, struct session *s)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };

	if (!ss->h->get_mesh(ss->arg, s->mesh, &s->mesh_id, &s->member_pubkey))
		return false;
	if (s->pid ? !str_eq(process_start(a, s->pid), s->start_time)
		   : clock_ms(ss->clock) - s->active_ms > SESSION_TTL_MS)
		return false;
	return !session_keys_find(a, ss->paths, s->mesh, s->session_id, &pair) &&
	       str_eq(sign_pair_pubkey(a, &pair), s->pubkey);
}

struct err *sessions_restore(struct arena *a, struct sessions *ss, i64 *ret_restored,
			     i64 *ret_dropped)
{
	struct session *kept;
	i64 restored = 0;
	size_t n;

	TRY(sessions_file_load(a, ss->file, &kept, &n));
	for (size_t i = 0; i < n; i++) {
		if (ss->n == SESSIONS_MAX || !may_return(a, ss, &kept[i]))
			continue;
		add(ss, &kept[i]);
		restored++;
	}
	*ret_restored = restored;
	*ret_dropped = (i64)n - restored;
	return *ret_dropped ? save(a, ss) : NULL;
}

static struct err *too_long(struct arena *a, const char *field, str value, size_t max)
{
	if (value.len > max)
		return FAIL(a, BAD_REQUEST, "field '%s' has more than %zu bytes", field, max);
	if (!str_is_utf8(value) || str_index(value, 0) >= 0)
		return FAIL(a, BAD_REQUEST, "field '%s' is not text", field);
	return NULL;
}

static struct err *check(struct arena *a, const struct session_request *in)
{
	if (!str_is_hex(in->token, TOKEN_BYTES, false))
		return FAIL(a, BAD_REQUEST, "field 'token': expected %d hex digits",
			    SESSION_TOKEN_LEN);
	if (str_empty(in->session_id))
		return FAIL(a, BAD_REQUEST, "field 'session_id' is missing");
	if (str_empty(in->mesh))
		return FAIL(a, BAD_REQUEST, "field 'mesh' is missing");
	if (in->pid < 0 || in->pid > INT32_MAX)
		return FAIL(a, BAD_REQUEST, "field 'pid' is no process id");
	if (in->groups.n > GROUPS_MAX)
		return FAIL(a, BAD_REQUEST, "field 'groups' has more than %d items", GROUPS_MAX);
	for (size_t i = 0; i < in->groups.n; i++) {
		TRY(too_long(a, "groups.name", in->groups.items[i].name, NAME_BYTES_MAX));
		TRY(too_long(a, "groups.role", in->groups.items[i].role, NAME_BYTES_MAX));
	}
	TRY(too_long(a, "session_id", in->session_id, SESSION_ID_BYTES_MAX));
	TRY(too_long(a, "display_name", in->display_name, NAME_BYTES_MAX));
	TRY(too_long(a, "cwd", in->cwd, CWD_BYTES_MAX));
	TRY(too_long(a, "message_mode", in->message_mode, NAME_BYTES_MAX));
	return too_long(a, "role", in->role, NAME_BYTES_MAX);
}

static bool same_groups(const struct group_list *x, const struct group_list *y)
{
	bool same = x->n == y->n;

	for (size_t i = 0; same && i < x->n; i++)
		same = str_eq(x->items[i].name, y->items[i].name) &&
		       str_eq(x->items[i].role, y->items[i].role);
	return same;
}

/* Registered twice with the same words: its link need not be made anew. */
static bool is_same(const struct session *x, const struct session *y)
{
	return str_eq(x->token_hash, y->token_hash) && str_eq(x->session_id, y->session_id) &&
	       str_eq(x->mesh_id, y->mesh_id) && str_eq(x->pubkey, y->pubkey) && x->pid == y->pid &&
	       str_eq(x->start_time, y->start_time) && str_eq(x->display_name, y->display_name) &&
	       str_eq(x->cwd, y->cwd) && str_eq(x->role, y->role) &&
	       str_eq(x->message_mode, y->message_mode) && same_groups(&x->groups, &y->groups);
}

static bool is_replaced(const struct session *old, const struct session *fresh)
{
	return str_eq(old->token_hash, fresh->token_hash) ||
	       (str_eq(old->mesh_id, fresh->mesh_id) &&
		(str_eq(old->session_id, fresh->session_id) || str_eq(old->pubkey, fresh->pubkey)));
}

/* The key: the one brought along, if it is the one we have or the first. */
static struct err *take_key(struct arena *a, struct sessions *ss, const struct session_request *in,
			    str *ret_pubkey)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };

	if (in->pair) {
		TRY(session_keys_put(a, ss->paths, ss->clock, in->mesh, in->session_id, in->pair));
		*ret_pubkey = sign_pair_pubkey(a, in->pair);
		return NULL;
	}
	TRY(session_keys_open(a, ss->paths, ss->clock, in->mesh, in->session_id, &pair));
	*ret_pubkey = sign_pair_pubkey(a, &pair);
	return NULL;
}

static struct err *make(struct arena *a, struct sessions *ss, const struct session_request *in,
			struct session *ret_session)
{
	struct session s = {
		.session_id = in->session_id,
		.mesh = in->mesh,
		.display_name = in->display_name,
		.cwd = in->cwd,
		.role = in->role,
		.message_mode = in->message_mode,
		.groups = in->groups,
		.hooks = in->hooks,
		.pid = in->pid,
		.registered_ms = clock_ms(ss->clock),
		.active_ms = clock_ms(ss->clock),
	};

	TRY(check(a, in));
	if (!ss->h->get_mesh(ss->arg, in->mesh, &s.mesh_id, &s.member_pubkey))
		return err_word(FAIL(a, NOT_FOUND, "this machine has not joined the mesh '%.*s'",
				     STRF(in->mesh)),
				S("mesh_not_attached"));
	s.token_hash = sha256_hex(a, hex_lower(a, in->token));
	if (in->pid) {
		s.start_time = process_start(a, in->pid);
		if (str_empty(s.start_time))
			return FAIL(a, BAD_REQUEST, "field 'pid': no process %lld runs",
				    (long long)in->pid);
	}
	TRY(take_key(a, ss, in, &s.pubkey));
	*ret_session = s;
	return NULL;
}

struct err *sessions_register(struct arena *a, struct sessions *ss,
			      const struct session_request *in, struct session **ret_session,
			      bool *ret_stored)
{
	struct session fresh;

	TRY(make(a, ss, in, &fresh));
	for (size_t i = 0; i < ss->n; i++) {
		if (is_same(ss->all[i], &fresh)) {
			ss->all[i]->active_ms = fresh.active_ms;
			ss->all[i]->hooks |= fresh.hooks;
			*ret_session = ss->all[i];
			*ret_stored = true;
			return NULL;
		}
	}
	for (size_t i = ss->n; i-- > 0;)
		if (is_replaced(ss->all[i], &fresh)) {
			/* The streams of its events go on. */
			fresh.channel |= str_eq(ss->all[i]->pubkey, fresh.pubkey) &&
					 str_eq(ss->all[i]->mesh_id, fresh.mesh_id) &&
					 ss->all[i]->channel;
			end_session(ss, ss->all[i], "registered anew");
		}
	if (ss->n == SESSIONS_MAX)
		return FAIL(a, TRY_AGAIN, "%d sessions are registered already", SESSIONS_MAX);
	*ret_session = add(ss, &fresh);
	*ret_stored = save_or_warn(ss);
	log_info("session registered", LOG_S("session", fresh.session_id),
		 LOG_S("mesh", fresh.mesh), LOG_S("name", fresh.display_name),
		 LOG_I("pid", fresh.pid));
	return NULL;
}

static struct session *find_token(struct sessions *ss, str token)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct session *found = NULL;
	str hash;

	if (!str_is_hex(token, TOKEN_BYTES, false))
		return NULL;
	hash = sha256_hex(a, hex_lower(a, token));
	for (size_t i = 0; i < ss->n; i++)
		if (secret_eq(ss->all[i]->token_hash, hash))
			found = ss->all[i];
	return found;
}

struct session *sessions_get(struct sessions *ss, str token)
{
	struct session *s = find_token(ss, token);

	if (s) {
		s->active_ms = clock_ms(ss->clock);
		ss->unsaved = ss->unsaved || !s->pid;
	}
	return s;
}

struct session *sessions_get_key(struct sessions *ss, str mesh_id, str pubkey)
{
	for (size_t i = 0; i < ss->n; i++)
		if (str_eq(ss->all[i]->mesh_id, mesh_id) && str_eq(ss->all[i]->pubkey, pubkey))
			return ss->all[i];
	return NULL;
}

struct err *sessions_end(struct arena *a, struct sessions *ss, str token)
{
	struct session *s = find_token(ss, token);

	for (size_t i = 0; !s && token.len >= SESSION_TOKEN_PREFIX_LEN && i < ss->n; i++)
		if (str_starts(ss->all[i]->token_hash, token))
			s = ss->all[i];
	if (!s)
		return FAIL(a, NOT_FOUND, "no session is registered with that token");
	end_session(ss, s, "unregistered");
	(void)save_or_warn(ss);
	return NULL;
}

void sessions_end_mesh(struct sessions *ss, str mesh_id)
{
	size_t before = ss->n;

	for (size_t i = ss->n; i-- > 0;)
		if (str_eq(ss->all[i]->mesh_id, mesh_id))
			end_session(ss, ss->all[i], "its mesh was left");
	if (ss->n != before)
		(void)save_or_warn(ss);
}

struct session **sessions_list(struct arena *a, struct sessions *ss, size_t *ret_n)
{
	struct session **all = NEW_ARRAY(a, struct session *, ss->n + 1);

	memcpy(all, ss->all, ss->n * sizeof(*all));
	*ret_n = ss->n;
	return all;
}

struct err *sessions_pair(struct arena *a, struct sessions *ss, const struct session *s,
			  struct sign_pair *ret_pair)
{
	return session_keys_find(a, ss->paths, s->mesh, s->session_id, ret_pair);
}

void sessions_saw_hook(struct sessions *ss, struct session *s)
{
	ss->unsaved = ss->unsaved || !s->hooks;
	s->hooks = true;
}

enum reach session_reach(const struct session *s)
{
	return reach_of_session(&(struct reach_ways){ s->channel, s->hooks, s->message_mode });
}

void session_json(struct arena *a, struct json_out *o, const struct session *s)
{
	json_obj(o);
	json_put_str(o, "sessionId", s->session_id);
	json_put_str(o, "mesh", s->mesh);
	json_put_str(o, "displayName", s->display_name);
	json_put_int(o, "pid", s->pid);
	json_put_opt(o, "cwd", s->cwd);
	json_put_opt(o, "role", s->role);
	json_put_opt(o, "messageMode", s->message_mode);
	json_put_str(o, "reach", enum_word(reach_words, (int)session_reach(s)));
	json_put_bool(o, "channel", s->channel);
	json_put_bool(o, "hooks", s->hooks);
	json_key(o, S("groups"));
	json_arr(o);
	for (size_t i = 0; i < s->groups.n; i++) {
		json_obj(o);
		json_encode(o, group_fields, &s->groups.items[i]);
		json_obj_end(o);
	}
	json_arr_end(o);
	json_put_opt(o, "startTime", s->start_time);
	json_put_str(o, "registeredAt", time_iso(a, s->registered_ms));
	json_put_str(o, "lastActiveAt", time_iso(a, s->active_ms));
	json_key(o, S("presence"));
	json_obj(o);
	json_put_str(o, "sessionPubkey", s->pubkey);
	json_put_str(o, "memberPubkey", s->member_pubkey);
	json_obj_end(o);
	json_put_str(o, "token_prefix",
		     str_of(s->token_hash.ptr, (size_t)SESSION_TOKEN_PREFIX_LEN));
	json_obj_end(o);
}
