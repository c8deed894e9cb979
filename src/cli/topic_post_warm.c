/*
 * topic_post_warm.c - posting through the daemon: on its disk when it answers, with the broker soon.
 *
 * The daemon makes the topic's keys, as a command without one does (client/topics.h). It is given a
 * moment to hear the broker's word; where that is not known yet the post is "queued", and nothing
 * else is claimed.
 */
#include "cli/topic.h"

#include "client/mentions.h"

enum { WORD_MS = 2000 }; /* a new key takes a few questions; without a connection nobody waits */

/* Refusals in the broker's words, as what a command ends with. */
static struct err *refusal(struct cli *c, str reason)
{
	static const struct { const char *word; enum err_code code; } words[] = {
		{ "topic_not_found", ERR_NOT_FOUND },
		{ "not_in_topic", ERR_FORBIDDEN },
		{ "observer", ERR_FORBIDDEN },
		{ "encrypted", ERR_BAD_REQUEST },
		{ "went_plain", ERR_CONFLICT },
	};
	ptrdiff_t colon = str_index(reason, ':');
	str word = colon > 0 ? str_of(reason.ptr, (size_t)colon) : STR_NONE;
	enum err_code code = str_empty(word) ? ERR_NONE : err_from_wire(word);
	struct err *e;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(word, str_from(words[i].word)))
			code = words[i].code;
	e = FAIL(c->arena, REFUSED, "%.*s", STRF(code ? str_trim(str_skip(reason, word.len + 1)) : reason));
	if (code) {
		e->code = code;
		err_word(e, word);
	}
	return e;
}

static void read_answer(struct topic_stay *s, const struct topic_post *post, const struct json *body,
			struct topic_sent *ret)
{
	const struct json *left_out = json_get(body, S("left_out"));
	struct strs *names = &ret->posted.left_out;
	struct arena *a = s->wire.c->arena;

	*ret = (struct topic_sent){
		.via_daemon = true,
		.is_queued = !str_eq(json_get_str(body, S("status")), S("done")),
		.is_told = json_get(body, S("seq")) != NULL,
		.status = json_get_str(body, S("status")),
		.reason = json_get_str(body, S("reason")),
		.posted = {
			.message_id = json_get_str(body, S("broker_message_id")),
			.client_message_id = json_get_str(body, S("client_message_id")),
			.topic = post->topic,
			.topic_id = json_get_str(body, S("topic_id")),
			.duplicate = json_get_bool(body, S("duplicate")),
			.epoch = json_get_int(body, S("epoch"), 0),
			.encrypted = json_get_int(body, S("epoch"), 0) > 0,
			.seq = json_get_int(body, S("seq"), 0),
			.recipients = json_get_int(body, S("recipients"), 0),
			.notifications = json_get_int(body, S("notifications"), 0),
			.mentions = mentions_of(a, post->text).n,
		},
	};
	if (!left_out || !left_out->count)
		return;
	*names = (struct strs){ .items = NEW_ARRAY(a, str, left_out->count), .present = true };
	for (const struct json *at = left_out->first; at; at = at->next)
		names->items[names->n++] = at->s;
}

struct err *topic_post_warm(struct topic_stay *s, const struct topic_post *post, struct topic_sent *ret_sent)
{
	struct cli *c = s->wire.c;
	struct local_send_args args = {
		.to = arena_printf(c->arena, "#%.*s", STRF(post->topic)),
		.message = post->text,
		.priority = post->priority ? enum_word(priority_words, (int)post->priority) : STR_NONE,
		.reply_to_id = str_empty(post->reply_to) ? STR_NONE : post->reply_to,
		.client_message_id = post->client_message_id,
		.mesh = s->wire.mesh->slug,
		.plaintext = post->plaintext,
		.wait_ms = WORD_MS,
	};
	const struct json *body;

	TRY(warm_send(c, &s->wire.warm, "POST", S("/v1/send"), local_send_fields, &args, &body));
	read_answer(s, post, body, ret_sent);
	return str_eq(ret_sent->status, S("dead")) ? refusal(c, ret_sent->reason) : NULL;
}
