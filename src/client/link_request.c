/*
 * link_request.c - who waits for which reply. A reply belongs to the request whose id it
 * carries and to no other: an error without an id releases nobody.
 */
#include "client/link_internal.h"

#include "json/text.h"

static void arm_deadline(struct link *l)
{
	i64 first = INT64_MAX;

	for (const struct link_pending *p = l->pending; p; p = p->next)
		first = MIN(first, p->deadline_ms);
	if (first == INT64_MAX)
		loop_timer_off(l->deadline);
	else
		loop_timer_set(l->deadline, MAX(first - loop_now_ms(l->spec.loop), 0));
}

static struct link_pending *add_pending(struct link *l, bool is_send, i64 timeout_ms,
					link_reply_fn *fn, void *arg)
{
	struct link_pending *p = calloc(1, sizeof(*p));
	str id = id_random(l->frame, l->spec.random);

	if (!p)
		abort();
	snprintf(p->id, sizeof(p->id), "%.*s", STRF(id));
	p->is_send = is_send;
	p->fn = fn;
	p->arg = arg;
	p->deadline_ms = loop_now_ms(l->spec.loop) + timeout_ms;
	if (l->state != LINK_READY)
		p->failed = ERR_NETWORK;
	else if (l->n_pending >= LINK_PENDING_MAX)
		p->failed = ERR_TRY_AGAIN;
	if (p->failed)
		p->deadline_ms = 0;
	p->next = l->pending;
	l->pending = p;
	l->n_pending++;
	return p;
}

void link_request(struct link *l, const char *type, const struct json_field *fields,
		  const void *args, i64 timeout_ms, link_reply_fn *fn, void *arg)
{
	struct link_pending *p = add_pending(l, false, timeout_ms ? timeout_ms : LINK_REPLY_MS, fn,
					     arg);

	if (!p->failed && !link_write(l, type, "_reqId", str_from(p->id), fields, args)) {
		p->failed = ERR_TOO_LARGE;
		p->deadline_ms = 0;
	}
	arm_deadline(l);
}

void link_request_text(struct link *l, const char *type, str members, i64 timeout_ms,
		       link_reply_fn *fn, void *arg)
{
	struct link_pending *p = add_pending(l, false, timeout_ms ? timeout_ms : LINK_REPLY_MS, fn,
					     arg);

	if (!p->failed && !link_write_text(l, type, "_reqId", str_from(p->id), members)) {
		p->failed = ERR_TOO_LARGE;
		p->deadline_ms = 0;
	}
	arm_deadline(l);
}

void link_send(struct link *l, const struct send_args *args, i64 timeout_ms, link_reply_fn *fn,
	       void *arg)
{
	struct link_pending *p = add_pending(l, true, timeout_ms ? timeout_ms : LINK_ACK_MS, fn,
					     arg);
	struct send_args with_id = *args;

	with_id.id = str_from(p->id);
	if (!p->failed && !link_write(l, "send", NULL, STR_NONE, send_fields, &with_id)) {
		p->failed = ERR_TOO_LARGE;
		p->deadline_ms = 0;
	}
	arm_deadline(l);
}

bool link_tell(struct link *l, const char *type, const struct json_field *fields, const void *args)
{
	return l->state == LINK_READY && link_write(l, type, NULL, STR_NONE, fields, args);
}

static struct link_pending *find_pending(struct link *l, str id, bool is_send)
{
	for (struct link_pending *p = l->pending; p; p = p->next)
		if (!p->failed && p->is_send == is_send && str_eq(str_from(p->id), id))
			return p;
	return NULL;
}

/* Takes it off the list first: its callback may add others, or free the link. */
static void finish(struct link *l, struct link_pending *p, const struct err *e,
		   const struct json *reply)
{
	struct link_pending gone = *p;

	for (struct link_pending **at = &l->pending; *at; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	l->n_pending--;
	free(p);
	arm_deadline(l);
	gone.fn(gone.arg, e, reply);
}

/* The reference's refusals are sentences without a code. */
static enum err_code code_of_text(str text)
{
	if (str_starts(text, S("rate_limit")))
		return ERR_RATE_LIMIT;
	if (str_starts(text, S("payload too large")))
		return ERR_TOO_LARGE;
	if (str_starts(text, S("no connected peer")))
		return ERR_NO_RECIPIENT;
	return ERR_REFUSED;
}

/* Words of topics, narrower than those of err.h. */
static enum err_code code_of_word(str word)
{
	static const struct { const char *word; enum err_code code; } words[] = {
		{ "topic_not_found", ERR_NOT_FOUND },     { "message_not_found", ERR_NOT_FOUND },
		{ "member_not_found", ERR_NOT_FOUND },    { "stale_epoch", ERR_CONFLICT },
		{ "already_encrypted", ERR_CONFLICT },    { "topic_unencrypted", ERR_CONFLICT },
		{ "name_taken", ERR_EXISTS },             { "invalid_args", ERR_BAD_REQUEST },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(word, str_from(words[i].word)))
			return words[i].code;
	return err_from_wire(word);
}

struct err *link_refusal(struct arena *a, str word, str text)
{
	enum err_code code = code_of_word(word);
	str quoted = text_quotable(a, text, REFUSAL_TEXT_MAX);
	struct err *e = FAIL(a, REFUSED, "%.*s", STRF(quoted));

	e->code = code ? code : code_of_text(text);
	if (code == ERR_INTERNAL || code == ERR_IO)
		e->code = ERR_REFUSED; /* their fault is not ours */
	if (str_empty(e->text))
		e->text = S("refused without a reason");
	if (!str_empty(word))
		err_word(e, text_quotable(a, word, 64));
	return e;
}

static bool take_ack(struct link *l, struct link_pending *p, const struct json *message)
{
	str error = json_get_str(message, S("error"));
	bool queued = json_get_bool(message, S("queued"));
	struct ack_args ack;

	if (json_decode(l->frame, message, ack_fields, &ack, sizeof(ack), NULL)) {
		l->bad_frames++;
		finish(l, p,
		       FAIL(l->frame, REFUSED, "the broker's answer to the message makes no sense"),
		       NULL);
	} else if (!str_empty(error) || (p->is_send && !queued)) {
		finish(l, p, link_refusal(l->frame, ack.code, error), NULL);
	} else {
		finish(l, p, NULL, message);
	}
	return true;
}

bool link_take_reply(struct link *l, str type, const struct json *message)
{
	str req_id = json_get_str(message, S("_reqId")), id = json_get_str(message, S("id"));
	bool is_error = str_eq(type, S("error"));
	struct link_pending *p = str_empty(req_id) ? NULL : find_pending(l, req_id, false);

	if (!p && !str_empty(id) && (is_error || str_eq(type, S("ack"))))
		p = find_pending(l, id, true);
	/* The reference puts a request's id into `id` of some errors (D-31). */
	if (!p && !str_empty(id) && is_error)
		p = find_pending(l, id, false);
	if (!p)
		return false;
	if (is_error)
		finish(l, p,
		       link_refusal(l->frame, json_get_str(message, S("code")),
				    json_get_str(message, S("message"))),
		       NULL);
	else if (str_eq(type, S("ack")))
		take_ack(l, p, message);
	else
		finish(l, p, NULL, message);
	return true;
}

static const struct err *overdue_err(struct arena *a, const struct link_pending *p)
{
	switch (p->failed) {
	case ERR_NETWORK: return FAIL(a, NETWORK, "not connected to the broker");
	case ERR_TRY_AGAIN:
		return FAIL(a, TRY_AGAIN, "%d requests wait for their answers already",
			    LINK_PENDING_MAX);
	case ERR_TOO_LARGE: return FAIL(a, TOO_LARGE, "the request is too large to be sent");
	default: break;
	}
	if (p->is_send)
		return FAIL(
			a, TIMEOUT,
			"the broker did not say in time whether it has the message; it may have it: sent "
			"again it is a second one unless it has the same client_message_id");
	return FAIL(a, TIMEOUT, "the broker did not answer in time");
}

void link_on_deadline(void *arg)
{
	struct link *l = arg;
	bool more = true;

	link_enter(l);
	while (more && !l->freed) {
		i64 now_ms = loop_now_ms(l->spec.loop);
		struct link_pending *due = NULL;

		for (struct link_pending *p = l->pending; p; p = p->next)
			if (p->deadline_ms <= now_ms)
				due = p; /* the oldest one stands last */
		more = due != NULL;
		if (due)
			finish(l, due, overdue_err(l->frame, due), NULL);
	}
	if (!l->freed)
		arm_deadline(l);
	link_leave(l);
}

/* Only those that wait now: what their callbacks ask for fails by itself. */
void link_fail_all(struct link *l, const struct err *why)
{
	size_t n = l->n_pending;

	while (n-- && !l->freed && l->pending) {
		struct link_pending *p = l->pending;

		while (p->next)
			p = p->next;
		finish(l, p, why, NULL);
	}
}

void link_drop_all(struct link *l)
{
	while (l->pending) {
		struct link_pending *p = l->pending;

		l->pending = p->next;
		free(p);
	}
	l->n_pending = 0;
}
