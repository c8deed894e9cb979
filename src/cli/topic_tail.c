/*
 * topic_tail.c - `topic tail`: the last posts of a topic, then what comes, until Ctrl-C.
 *
 * What comes is the broker's stream of events (http-data-web.md 2.10), read with an API key that
 * is made for it and revoked at the end. Posts are numbered: one that was shown is not shown
 * again, and where numbers are missing, after a break, the history has them.
 */
#include "cli/topic.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/text.h"
#include "client/api.h"
#include "client/sse_link.h"
#include "net/url.h"
#include "proto/apikey.h"

enum {
	TAIL_LIMIT = 20,
	PARENTS_MAX = 256,      /* posts that a reply may quote */
	QUOTED_MAX = 60,        /* characters of one */
	TAIL_EVENT_MAX = 256 << 10,
	TAIL_HEAD_MS = 10000,
	TAIL_IDLE_MS = 75000,   /* the broker says something every 30 s */
	TAIL_RETRY_MIN_MS = 200, TAIL_RETRY_MAX_MS = 15000,
	TAIL_SEAL_MS = 30000,   /* between two looks at who waits for a key */
	TAIL_KEY_MS = 3600 * 1000,
};

#define TOPIC_TAIL_FLAGS(F, T) \
	F(T, i64, limit, "N", 1, TOPIC_PAGE_MAX, "how many earlier posts to show; 20 if left out") \
	F(T, bool, forward_only, "", 0, 0, "only what comes from now on")
CLI_FLAGS(topic_tail, TOPIC_TAIL_FLAGS);

/* A post that was shown, for those who answer it. */
struct parent {
	char id[ID_BYTES + 1], name[NAME_BYTES_MAX + 1], text[QUOTED_MAX * 4 + 1];
	char author[PUBKEY_HEX_LEN + 1], client_id[CLIENT_ID_BYTES_MAX + 1]; /* of a signed one */
	bool cut; /* there is more of it */
};

struct tail {
	struct cli *c;
	struct arena *whole;  /* as long as the command; c->arena is of one event, while it lasts */
	struct topic_stay stay;
	struct loop *loop;
	struct sse_link *link;
	struct loop_timer *seal;
	struct loop_signal *interrupt, *terminate;
	str topic, topic_id;
	i64 seq;              /* of the last post shown, or passed over */
	char last_id[ID_BYTES + 1];
	struct parent parents[PARENTS_MAX]; /* a ring */
	size_t n_parents;
	str key_id;
	bool lost;
	struct err *e;        /* what ends it */
};

static void give_up(struct tail *t, const struct err *e)
{
	if (!t->e)
		t->e = err_copy(t->whole, e);
	loop_stop(t->loop);
}

/* What one event needs is gone with it, however long the tail goes on. */
static void use_arena(struct tail *t, struct arena *a)
{
	t->c->arena = t->stay.topics.arena = a;
	t->stay.topics.listed = false;
}

static void on_signal(void *arg, int signum UNUSED)
{
	loop_stop(((struct tail *)arg)->loop);
}

/* ---- showing ---- */

static void copy_text(char *to, size_t size, str from)
{
	snprintf(to, size, "%.*s", STRF(str_of(from.ptr, MIN(from.len, size - 1))));
}

static void remember(struct tail *t, const struct topic_message_args *m, const struct topic_line *line)
{
	struct parent *p = &t->parents[t->n_parents++ % PARENTS_MAX];
	str text = line->text, first;

	if (!str_cut(&text, '\n', &first))
		first = STR_NONE;
	copy_text(p->id, sizeof(p->id), m->id);
	copy_text(p->name, sizeof(p->name), text_cut(m->senderName, NAME_BYTES_MAX / 4));
	copy_text(p->text, sizeof(p->text), text_cut(first, QUOTED_MAX));
	copy_text(p->author, sizeof(p->author), line->proof == POST_SIGNED ? post_author(m) : S(""));
	copy_text(p->client_id, sizeof(p->client_id), m->client_message_id);
	p->cut = strlen(p->text) < line->text.len;
	t->seq = MAX(t->seq, m->seq);
	copy_text(t->last_id, sizeof(t->last_id), m->id);
}

static const struct parent *parent_of(const struct tail *t, str id)
{
	for (size_t i = 0; i < MIN(t->n_parents, (size_t)PARENTS_MAX); i++)
		if (str_eq(str_from(t->parents[i].id), id))
			return &t->parents[i];
	return NULL;
}

/* Did its author sign it once, and was that shown under another id? */
static bool was_told(const struct tail *t, const struct topic_message_args *m, const struct topic_line *line)
{
	for (size_t i = 0; line->proof == POST_SIGNED && i < MIN(t->n_parents, (size_t)PARENTS_MAX); i++) {
		const struct parent *p = &t->parents[i];

		if (str_eq(str_from(p->author), post_author(m)) && !str_eq(str_from(p->id), m->id) &&
		    str_eq(str_from(p->client_id), m->client_message_id))
			return true;
	}
	return false;
}

static void quote(struct tail *t, str reply_to)
{
	const struct parent *p = parent_of(t, reply_to);
	struct output *o = &t->c->out;

	if (str_empty(reply_to))
		return;
	out_row(o);
	if (p)
		out_span(o, TONE_DIM, "  \xe2\x86\xb3 in reply to %s: \"%s%s\"", p->name, p->text,
			 p->cut ? "\xe2\x80\xa6" : "");
	else
		out_span(o, TONE_DIM, "  \xe2\x86\xb3 in reply to #%.*s\xe2\x80\xa6", STRF(text_cut(reply_to, SHORT_ID)));
	out_end(o);
}

static str clock_text(struct arena *a, str iso)
{
	char text[16];
	time_t seconds;
	struct tm tm;
	i64 ms;

	if (!time_from_iso(iso, &ms))
		return S("--:--:--");
	seconds = (time_t)(ms / 1000);
	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%H:%M:%S", &tm))
		return S("--:--:--");
	return arena_dup(a, str_from(text));
}

static void print_post(struct tail *t, struct arena *a, const struct topic_message_args *m,
		       const struct topic_line *line)
{
	struct output *o = &t->c->out;
	str rest = line->text, first = STR_NONE;

	quote(t, m->replyToId);
	out_span(o, TONE_DIM, "  %.*s", STRF(clock_text(a, m->createdAt)));
	out_span(o, TONE_BOLD, "  %.*s", STRF(m->senderName));
	topic_mark_author(o, line);
	out_span(o, TONE_DIM, "  #%.*s", STRF(text_cut(m->id, SHORT_ID)));
	if (!line->encrypted)
		out_span(o, TONE_YELLOW, "  not encrypted");
	if (!line->readable) {
		out_span(o, TONE_DIM, "  [not readable: %.*s]", STRF(line->why));
		out_end(o);
		return;
	}
	if (!str_cut(&rest, '\n', &first))
		first = line->text;
	out_span(o, TONE_PLAIN, "  %s%.*s", line->encrypted ? "\xf0\x9f\x94\x92 " : "", STRF(first));
	out_end(o);
	if (rest.len)
		out_block(o, 12, rest);
}

static void show(struct tail *t, struct arena *a, const struct topic_message_args *m, struct topic_line *line)
{
	struct output *o = &t->c->out;
	struct err *e;

	if (m->seq <= t->seq)
		return;
	if (was_told(t, m, line))
		topic_line_repeats(line);
	if (o->json) {
		struct json_out *j = out_json(o);

		topic_json_post(j, m, line);
		out_json_end(o);
	} else {
		print_post(t, a, m, line);
	}
	remember(t, m, line);
	e = out_flush(o, a);
	if (e)
		give_up(t, e);
}

/* ---- what was missed ---- */

/* A connection that nobody reads is dropped some day: it is opened for each question. */
static struct err *page_after(struct tail *t, struct topic_history_response_args *ret_page,
			      struct topic_line **ret_lines)
{
	struct topic_history_args args = { .topic = t->topic_id, .limit = TOPIC_PAGE_MAX };
	struct err *e;

	if (*t->last_id)
		args.afterId = str_from(t->last_id);
	e = topics_history(&t->stay.topics, &args, ret_page, ret_lines);
	topic_close(&t->stay);
	return e;
}

static void catch_up(struct tail *t)
{
	struct topic_history_response_args page = { .more = true };
	struct topic_line *lines;

	while (page.more && !t->e) {
		struct err *e = page_after(t, &page, &lines);
		bool newest_first = !*t->last_id;

		if (e) {
			/* What is missed now is asked for at the next occasion. */
			out_note(&t->c->out, "posts that were missed cannot be read now: %.*s", STRF(e->text));
			return;
		}
		for (size_t i = 0; i < page.messages.n; i++) {
			size_t at = newest_first ? page.messages.n - 1 - i : i;

			show(t, t->stay.topics.arena, &page.messages.items[at], &lines[at]);
		}
		page.more = page.more && page.messages.n && !newest_first;
	}
}

/* ---- the stream ---- */

static void show_event(struct tail *t, const struct topic_message_args *m)
{
	struct topic_line *lines;
	struct err *e;

	if (m->seq <= t->seq)
		return;
	if (m->seq > t->seq + 1) {
		catch_up(t);
		return;
	}
	e = topics_lines(&t->stay.topics, t->topic_id, m, 1, &lines);
	topic_close(&t->stay);
	if (e)
		out_note(&t->c->out, "a post cannot be read now: %.*s", STRF(e->text));
	else
		show(t, t->stay.topics.arena, m, &lines[0]);
}

static void on_event(void *arg, const struct sse_event *ev)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct tail *t = arg;
	struct topic_message_args m;
	const struct json *body;

	if (t->e)
		return;
	use_arena(t, a);
	if (str_eq(ev->event, S("reset")))
		catch_up(t);
	else if (str_eq(ev->event, S("message")) && !json_parse(a, arena_dup(a, ev->data), &body) &&
		 !json_decode(a, body, topic_message_fields, &m, sizeof(m), NULL))
		show_event(t, &m);
	use_arena(t, t->whole);
	if (*t->last_id && t->link)
		sse_link_resume(t->link, str_from(t->last_id));
}

static void on_open(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct tail *t = arg;

	if (t->lost)
		out_note(&t->c->out, "connected again");
	t->lost = false;
	use_arena(t, a);
	catch_up(t);
	use_arena(t, t->whole);
}

static struct err *refusal(struct arena *a, int status, const struct json *body)
{
	str word = json_get_str(body, S("error"));
	str text = json_get_str(body, S("detail"));

	if (status < 400)
		return NULL;
	if (status == 401)
		return FAIL(a, UNAUTHORIZED, "the broker did not take the key of this stream");
	if (status == 403 || status == 404)
		return FAIL(a, NOT_FOUND, "%.*s", STRF(text.len ? text : word.len ? word : S("there is no such topic")));
	return FAIL(a, TRY_AGAIN, "the broker answered %d", status);
}

/* ---- the key of the stream ---- */

static struct err *make_key(struct tail *t, str *ret_authorization)
{
	struct arena *a = t->c->arena;
	str caps[] = { S("read") }, scopes[] = { t->topic };
	struct apikey_create_args args = {
		.label = arena_printf(a, "cli-tail-%ld", (long)getpid()),
		.capabilities = { caps, ARRAY_LEN(caps), true },
		.topicScopes = { scopes, ARRAY_LEN(scopes), true },
		.expiresAt = time_iso(a, clock_ms(&clock_real) + TAIL_KEY_MS),
	};
	struct apikey_created_args key;
	struct err *e = wire_call(&t->stay.wire, a, "apikey_create", apikey_create_fields, &args,
				  apikey_created_fields, &key, sizeof(key));

	topic_close(&t->stay);
	TRY(e);
	t->key_id = arena_dup(t->whole, key.id);
	*ret_authorization = arena_printf(a, "Bearer %.*s", STRF(key.secret));
	return NULL;
}

static void revoke_key(struct tail *t)
{
	struct apikey_revoke_args args = { .id = t->key_id };

	/* It ends by itself if this does not work. */
	if (!str_empty(t->key_id))
		(void)!wire_call(&t->stay.wire, t->c->arena, "apikey_revoke", apikey_revoke_fields, &args, NULL, NULL, 0);
	topic_close(&t->stay);
	t->key_id = STR_NONE;
}

static void on_down(void *arg, const struct err *why, i64 retry_ms UNUSED)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct tail *t = arg;
	str authorization;
	bool renewed;

	if (why->code == ERR_NOT_FOUND) {
		give_up(t, why);
		return;
	}
	if (why->code == ERR_UNAUTHORIZED) {
		use_arena(t, a);
		renewed = !make_key(t, &authorization);
		use_arena(t, t->whole);
		if (renewed) {
			sse_link_authorize(t->link, authorization);
			return;
		}
	}
	if (!t->lost)
		out_note(&t->c->out, "the stream ended (%.*s), coming back", STRF(why->text));
	t->lost = true;
}

static const struct sse_link_handler handler = { on_open, on_event, refusal, on_down };

/* ---- from the beginning ---- */

static void on_seal(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct tail *t = arg;
	size_t n;

	use_arena(t, a);
	(void)!topics_seal_pending(&t->stay.topics, t->topic_id, &n);
	topic_close(&t->stay);
	use_arena(t, t->whole);
	loop_timer_set(t->seal, TAIL_SEAL_MS);
}

static struct err *backfill(struct tail *t, const struct topic_tail_flags *in)
{
	struct topic_history_args args = { .topic = t->topic, .limit = in->forward_only ? 1 : in->limit ? in->limit : TAIL_LIMIT };
	struct topic_history_response_args page;
	struct topic_line *lines;
	struct err *e = topics_history(&t->stay.topics, &args, &page, &lines);

	if (e && str_eq(err_wire(e), S("topic_not_found")))
		return cli_hint(t->c, e, "claudemesh topic list shows those there are");
	TRY(e);
	t->topic_id = page.topicId;
	if (in->forward_only) {
		if (page.messages.n)
			remember(t, &page.messages.items[0], &lines[0]);
		return NULL;
	}
	out_section(&t->c->out, "#%.*s on %.*s \xe2\x80\x94 the last %zu, then live", STRF(t->topic),
		    STRF(t->stay.wire.mesh->slug), page.messages.n);
	for (size_t i = page.messages.n; i-- > 0;)
		show(t, t->c->arena, &page.messages.items[i], &lines[i]);
	return out_flush(&t->c->out, t->c->arena);
}

static struct err *open_stream(struct tail *t)
{
	struct sse_link_spec spec = {
		.loop = t->loop,
		.event_max = TAIL_EVENT_MAX,
		.head_ms = TAIL_HEAD_MS,
		.idle_ms = TAIL_IDLE_MS,
		.retry_min_ms = TAIL_RETRY_MIN_MS,
		.retry_max_ms = TAIL_RETRY_MAX_MS,
		.last_id = str_from(t->last_id),
		.tls = t->stay.wire.client.tls,
	};
	struct api api;

	TRY(api_init(t->c->arena, t->stay.wire.mesh->brokerUrl, &api));
	TRY(make_key(t, &spec.authorization));
	spec.url = arena_printf(t->c->arena, "%.*s/api/v1/topics/%.*s/stream", STRF(api.base),
				STRF(url_encode(t->c->arena, t->topic)));
	t->link = sse_link_open(&spec, &handler, t);
	return NULL;
}

static void tail_done(void *arg)
{
	struct tail *t = arg;

	sse_link_close(t->link);
	loop_timer_free(t->seal);
	loop_signal_free(t->interrupt);
	loop_signal_free(t->terminate);
	loop_free(t->loop);
}

static struct err *tail_run(struct cli *c, const void *flags)
{
	struct tail *t = NEW(c->arena, struct tail);
	struct err *e;

	t->c = c;
	t->whole = c->arena;
	t->topic = topic_argument(c);
	TRY(topic_open(c, &t->stay));
	arena_defer(c->arena, tail_done, t);
	TRY(loop_new(c->arena, &t->loop));
	TRY(loop_signal_new(c->arena, t->loop, SIGINT, on_signal, t, &t->interrupt));
	TRY(loop_signal_new(c->arena, t->loop, SIGTERM, on_signal, t, &t->terminate));
	e = backfill(t, flags);
	topic_close(&t->stay);
	TRY(e);
	TRY(open_stream(t));
	t->seal = loop_timer_new(t->loop, on_seal, t);
	loop_timer_set(t->seal, 0);
	loop_run(t->loop);
	revoke_key(t);
	return t->e;
}

const struct command topic_tail_command = {
	.name = "topic tail",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "topic", "tail"),
	COMMAND_FLAGS(topic_tail),
	.run = tail_run,
	.doc = "Shows a topic as it goes on; Ctrl-C ends it.",
	.more = "Each post has a short id, which --reply-to of 'topic post' takes; an answer shows what\n"
		"it answers. With --json one document a post.",
	.fields = TOPIC_POST_FIELDS,
};
