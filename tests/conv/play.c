#include "conv/play.h"

#include "conv/api.h"
#include "conv/match.h"
#include "crypto/encode.h"

enum { HEADERS_MAX = 8, REPEAT_MAX = 100000 };
#define DEFAULT_MESH S("mesh")

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Bytes of the quoted text at the start of s, with its quotes. */
static size_t quoted_len(str s)
{
	size_t n = 1;

	while (n < s.len && s.ptr[n] != '\'')
		n += s.ptr[n] == '\\' ? 2 : 1;
	return MIN(n + 1, s.len);
}

static size_t balanced_len(str s)
{
	size_t n = 0, depth = 0;

	while (n < s.len) {
		if (s.ptr[n] == '\'') {
			n += quoted_len(str_skip(s, n));
			continue;
		}
		if (s.ptr[n] == '{' || s.ptr[n] == '[')
			depth++;
		else if ((s.ptr[n] == '}' || s.ptr[n] == ']') && --depth == 0)
			return n + 1;
		n++;
	}
	return s.len;
}

str take_token(str *rest)
{
	size_t n = 0;
	str s = str_trim(*rest), token;

	if (str_starts(s, S("'")))
		n = quoted_len(s);
	else if (str_starts(s, S("{")) || str_starts(s, S("[")))
		n = balanced_len(s);
	else
		while (n < s.len && !is_blank(s.ptr[n]))
			n++;
	token = str_of(s.ptr, n);
	*rest = str_skip(s, n);
	return token;
}

struct err *take_word(struct arena *a, str *rest, const char *word)
{
	str token = take_token(rest);

	if (!str_eq(token, str_from(word)))
		return FAIL(a, BAD_REQUEST, "'%.*s' stands where '%s' belongs", STRF(token), word);
	return NULL;
}

struct err *take_json(struct play *p, enum expand how, str *rest, const struct json **ret)
{
	str text;

	TRY(vars_expand(&p->vars, how, take_token(rest), &text));
	return json_parse(p->arena, text, ret);
}

struct err *take_text(struct play *p, struct arena *a, str *rest, str *ret_text)
{
	const struct json *text;

	TRY(take_json(p, EXPAND_VALUE, rest, &text));
	if (text->type != JSON_STR)
		return FAIL(a, BAD_REQUEST, "a quoted text belongs there");
	*ret_text = text->s;
	return NULL;
}

struct err *take_name(struct arena *a, str *rest, str *ret_name)
{
	str token = take_token(rest);

	if (!str_starts(token, S("$")))
		return FAIL(a, BAD_REQUEST, "'%.*s' is no $name", STRF(token));
	*ret_name = str_skip(token, 1);
	return NULL;
}

struct err *take_end(struct arena *a, str rest)
{
	if (!str_empty(str_trim(rest)))
		return FAIL(a, BAD_REQUEST, "'%.*s' is too much", STRF(rest));
	return NULL;
}

struct err *play_until(struct play *p, struct arena *a, bool (*until)(void *arg), void *arg,
		       bool *ret_done)
{
	i64 deadline = wire_now_ms() + WIRE_DEADLINE_MS;

	while (!(*ret_done = until(arg)) && wire_now_ms() < deadline) {
		struct wire *open[WIRE_CONNS_MAX];
		size_t n = 0;

		for (struct actor *at = p->actors; at && n < WIRE_CONNS_MAX; at = at->next)
			if (at->wire.arena && at->wire.fd >= 0 && !at->wire.deaf)
				open[n++] = &at->wire;
		TRY(wire_wait(a, open, n, deadline - wire_now_ms()));
	}
	return NULL;
}

/* A fence is a question whose answer comes after everything before it. */
struct fence_wait {
	struct actor *who;
	str req_id;
};

static bool fence_seen(void *arg)
{
	struct fence_wait *f = arg;

	for (struct frame **at = &f->who->wire.frames; *at; at = &(*at)->next) {
		if (str_eq(json_get_str((*at)->json, S("_reqId")), f->req_id)) {
			*at = (*at)->next;
			return true;
		}
	}
	return f->who->wire.closed;
}

struct err *play_fence(struct play *p, struct arena *a)
{
	/* Twice: what one connection's fence waited for may be on its way to another. */
	for (int round = 0; round < 2; round++) {
		for (struct actor *at = p->actors; at; at = at->next) {
			struct fence_wait f = { at, arena_printf(a, "fence-%lld", (long long)++p->fence) };
			bool seen;

			if (!at->greeted || at->wire.closed || at->wire.deaf)
				continue;
			TRY(wire_send(a, &at->wire,
				      arena_printf(a, "{\"type\":\"list_peers\",\"_reqId\":\"%.*s\"}",
						   STRF(f.req_id))));
			TRY(play_until(p, a, fence_seen, &f, &seen));
			if (!seen)
				return FAIL(a, TIMEOUT, "list_peers of %.*s had no answer", STRF(at->name));
		}
	}
	return NULL;
}

/* Connections are made when a line names them and their member is there. */
static struct actor *actor_get(struct play *p, str name)
{
	str rest = name, member = STR_NONE;
	struct actor **at = &p->actors;

	while (*at && !str_eq((*at)->name, name))
		at = &(*at)->next;
	while (str_ends(rest, S("+")))
		rest.len--;
	str_cut(&rest, '.', &member);
	if (!*at && cast_find(&p->cast, member)) {
		struct actor *made = NEW(p->arena, struct actor);
		str key;

		made->name = arena_dup(p->arena, name);
		made->member = cast_find(&p->cast, member);
		made->wire.fd = -1;
		made->session_name = made->name;
		while (str_ends(made->session_name, S("+")))
			made->session_name.len--;
		if (made->session_name.len < name.len && actor_get(p, made->session_name))
			made->session = actor_get(p, made->session_name)->session;
		else
			sign_pair_new(&made->session);
		key = arena_printf(p->arena, "%.*s.session", STRF(name));
		vars_set_text(&p->vars, key, sign_pair_pubkey(p->arena, &made->session));
		made->next = p->actors;
		p->actors = made;
		return made;
	}
	return *at;
}

static struct err *start(struct play *p, struct arena *a)
{
	TRY(broker_start(a, &p->broker));
	p->started = true;
	p->cast.port = p->broker.port;
	vars_set(&p->vars, S("port"), arena_printf(a, "%d", p->broker.port));
	return NULL;
}

/* broker [FLAGS]: before the first start, or while stopped */
static struct err *verb_broker(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str flags;

	if (p->broker.pid)
		return FAIL(a, CONFLICT, "the broker runs already");
	TRY(vars_expand_text(&p->vars, args, &flags));
	return broker_set_flags(a, &p->broker, flags);
}

/* peer NAME [in MESH] */
static struct err *verb_peer(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str name = take_token(&args), mesh = DEFAULT_MESH;

	if (!str_empty(str_trim(args))) {
		TRY(take_word(a, &args, "in"));
		mesh = take_token(&args);
	}
	TRY(take_end(a, args));
	TRY(cast_member(a, &p->cast, name, mesh));
	actor_get(p, name);
	return NULL;
}

static struct err *verb_start(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	if (p->broker.pid)
		return FAIL(a, CONFLICT, "the broker runs already");
	TRY(take_end(a, args));
	return start(p, a);
}

static bool all_closed(void *arg)
{
	const struct play *p = arg;

	for (const struct actor *at = p->actors; at; at = at->next)
		if (at->wire.arena && at->wire.fd >= 0 && !at->wire.closed && !at->wire.deaf)
			return false;
	return true;
}

/* The clients answer the broker's goodbyes, as long as it has any to say. */
static struct err *stop(struct play *p, struct arena *a)
{
	bool done;

	if (p->broker.pid) {
		broker_ask_to_stop(&p->broker);
		TRY(play_until(p, a, all_closed, p, &done));
	}
	return broker_stop(a, &p->broker);
}

static struct err *verb_stop(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	TRY(take_end(a, args));
	return stop(p, a);
}

static struct err *verb_restart(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	TRY(take_end(a, args));
	TRY(stop(p, a));
	return start(p, a);
}

/* kill -9: and starts again */
static struct err *verb_kill(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	TRY(take_word(a, &args, "-9"));
	TRY(take_end(a, args));
	broker_kill(&p->broker);
	return start(p, a);
}

/* refuses 'WORDS' [FLAGS]: a second broker on the same data, another port */
static struct err *verb_refuses(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	struct broker second = p->broker;
	str words, flags;

	TRY(take_text(p, a, &args, &words));
	TRY(vars_expand_text(&p->vars, args, &flags));
	second.pid = 0;
	if (!str_empty(str_trim(flags)))
		TRY(broker_set_flags(a, &second, flags));
	return broker_refuses(a, &second, words);
}

/* repeat N LINE: $i counts from 1 */
static struct err *verb_repeat(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	i64 n;

	if (!str_to_i64(take_token(&args), &n) || n < 1 || n > REPEAT_MAX)
		return FAIL(a, BAD_REQUEST, "how often is 1 to %d", REPEAT_MAX);
	for (i64 i = 1; i <= n; i++) {
		vars_set(&p->vars, S("i"), arena_printf(a, "%lld", (long long)i));
		TRY(play_line(p, a, args));
	}
	return NULL;
}

/* set $x JSON: instead of the value it has */
static struct err *verb_set(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	const struct json *value;
	str name;

	TRY(take_name(a, &args, &name));
	TRY(take_json(p, EXPAND_VALUE, &args, &value));
	TRY(take_end(a, args));
	vars_set(&p->vars, name, value->raw);
	return NULL;
}

/* forget $x...: the next pattern takes a new value */
static struct err *verb_forget(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str name;

	while (!str_empty(str_trim(args))) {
		TRY(take_name(a, &args, &name));
		vars_forget(&p->vars, name);
	}
	return NULL;
}

static struct err *check_body(struct play *p, struct arena *a, str args, str body)
{
	const struct json *pattern, *value;
	str why, text;

	args = str_trim(args);
	if (str_starts(args, S("'"))) {
		TRY(take_text(p, a, &args, &text));
		TRY(take_end(a, args));
		if (!str_contains(body, text))
			return FAIL(a, CONFLICT, "'%.*s' does not contain it", STRF(body));
		return NULL;
	}
	if (!args.len)
		return NULL;
	TRY(take_json(p, EXPAND_PATTERN, &args, &pattern));
	TRY(take_end(a, args));
	TRY(json_parse(p->arena, body, &value));
	if (!match(&p->vars, pattern, value, &why))
		return FAIL(a, CONFLICT, "%.*s in %.*s", STRF(why), STRF(body));
	return NULL;
}

/* http [from ADDRESS|admin] METHOD PATH ['Header: value']... [{body} | raw 'body'] -> STATUS [PATTERN | 'part'] */
static struct err *verb_http(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str method = take_token(&args), path, headers[HEADERS_MAX], body = STR_NONE, from = STR_NONE, copy;
	struct http_result_text answer;
	size_t n = 0;
	i64 status;

	if (str_eq(method, S("from"))) {
		from = take_token(&args);
		if (str_eq(from, S("admin")))
			from = arena_printf(a, "%s/broker.sock", p->broker.data_dir);
		method = take_token(&args);
	}
	TRY(vars_expand_text(&p->vars, take_token(&args), &path));
	while (args = str_trim(args), n < HEADERS_MAX && str_starts(args, S("'")))
		TRY(take_text(p, a, &args, &headers[n++]));
	copy = args;
	if (str_eq(take_token(&copy), S("raw"))) {
		args = copy;
		TRY(take_text(p, a, &args, &body));
	} else if (!str_starts(args, S("->"))) {
		TRY(vars_expand(&p->vars, EXPAND_VALUE, take_token(&args), &body));
	}
	TRY(take_word(a, &args, "->"));
	if (!str_to_i64(take_token(&args), &status))
		return FAIL(a, BAD_REQUEST, "a status is a number");
	TRY(wire_http_from(p->arena, from, p->broker.port, method, path, headers, n, body, &answer));
	TRY(api_check(p, a, method, path, &answer));
	if (answer.status != status)
		return FAIL(a, CONFLICT, "answered %d: %.*s", answer.status, STRF(answer.body));
	return check_body(p, a, args, answer.body);
}

/* tcp 'BYTES' -> STATUS...: on a connection that the broker must end, and the answers it gives */
static struct err *verb_tcp(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str bytes, rest, found = S(""), start = S("HTTP/1.1 ");

	TRY(take_text(p, a, &args, &bytes));
	TRY(take_word(a, &args, "->"));
	TRY(wire_raw(a, p->broker.port, bytes, &rest));
	for (; rest.len; rest = str_skip(rest, 1))
		if (str_starts(rest, start) && rest.len > start.len + 3)
			found = arena_printf(a, "%.*s%s%.3s", STRF(found), found.len ? " " : "",
					     rest.ptr + start.len);
	if (!str_eq(found, str_trim(args)))
		return FAIL(a, CONFLICT, "answered '%.*s'", STRF(found));
	return NULL;
}

/* disk full|free */
static struct err *verb_disk(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	str word = take_token(&args);

	TRY(take_end(a, args));
	if (!str_eq(word, S("full")) && !str_eq(word, S("free")))
		return FAIL(a, BAD_REQUEST, "a disk is full or free");
	return broker_fill_disk(a, &p->broker, str_eq(word, S("full")));
}

/* decode TOKEN -> $name: the JSON in base64url, as an invite token is */
static struct err *verb_decode(struct play *p, struct arena *a, struct actor *who UNUSED, str args)
{
	const struct json *token, *value;
	str name, text;

	TRY(take_json(p, EXPAND_VALUE, &args, &token));
	TRY(take_word(a, &args, "->"));
	TRY(take_name(a, &args, &name));
	TRY(take_end(a, args));
	if (token->type != JSON_STR || !base64url_decode(a, token->s, &text))
		return FAIL(a, BAD_REQUEST, "that is no base64url");
	TRY(json_parse(p->arena, arena_dup(p->arena, text), &value));
	vars_set(&p->vars, name, value->raw);
	return NULL;
}

static const struct verb verbs[] = {
	{ "broker", verb_broker, "sets the broker's flags" },
	{ "peer", verb_peer, "makes a member, and its mesh if there is none" },
	{ "http", verb_http, "one request and what must be answered" },
	{ "tcp", verb_tcp, "raw bytes, and the statuses of what comes back until the end" },
	{ "disk", verb_disk, "full: no file of the broker can be written; free: it can again" },
	{ "restart", verb_restart, "SIGTERM, exit status 0, start" },
	{ "kill", verb_kill, "kill -9, then start" },
	{ "stop", verb_stop, "SIGTERM, exit status 0" },
	{ "start", verb_start, "starts a stopped broker" },
	{ "refuses", verb_refuses, "a broker that must not start, and what it must say" },
	{ "decode", verb_decode, "what an invite token holds" },
	{ "repeat", verb_repeat, "a line several times" },
	{ "set", verb_set, "gives a variable a value" },
	{ "forget", verb_forget, "lets patterns take a variable anew" },
	{ 0 }
};

static const struct verb *verb_get(const struct verb *list, str name)
{
	while (list->name && !str_eq(str_from(list->name), name))
		list++;
	return list->name ? list : NULL;
}

struct err *play_line(struct play *p, struct arena *a, str line)
{
	str first = take_token(&line);
	const struct verb *verb = verb_get(verbs, first);
	struct actor *who = NULL;

	if (!p->started && !(verb && verb->run == verb_broker))
		TRY(start(p, a));
	if (!verb) {
		who = actor_get(p, first);
		if (!who)
			return FAIL(a, NOT_FOUND, "'%.*s' is no verb and no peer", STRF(first));
		first = take_token(&line);
		verb = verb_get(actor_verbs, first);
		if (!verb)
			return FAIL(a, NOT_FOUND, "a peer cannot '%.*s'", STRF(first));
	}
	return verb->run(p, a, who, line);
}
