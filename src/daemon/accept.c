#include "daemon/accept.h"

#include "base/ids.h"
#include "client/compose.h"
#include "client/resolve.h"
#include "client/topic_compose.h"
#include "client/validate.h"
#include "daemon/fingerprint.h"

enum { CACHE_KEYS = 256, REPLY_TO_MAX = 64 };

struct pending {
	struct accept *ac;
	struct pending *next;
	struct arena *arena;
	struct accept_request rq; /* copied; session is not used after the start */
	str session_pubkey, session_id, session_name, session_mesh; /* empty: the member sends */
	enum priority priority;
	str fingerprint, meta, mesh_id, mesh;
	struct err *e;
	struct outbox_answer answer;
	struct loop_task told; /* in the next turn */
	accept_fn *fn;         /* NULL: forgotten */
	void *arg;
};

struct accept {
	struct meshes_spec spec;
	struct meshes *ms;
	struct sessions *ss;
	struct drain *dr;
	struct box_cache *cache;
	struct pending *pending;
	size_t n;
};

struct accept *accept_new(const struct meshes_spec *spec, struct meshes *ms, struct sessions *ss,
			  struct drain *dr)
{
	struct accept *ac = calloc(1, sizeof(*ac));

	if (!ac)
		abort();
	ac->spec = *spec;
	ac->ms = ms;
	ac->ss = ss;
	ac->dr = dr;
	ac->cache = box_cache_new(CACHE_KEYS);
	return ac;
}

static void drop(struct pending *p)
{
	struct pending **at = &p->ac->pending;

	loop_task_cancel(&p->told);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->ac->n--;
	arena_free(p->arena);
	free(p);
}

/* Before the outbox and the meshes, or after what they still call: see daemon.c. */
void accept_free(struct accept *ac)
{
	if (!ac)
		return;
	while (ac->pending) {
		meshes_forget(ac->ms, ac->pending);
		drop(ac->pending);
	}
	box_cache_free(ac->cache);
	free(ac);
}

static void finish(struct pending *p)
{
	if (p->fn)
		p->fn(p->arg, p->e, p->e ? NULL : &p->answer);
	drop(p);
}

static void on_told(void *arg)
{
	finish(arg);
}

static void fail_soon(struct pending *p, const struct err *e)
{
	p->e = err_copy(p->arena, e);
	loop_next_turn(p->ac->spec.loop, &p->told);
}

/* The row is on disk, or is not. */
static void on_stored(void *arg, const struct err *e)
{
	struct pending *p = arg;
	struct outbox_sender who = { p->mesh_id,    p->mesh,         p->session_pubkey,
				     p->session_id, p->session_name, 0 };

	if (e)
		p->e = e->code == ERR_TRY_AGAIN
			       ? err_copy(p->arena, e)
			       : FAIL(p->arena, TRY_AGAIN, "the message could not be stored: %.*s",
				      STRF(e->text));
	else if (p->answer.is_new)
		drain_wake_sender(p->ac->dr, &who);
	finish(p);
}

static struct err *check_id(struct arena *a, const char *field, str id, size_t max)
{
	if (id.len > max)
		return FAIL(a, BAD_REQUEST, "field '%s' has more than %zu bytes", field, max);
	if (!str_is_utf8(id) || str_index(id, 0) >= 0)
		return FAIL(a, BAD_REQUEST, "field '%s' is not text", field);
	return NULL;
}

static struct err *check_priority(struct pending *p)
{
	str word = p->rq.priority;

	p->priority = PRIORITY_NEXT;
	if (str_empty(word))
		return NULL;
	for (int i = 1; priority_words[i]; i++) {
		if (str_eq(word, str_from(priority_words[i]))) {
			p->priority = (enum priority)i;
			return NULL;
		}
	}
	return FAIL(p->arena, BAD_REQUEST, "field 'priority': expected now, next or low");
}

static bool is_post(const struct pending *p)
{
	return str_starts(str_trim(p->rq.to), S("#"));
}

static struct err *validate(struct pending *p)
{
	struct arena *a = p->arena;

	if (str_empty(str_trim(p->rq.to)))
		return FAIL(a, BAD_REQUEST,
			    "field 'to' is missing: a name, a key, '@group' or '*'");
	if (str_empty(p->rq.message))
		return FAIL(a, BAD_REQUEST, "field 'message' is missing or empty");
	if (p->rq.meta && p->rq.meta->type != JSON_OBJ && p->rq.meta->type != JSON_NULL)
		return FAIL(a, BAD_REQUEST, "field 'meta': expected an object");
	if (p->rq.plaintext && !is_post(p))
		return FAIL(a, BAD_REQUEST, "field 'plaintext': only of a post to a topic");
	TRY(check_id(a, "client_message_id", p->rq.client_message_id, CLIENT_ID_BYTES_MAX));
	TRY(check_id(a, "reply_to_id", p->rq.reply_to_id, REPLY_TO_MAX));
	return check_priority(p);
}

/* Is the id known? *ret_known: the answer waits for what this turn writes, as it may be of it. */
static struct err *look_up(struct pending *p, bool *ret_known)
{
	const struct outbox_answer *known = NULL;
	struct mesh *m = str_empty(p->rq.mesh) ? NULL : meshes_get(p->ac->ms, p->rq.mesh);
	str mesh_id = m ? m->mesh_id : p->session_mesh;

	*ret_known = false;
	if (str_empty(p->rq.client_message_id)) {
		p->rq.client_message_id = id_random(p->arena, p->ac->spec.random);
		return NULL;
	}
	TRY(outbox_check(p->ac->spec.outbox, p->arena, p->rq.client_message_id, p->fingerprint,
			 mesh_id, &known));
	if (known) {
		p->answer = *known;
		*ret_known = true;
		outbox_then(p->ac->spec.outbox, on_stored, p);
	}
	return NULL;
}

/* Whose keys seal it. A route that was ended for good accepts nothing. */
static struct err *sender_pair(struct pending *p, const struct mesh *m, struct sign_pair *ret_pair)
{
	struct route *r = meshes_route(p->ac->ms, m->mesh_id, p->session_pubkey);
	struct session *s;

	if (r && route_get_state(r) == ROUTE_CLOSED) {
		str word, why = route_why(r, &word);

		return err_word(FAIL(p->arena, REFUSED, "nothing can be sent from here: %.*s",
				     STRF(why)),
				arena_dup(p->arena, word));
	}
	if (str_empty(p->session_pubkey)) {
		*ret_pair = *mesh_pair(m);
		return NULL;
	}
	s = sessions_get_key(p->ac->ss, m->mesh_id, p->session_pubkey);
	if (!s)
		return FAIL(p->arena, GONE, "the session has ended");
	if (r && route_link(r)) {
		*ret_pair = *link_seal_pair(route_link(r));
		return NULL;
	}
	return sessions_pair(p->arena, p->ac->ss, s, ret_pair);
}

/* One more row for each device of the recipient, under an id made from the message's. */
static struct err *store_copies(struct pending *p, const struct target *to, const struct draft *message,
				const struct sign_pair *pair, const struct outbox_row *main_row)
{
	for (size_t i = 0; i < to->devices.n; i++) {
		struct target device = resolve_copy(p->arena, to, i);
		struct draft draft = *message;
		struct outbox_row row = *main_row;
		struct outbox_answer answer = { 0 };
		struct send_args sealed;

		draft.client_message_id = row.client_message_id =
			resolve_copy_id(p->arena, to, i, message->client_message_id);
		TRY(compose(p->arena, &draft, &device, p->ac->cache, pair, p->ac->spec.random, &sealed));
		row.target_spec = sealed.targetSpec;
		row.nonce = sealed.nonce;
		row.ciphertext = sealed.ciphertext;
		TRY(outbox_accept(p->ac->spec.outbox, p->arena, &row, &answer));
	}
	return NULL;
}

static struct outbox_row row_of(const struct pending *p, const struct mesh *m)
{
	return (struct outbox_row){
		.client_message_id = p->rq.client_message_id,
		.fingerprint = p->fingerprint,
		.mesh_id = m->mesh_id,
		.mesh = m->slug,
		.to = str_trim(p->rq.to),
		.priority = enum_word(priority_words, (int)p->priority),
		.reply_to_id = p->rq.reply_to_id,
		.meta = p->meta,
		.session_pubkey = p->session_pubkey,
		.session_id = p->session_id,
		.session_name = p->session_name,
		.plaintext = p->rq.plaintext,
		.payload = p->rq.message,
	};
}

/* What the broker says of the topic, it says when the post gets there. What waits for a key goes
 * out first, if there is one now. */
static struct err *store_post(struct pending *p, const struct mesh *m)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct outbox_row row = row_of(p, m);
	struct outbox *ob = p->ac->spec.outbox;
	struct invalid why;
	str topic;

	if (!valid_topic(p->arena, row.to, &topic, &why))
		return invalid_err(p->arena, &why);
	TRY(topic_post_check(p->arena, p->rq.message));
	TRY(topic_id_check(p->arena, p->rq.client_message_id));
	TRY(sender_pair(p, m, &pair));
	row.to = row.target_spec = arena_printf(p->arena, "#%.*s", STRF(topic));
	TRY(outbox_accept(ob, p->arena, &row, &p->answer));
	outbox_wake_posts(ob, m->mesh_id);
	outbox_then(ob, on_stored, p);
	return NULL;
}

static struct err *store(struct pending *p, const struct mesh *m, const struct target *to)
{
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct draft draft = { .text = p->rq.message,
			       .priority = p->priority,
			       .client_message_id = p->rq.client_message_id,
			       .reply_to = p->rq.reply_to_id };
	struct outbox_row row = row_of(p, m);
	struct send_args sealed;

	TRY(sender_pair(p, m, &pair));
	TRY(compose(p->arena, &draft, to, p->ac->cache, &pair, p->ac->spec.random, &sealed));
	row.target_spec = sealed.targetSpec;
	row.nonce = sealed.nonce;
	row.ciphertext = sealed.ciphertext;
	TRY(outbox_accept(p->ac->spec.outbox, p->arena, &row, &p->answer));
	TRY(store_copies(p, to, &draft, &pair, &row));
	outbox_then(p->ac->spec.outbox, on_stored, p);
	return NULL;
}

/* Resolves against this list (NULL: none needed), seals and stores. */
static struct err *resolve_and_store(struct pending *p, const struct mesh *m,
				     const struct roster *roster)
{
	static const struct peers_list_args nobody;
	struct target to;

	TRY(resolve_target(p->arena, roster ? &roster->list : &nobody, m->member_pubkey, p->rq.to,
			   &to));
	return store(p, m, &to);
}

static void on_roster(void *arg, const struct err *e, const struct roster *roster)
{
	struct pending *p = arg;
	struct mesh *m = meshes_get(p->ac->ms, p->mesh_id);
	struct err *failed;

	if (e) {
		fail_soon(p, FAIL(p->arena, TRY_AGAIN,
				  "'%.*s' cannot be looked up: %.*s; a whole key can be sent to "
				  "without the broker",
				  STRF(str_trim(p->rq.to)), STRF(e->text)));
		return;
	}
	if (!m)
		failed = FAIL(p->arena, NOT_FOUND, "the mesh was left");
	else
		failed = resolve_and_store(p, m, roster);
	if (failed)
		fail_soon(p, failed);
}

static bool needs_list(struct arena *a, str to)
{
	struct invalid why;
	str key;

	to = str_trim(to);
	return !resolve_is_multicast(to) && !valid_pubkey(a, to, &key, &why);
}

/* A list that knows the name will do, even if there are news; one that does not is asked for. */
static struct err *route_it(struct pending *p, struct mesh *m)
{
	const struct roster *kept = meshes_kept_roster(p->ac->ms, m);
	i64 now_ms = clock_ms(p->ac->spec.clock);
	bool fresh = kept && now_ms - kept->at_ms < ROSTER_FRESH_MS && now_ms >= kept->at_ms;
	bool tried = !needs_list(p->arena, p->rq.to) || fresh;
	struct err *e = tried ? resolve_and_store(p, m, kept) : NULL;

	if (tried && (!e || e->code != ERR_NOT_FOUND || !needs_list(p->arena, p->rq.to)))
		return e;
	meshes_roster(p->ac->ms, m, 0, on_roster, p);
	return NULL;
}

static struct err *start(struct pending *p)
{
	struct mesh *m;
	bool known;

	if (p->ac->n > ACCEPT_WAITING_MAX)
		return FAIL(p->arena, TRY_AGAIN, "%d messages wait to be accepted already",
			    ACCEPT_WAITING_MAX);
	TRY(validate(p));
	TRY(fingerprint_of(p->arena, p->rq.to, p->rq.reply_to_id, p->rq.priority, p->rq.meta,
			   p->rq.message, &p->fingerprint, &p->meta));
	TRY(look_up(p, &known));
	if (known)
		return NULL;
	TRY(meshes_choose(p->arena, p->ac->ms, p->rq.mesh, p->rq.session, &m));
	if (!p->rq.session)
		meshes_rejoin(p->ac->ms, m, true);
	p->mesh_id = arena_dup(p->arena, m->mesh_id);
	p->mesh = arena_dup(p->arena, m->slug);
	/* A session is one of its own mesh; elsewhere its user speaks as the member. */
	if (!str_eq(p->session_mesh, m->mesh_id))
		p->session_pubkey = p->session_id = p->session_name = STR_NONE;
	return is_post(p) ? store_post(p, m) : route_it(p, m);
}

static str keep(struct arena *a, str s)
{
	return s.ptr ? arena_dup(a, s) : STR_NONE;
}

void accept_send(struct accept *ac, const struct accept_request *rq, accept_fn *fn, void *arg)
{
	struct pending *p = calloc(1, sizeof(*p));
	struct err *e;

	if (!p)
		abort();
	p->ac = ac;
	p->arena = arena_new();
	p->fn = fn;
	p->arg = arg;
	p->told = (struct loop_task){ .fn = on_told, .arg = p };
	p->next = ac->pending;
	ac->pending = p;
	ac->n++;
	p->rq = *rq;
	p->rq.to = keep(p->arena, rq->to);
	p->rq.message = keep(p->arena, rq->message);
	p->rq.priority = keep(p->arena, rq->priority);
	p->rq.reply_to_id = keep(p->arena, rq->reply_to_id);
	p->rq.client_message_id = keep(p->arena, rq->client_message_id);
	p->rq.mesh = keep(p->arena, rq->mesh);
	if (rq->session) {
		p->session_pubkey = keep(p->arena, rq->session->pubkey);
		p->session_id = keep(p->arena, rq->session->session_id);
		p->session_name = keep(p->arena, rq->session->display_name);
		p->session_mesh = keep(p->arena, rq->session->mesh_id);
	}
	e = start(p);
	p->rq.session = NULL;
	p->rq.meta = NULL;
	if (e)
		fail_soon(p, e);
}

void accept_forget(struct accept *ac, void *arg)
{
	for (struct pending *p = ac->pending; p; p = p->next)
		if (p->arg == arg)
			p->fn = NULL;
}
