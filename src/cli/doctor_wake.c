/*
 * doctor_wake.c - `doctor wake`: does what a peer says reach an agent here, by which way, how fast?
 *
 * A session of our own, which nobody else uses, is registered with the daemon; a number that
 * nobody can guess is sent to it over the broker, sealed as any message, and looked for on each
 * rung: accepted by the broker, kept by the daemon, told by an MCP server's channel, found by who
 * looks into the inbox, handed over by a hook. What runs here as a session is listed with the way
 * that it has. Nothing stays: neither the session nor its messages.
 */
#include "cli/commands.h"
#include "cli/doctor.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/ids.h"
#include "cli/child.h"
#include "cli/warm.h"
#include "crypto/encode.h"
#include "proto/reach.h"

enum {
	RUNG_MS = 5000,       /* for one rung */
	LOOK_MS = 1,          /* between two looks into the inbox */
	TOKEN_BYTES = 32,
	NONCE_LEN = 16,
	ROWS_MAX = 50,
};

struct wake {
	struct doctor d;
	struct cli *c;
	struct arena *arena;
	struct warm warm;     /* as the user */
	struct ipc session;   /* as the session */
	const struct config_mesh_args *mesh;
	str session_id, pubkey;
	struct visit *visit;
	struct child mcp;
	str rows[ROWS_MAX];   /* of ours in the inbox */
	size_t n_rows;
};

static i64 now_us(void)
{
	return clock_real.mono_us(clock_real.arg);
}

static str hex_of(struct arena *a, size_t bytes)
{
	u8 raw[TOKEN_BYTES];

	random_fill(&random_system, raw, bytes);
	return hex_encode(a, str_of(raw, bytes));
}

static struct err *ask(struct wake *w, const struct ipc *as, const char *method, str target, str body,
		       const struct json **ret_body)
{
	return ipc_ask(w->arena, as, &(struct ipc_request){ .method = str_from(method), .target = target, .body = body,
							    .deadline_ms = RUNG_MS }, ret_body);
}

/* ---- before and after ---- */

static struct err *begin_session(struct wake *w)
{
	struct local_register_args in = {
		.token = hex_of(w->arena, TOKEN_BYTES), .session_id = w->session_id, .mesh = w->mesh->slug,
		.display_name = S("doctor"), .pid = getpid(), .cwd = S("/"), .hooks = true,
	};
	const struct json *body;

	TRY(warm_send(w->c, &w->warm, "POST", S("/v1/sessions/register"), local_register_fields, &in, &body));
	w->session.token = in.token;
	w->pubkey = arena_dup(w->arena, json_get_str(body, S("pubkey")));
	return NULL;
}

/* The broker knows the session: its connection is there. */
static struct err *session_listed(struct wake *w)
{
	i64 until_us = now_us() + RUNG_MS * 1000;
	struct peers_list_args list;

	do {
		TRY(visit_peers(w->arena, w->visit, false, &list));
		for (size_t i = 0; i < list.peers.n; i++)
			if (str_eq(list.peers.items[i].pubkey, w->pubkey))
				return NULL;
	} while (now_us() < until_us);
	return FAIL(w->arena, TIMEOUT, "the daemon's session is not at the broker after %d s", RUNG_MS / 1000);
}

static void end_session(struct wake *w)
{
	const struct json *body;
	struct err *e = NULL;

	child_done(&w->mcp);
	visit_close(w->visit);
	w->visit = NULL;
	for (size_t i = 0; i < w->n_rows; i++)
		e = ask(w, &w->session, "DELETE", arena_printf(w->arena, "/v1/inbox/%.*s", STRF(w->rows[i])),
			STR_NONE, &body);
	w->n_rows = 0;
	if (!str_empty(w->session.token))
		e = ask(w, &w->session, "DELETE", S("/v1/sessions/me"), STR_NONE, &body);
	w->session.token = STR_NONE;
	(void)e; /* the daemon sees our process end */
}

/* ---- rungs ---- */

/* Sends a number, and tells how long the broker took. */
static struct err *send_nonce(struct wake *w, str *ret_nonce, i64 *ret_sent_us)
{
	struct draft draft = { 0 };
	struct ack_args ack;
	struct target to;

	*ret_nonce = hex_of(w->arena, NONCE_LEN);
	draft.text = arena_printf(w->arena, "claudemesh doctor wake %.*s", STRF(*ret_nonce));
	*ret_sent_us = now_us();
	return visit_send(w->arena, w->visit, w->pubkey, &draft, &to, &ack);
}

/* Is the number in the inbox of the session? */
static struct err *look(struct wake *w, str nonce, bool *ret_there)
{
	const struct json *body, *items;

	*ret_there = false;
	TRY(ask(w, &w->session, "GET", arena_printf(w->arena, "/v1/inbox?mark_seen=false&limit=%d", ROWS_MAX),
		STR_NONE, &body));
	items = json_get(body, S("items"));
	for (const struct json *row = items ? items->first : NULL; row; row = row->next) {
		if (!str_contains(json_get_str(row, S("body")), nonce))
			continue;
		*ret_there = true;
		if (w->n_rows < ROWS_MAX)
			w->rows[w->n_rows++] = arena_dup(w->arena, json_get_str(row, S("id")));
	}
	return NULL;
}

/* Until the daemon has it, and until the channel has told it, whichever comes first; -1: not. */
static struct err *watch(struct wake *w, str nonce, i64 sent_us, i64 *ret_daemon_us, i64 *ret_channel_us)
{
	i64 until_us = sent_us + RUNG_MS * 1000;
	bool there, channel = w->mcp.pid > 0;

	*ret_daemon_us = *ret_channel_us = -1;
	while (now_us() < until_us && (*ret_daemon_us < 0 || (channel && *ret_channel_us < 0))) {
		if (*ret_daemon_us < 0) {
			TRY(look(w, nonce, &there));
			*ret_daemon_us = there ? now_us() - sent_us : -1;
		}
		if (channel && *ret_channel_us < 0 && child_says(&w->mcp, nonce, LOOK_MS))
			*ret_channel_us = now_us() - sent_us;
	}
	return NULL;
}

static const struct child_env *session_env(struct wake *w, bool channel)
{
	struct child_env *env = NEW_ARRAY(w->arena, struct child_env, CHILD_ENV_MAX);

	env[0] = (struct child_env){ "CLAUDEMESH_IPC_TOKEN", arena_cstr(w->arena, w->session.token) };
	env[1] = (struct child_env){ "CLAUDEMESH_IPC_TOKEN_FILE", NULL };
	env[2] = (struct child_env){ "CLAUDEMESH_CHANNEL", channel ? "1" : NULL };
	env[3] = (struct child_env){ "CLAUDEMESH_MESSAGE_MODE", NULL };
	return env;
}

/* An MCP server whose client has said that it is ready, and the daemon knows. */
static struct err *start_mcp(struct wake *w)
{
	static const char *const arguments[] = { "mcp", NULL };
	i64 until_us = now_us() + RUNG_MS * 1000;
	const struct json *body;

	TRY(child_start(w->arena, arguments, session_env(w, true), &w->mcp));
	if (!child_tell(&w->mcp, S("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
				   "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"doctor\",\"version\":\"1\"}}}\n")) ||
	    !child_says(&w->mcp, S("\"protocolVersion\""), RUNG_MS) ||
	    !child_tell(&w->mcp, S("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")))
		return FAIL(w->arena, TIMEOUT, "claudemesh mcp does not answer the handshake");
	do {
		TRY(ask(w, &w->session, "GET", S("/v1/sessions/me"), STR_NONE, &body));
		if (json_get_bool(json_get(body, S("session")), S("channel")))
			return NULL;
	} while (now_us() < until_us && !child_says(&w->mcp, S("never said"), LOOK_MS));
	return FAIL(w->arena, TIMEOUT, "claudemesh mcp does not reach the daemon");
}

/* What an agent's hook gets on standard output at the beginning of a turn. */
static struct err *run_hook(struct wake *w, str nonce, i64 *ret_us)
{
	static const char *const arguments[] = { "hook", "working", NULL };
	i64 started_us = now_us();
	struct child hook;
	int status = -1;
	bool ended, told;

	TRY(child_start(w->arena, arguments, session_env(w, false), &hook));
	(void)child_tell(&hook, arena_printf(w->arena, "{\"hook_event_name\":\"UserPromptSubmit\",\"session_id\":\"%.*s\","
					     "\"cwd\":\"/\",\"prompt\":\"\"}", STRF(w->session_id)));
	child_tell_end(&hook);
	ended = child_finish(&hook, RUNG_MS, &status);
	*ret_us = now_us() - started_us;
	told = str_contains(buf_str(&hook.said), nonce);
	child_done(&hook);
	if (!ended || !WIFEXITED(status) || WEXITSTATUS(status))
		return FAIL(w->arena, CANCELLED, "claudemesh hook did not end as it should");
	return told ? NULL : FAIL(w->arena, NOT_FOUND, "claudemesh hook handed nothing over");
}

/* ---- what is told ---- */

struct rung { const char *name, *remedy; };

static const struct rung rung_broker = { "broker", "claudemesh doctor looks at the way to the broker" };
static const struct rung rung_daemon = { "daemon", "claudemesh daemon logs tells why; daemon down and up starts it anew" };
static const struct rung rung_channel = { "channel", "claudemesh daemon down and up; then claudemesh launch anew" };
static const struct rung rung_poll = { "inbox", "claudemesh daemon logs tells why" };
static const struct rung rung_hook = { "hook", "CLAUDEMESH_HOOK_DEBUG=1 in the agent's environment tells why" };

static void tell(struct wake *w, const struct rung *r, const struct err *e, i64 us, const char *what)
{
	struct arena *a = w->arena;

	if (e)
		doctor_tell(&w->d, FINDING_FAIL, r->name, e->text, str_from(r->remedy));
	else if (us < 0)
		doctor_tell(&w->d, FINDING_FAIL, r->name, arena_printf(a, "nothing came within %d s", RUNG_MS / 1000),
			    str_from(r->remedy));
	else
		doctor_tell_timed(&w->d, r->name, us, str_from(what));
}

static void skip(struct wake *w, const struct rung *first)
{
	static const struct rung *const all[] = { &rung_broker, &rung_daemon, &rung_channel, &rung_poll, &rung_hook };
	bool reached = false;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		reached |= all[i] == first;
		if (reached)
			doctor_tell(&w->d, FINDING_SKIP, all[i]->name, S("not tried"), STR_NONE);
	}
}

/* The first number: all the way to a channel. */
static struct err *climb(struct wake *w)
{
	i64 sent_us, accepted_us, daemon_us, channel_us;
	struct err *e, *no_mcp = start_mcp(w);
	str nonce;

	e = send_nonce(w, &nonce, &sent_us);
	accepted_us = now_us() - sent_us;
	tell(w, &rung_broker, e, accepted_us, "accepted");
	if (e) {
		skip(w, &rung_daemon);
		return e;
	}
	e = watch(w, nonce, sent_us, &daemon_us, &channel_us);
	tell(w, &rung_daemon, e, daemon_us, "kept");
	if (e || daemon_us < 0) {
		skip(w, &rung_channel);
		return FAIL(w->arena, TIMEOUT, "the daemon has no message");
	}
	tell(w, &rung_channel, no_mcp, channel_us, "told by claudemesh mcp");
	return NULL;
}

/* The second, without a channel: who looks finds it, and a hook hands it over. */
static struct err *climb_again(struct wake *w)
{
	i64 sent_us, daemon_us, channel_us, hook_us = -1;
	str nonce;
	struct err *e;

	child_done(&w->mcp);
	TRY(send_nonce(w, &nonce, &sent_us));
	e = watch(w, nonce, sent_us, &daemon_us, &channel_us);
	tell(w, &rung_poll, e, daemon_us, "found by who looks");
	e = run_hook(w, nonce, &hook_us);
	tell(w, &rung_hook, e, hook_us, "handed over");
	return NULL;
}

static struct err *ladder(struct wake *w)
{
	struct visit_spec spec = { .mesh = w->mesh, .display_name = S("doctor") };
	struct err *e = begin_session(w);

	if (e) {
		tell(w, &rung_daemon, e, -1, "");
		return e;
	}
	e = visit_open(w->arena, &w->d.client, &spec, &w->visit);
	if (!e)
		e = session_listed(w);
	if (e) {
		tell(w, &rung_broker, e, -1, "");
		skip(w, &rung_daemon);
		return e;
	}
	TRY(climb(w));
	return climb_again(w);
}

/* ---- the sessions that there are ---- */

static void session_row(struct wake *w, const struct json *s)
{
	static const struct {
		const char *reach;
		enum finding finding;
		const char *detail, *remedy;
	} rows[] = {
		{ "now", FINDING_OK, "now: its channel is open", "" },
		{ "next_turn", FINDING_OK, "at its next turn: its hooks run", "" },
		{ "poll", FINDING_WARN, "when it looks: it has neither a channel nor hooks",
		  "claudemesh install; or start the agent with claudemesh launch" },
		{ "not", FINDING_WARN, "not: it was started with message mode off",
		  "claudemesh launch --message-mode push" },
	};
	str reach = json_get_str(s, S("reach")), mode = json_get_str(s, S("messageMode"));
	char *name = arena_cstr(w->arena, arena_printf(w->arena, "%.*s on %.*s", STRF(json_get_str(s, S("displayName"))),
						       STRF(json_get_str(s, S("mesh")))));

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq(reach, str_from(rows[i].reach)))
			continue;
		if (str_eq(mode, S(MESSAGE_MODE_INBOX)))
			doctor_tell(&w->d, FINDING_OK, name, S("when it looks: message mode inbox, as asked"), STR_NONE);
		else
			doctor_tell(&w->d, rows[i].finding, name, str_from(rows[i].detail), str_from(rows[i].remedy));
	}
}

static void sessions(struct wake *w)
{
	const struct json *body, *list;
	struct err *e = warm_get(w->c, &w->warm, S("/v1/sessions"), &body);

	doctor_heading(&w->d, "sessions on this machine");
	list = e ? NULL : json_get(body, S("sessions"));
	for (const struct json *s = list ? list->first : NULL; s; s = s->next)
		session_row(w, s);
	if (e)
		doctor_tell(&w->d, FINDING_FAIL, "sessions", e->text, str_from(rung_daemon.remedy));
	else if (!list || !list->count)
		doctor_tell(&w->d, FINDING_SKIP, "none runs", S("each hears as its agent can"), S("claudemesh launch"));
}

static struct err *one_mesh(struct cli *c, const struct client *client, const struct config_mesh_args *mesh,
			    void *arg)
{
	struct wake *w = arg;
	struct err *e;

	w->d.client = *client;
	w->d.mesh = mesh->slug;
	w->mesh = mesh;
	w->session_id = arena_printf(w->arena, "doctor-%.*s", STRF(id_random(w->arena, &random_system)));
	doctor_heading(&w->d, "%.*s · %.*s", STRF(mesh->slug), STRF(mesh->brokerUrl));
	out_busy(&c->out, "waking");
	e = ladder(w);
	end_session(w);
	w->d.mesh = STR_NONE;
	(void)e; /* it was told */
	return NULL;
}

static struct err *wake_run(struct cli *c, const void *flags UNUSED)
{
	struct wake *w = NEW(c->arena, struct wake);
	struct err *e;

	w->c = c;
	w->arena = c->arena;
	w->mcp = (struct child){ .in = -1, .out = -1 };
	doctor_begin(&w->d, c);
	out_section(&c->out, "doctor wake (v%s)", CLAUDEMESH_VERSION);
	e = warm_open(c, &w->warm);
	if (e || !w->warm.is_up) {
		doctor_tell(&w->d, FINDING_FAIL, "daemon", e ? e->text : S("not running: nobody here can be woken"),
			    S("claudemesh daemon up"));
		return doctor_end(&w->d);
	}
	/* Who registers sessions is the user, also inside of one. */
	w->session = w->warm.ipc;
	w->warm.ipc.token = w->session.token = STR_NONE;
	TRY(context_each_mesh(c, one_mesh, w));
	sessions(w);
	return doctor_end(&w->d);
}

const struct command doctor_wake_command = {
	.name = "doctor wake",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = wake_run,
	.doc = "Tries whether a message wakes an agent here, by which way and how fast.",
	.more = "A number goes over the broker to a session made for it, and is looked for at the\n"
		"broker, in the daemon, on a channel, in the inbox and in the hand of a hook;\n"
		"then it tells how each agent session of this machine hears. Your sessions are\n"
		"not disturbed. Status 1 if a rung fails.",
	.fields = "mesh check state us detail remedy",
};
