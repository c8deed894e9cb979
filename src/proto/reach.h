/*
 * reach.h - how soon somebody hears of an ordinary message (priority `next`): one rule for the
 * daemon, which knows its sessions, the broker, which knows statuses, and the command line.
 *
 *   now        the agent, or the program, is told at once
 *   next_turn  when its next turn begins, or the running one ends
 *   poll       it lies in the inbox until somebody looks there
 *   not        it waits at the broker (away, dnd), or nobody there is told (message mode off)
 *
 * Nothing is lost in any of them: docs/delivery.md.
 */
#ifndef PROTO_REACH_H
#define PROTO_REACH_H

#include "proto/enums.h"

enum reach { REACH_ABSENT, REACH_NOW, REACH_NEXT_TURN, REACH_POLL, REACH_NOT };
static const char *const reach_words[] UNUSED = { "", "now", "next_turn", "poll", "not", NULL };
#define JSON_C_reach enum reach
#define JSON_KIND_reach JSON_K_ENUM
#define JSON_SUB_reach reach_words

/* What a session wants done with its messages; absent: pushed. */
#define MESSAGE_MODE_PUSH "push"
#define MESSAGE_MODE_INBOX "inbox" /* told that there is one, not what it says */
#define MESSAGE_MODE_OFF "off"     /* not told */

/* What a session can be told by. */
struct reach_ways {
	bool channel;         /* an MCP server with a channel that the agent shows at once */
	bool hooks;           /* the agent runs our hooks at its turns */
	str message_mode;
};

static inline enum reach reach_of_session(const struct reach_ways *w)
{
	if (str_eq(w->message_mode, S(MESSAGE_MODE_OFF)))
		return REACH_NOT;
	if (str_eq(w->message_mode, S(MESSAGE_MODE_INBOX)))
		return REACH_POLL;
	return w->channel ? REACH_NOW : w->hooks ? REACH_NEXT_TURN : REACH_POLL;
}

/* A connection as the broker sees it. */
struct reach_facts {
	bool online, takes;   /* false: away; or it only asks and sends */
	bool session;
	bool keeps;           /* takes `next` while it works, for its next turn */
	enum reach told;      /* by itself */
	enum status status;
	str channel;
};

/* Who says nothing of it: sessions of the reference have a channel, its daemon an inbox, and any
 * other program listens. */
static inline enum reach reach_of(const struct reach_facts *f)
{
	enum reach r = f->told;

	if (!f->online || !f->takes || f->status == STATUS_DND)
		return REACH_NOT;
	if (r == REACH_ABSENT)
		r = !f->session && str_eq(f->channel, S("claudemesh-daemon")) ? REACH_POLL : REACH_NOW;
	/* The broker holds it back until the turn is over. */
	if (f->status == STATUS_WORKING && !f->keeps && r == REACH_NOW)
		return REACH_NEXT_TURN;
	return r;
}

/* For people; `word` may be one that we do not know. */
static inline str reach_text(str word) { return str_eq(word, S("next_turn")) ? S("next turn") : word; }

#endif
