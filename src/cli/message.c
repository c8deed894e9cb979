#include "cli/message.h"

#include "cli/context.h"
#include "cli/text.h"

static str absent_if_empty(str s)
{
	return str_empty(s) ? STR_NONE : s;
}

void message_of_row(const struct json *row, struct inbound *ret_message)
{
	const struct json *body = json_get(row, S("body"));

	*ret_message = (struct inbound){
		.message_id = json_get_str(row, S("broker_message_id")),
		.client_message_id = json_get_str(row, S("client_message_id")),
		.from_name = json_get_str(row, S("sender_name")),
		.from_pubkey = json_get_str(row, S("sender_pubkey")),
		.from_member_pubkey = json_get_str(row, S("sender_member_pubkey")),
		.from_member_id = json_get_str(row, S("sender_member_id")),
		.proven = json_get_bool(row, S("sender_proven")),
		.body = json_get_str(row, S("body")),
		.readable = body && body->type == JSON_STR,
		.encrypted = json_get_bool(row, S("encrypted")),
		.why = json_get_str(row, S("undecryptable")),
		.target = json_get_str(row, S("target")),
		.priority = json_get_str(row, S("priority")),
		.created_at = json_get_str(row, S("created_at")),
		.reply_to = json_get_str(row, S("reply_to_id")),
		.topic = json_get_str(row, S("topic")),
	};
	/* The reference's rows know only when they came. */
	if (str_empty(ret_message->created_at))
		ret_message->created_at = json_get_str(row, S("received_at"));
}

/* To a topic: signed by its author, or by nobody. */
static bool is_post(const struct inbound *m)
{
	return !str_empty(m->topic);
}

void message_json_members(struct json_out *j, str mesh, const struct inbound *m)
{
	json_put_str(j, "id", m->message_id);
	json_put_str(j, "client_message_id", absent_if_empty(m->client_message_id));
	json_put_str(j, "mesh", mesh);
	json_put_str(j, "sender_name", m->from_name);
	json_put_str(j, "sender_pubkey", m->from_pubkey);
	json_put_str(j, "sender_member_pubkey", absent_if_empty(m->from_member_pubkey));
	json_put_str(j, "sender_member_id", absent_if_empty(m->from_member_id));
	json_put_bool(j, "sender_verified", m->verified);
	if (is_post(m))
		json_put_bool(j, "signed", m->proven);
	else
		json_put_str(j, "signed", STR_NONE);
	json_put_str(j, "target", absent_if_empty(m->target));
	json_put_str(j, "topic", absent_if_empty(m->topic));
	json_put_str(j, "reply_to_id", absent_if_empty(m->reply_to));
	json_put_str(j, "priority", m->priority);
	json_put_str(j, "created_at", m->created_at);
	json_put_bool(j, "encrypted", m->encrypted);
	json_put_str(j, "body", m->readable ? m->body.ptr ? m->body : S("") : STR_NONE);
	if (!m->readable)
		json_put_str(j, "unreadable", m->why);
}

void message_json(struct json_out *j, str mesh, const struct inbound *m)
{
	json_obj(j);
	message_json_members(j, mesh, m);
	json_obj_end(j);
}

/* The member's key only if it is known to be the sender's; the name is the broker's word. */
static void sender(struct output *o, const struct inbound *m)
{
	bool is_member = m->proven || (!m->encrypted && !str_empty(m->from_member_pubkey));
	str key = is_member ? m->from_member_pubkey : m->from_pubkey;

	out_span(o, TONE_BOLD, "%.*s", STRF(m->from_name));
	out_span(o, TONE_DIM, " (%.*s)", STRF(text_cut(key, 8)));
	if (is_post(m) && !m->proven && m->readable)
		out_span(o, TONE_YELLOW, " unsigned");
	else if (!m->verified)
		out_span(o, TONE_YELLOW, " unverified");
}

static void labels(struct output *o, const struct inbound *m)
{
	if (str_eq(m->priority, S("now")))
		out_span(o, TONE_RED, " now");
	if (!str_empty(m->target))
		out_span(o, TONE_YELLOW, " to %.*s", STRF(m->target));
	if (m->readable && !m->encrypted)
		out_span(o, TONE_YELLOW, " not encrypted");
}

void message_print(struct cli *c, str mesh, const struct inbound *m)
{
	struct output *o = &c->out;

	out_span(o, TONE_PLAIN, "  ");
	sender(o, m);
	labels(o, m);
	out_span(o, TONE_DIM, " [%.*s] %.*s", STRF(mesh),
		 STRF(context_time(c->arena, m->created_at)));
	out_end(o);
	if (m->readable) {
		out_block(o, 2, m->body);
	} else {
		out_span(o, TONE_YELLOW, "  [cannot be read: %.*s]", STRF(m->why));
		out_end(o);
	}
	out_end(o);
}

/* Line breaks become a sign, since one message is one line here. */
static str one_line(struct arena *a, str text)
{
	CLEANUP(buf_done) struct buf b = buf_make(4 * text.len + 1);
	bool first = true;
	str line;

	while (str_cut(&text, '\n', &line)) {
		if (!first)
			buf_add(&b, S(" ⏎ "));
		first = false;
		buf_add(&b, str_trim(line));
	}
	return arena_dup(a, buf_str(&b));
}

void message_print_line(struct cli *c, str mesh, const struct inbound *m)
{
	struct output *o = &c->out;
	CLEANUP(arena_freep) struct arena *a = arena_new();

	out_span(o, TONE_DIM, "%.*s  ", STRF(context_time(a, m->created_at)));
	sender(o, m);
	labels(o, m);
	out_span(o, TONE_DIM, " [%.*s]  ", STRF(mesh));
	if (m->readable)
		out_span(o, TONE_PLAIN, "%.*s", STRF(one_line(a, m->body)));
	else
		out_span(o, TONE_YELLOW, "[cannot be read: %.*s]", STRF(m->why));
	out_end(o);
}
