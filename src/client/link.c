/*
 * link.c - the life of a connection: attempts, greeting, what comes in, and its end.
 */
#include "client/link.h"

#include <assert.h>

#include "client/link_internal.h"
#include "json/text.h"
#include "proto/moderation.h"

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_STEPS = 6 };

static void start_attempt(struct link *l);

static struct link *link_of(void *arg)
{
	struct link *l = arg;

	assert(l->magic == LINK_MAGIC);
	return l;
}

/* Refusals that no waiting mends: the same hello would be refused again. */
static const char *const final_words[] = {
	"unauthorized",
	"revoked",
	"malformed",
	"bad_signature",
	"bad_session_pubkey",
	"bad_parent_pubkey",
	"attestation_mismatch",
	"parent_member_id_mismatch",
	"unknown_message_type",
	"downgrade",
	"kicked",
	"kicked_stale",
	"banned",
};

bool link_word_is_final(str word)
{
	for (size_t i = 0; i < ARRAY_LEN(final_words); i++)
		if (str_eq(word, str_from(final_words[i])))
			return true;
	return false;
}

static void destroy(struct link *l)
{
	l->magic = 0;
	box_cache_free(l->cache);
	sign_pair_wipe(&l->member);
	sign_pair_wipe(&l->session);
	free(l->seen);
	arena_free(l->frame);
	arena_free(l->conn);
	arena_free(l->arena);
	free(l);
}

void link_enter(struct link *l)
{
	if (l->depth++ == 0)
		arena_reset(l->frame);
}

void link_leave(struct link *l)
{
	if (--l->depth == 0 && l->freed)
		destroy(l);
}

static void drop_connection(struct link *l)
{
	ws_client_free(l->ws);
	l->ws = NULL;
	l->n_early = 0;
	loop_timer_off(l->timer);
}

void link_free(struct link *l)
{
	if (!l || l->freed)
		return;
	l->freed = true;
	drop_connection(l);
	link_drop_all(l);
	loop_task_cancel(&l->restart);
	loop_task_cancel(&l->revive);
	loop_timer_free(l->timer);
	loop_timer_free(l->deadline);
	if (l->depth == 0)
		destroy(l);
}

/* Uniform in [0, base), base 1, 2, 4, ... 30 s: clients of a restarted broker spread out. */
static i64 next_delay(struct link *l)
{
	i64 base = MIN((i64)BACKOFF_FIRST_MS << l->attempt, LINK_BACKOFF_MAX_MS);

	l->attempt = MIN(l->attempt + 1, BACKOFF_STEPS);
	return (i64)random_below(l->spec.random, (u64)base);
}

void link_down(struct link *l, const struct err *why, bool final)
{
	i64 retry_ms = -1;
	struct err lost = { .code = ERR_NETWORK,
			    .word = S("connection_lost"),
			    .file = why->file,
			    .line = why->line };

	drop_connection(l);
	l->state = LINK_DEAD;
	lost.text = arena_printf(l->frame, "the connection ended before the broker answered: %.*s",
				 STRF(why->text));
	link_fail_all(l, final ? why : &lost);
	if (l->freed)
		return;
	if (!final && l->spec.reconnect) {
		retry_ms = next_delay(l);
		l->state = LINK_WAITING;
		loop_timer_set(l->timer, retry_ms);
	}
	l->h->on_down(l->arg, l, why, retry_ms);
}

static bool write_frame(struct link *l, const char *type, const char *id_key, str id, str members,
			const struct json_field *fields, const void *args)
{
	CLEANUP(buf_done) struct buf text = buf_make(LINK_FRAME_MAX);
	struct json_out out = json_out(&text);

	json_obj(&out);
	json_put_str(&out, "type", str_from(type));
	if (id_key)
		json_put_str(&out, id_key, id);
	if (!str_empty(members)) {
		buf_add_byte(&text, ',');
		buf_add(&text, members);
	}
	if (fields)
		json_encode(&out, fields, args);
	json_obj_end(&out);
	if (text.full || text.len > ws_client_room(l->ws))
		return false;
	ws_client_send(l->ws, buf_str(&text));
	return true;
}

bool link_write(struct link *l, const char *type, const char *id_key, str id,
		const struct json_field *fields, const void *args)
{
	return write_frame(l, type, id_key, id, STR_NONE, fields, args);
}

bool link_write_text(struct link *l, const char *type, const char *id_key, str id, str members)
{
	return write_frame(l, type, id_key, id, members, NULL, NULL);
}

static void on_message(void *arg, struct ws_client *c, str message, bool is_text)
{
	struct link *l = link_of(arg);

	link_enter(l);
	if (l->state == LINK_GREETING || l->state == LINK_READY)
		link_take(l, message);
	link_leave(l);
}

static void on_open(void *arg, struct ws_client *c, const struct http_head *answer)
{
	struct link *l = link_of(arg);
	str challenge = http_header_get(answer, S("Claudemesh-Challenge"));
	struct err *e;

	link_enter(l);
	l->has_challenge = !str_empty(challenge);
	l->state = LINK_GREETING;
	loop_timer_set(l->timer, l->spec.hello_ms);
	e = link_hello_send(l, challenge);
	if (e)
		link_down(l, e, link_word_is_final(e->word) && !l->spec.patient);
	link_leave(l);
}

static void on_fail(void *arg, struct ws_client *c, const struct err *e, int http_status)
{
	struct link *l = link_of(arg);
	struct err *why;

	link_enter(l);
	if (http_status)
		why = FAIL(l->frame, NETWORK,
			   "%.*s answers %d to a WebSocket: is it a claudemesh broker?",
			   STRF(l->spec.url), http_status);
	else
		why = FAIL(l->frame, NETWORK, "cannot reach the broker at %.*s: %.*s",
			   STRF(l->spec.url), STRF(e->text));
	link_down(l, why, false);
	link_leave(l);
}

/* What the broker said in words, else our own: the reference says "kicked" and "banned". */
static str said_or(str said, const char *ours)
{
	return str_contains(said, S(" ")) ? said : str_from(ours);
}

/* Why it was closed: the text of an error before it says more than the close reason. */
static struct err *close_err(struct link *l, const struct ws_end *end)
{
	struct arena *a = l->frame;
	str reason = text_quotable(a, end->reason, REFUSAL_TEXT_MAX);
	str text = str_empty(l->notice_text) ? reason : l->notice_text;

	if (l->state == LINK_CLOSING)
		return FAIL(a, CANCELLED, "closed");
	if (end->code == CLOSE_KICKED)
		return err_word(FAIL(a, REFUSED, "%.*s", STRF(said_or(text, KICKED_TEXT))), S("kicked"));
	if (end->code == CLOSE_BANNED)
		return err_word(FAIL(a, REFUSED, "%.*s", STRF(said_or(text, BANNED_TEXT))), S("banned"));
	if (end->code == WS_POLICY) {
		str word = str_empty(l->notice_word) ? reason : l->notice_word;

		return link_hello_refused(l, word, text);
	}
	if (end->by_peer && !str_empty(text))
		return FAIL(a, NETWORK, "the broker closed the connection: %.*s (%d)", STRF(text),
			    end->code);
	return FAIL(a, NETWORK, "the connection to the broker ended (%d)%s%.*s", end->code,
		    str_empty(end->cause) ? "" : ": ", STRF(end->cause));
}

static void on_close(void *arg, struct ws_client *c, const struct ws_end *end)
{
	struct link *l = link_of(arg);
	struct err *why;

	link_enter(l);
	why = close_err(l, end);
	link_down(l, why, l->state == LINK_CLOSING || link_word_is_final(why->word));
	link_leave(l);
}

static const struct ws_client_app link_app = {
	.on_open = on_open,
	.on_message = on_message,
	.on_fail = on_fail,
	.on_close = on_close,
};

static void start_attempt(struct link *l)
{
	struct ws_client_spec spec = { .url = l->spec.url,
				       .deadline_ms = LINK_CONNECT_MS,
				       .message_max = LINK_FRAME_MAX,
				       .tls = l->spec.tls };

	if (l->spec.reconnect) {
		spec.ping_ms = WS_CLIENT_PING_MS;
		spec.dead_ms = WS_CLIENT_DEAD_MS;
	}
	arena_reset(l->conn);
	l->features = (struct strs){ 0 };
	l->notice_word = l->notice_text = STR_NONE;
	l->has_challenge = false;
	l->state = LINK_CONNECTING;
	l->ws = ws_client_new(l->spec.loop, &spec, &link_app, l);
}

static void on_timer(void *arg)
{
	struct link *l = link_of(arg);

	link_enter(l);
	if (l->state == LINK_WAITING)
		start_attempt(l);
	else if (l->state == LINK_GREETING)
		link_down(l,
			  FAIL(l->frame, TIMEOUT,
			       "the broker at %.*s did not answer the hello within %lld ms",
			       STRF(l->spec.url), (long long)l->spec.hello_ms),
			  false);
	link_leave(l);
}

static void restart_now(void *arg)
{
	struct link *l = link_of(arg);

	link_enter(l);
	if (l->state == LINK_WAITING) {
		loop_timer_off(l->timer);
		start_attempt(l);
	} else if (l->state != LINK_DEAD && l->state != LINK_CLOSING) {
		l->attempt = 0;
		link_down(l, FAIL(l->frame, NETWORK, "connecting anew"), false);
		if (!l->freed && l->state == LINK_WAITING) {
			loop_timer_off(l->timer);
			start_attempt(l);
		}
	}
	link_leave(l);
}

static void revive_now(void *arg)
{
	struct link *l = link_of(arg);

	link_enter(l);
	if (l->state == LINK_DEAD) {
		l->attempt = 0;
		start_attempt(l);
	}
	link_leave(l);
}

static void copy_groups(struct arena *a, struct group_list *groups)
{
	struct group_args *items = NEW_ARRAY(a, struct group_args, groups->n + 1);

	for (size_t i = 0; i < groups->n; i++) {
		items[i].name = arena_dup(a, groups->items[i].name);
		if (groups->items[i].role.ptr)
			items[i].role = arena_dup(a, groups->items[i].role);
	}
	groups->items = items;
}

static struct link_spec copy_spec(struct arena *a, const struct link_spec *from)
{
	struct link_spec s = *from;
	str *const texts[] = { &s.url, &s.mesh_id,  &s.member_id, &s.display_name, &s.session_id,
			       &s.cwd, &s.hostname, &s.channel,   &s.peer_type,    &s.role };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i]->ptr)
			*texts[i] = arena_dup(a, *texts[i]);
	s.member = s.session = NULL;
	copy_groups(a, &s.groups);
	if (str_empty(s.channel))
		s.channel = S("claudemesh");
	s.seen_max = s.seen_max ? s.seen_max : LINK_SEEN_MAX;
	s.cache_keys = s.cache_keys ? s.cache_keys : BOX_CACHE_DEFAULT;
	s.hello_ms = s.hello_ms ? s.hello_ms : LINK_HELLO_MS;
	return s;
}

struct link *link_new(const struct link_spec *spec, const struct link_handler *h, void *arg)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->magic = LINK_MAGIC;
	l->arena = arena_new();
	l->conn = arena_new();
	l->frame = arena_new();
	l->spec = copy_spec(l->arena, spec);
	l->member = *spec->member;
	if (spec->session)
		l->session = *spec->session;
	l->hello2_known = spec->hello2_known;
	l->h = h;
	l->arg = arg;
	l->cache = box_cache_new(l->spec.cache_keys);
	l->seen = calloc(l->spec.seen_max, sizeof(*l->seen));
	if (!l->seen)
		abort();
	l->restart = (struct loop_task){ .fn = restart_now, .arg = l };
	l->revive = (struct loop_task){ .fn = revive_now, .arg = l };
	l->timer = loop_timer_new(spec->loop, on_timer, l);
	l->deadline = loop_timer_new(spec->loop, link_on_deadline, l);
	link_hello_init(l, spec->is_session && !spec->session);
	l->state = LINK_DEAD;
	if (!spec->dormant)
		start_attempt(l);
	return l;
}

void link_revive(struct link *l)
{
	loop_next_turn(l->spec.loop, &l->revive);
}

void link_close(struct link *l)
{
	if (l->state == LINK_READY || l->state == LINK_GREETING) {
		l->state = LINK_CLOSING;
		ws_client_close(l->ws, WS_NORMAL, S(""));
	}
}

void link_hand_over(struct link *l, const struct link_handler *h, void *arg)
{
	link_drop_all(l);
	l->h = h;
	l->arg = arg;
}

void link_restart(struct link *l)
{
	loop_next_turn(l->spec.loop, &l->restart);
}

bool link_is_under_way(const struct link *l)
{
	return l->state == LINK_CONNECTING || l->state == LINK_GREETING || l->state == LINK_READY;
}

bool link_is_ready(const struct link *l)
{
	return l->state == LINK_READY;
}

bool link_is_closing(const struct link *l)
{
	return l->state == LINK_CLOSING;
}

bool link_has_challenge(const struct link *l)
{
	return l->has_challenge;
}

bool link_has_feature(const struct link *l, str feature)
{
	for (size_t i = 0; i < l->features.n; i++)
		if (str_eq(l->features.items[i], feature))
			return true;
	return false;
}

str link_own_pubkey(const struct link *l)
{
	return l->own_pubkey;
}

u64 link_bad_frames(const struct link *l)
{
	return l->bad_frames;
}

struct box_cache *link_box_cache(struct link *l)
{
	return l->cache;
}

const struct sign_pair *link_seal_pair(const struct link *l)
{
	return l->spec.is_session ? &l->session : &l->member;
}
