/*
 * topic_post.c - `topic post`, and `send '#topic'`.
 */
#include "cli/topic.h"

#include <inttypes.h>

#include "base/ids.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "client/validate.h"

#define FLAG_C_priority enum priority
#define FLAG_KIND_priority FLAG_ENUM
#define FLAG_WORDS_priority priority_words

#define TOPIC_POST_FLAGS(F, T) \
	F(T, str, reply_to, "ID", 1, 64, "the post it answers: its id, or the start of it") \
	F(T, bool, plaintext, "", 0, 0, "not encrypted, where the topic has no key yet") \
	F(T, priority, priority, "P", 0, 0, "now, next (default) or low") \
	F(T, str, id, "ID", 1, CLIENT_ID_BYTES_MAX, "your own id of it; a repeat keeps the id")
CLI_FLAGS(topic_post, TOPIC_POST_FLAGS);

static void post_json(struct cli *c, const struct topic_sent *sent, str reply_to)
{
	const struct topic_posted *p = &sent->posted;
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "messageId", sent->is_queued ? STR_NONE : p->message_id);
	json_put_str(j, "clientMessageId", p->client_message_id);
	json_put_str(j, "topic", p->topic);
	if (sent->is_told)
		json_put_str(j, "topicId", p->topic_id);
	json_put_str(j, "replyToId", str_empty(reply_to) ? STR_NONE : reply_to);
	if (sent->is_told) {
		json_put_int(j, "bodyVersion", p->encrypted ? 2 : 1);
		json_put_int(j, "epoch", p->epoch);
		json_put_int(j, "seq", p->seq);
		json_put_int(j, "recipients", p->recipients);
	}
	json_put_int(j, "mentions", (i64)p->mentions);
	if (sent->is_told)
		json_put_int(j, "notifications", p->notifications);
	json_put_bool(j, "duplicate", p->duplicate);
	if (sent->via_daemon) {
		json_put_str(j, "via", S("daemon"));
		json_put_str(j, "status", sent->status);
	}
	if (sent->is_queued)
		json_put_str(j, "reason", str_empty(sent->reason) ? STR_NONE : sent->reason);
	out_json_end(&c->out);
}

static void queued_print(struct cli *c, const struct topic_sent *sent)
{
	const struct topic_posted *p = &sent->posted;

	out_ok(&c->out, text_cut(p->client_message_id, SHORT_ID), "queued for #%.*s", STRF(p->topic));
	if (str_empty(sent->reason))
		out_hint(&c->out, "the daemon posts it as soon as the broker can be reached");
	else
		out_hint(&c->out, "the daemon posts it as soon as it can: %.*s", STRF(sent->reason));
}

static void post_print(struct cli *c, const struct topic_sent *sent, str reply_to)
{
	const struct topic_posted *p = &sent->posted;
	struct arena *a = c->arena;
	str detail = arena_printf(a, "#%.*s  %s%.*s", STRF(p->topic),
				  !sent->is_told ? ""
				  : p->encrypted ? "encrypted  "
						 : "not encrypted: the broker can read it  ",
				  STRF(text_cut(p->message_id, SHORT_ID)));

	if (!str_empty(reply_to))
		detail = arena_printf(a, "%.*s  \xe2\x86\xb3 %.*s", STRF(detail),
				      STRF(text_cut(reply_to, SHORT_ID)));
	if (p->mentions && sent->is_told)
		detail = arena_printf(a, "%.*s  %" PRId64 " notified", STRF(detail), p->notifications);
	out_ok(&c->out, detail, p->duplicate ? "was posted before" : "posted");
	topic_warn_left_out(c, &p->left_out);
}

static struct err *post_it(struct topic_stay *s, const struct topic_words *in, struct topic_post *post,
			   struct topic_sent *ret_sent)
{
	struct cli *c = s->wire.c;
	struct invalid why;
	bool is_prefix;
	struct err *e;
	str id;

	if (!str_empty(in->reply_to)) {
		if (!valid_message_id(c->arena, in->reply_to, &id, &is_prefix, &why))
			return invalid_err(c->arena, &why);
		TRY(topics_find_post(&s->topics, post->topic, id, &post->reply_to));
	}
	if (s->wire.warm.is_up) {
		e = topic_post_warm(s, post, ret_sent);
		/* It went away meanwhile, and took nothing. */
		if (!ipc_is_unreachable(e) || !str_empty(s->wire.warm.ipc.token))
			return e;
	}
	*ret_sent = (struct topic_sent){ .is_told = true };
	return topics_post(&s->topics, post, &ret_sent->posted);
}

static struct err *explain(struct cli *c, struct err *e, str id)
{
	if (e->code == ERR_TIMEOUT || (e->code == ERR_NETWORK && !ipc_is_unreachable(e)))
		return cli_hint(c, e, "it may have been accepted; to repeat it under the same id: --id %.*s", STRF(id));
	if (str_eq(err_wire(e), S("topic_not_found")))
		return cli_hint(c, e, "claudemesh topic list shows those there are");
	if (str_eq(err_wire(e), S("not_in_topic")))
		return cli_hint(c, e, "claudemesh topic join %.*s", STRF(topic_argument(c)));
	return e;
}

struct err *topic_post_words(struct cli *c, const struct topic_words *in)
{
	struct topic_post post = { .text = in->text, .plaintext = in->plaintext, .priority = in->priority,
				   .client_message_id = in->id };
	struct topic_sent sent;
	struct topic_stay s;
	struct invalid why;
	struct err *e;

	if (!valid_topic(c->arena, in->topic, &post.topic, &why))
		return invalid_err(c->arena, &why);
	if (str_empty(post.client_message_id))
		post.client_message_id = id_random(c->arena, &random_system);
	TRY(topic_open(c, &s));
	e = post_it(&s, in, &post, &sent);
	topic_close(&s);
	if (e)
		return explain(c, e, post.client_message_id);
	if (c->out.json)
		post_json(c, &sent, post.reply_to);
	else if (sent.is_queued)
		queued_print(c, &sent);
	else
		post_print(c, &sent, post.reply_to);
	return NULL;
}

static struct err *run(struct cli *c, const void *flags)
{
	const struct topic_post_flags *in = flags;
	struct topic_words words = { .topic = c->args[0], .reply_to = in->reply_to, .plaintext = in->plaintext,
				     .priority = in->priority, .id = in->id };

	TRY(cli_text(c, c->args[1], COMPOSE_TEXT_MAX, &words.text));
	if (str_empty(words.text))
		return cli_invalid(c, S("text"), "missing", S("the message is empty"), S("text, or '-' to read it"));
	return topic_post_words(c, &words);
}

const struct command topic_post_command = {
	.name = "topic post",
	.arguments = "TOPIC TEXT...",
	.group = GROUP_TOPIC,
	COMMAND_GATE(WRITE, "topic", "post"),
	COMMAND_FLAGS(topic_post),
	.run = run,
	.doc = "Posts to a topic; the text '-' is read from stdin.",
	.more = "@NAME in the text notifies that member. --reply-to takes the message_id of what it\n"
		"answers, or the 8 characters that topic tail shows. With a daemon the post is on\n"
		"this machine's disk when the command ends, 'queued' until the broker has it.",
	.fields = "messageId clientMessageId topic topicId replyToId bodyVersion epoch seq recipients mentions "
		  "notifications duplicate via status reason",
};
