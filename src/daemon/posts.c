/*
 * posts.c - posts under keys of their topics: opened before they are stored, with a key that is
 * asked for if need be; and keys sealed for those who wait for one.
 *
 * A post whose key is not at hand waits for the broker's answer, and what follows it in its topic
 * waits behind it. If the key does not come the post is stored unread, with the reason.
 */
#include "daemon/meshes_internal.h"

#include <utlist.h>

#include "base/log.h"
#include "client/keys.h"
#include "client/resolve.h"
#include "crypto/secret.h"

enum {
	POSTS_WAITING_MAX = 256, /* of a mesh; further ones come again later */
	SEALS_AT_ONCE = 32,      /* topics that are looked at when a connection comes back */
	POST_ASK_MS = 5000,
};

struct waiting_post {
	struct waiting_post *next;
	struct arena *arena;
	u64 route;
	struct inbound m;
};

/* ---- keys ---- */

static void read_keys(struct joined *j)
{
	struct topic_keys_args *keys;
	struct err *e;

	arena_free(j->keys_arena);
	j->keys_arena = arena_new();
	j->keys = keys = NEW(j->keys_arena, struct topic_keys_args);
	e = topic_keys_load(j->keys_arena, j->ms->spec.paths, j->m.mesh_id, keys);
	if (e)
		log_err(LOG_WARN, "topic keys cannot be read", e);
}

const struct topic_keys_args *posts_keys(struct joined *j, bool anew)
{
	if (!j->keys || anew)
		read_keys(j);
	return j->keys;
}

static struct topic_line line_of(struct joined *j, struct arena *a, const struct inbound *m)
{
	struct topic_message_args post = topic_message_of(m);
	struct topic_line line;

	topic_read_line(a, posts_keys(j, false), m->topic_id, &post, &line);
	/* A command on this machine may have got it meanwhile. */
	if (line.no_key) {
		read_keys(j);
		topic_read_line(a, j->keys, m->topic_id, &post, &line);
	}
	return line;
}

struct topic_reader posts_reader(struct joined *j, struct arena *a)
{
	const struct roster *roster = meshes_kept_roster(j->ms, &j->m);
	struct member_list *members = NEW(a, struct member_list);
	struct mesh_keys_args keys = { 0 };
	struct err *e = keys_load(a, j->ms->spec.paths, j->m.mesh_id, &keys);

	if (e)
		log_err(LOG_WARN, "whose numbers were compared cannot be read", e);
	members->items = NEW_ARRAY(a, struct member_args, keys.confirmed.n + (roster ? roster->list.members.n : 0));
	/* The first entry of a key counts. */
	for (size_t i = 0; i < keys.confirmed.n; i++)
		members->items[members->n++] = (struct member_args){ .pubkey = keys.confirmed.items[i], .verified = true };
	for (size_t i = 0; roster && i < roster->list.members.n; i++)
		members->items[members->n++] = roster->list.members.items[i];
	return (struct topic_reader){ .paths = j->ms->spec.paths, .mesh_id = j->m.mesh_id, .member = &j->member,
				      .members = members };
}

static void on_dropped(void *arg, const struct err *e, const struct json *reply)
{
	(void)arg, (void)e, (void)reply;
}

/* So that somebody seals another; if not now, then next time. */
void posts_drop_key(struct joined *j, const struct topic_key_drop_args *drop)
{
	route_ask(j->m.member, "topic_key_drop", topic_key_drop_fields, drop, POST_ASK_MS, on_dropped, NULL);
}

/* What the broker has of a topic's keys for us. */
static void keep_keys(struct joined *j, const struct json *reply)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct topic_reader by = posts_reader(j, a);
	struct topic_key_data_args data;
	struct topic_key_drop_args drop;
	struct err *e = json_decode(a, reply, topic_key_data_fields, &data, sizeof(data), NULL);
	i64 broken = 0;

	if (!e)
		e = topic_read_keys(a, &by, &data, 0, &broken);
	if (e)
		log_err(LOG_WARN, "keys of a topic cannot be taken", e);
	if (broken) {
		drop = (struct topic_key_drop_args){ .topic = data.topicId, .epoch = broken };
		posts_drop_key(j, &drop);
	}
	read_keys(j);
}

/* ---- posts that come ---- */

static bool store(struct route *r, const struct inbound *m, const struct topic_line *line)
{
	struct inbound known = *m;

	topic_line_into(line, &known);
	return route_store(r, &known);
}

static bool is_waiting(const struct joined *j, str topic_id)
{
	for (const struct waiting_post *w = j->posts; w; w = w->next)
		if (str_eq(w->m.topic_id, topic_id))
			return true;
	return false;
}

static void free_post(struct joined *j, struct waiting_post *w)
{
	struct waiting_post **at = &j->posts;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	j->n_posts--;
	arena_free(w->arena);
	free(w);
}

/* Those of the topic, in order, whether they can be read now or not. */
static void release(struct joined *j, str topic_id)
{
	struct waiting_post *w = j->posts, *next;

	for (; w; w = next) {
		struct route *r = route_by_serial(j->ms, w->route);
		struct topic_line line;

		next = w->next;
		if (!str_eq(w->m.topic_id, topic_id))
			continue;
		line = line_of(j, w->arena, &w->m);
		if (r && !store(r, &w->m, &line) && r->link)
			link_forget(r->link, &w->m);
		free_post(j, w);
	}
}

/* A question about a topic; the mesh may be gone when it is answered. */
struct question {
	struct question *prev, *next; /* of the meshes: what is not answered at their end */
	struct meshes *ms;
	struct arena *arena;
	str mesh_id, topic_id;
};

static void end_question(struct question *q)
{
	DL_DELETE(q->ms->questions, q);
	arena_free(q->arena);
}

void posts_end(struct meshes *ms)
{
	while (ms->questions)
		end_question(ms->questions);
}

static struct question *new_question(struct joined *j, str topic_id)
{
	struct arena *a = arena_new();
	struct question *q = NEW(a, struct question);

	*q = (struct question){ .ms = j->ms, .arena = a, .mesh_id = arena_dup(a, j->m.mesh_id),
				.topic_id = arena_dup(a, topic_id) };
	DL_APPEND(j->ms->questions, q);
	return q;
}

static struct joined *joined_for(struct question *q)
{
	struct mesh *m = meshes_get(q->ms, q->mesh_id);

	return m ? joined_of(m) : NULL;
}

static void on_keys(void *arg, const struct err *e, const struct json *reply)
{
	struct question *q = arg;
	struct joined *j = joined_for(q);

	if (j && !e)
		keep_keys(j, reply);
	else if (e)
		log_err(LOG_DEBUG, "no answer about the keys of a topic", e);
	if (j)
		release(j, q->topic_id);
	end_question(q);
}

static void ask_keys(struct joined *j, str topic_id)
{
	struct topic_key_get_args args = { .topic = topic_id };

	route_ask(j->m.member, "topic_key_get", topic_key_get_fields, &args, POST_ASK_MS, on_keys,
		  new_question(j, topic_id));
}

bool posts_take(struct route *r, const struct inbound *m)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct joined *j = r->mesh;
	struct waiting_post *w, **at = &j->posts;
	bool behind = is_waiting(j, m->topic_id);
	struct topic_line line = line_of(j, a, m);

	if (!behind && !line.no_key)
		return store(r, m, &line);
	if (j->n_posts >= POSTS_WAITING_MAX)
		return false;
	w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->arena = arena_new();
	w->route = r->serial;
	w->m = inbound_dup(w->arena, m);
	while (*at)
		at = &(*at)->next;
	*at = w;
	j->n_posts++;
	if (!behind)
		ask_keys(j, m->topic_id);
	return true;
}

/* ---- keys for others ---- */

static void seal_for(struct joined *j, struct arena *a, const struct topic_pending_seals_response_args *in,
		     const struct topic_pending_entry_args *to)
{
	const struct topic_key_args *row = topic_keys_get(j->keys, in->topicId, in->epoch);
	struct topic_slot slot = { j->m.mesh_id, in->topicId, in->epoch };
	struct topic_seal_args args = { .topic = in->topicId, .epoch = in->epoch, .memberId = to->memberId };
	u8 key[TOPIC_KEY_BYTES];
	struct sealed sealed;
	struct err *e;

	if (!row || !topic_key_bytes(row, key))
		return;
	e = topic_slot_seal(a, key, &slot, &j->member, to->pubkey, &sealed);
	secret_wipe(key, sizeof(key));
	if (e)
		return;
	args.encryptedKey = sealed.ciphertext;
	args.nonce = sealed.nonce;
	route_ask(j->m.member, "topic_seal", topic_seal_fields, &args, POST_ASK_MS, on_dropped, NULL);
}

static bool can_seal(struct joined *j, str topic_id, i64 epoch)
{
	const struct topic_known_args *seen;
	const struct topic_key_args *row;

	if (!j->keys || !topic_keys_get(j->keys, topic_id, epoch))
		read_keys(j);
	row = topic_keys_get(j->keys, topic_id, epoch);
	seen = topic_keys_get_topic(j->keys, topic_id);
	/* Nobody is let into what was written before by a broker that goes back. */
	return row && row->trusted && !(seen && seen->epoch > epoch);
}

/* Who is vouched for, as the list of members tells; who is not in it makes us ask for a new one,
 * and the next look will find it. */
static void on_pending(void *arg, const struct err *e, const struct json *reply)
{
	struct question *q = arg;
	struct joined *j = joined_for(q);
	struct topic_pending_seals_response_args in;

	if (!e && j && !json_decode(q->arena, reply, topic_pending_seals_response_fields, &in, sizeof(in), NULL) &&
	    !in.stale && can_seal(j, in.topicId, in.epoch)) {
		struct topic_reader by = posts_reader(j, q->arena);

		for (size_t i = 0; i < in.pending.n; i++)
			if (topic_trusts(&by, in.pending.items[i].pubkey))
				seal_for(j, q->arena, &in, &in.pending.items[i]);
	}
	end_question(q);
}

static void look_at_pending(void *arg, const struct err *e, const struct roster *roster)
{
	struct question *q = arg;
	struct joined *j = joined_for(q);
	struct topic_pending_seals_args args = { .topic = q->topic_id };

	(void)e, (void)roster;
	if (j)
		route_ask(j->m.member, "topic_pending_seals", topic_pending_seals_fields, &args, POST_ASK_MS,
			  on_pending, q);
	else
		end_question(q);
}

/* With a new list of members: who joined a moment ago is not in an old one. */
static void seal_pending(struct joined *j, str topic_id)
{
	meshes_roster(j->ms, &j->m, 0, look_at_pending, new_question(j, topic_id));
}

bool posts_event(struct joined *j, const struct peer_event *ev)
{
	str topic_id = json_get_str(ev->data, S("topicId"));

	if (!str_starts(ev->event, S("topic_")) && !str_eq(ev->event, S("notification")))
		return false;
	if (str_eq(ev->event, S("topic_key_wanted")) &&
	    can_seal(j, topic_id, json_get_int(ev->data, S("epoch"), 0)))
		seal_pending(j, topic_id);
	else if (str_eq(ev->event, S("topic_key_sealed")) || str_eq(ev->event, S("topic_epoch")))
		ask_keys(j, topic_id);
	if (j->ms->h->on_topic && (str_eq(ev->event, S("topic_key_sealed")) || str_eq(ev->event, S("topic_epoch"))))
		j->ms->h->on_topic(j->ms->arg, j->m.mesh_id);
	return true;
}

void posts_on_ready(struct joined *j)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct topic_keys_args known;
	size_t asked = 0;

	/* can_seal() may read j->keys anew. */
	if (topic_keys_load(a, j->ms->spec.paths, j->m.mesh_id, &known))
		return;
	read_keys(j);
	for (size_t i = known.topics.n; i-- > 0 && asked < SEALS_AT_ONCE;) {
		const struct topic_known_args *t = &known.topics.items[i];

		if (t->epoch && can_seal(j, t->topic_id, t->epoch)) {
			seal_pending(j, t->topic_id);
			asked++;
		}
	}
}

void posts_done(struct joined *j)
{
	while (j->posts)
		free_post(j, j->posts);
	arena_free(j->keys_arena);
	j->keys_arena = NULL;
	j->keys = NULL;
}
