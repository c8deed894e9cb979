/*
 * link_take.c - what comes in: the answer to the hello, errors, and whose business the
 * rest is. What makes no sense is counted and dropped, what is unknown is dropped.
 */
#include "client/link_internal.h"

#include "base/log.h"
#include "json/text.h"

/* The reference leaves memberProfile out when a session comes back, and bounds no name. */
static bool read_hello_ack(struct link *l, const struct json *message,
			   struct hello_ack_args *ret_ack)
{
	struct hello_ack_args ack;

	if (json_decode(l->frame, message, hello_ack_fields, &ack, sizeof(ack), NULL))
		ack = (struct hello_ack_args){
			.presenceId = json_get_str(message, S("presenceId")),
			.memberDisplayName = json_get_str(message, S("memberDisplayName"))
		};
	*ret_ack = ack;
	return !str_empty(ack.presenceId);
}

static void keep_features(struct link *l, const struct hello_ack_args *ack)
{
	l->features = (struct strs){ NEW_ARRAY(l->conn, str, ack->features.n + 1), ack->features.n,
				     true };
	for (size_t i = 0; i < ack->features.n; i++)
		l->features.items[i] = arena_dup(l->conn, ack->features.items[i]);
}

/* What was pushed before the answer to the hello; the owner sees it after on_ready(). */
static void take_early(struct link *l)
{
	size_t n = l->n_early;

	for (size_t i = 0; i < n && !l->freed && l->state == LINK_READY; i++)
		link_take(l, l->early[i]);
	if (!l->freed)
		l->n_early = 0;
}

static void take_hello_ack(struct link *l, const struct json *message)
{
	struct hello_ack_args ack;

	if (l->state != LINK_GREETING || !read_hello_ack(l, message, &ack)) {
		l->bad_frames++;
		return;
	}
	loop_timer_off(l->timer);
	l->state = LINK_READY;
	l->attempt = 0;
	/* Only a broker that knew us may bind us to a challenge for ever. */
	l->hello2_known = l->hello2_known || l->has_challenge;
	keep_features(l, &ack);
	link_hello_answered(l);
	l->h->on_ready(l->arg, l, &ack);
	if (!l->freed)
		take_early(l);
}

static void take_error(struct link *l, const struct json *message)
{
	str word = json_get_str(message, S("code")), text = json_get_str(message, S("message"));
	struct err *e;

	if (l->state == LINK_GREETING) {
		e = link_hello_refused(l, word, text);
		link_down(l, e, link_word_is_final(word));
		return;
	}
	/* It is nobody's; but it may say why the connection is about to be closed. */
	l->notice_word = text_quotable(l->conn, word, 64);
	l->notice_text = text_quotable(l->conn, text, REFUSAL_TEXT_MAX);
	log_debug("error from the broker", LOG_S("code", l->notice_word),
		  LOG_S("text", l->notice_text));
}

static void keep_early(struct link *l, str text)
{
	/* More than that comes again: it was not acked. */
	if (l->n_early < LINK_EARLY_MAX && arena_used(l->conn) + text.len < LINK_FRAME_MAX)
		l->early[l->n_early++] = arena_dup(l->conn, text);
}

static void take_state(struct link *l, const struct json *message)
{
	struct message_state_args state;

	if (l->state != LINK_READY || !l->h->on_state)
		return;
	if (json_decode(l->frame, message, message_state_fields, &state, sizeof(state), NULL))
		l->bad_frames++;
	else
		l->h->on_state(l->arg, l, &state);
}

void link_take(struct link *l, str text)
{
	const struct json *message;
	str type;

	if (json_parse(l->frame, text, &message) || message->type != JSON_OBJ) {
		l->bad_frames++;
		return;
	}
	type = json_get_str(message, S("type"));
	if (str_eq(type, S("hello_ack")))
		take_hello_ack(l, message);
	else if (str_eq(type, S("push")) && l->state == LINK_GREETING)
		keep_early(l, text);
	else if (str_eq(type, S("push")))
		link_take_push(l, message);
	else if (str_eq(type, S("message_state")))
		take_state(l, message);
	else if (str_empty(type))
		l->bad_frames++;
	else if (!link_take_reply(l, type, message) && str_eq(type, S("error")))
		take_error(l, message);
}
