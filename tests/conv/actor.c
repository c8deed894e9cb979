/*
 * actor.c - the verbs of a connection: hello, frames out, frames in, closing, sealing.
 */
#include "conv/match.h"
#include "conv/play.h"
#include "crypto/box.h"
#include "crypto/encode.h"

enum { SHOWN_FRAMES = 12, SHOWN_FRAME_BYTES = 600, KEYS_CACHED = 4, HEADERS_MAX = 8 };

/* "alice < PATTERN", and the search for it. */
struct expected {
	struct play *play;
	struct actor *who;
	const struct json *pattern;
	struct frame **found;         /* the link to the frame; NULL: none yet */
	str why;                      /* of the newest frame that did not fit */
};

static bool look(void *arg)
{
	struct expected *x = arg;

	for (struct frame **at = &x->who->wire.frames; *at; at = &(*at)->next) {
		if (!(*at)->json || !match(&x->play->vars, x->pattern, (*at)->json, &x->why))
			continue;
		x->found = at;
		return true;
	}
	return x->who->wire.closed;
}

static str show_frames(struct arena *a, const struct wire *w)
{
	struct buf b = buf_make(SHOWN_FRAMES * (SHOWN_FRAME_BYTES + 16));
	size_t n = 0;
	str text;

	for (const struct frame *f = w->frames; f && n < SHOWN_FRAMES; f = f->next, n++)
		buf_printf(&b, "\n  %.*s", (int)MIN(f->text.len, SHOWN_FRAME_BYTES), f->text.ptr);
	text = n ? arena_printf(a, "; it has%.*s", STRF(buf_str(&b))) : S("; it has nothing");
	buf_done(&b);
	return text;
}

static struct err *verb_receive(struct play *p, struct arena *a, struct actor *who, str args)
{
	struct expected x = { .play = p, .who = who };
	bool done;

	TRY(take_json(p, EXPAND_PATTERN, &args, &x.pattern));
	TRY(take_end(a, args));
	TRY(play_until(p, a, look, &x, &done));
	if (x.found) {
		*x.found = (*x.found)->next;
		return NULL;
	}
	return FAIL(a, TIMEOUT, "%.*s %s before that came (%.*s)%.*s", STRF(who->name),
		    who->wire.closed ? "was closed" : "waited 5 s", STRF(x.why),
		    STRF(show_frames(a, &who->wire)));
}

static struct err *verb_not_receive(struct play *p, struct arena *a, struct actor *who, str args)
{
	struct expected x = { .play = p, .who = who };

	TRY(take_json(p, EXPAND_PATTERN, &args, &x.pattern));
	TRY(take_end(a, args));
	TRY(play_fence(p, a));
	look(&x);
	if (x.found)
		return FAIL(a, CONFLICT, "%.*s received %.*s", STRF(who->name), STRF((*x.found)->text));
	return NULL;
}

static struct err *verb_quiet(struct play *p, struct arena *a, struct actor *who, str args)
{
	TRY(take_end(a, args));
	TRY(play_fence(p, a));
	for (const struct frame *f = who->wire.frames; f; f = f->next)
		if (!str_eq(json_get_str(f->json, S("subtype")), S("system")))
			return FAIL(a, CONFLICT, "%.*s received %.*s", STRF(who->name), STRF(f->text));
	return NULL;
}

static struct err *verb_send(struct play *p, struct arena *a, struct actor *who, str args)
{
	str text;

	TRY(vars_expand(&p->vars, EXPAND_VALUE, args, &text));
	return wire_send(a, &who->wire, text);
}

static struct err *verb_bytes(struct play *p, struct arena *a, struct actor *who, str args)
{
	str hex = take_token(&args), bytes;

	TRY(take_end(a, args));
	if (!hex_decode(a, hex, true, &bytes))
		return FAIL(a, BAD_REQUEST, "'%.*s' is not hex", STRF(hex));
	return wire_send_bytes(a, &who->wire, bytes);
}

/* CONNECTION open ['Header: value']... [-> STATUS] */
static struct err *verb_open(struct play *p, struct arena *a, struct actor *who, str args)
{
	str headers[HEADERS_MAX];
	size_t n = 0;
	i64 want = 101;
	int status;

	args = str_trim(args);
	while (n < HEADERS_MAX && str_starts(args, S("'"))) {
		TRY(take_text(p, a, &args, &headers[n++]));
		args = str_trim(args);
	}
	if (args.len) {
		TRY(take_word(a, &args, "->"));
		if (!str_to_i64(take_token(&args), &want))
			return FAIL(a, BAD_REQUEST, "a status is a number");
	}
	TRY(take_end(a, args));
	who->greeted = false;
	TRY(wire_open(p->arena, p->broker.port, headers, n, &who->wire, &status));
	if (status != want)
		return FAIL(a, CONFLICT, "the upgrade was answered %d", status);
	return NULL;
}

static const struct {
	const char *word;
	enum hello_kind kind;
} kinds[] = {
	{ "cli", HELLO_CLI },
	{ "daemon", HELLO_DAEMON },
	{ "sdk", HELLO_SDK },
};

/* CONNECTION [tries] hello|session_hello [KIND] [{overrides}] */
static struct err *say_hello(struct play *p, struct arena *a, struct actor *who, str args)
{
	enum hello_kind kind = HELLO_OURS;
	const struct json *over = NULL;
	str verb = take_token(&args), frame;

	if (str_eq(verb, S("session_hello")))
		kind = HELLO_SESSION;
	else if (!str_eq(verb, S("hello")))
		return FAIL(a, BAD_REQUEST, "'%.*s' is no hello", STRF(verb));
	args = str_trim(args);
	if (args.len && args.ptr[0] != '{') {
		str word = take_token(&args);
		size_t i = 0;

		while (i < ARRAY_LEN(kinds) && !str_eq(word, str_from(kinds[i].word)))
			i++;
		if (i == ARRAY_LEN(kinds))
			return FAIL(a, BAD_REQUEST, "no kind of hello is called '%.*s'", STRF(word));
		kind = kinds[i].kind;
	}
	if (!str_empty(str_trim(args)))
		TRY(take_json(p, EXPAND_VALUE, &args, &over));
	TRY(take_end(a, args));
	if (who->greeted || who->wire.closed || !who->wire.arena)
		TRY(verb_open(p, a, who, STR_NONE));
	TRY(cast_hello(a, who->member, &who->session, who->session_name, kind, who->wire.challenge,
		       over, &frame));
	vars_set(&p->vars, S("hello"), frame);
	return wire_send(a, &who->wire, frame);
}

static struct err *verb_tries(struct play *p, struct arena *a, struct actor *who, str args)
{
	return say_hello(p, a, who, args);
}

static struct err *hello(struct play *p, struct arena *a, struct actor *who, const char *verb, str args)
{
	TRY(say_hello(p, a, who, arena_printf(a, "%s %.*s", verb, STRF(args))));
	TRY(verb_receive(p, a, who, S("{'type':'hello_ack',*}")));
	who->greeted = true;
	return NULL;
}

static struct err *verb_hello(struct play *p, struct arena *a, struct actor *who, str args)
{
	return hello(p, a, who, "hello", args);
}

static struct err *verb_session_hello(struct play *p, struct arena *a, struct actor *who, str args)
{
	return hello(p, a, who, "session_hello", args);
}

static bool is_closed(void *arg)
{
	return ((struct actor *)arg)->wire.closed;
}

/* CONNECTION closed CODE [REASON] */
static struct err *verb_closed(struct play *p, struct arena *a, struct actor *who, str args)
{
	i64 code;
	str reason;
	bool done;
	const struct wire *w = &who->wire;

	if (!str_to_i64(take_token(&args), &code))
		return FAIL(a, BAD_REQUEST, "a close code is a number");
	TRY(vars_expand_text(&p->vars, str_trim(args), &reason));
	TRY(play_until(p, a, is_closed, who, &done));
	if (!done)
		return FAIL(a, TIMEOUT, "%.*s is still connected%.*s", STRF(who->name),
			    STRF(show_frames(a, w)));
	who->greeted = false;
	if (w->close_code != code || (reason.len && !str_eq(reason, w->close_reason)))
		return FAIL(a, CONFLICT, "%.*s was closed %d '%.*s'", STRF(who->name), w->close_code,
			    STRF(w->close_reason));
	return NULL;
}

static struct err *verb_closes(struct play *p, struct arena *a, struct actor *who, str args)
{
	i64 code = 1000;
	str word = take_token(&args);
	bool done;

	if (word.len && !str_to_i64(word, &code))
		return FAIL(a, BAD_REQUEST, "a close code is a number");
	TRY(wire_send_close(a, &who->wire, (int)code));
	TRY(play_until(p, a, is_closed, who, &done));
	who->greeted = false;
	return done ? NULL : FAIL(a, TIMEOUT, "the broker did not close its end");
}

static struct err *verb_drops(struct play *p, struct arena *a, struct actor *who, str args)
{
	TRY(take_end(a, args));
	wire_drop(&who->wire);
	who->greeted = false;
	return NULL;
}

/* CONNECTION deaf|hears: stops reading, as a peer that hangs; and goes on */
static struct err *verb_deaf(struct play *p UNUSED, struct arena *a, struct actor *who, str args)
{
	TRY(take_end(a, args));
	who->wire.deaf = true;
	return NULL;
}

static struct err *verb_hears(struct play *p UNUSED, struct arena *a, struct actor *who, str args)
{
	TRY(take_end(a, args));
	who->wire.deaf = false;
	return NULL;
}

/* A member's name or $variable as a key. */
static struct err *take_key(struct play *p, struct arena *a, str *rest, str *ret_key)
{
	str token = take_token(rest);
	const struct member *m = cast_find(&p->cast, token);

	if (m) {
		*ret_key = m->pubkey;
		return NULL;
	}
	return vars_expand_text(&p->vars, token, ret_key);
}

/* CONNECTION seals KEY 'text' [session] -> $nonce $ciphertext */
static struct err *verb_seals(struct play *p, struct arena *a, struct actor *who, str args)
{
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(KEYS_CACHED);
	const struct sign_pair *own = &who->member->pair;
	str key, text, nonce, ciphertext;
	struct sealed sealed;

	TRY(take_key(p, a, &args, &key));
	TRY(take_text(p, a, &args, &text));
	args = str_trim(args);
	if (str_starts(args, S("session"))) {
		take_token(&args);
		own = &who->session;
	}
	TRY(take_word(a, &args, "->"));
	TRY(take_name(a, &args, &nonce));
	TRY(take_name(a, &args, &ciphertext));
	TRY(take_end(a, args));
	TRY(box_seal(a, cache, own, key, text, &sealed));
	vars_set_text(&p->vars, nonce, sealed.nonce);
	vars_set_text(&p->vars, ciphertext, sealed.ciphertext);
	return NULL;
}

/* The common part of opens and cannot-open: SENDER NONCE CIPHERTEXT. */
static struct err *open_box(struct play *p, struct arena *a, struct actor *who, str *args, str *ret_text)
{
	CLEANUP(box_cache_freep) struct box_cache *cache = box_cache_new(KEYS_CACHED);
	struct box_own own = { &who->session, &who->member->pair };
	struct sealed sealed;
	str sender;

	TRY(take_key(p, a, args, &sender));
	TRY(take_key(p, a, args, &sealed.nonce));
	TRY(take_key(p, a, args, &sealed.ciphertext));
	return box_open(a, cache, &own, sender, sealed, ret_text);
}

/* CONNECTION opens SENDER $nonce $ciphertext 'text' */
static struct err *verb_opens(struct play *p, struct arena *a, struct actor *who, str args)
{
	str text, want;

	TRY(open_box(p, a, who, &args, &text));
	TRY(take_text(p, a, &args, &want));
	TRY(take_end(a, args));
	return str_eq(text, want) ? NULL : FAIL(a, CONFLICT, "it says '%.*s'", STRF(text));
}

/* CONNECTION cannot-open SENDER $nonce $ciphertext */
static struct err *verb_cannot_open(struct play *p, struct arena *a, struct actor *who, str args)
{
	str text;
	const struct err *e = open_box(p, a, who, &args, &text);

	TRY(take_end(a, args));
	if (!e)
		return FAIL(a, CONFLICT, "%.*s can open it", STRF(who->name));
	return NULL;
}

const struct verb actor_verbs[] = {
	{ "hello", verb_hello, "connects if needed, says hello, waits for hello_ack" },
	{ "session_hello", verb_session_hello, "the same with a session link" },
	{ "tries", verb_tries, "says a hello without waiting for the answer" },
	{ "open", verb_open, "opens the WebSocket and says nothing" },
	{ ">", verb_send, "sends a frame" },
	{ "<", verb_receive, "has received, or receives within 5 s, a frame that fits; takes it" },
	{ "!<", verb_not_receive, "has not received such a frame when all is settled" },
	{ "quiet", verb_quiet, "has nothing left but system pushes when all is settled" },
	{ "bytes", verb_bytes, "sends raw bytes, in hex" },
	{ "closed", verb_closed, "is or gets closed with this code and reason; 1006: without a frame" },
	{ "closes", verb_closes, "closes (1000 or the code given) and waits for the answer" },
	{ "drops", verb_drops, "cuts the TCP connection" },
	{ "deaf", verb_deaf, "reads no more: a peer that hangs" },
	{ "hears", verb_hears, "reads again" },
	{ "seals", verb_seals, "seals a text to a key" },
	{ "opens", verb_opens, "opens a sealed text and compares it" },
	{ "cannot-open", verb_cannot_open, "has no key for it" },
	{ 0 }
};
