/*
 * topic_history.c - `topic history`: a page of what was posted, decrypted here.
 */
#include "cli/topic.h"

#include <inttypes.h>

#include "cli/commands.h"
#include "cli/text.h"
#include "client/validate.h"

#define TOPIC_HISTORY_FLAGS(F, T) \
	F(T, i64, limit, "N", 1, TOPIC_PAGE_MAX, "how many; 50 if left out") \
	F(T, str, before, "ID", 1, 64, "older than this one: its id, or the start of it")
CLI_FLAGS(topic_history, TOPIC_HISTORY_FLAGS);

void topic_json_post(struct json_out *j, const struct topic_message_args *m, const struct topic_line *line)
{
	json_encode(j, topic_message_fields, m);
	json_put_str(j, "message", line->readable ? line->text : STR_NONE);
	json_put_bool(j, "encrypted", line->encrypted);
	json_put_str(j, "unreadable", line->readable ? STR_NONE : line->why);
	json_put_str(j, "authorship", topic_authorship(line));
	json_put_bool(j, "authorLeft", line->former);
}

str topic_authorship(const struct topic_line *line)
{
	if (line->proof == POST_FORGED)
		return S("forged");
	if (line->proof == POST_UNSIGNED)
		return S("unsigned");
	return line->verified ? S("verified") : S("unverified");
}

/* What is forged is not shown, and says why. */
void topic_mark_author(struct output *o, const struct topic_line *line)
{
	if (line->proof != POST_FORGED && !line->verified)
		out_span(o, TONE_YELLOW, "  %.*s", STRF(topic_authorship(line)));
	if (line->former)
		out_span(o, TONE_DIM, "  left the mesh");
}

static void line_print(struct cli *c, const struct topic_message_args *m, const struct topic_line *line)
{
	struct output *o = &c->out;

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(m->senderName));
	topic_mark_author(o, line);
	out_span(o, TONE_DIM, "  %.*s  #%.*s", STRF(context_time(c->arena, m->createdAt)),
		 STRF(text_cut(m->id, SHORT_ID)));
	if (!str_empty(m->replyToId))
		out_span(o, TONE_DIM, "  \xe2\x86\xb3 #%.*s", STRF(text_cut(m->replyToId, SHORT_ID)));
	if (!line->encrypted)
		out_span(o, TONE_YELLOW, "  not encrypted");
	out_end(o);
	if (line->readable) {
		out_block(o, 4, line->text);
		return;
	}
	out_span(o, TONE_DIM, "    (not readable: %.*s)", STRF(line->why));
	out_end(o);
}

static struct err *find_page(struct topic_stay *s, const struct topic_history_flags *in,
			     struct topic_history_response_args *ret_page, struct topic_line **ret_lines)
{
	struct cli *c = s->wire.c;
	struct topic_history_args args = { .topic = topic_argument(c), .limit = in->limit ? in->limit : TOPIC_PAGE_DEFAULT };
	struct invalid why;
	bool is_prefix;
	str id;

	if (!str_empty(in->before)) {
		if (!valid_message_id(c->arena, in->before, &id, &is_prefix, &why))
			return invalid_err(c->arena, &why);
		TRY(topics_find_post(&s->topics, args.topic, id, &args.beforeId));
	}
	return topics_history(&s->topics, &args, ret_page, ret_lines);
}

static struct err *history_run(struct cli *c, const void *flags)
{
	struct topic_history_response_args page;
	struct topic_line *lines;
	struct topic_stay s;
	struct err *e;

	TRY(topic_open(c, &s));
	e = find_page(&s, flags, &page, &lines);
	topic_close(&s);
	if (e && str_eq(err_wire(e), S("topic_not_found")))
		return cli_hint(c, e, "claudemesh topic list shows those there are");
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "messages");
		for (size_t i = 0; i < page.messages.n; i++) {
			json_obj(j);
			topic_json_post(j, &page.messages.items[i], &lines[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		json_put_bool(j, "more", page.more);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "#%.*s on %.*s", STRF(topic_argument(c)), STRF(s.wire.mesh->slug));
	if (page.more)
		out_hint(&c->out, "older: --before %.*s",
			 STRF(text_cut(page.messages.items[page.messages.n - 1].id, SHORT_ID)));
	for (size_t i = page.messages.n; i-- > 0;)
		line_print(c, &page.messages.items[i], &lines[i]);
	return NULL;
}

const struct command topic_history_command = {
	.name = "topic history",
	.arguments = "TOPIC",
	.group = GROUP_TOPIC,
	COMMAND_GATE(READ, "topic", "history"),
	COMMAND_FLAGS(topic_history),
	.run = history_run,
	.doc = "Shows what was posted to a topic, oldest first.",
	.more = "Each post is opened with the topic's key of its time. What was written before you\n"
		"were given a key stays closed, and says so. Posts are signed by their authors: one\n"
		"that is not is marked 'unsigned', one whose signature does not hold is not shown.",
	.fields = TOPIC_POST_FIELDS,
};
