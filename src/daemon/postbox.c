#include "daemon/postbox.h"

#include <utlist.h>

#include "base/log.h"
#include "client/topic_compose.h"
#include "crypto/secret.h"
#include "daemon/meshes_internal.h"

enum stage {
	BEHIND,  /* another post to that topic is first */
	KEYS,    /* asks, waits for a copy, makes a key */
	SENDING, /* waits for its ack */
};

struct post_job {
	struct post_job *prev, *next; /* in the order of sending */
	struct postbox *pb;
	struct arena *arena;
	u64 route;
	str mesh_id;
	struct topic_post post;
	enum stage stage;
	bool makes_key;  /* and the post is on its way with it */
	int tries, waits;
	i64 deadline_ms; /* loop time */
	struct loop_timer *timer; /* of a wait, or of `failed` */
	struct err *failed;
	struct topic_standing st;
	struct topic_key_data_args data; /* the broker's last word on the keys */
	str seen_id;                     /* and what we knew before it */
	i64 seen_epoch;
	struct topic_members_response_args members;
	struct strs left_out;
	postbox_fn *fn;
	void *arg;
};

struct postbox {
	struct meshes_spec spec;
	struct meshes *ms;
	struct post_job *jobs;
	struct loop_task advance;
};

static void on_advance(void *arg);

struct postbox *postbox_new(const struct meshes_spec *spec, struct meshes *ms)
{
	struct postbox *pb = calloc(1, sizeof(*pb));

	if (!pb)
		abort();
	pb->spec = *spec;
	pb->ms = ms;
	pb->advance = (struct loop_task){ .fn = on_advance, .arg = pb };
	return pb;
}

/* It is off the list. */
static void bury(struct post_job *job)
{
	loop_timer_free(job->timer);
	secret_wipe(&job->st, sizeof(job->st));
	arena_free(job->arena);
	free(job);
}

static void drop(struct post_job *job)
{
	DL_DELETE(job->pb->jobs, job);
	bury(job);
}

void postbox_free(struct postbox *pb)
{
	if (!pb)
		return;
	loop_task_cancel(&pb->advance);
	while (pb->jobs)
		drop(pb->jobs);
	free(pb);
}

void postbox_on_gone(struct postbox *pb, struct route *r)
{
	struct post_job *job, *next;

	DL_FOREACH_SAFE(pb->jobs, job, next) {
		if (job->route != r->serial)
			continue;
		meshes_forget(pb->ms, job);
		drop(job);
	}
	loop_at_turn_end(pb->spec.loop, &pb->advance);
}

/* ---- one at a time ---- */

static bool same_room(const struct post_job *x, const struct post_job *y)
{
	return str_eq(x->mesh_id, y->mesh_id) && str_eq(x->post.topic, y->post.topic);
}

static bool is_blocked(const struct post_job *job)
{
	for (const struct post_job *k = job->pb->jobs; k != job; k = k->next)
		if (same_room(k, job) && (k->stage != SENDING || k->makes_key))
			return true;
	return false;
}

static void fail_soon(struct post_job *job, const struct err *e)
{
	job->stage = KEYS;
	job->failed = err_copy(job->arena, e);
	loop_timer_set(job->timer, 0);
}

static bool wants_a_key(const struct err *e)
{
	return str_eq(err_wire(e), S("no_key")) || str_eq(err_wire(e), S("untrusted_key"));
}

/* Those behind it would only hear the same. */
static void fail_behind(const struct post_job *job, const struct err *e)
{
	for (struct post_job *k = job->next; k; k = k->next)
		if (k->stage == BEHIND && same_room(k, job))
			fail_soon(k, e);
}

static void end(struct post_job *job, const struct err *e, const struct json *ack)
{
	struct postbox *pb = job->pb;

	if (e && wants_a_key(e))
		fail_behind(job, e);
	loop_at_turn_end(pb->spec.loop, &pb->advance);
	DL_DELETE(pb->jobs, job);
	job->fn(job->arg, e, ack, &job->left_out);
	bury(job);
}

/* ---- how the topic stands ---- */

/* On the list a job has its route: postbox_on_gone(). */
static struct route *route_of(const struct post_job *job)
{
	return route_by_serial(job->pb->ms, job->route);
}

static struct joined *joined_for(const struct post_job *job)
{
	return route_of(job)->mesh;
}

static i64 left_ms(const struct post_job *job, i64 max_ms)
{
	return MAX(1, MIN(max_ms, job->deadline_ms - loop_now_ms(job->pb->spec.loop)));
}

static bool is_late(const struct post_job *job)
{
	return loop_now_ms(job->pb->spec.loop) >= job->deadline_ms;
}

/* No answer to a question of ours is one for the post; only the broker's own word is. */
static void ask_failed(struct post_job *job, const struct err *e)
{
	if (str_empty(e->word) && e->code == ERR_TRY_AGAIN)
		end(job, FAIL(job->arena, NETWORK, "%.*s", STRF(e->text)), NULL);
	else
		end(job, e, NULL);
}

static void ask(struct post_job *job, const char *type, const struct json_field *fields, const void *args,
		link_reply_fn *fn)
{
	route_ask(route_of(job), type, fields, args, left_ms(job, POSTBOX_ASK_MS), fn, job);
}

/* A reply lives during the call; what is decoded from it, as long as the job. */
static struct err *take_reply(struct post_job *job, const struct json *reply, const struct json_field *fields,
			      void *ret, size_t size)
{
	const struct json *kept;

	TRY(json_parse(job->arena, arena_dup(job->arena, reply->raw), &kept));
	return json_decode(job->arena, kept, fields, ret, size, NULL);
}

static void go(struct post_job *job);
static void ask_standing(struct post_job *job);
static void on_sent(void *arg, const struct err *e, const struct json *ack);

static struct err *stand_as_told(struct post_job *job)
{
	struct joined *j = joined_for(job);
	struct topic_reader by = posts_reader(j, job->arena);
	const struct topic_key_data_args *data = &job->data;
	struct topic_key_drop_args drop = { .topic = data->topicId };
	i64 seen_epoch = str_eq(job->seen_id, data->topicId) ? job->seen_epoch : 0;

	TRY(topic_check_plaintext(job->arena, posts_keys(j, false), job->post.topic, data));
	TRY(topic_read_keys(job->arena, &by, data, seen_epoch, &drop.epoch));
	if (drop.epoch)
		posts_drop_key(j, &drop);
	return topic_stand_told(job->arena, posts_keys(j, true), job->post.topic, data, &job->st);
}

static void on_sealers(void *arg, const struct err *e UNUSED, const struct roster *roster UNUSED)
{
	struct post_job *job = arg;
	struct err *failed = stand_as_told(job);

	if (failed) {
		end(job, failed, NULL);
	} else if (topic_waits_for_copy(&job->st) && job->waits < TOPIC_COPY_TRIES && !is_late(job)) {
		job->waits++;
		loop_timer_set(job->timer, TOPIC_COPY_TRY_MS);
	} else {
		go(job);
	}
}

/* With a list of members that tells who sealed; without one, what strangers sealed is read only. */
static void on_keys(void *arg, const struct err *e, const struct json *reply)
{
	struct post_job *job = arg;
	struct err *bad = e ? NULL : take_reply(job, reply, topic_key_data_fields, &job->data, sizeof(job->data));

	if (e || bad)
		ask_failed(job, e ? e : bad);
	else
		meshes_roster(job->pb->ms, &joined_for(job)->m, ROSTER_FRESH_MS, on_sealers, job);
}

static void ask_standing(struct post_job *job)
{
	const struct topic_known_args *seen = topic_keys_get_topic(posts_keys(joined_for(job), false), job->post.topic);
	struct topic_key_get_args args = { .topic = job->post.topic };

	job->stage = KEYS;
	if (is_late(job)) {
		fail_soon(job, FAIL(job->arena, TIMEOUT, "the keys of #%.*s took too long", STRF(job->post.topic)));
		return;
	}
	job->seen_id = seen ? arena_dup(job->arena, seen->topic_id) : STR_NONE;
	job->seen_epoch = seen ? seen->epoch : 0;
	ask(job, "topic_key_get", topic_key_get_fields, &args, on_keys);
}

static void on_timer(void *arg)
{
	struct post_job *job = arg;

	if (job->failed)
		end(job, job->failed, NULL);
	else
		ask_standing(job);
}

/* ---- sending ---- */

static struct topic_author author_of(const struct joined *j)
{
	return (struct topic_author){ j->m.mesh_id, j->member_id, &j->member };
}

static void send(struct post_job *job, enum topic_way way, const struct topic_new_key_args *new_key)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct route *r = route_of(job);
	struct topic_author author = author_of(r->mesh);
	struct send_args args;

	if (!r->link) {
		fail_soon(job, FAIL(job->arena, NETWORK, "the connection ended"));
		return;
	}
	topic_post_frame(a, &author, &job->post, &job->st, way, new_key, &args);
	job->stage = SENDING;
	job->makes_key = way == TOPIC_WITH_KEY;
	link_send(r->link, &args, left_ms(job, POSTBOX_ACK_MS), on_sent, job);
	loop_at_turn_end(job->pb->spec.loop, &job->pb->advance);
}

/* With a new list of members: who joined a moment ago is not in an old one. */
static void on_company(void *arg, const struct err *e, const struct roster *roster UNUSED)
{
	struct post_job *job = arg;
	struct joined *j = joined_for(job);
	struct topic_slot slot = { j->m.mesh_id, job->st.topic_id, job->st.epoch + 1 };
	struct topic_reader by = posts_reader(j, job->arena);
	struct topic_author author = author_of(j);
	struct topic_new_key_args key;
	struct err *failed;

	if (e) {
		ask_failed(job, e);
		return;
	}
	failed = topic_next_key(job->arena, &author, &by, &slot, &job->members, job->st.key, &key, &job->left_out);
	if (failed)
		end(job, failed, NULL);
	else
		send(job, TOPIC_WITH_KEY, &key);
}

static void on_members(void *arg, const struct err *e, const struct json *reply)
{
	struct post_job *job = arg;
	struct err *bad = e ? NULL : take_reply(job, reply, topic_members_response_fields, &job->members,
						sizeof(job->members));

	if (e || bad)
		ask_failed(job, e ? e : bad);
	else
		meshes_roster(job->pb->ms, &joined_for(job)->m, 0, on_company, job);
}

static void go(struct post_job *job)
{
	struct topic_members_args args = { .topic = job->st.topic_id };
	enum topic_way way;
	struct err *e = topic_post_way(job->arena, &job->post, &job->st, &way);

	if (e)
		fail_soon(job, e);
	else if (way == TOPIC_WITH_KEY)
		ask(job, "topic_members", topic_members_fields, &args, on_members);
	else
		send(job, way, NULL);
}

/* A repeat of a post that was there is answered as the first time: the key was not taken. */
static void keep_key(struct post_job *job, const struct json *ack)
{
	struct joined *j = joined_for(job);
	struct topic_slot slot = { j->m.mesh_id, job->st.topic_id, job->st.epoch + 1 };
	const struct paths *paths = j->ms->spec.paths;
	struct err *e;

	if (json_get_bool(ack, S("duplicate"))) {
		job->left_out = (struct strs){ 0 };
		return;
	}
	e = topic_keys_see(job->arena, paths, slot.mesh_id, slot.topic_id, job->st.name, slot.epoch);
	if (!e)
		e = topic_keys_add(job->arena, paths, slot.mesh_id, &slot, job->st.key, true);
	/* The broker has our own copy. */
	if (e)
		log_err(LOG_WARN, "a topic's new key cannot be kept", e);
	posts_keys(j, true);
}

static void on_sent(void *arg, const struct err *e, const struct json *ack)
{
	struct post_job *job = arg;
	bool again = topic_lost_race(e) || (job->tries == 0 && topic_was_forgotten(e));

	if (again && ++job->tries < TOPIC_POST_TRIES && !is_late(job)) {
		job->makes_key = false;
		job->left_out = (struct strs){ 0 };
		job->stage = BEHIND;
		if (!is_blocked(job))
			ask_standing(job);
		return;
	}
	if (!e && job->makes_key)
		keep_key(job, ack);
	end(job, e ? topic_explain(job->arena, &job->st, err_copy(job->arena, e)) : NULL, ack);
}

/* Under the key that is known, or as the broker tells. */
static void begin(struct post_job *job)
{
	job->stage = KEYS;
	topic_stand_known(posts_keys(joined_for(job), false), job->post.topic, &job->st);
	/* The keys may be read anew before the job is over. */
	job->st.topic_id = arena_dup(job->arena, job->st.topic_id);
	job->st.name = arena_dup(job->arena, job->st.name);
	if (job->tries == 0 && job->st.has_key && !job->post.plaintext)
		go(job);
	else
		ask_standing(job);
}

static void on_advance(void *arg)
{
	struct postbox *pb = arg;
	struct post_job *job;

	/* In order: who begins may be in the way of the next, or not any more. */
	DL_FOREACH(pb->jobs, job)
		if (job->stage == BEHIND && !is_blocked(job))
			begin(job);
}

static enum priority priority_of(str word)
{
	for (int i = 1; priority_words[i]; i++)
		if (str_eq(word, str_from(priority_words[i])))
			return (enum priority)i;
	return PRIORITY_NEXT;
}

void postbox_send(struct postbox *pb, struct route *r, const struct outbox_row *row, postbox_fn *fn, void *arg)
{
	struct post_job *job = calloc(1, sizeof(*job));
	struct arena *a = arena_new();

	if (!job)
		abort();
	*job = (struct post_job){
		.pb = pb,
		.arena = a,
		.route = r->serial,
		.mesh_id = arena_dup(a, row->mesh_id),
		.post = { .topic = arena_dup(a, topic_bare(row->target_spec)),
			  .text = arena_dup(a, row->payload),
			  .reply_to = arena_dup(a, row->reply_to_id),
			  .plaintext = row->plaintext,
			  .priority = priority_of(row->priority),
			  .client_message_id = arena_dup(a, row->client_message_id),
			  .fingerprint = arena_dup(a, row->fingerprint) },
		.deadline_ms = loop_now_ms(pb->spec.loop) + POSTBOX_MS,
		.fn = fn,
		.arg = arg,
	};
	job->timer = loop_timer_new(pb->spec.loop, on_timer, job);
	DL_APPEND(pb->jobs, job);
	if (!is_blocked(job))
		begin(job);
}
