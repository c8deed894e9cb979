/*
 * hook.c - run by agents at the turns of a session: tells the mesh what the session does and
 * hands over what waits for it. It is on the user's path, so it never waits long, never starts
 * anything and never fails.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/hook_contract.h"
#include "client/agent.h"
#include "client/validate.h"
#include "mcp/channel.h"
#include "proto/reach.h"

enum {
	INPUT_MS = 500,       /* for the agent to say what it wants */
	CALL_MS = 300,        /* one request to the daemon */
	MESSAGES_MAX = 20,
	KEY_BYTES = 32,
	CHANNEL_MS = 10000,   /* for a channel to hand a message over; then the hook does */
};

static i64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All of standard input, as far as it comes in time; a terminal has nothing to say. */
static str read_input(struct arena *a)
{
	char *text = NEW_ARRAY(a, char, HOOK_INPUT_MAX);
	i64 until_ms = now_ms() + INPUT_MS;
	size_t n = 0;

	while (n < HOOK_INPUT_MAX && !isatty(0)) {
		struct pollfd in = { .fd = 0, .events = POLLIN };
		i64 left_ms = until_ms - now_ms();
		ssize_t got;

		if (left_ms <= 0 || poll(&in, 1, (int)left_ms) <= 0)
			break;
		got = read(0, text + n, HOOK_INPUT_MAX - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return str_of(text, n);
}

struct hook {
	struct arena *arena;
	struct paths paths;
	struct ipc ipc;
	struct hook_input in;
	struct agent agent;
	bool launched;        /* the session is `launch`'s: it registers and ends it */
};

static struct err *ask(struct hook *h, str method, str target, str body, const struct json **ret_body)
{
	return ipc_ask(h->arena, &h->ipc, &(struct ipc_request){ .method = method, .target = target, .body = body,
								 .deadline_ms = CALL_MS }, ret_body);
}

static struct err *register_session(struct hook *h)
{
	struct config_args config;

	TRY(config_load(h->arena, &h->paths, &config));
	return agent_register(h->arena, &config, &h->agent, &h->ipc, CALL_MS);
}

static struct err *find_session(struct hook *h)
{
	char cwd[4096];
	bool is_new;

	TRY(paths_user_from_env(h->arena, &h->paths));
	TRY(ipc_from_env(h->arena, &h->paths, &h->ipc));
	h->launched = h->ipc.token.len != 0;
	h->agent = (struct agent){ h->in.session_id, h->in.cwd, agent_pid() };
	if (!h->agent.cwd.len)
		h->agent.cwd = str_from(getenv("CLAUDE_PROJECT_DIR"));
	if (!h->agent.cwd.len && getcwd(cwd, sizeof(cwd)))
		h->agent.cwd = arena_dup(h->arena, str_from(cwd));
	if (h->launched)
		return NULL;
	if (!h->agent.session_id.len)
		return FAIL(h->arena, NOT_FOUND, "the agent does not say which session this is");
	TRY(agent_token(h->arena, &h->paths, &h->agent, &h->ipc, &is_new));
	return is_new ? register_session(h) : NULL;
}

static struct err *set_status(struct hook *h, str status)
{
	str body = arena_printf(h->arena, "{\"status\":\"%.*s\",\"hook\":true}", STRF(status));
	const struct json *done;
	struct err *e = ask(h, S("POST"), S("/v1/profile"), body, &done);

	/* A daemon that began anew, or a session that it gave up. */
	if (!e || h->launched || e->code != ERR_UNAUTHORIZED)
		return e;
	TRY(register_session(h));
	return ask(h, S("POST"), S("/v1/profile"), body, &done);
}

/* The session hears its messages from the MCP server: only what that left is handed over. */
static bool is_left(const struct hook *h, const struct json *row)
{
	bool channel = str_eq(str_from(getenv("CLAUDEMESH_CHANNEL")), S("1"));
	i64 received_ms;

	return !h->launched || !channel || !time_from_iso(json_get_str(row, S("received_at")), &received_ms) ||
	       clock_ms(&clock_real) - received_ms > CHANNEL_MS;
}

/* A broker's word becomes part of a command only if it is a key, or a topic's name and an id. */
static void add_answer(struct hook *h, struct buf *text, const struct json *row, str key)
{
	str topic = json_get_str(row, S("topic")), id = json_get_str(row, S("broker_message_id"));
	struct invalid why;
	bool is_prefix;

	if (!str_empty(topic) && valid_topic(h->arena, topic, &topic, &why) &&
	    valid_message_id(h->arena, id, &id, &is_prefix, &why))
		buf_printf(text, "\n(answer: claudemesh topic post %.*s \"...\" --reply-to %.*s)", STRF(topic),
			   STRF(id));
	else if (str_empty(topic) && str_is_hex(key, KEY_BYTES, true))
		buf_printf(text, "\n(answer: claudemesh send %.*s \"...\")", STRF(key));
}

/* As many messages as fit; *ret_ids is the body that marks them seen. */
static struct err *collect(struct hook *h, struct buf *text, str *ret_ids)
{
	struct buf ids = buf_make(1 << 16);
	const struct json *list, *items;
	size_t n = 0;

	TRY(ask(h, S("GET"), arena_printf(h->arena, "/v1/inbox?unread_only=true&mark_seen=false&oldest_first=true"
					  "&limit=%d", MESSAGES_MAX), STR_NONE, &list));
	items = json_get(list, S("items"));
	for (const struct json *row = items ? items->first : NULL; row; row = row->next) {
		size_t start = text->len;

		if (!is_left(h, row))
			continue;
		if (start)
			buf_add(text, S("\n\n"));
		channel_message(text, row);
		if (text->len > HOOK_TEXT_MAX && n) {
			text->len = start;
			break; /* the rest with the next hook */
		}
		add_answer(h, text, row, json_get_str(row, S("sender_member_pubkey")));
		buf_printf(&ids, "%s\"%.*s\"", n++ ? "," : "{\"ids\":[", STRF(json_get_str(row, S("id"))));
	}
	buf_add(&ids, S("]}"));
	*ret_ids = n ? arena_dup(h->arena, buf_str(&ids)) : STR_NONE;
	buf_done(&ids);
	return NULL;
}

/* The session wants to know that something waits, and to read it itself. */
static struct err *announce(struct hook *h, struct buf *text)
{
	const struct json *list, *items;

	if (h->in.moment == HOOK_STOP)
		return NULL;
	TRY(ask(h, S("GET"), arena_printf(h->arena, "/v1/inbox?unread_only=true&mark_seen=false&limit=%d",
					  MESSAGES_MAX), STR_NONE, &list));
	items = json_get(list, S("items"));
	if (items && items->count)
		buf_printf(text, "[claudemesh] %zu%s unread: claudemesh inbox", items->count,
			   items->count == 1 ? " message," : items->count < MESSAGES_MAX ? " messages," : " messages or more,");
	return NULL;
}

static struct err *hand_over(struct hook *h, struct buf *text, str *ret_ids)
{
	str mode = agent_message_mode(h->arena, &h->paths, h->launched);

	if (str_eq(mode, S(MESSAGE_MODE_OFF)))
		return NULL;
	return str_eq(mode, S(MESSAGE_MODE_INBOX)) ? announce(h, text) : collect(h, text, ret_ids);
}

static bool write_answer(const struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(1, b->ptr + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static struct err *work(struct hook *h, str status, struct buf *text, str *ret_ids)
{
	TRY(find_session(h));
	if (h->in.moment == HOOK_END)
		return h->launched ? NULL : agent_end(h->arena, &h->paths, &h->agent, &h->ipc, CALL_MS);
	if (hook_takes_text(&h->in))
		TRY(hand_over(h, text, ret_ids));
	/* Who is handed something goes on working. */
	return set_status(h, text->len && h->in.moment == HOOK_STOP ? S("working") : status);
}

static struct err *hook_run(struct cli *c, const void *flags UNUSED)
{
	struct hook h = { .arena = c->arena };
	struct buf text = buf_make(1 << 20), answer = buf_make(4 << 20);
	const struct json *done;
	str ids = STR_NONE;
	struct err *e;

	hook_read(c->arena, read_input(c->arena), &h.in);
	e = work(&h, c->args[0], &text, &ids);
	if (e && str_eq(str_from(getenv("CLAUDEMESH_HOOK_DEBUG")), S("1")))
		fprintf(stderr, "claudemesh hook: %.*s\n", STRF(e->text));
	if (h.in.row)
		hook_answer(&answer, &h.in, buf_str(&text));
	if (write_answer(&answer) && ids.len)
		e = ask(&h, S("POST"), S("/v1/inbox/seen"), ids, &done);
	buf_done(&text);
	buf_done(&answer);
	return NULL;
}

const struct command hook_command = {
	.name = "hook",
	.arguments = "STATUS",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = hook_run,
	.doc = "Run by agents: tells what a session does, hands over its messages.",
	.more = "Reads the event on stdin as Claude Code, Codex, Gemini CLI and Cursor write it,\n"
		"and answers in their form. The status is always 0; CLAUDEMESH_HOOK_DEBUG=1\n"
		"says on stderr what went wrong. 'claudemesh install' sets the hooks up.",
};
