/*
 * profile.c - what a peer shows of itself: visibility, profile, statistics.
 *
 * A setting is stored when it is set and not when a connection ends, so the last one to leave
 * overwrites nobody's. A member link without a scope speaks for itself now and for its
 * member's later connections, as wire-core.md 2.8 has it; a session for itself only.
 */
#include "proto/peer.h"

#include <utlist.h>

#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/req.h"
#include "proto/message.h"

enum { PROFILE_JSON_MAX = 1 << 20 };

/* These two verbs are acked whether asked or not. */
static void acknowledge(struct req *rq, str req_id)
{
	struct ack_args ack = { .id = req_id.ptr ? req_id : S(""), .messageId = S(""), ._reqId = req_id };

	req_send(rq, "ack", ack_fields, &ack);
}

static bool keeps(const struct presence *p, enum scope scope)
{
	return scope == SCOPE_MEMBER || (scope == SCOPE_ABSENT && !p->session);
}

static void show(struct presence *p, bool visible)
{
	if (p->hidden == !visible)
		return;
	p->hidden = !visible;
	presence_announce(p, visible ? PEER_VISIBLE : PEER_HIDDEN);
}

static struct err *set_visible_run(struct req *rq, const void *args)
{
	const struct set_visible_args *in = args;
	struct presence *from = rq->from, *p;

	if (keeps(from, in->scope)) {
		from->member->hidden = !in->visible;
		member_profile_store(from->member);
	}
	if (in->scope == SCOPE_MEMBER) {
		DL_FOREACH2(from->member->presences, p, member_next)
			show(p, in->visible);
	} else {
		show(from, in->visible);
	}
	acknowledge(rq, in->_reqId);
	return NULL;
}

/* An object of a field list as text; empty when it has no members. */
static str object_text(struct arena *a, const struct json_field *fields, const void *args)
{
	struct buf b = buf_make(PROFILE_JSON_MAX);
	struct json_out o = json_out(&b);
	str text;

	json_obj(&o);
	json_encode(&o, fields, args);
	json_obj_end(&o);
	text = b.len > 2 ? arena_dup(a, buf_str(&b)) : STR_NONE;
	buf_done(&b);
	return text;
}

static struct err *check_profile(struct req *rq, const struct set_profile_args *in)
{
	bool fine = name_is_printable(in->avatar) && name_is_printable(in->title);

	for (size_t i = 0; i < in->capabilities.n; i++) {
		if (in->capabilities.items[i].len > NAME_BYTES_MAX)
			return err_word(FAIL(rq->arena, BAD_REQUEST,
					     "field 'capabilities[%zu]': longer than %d bytes", i, NAME_BYTES_MAX),
					S("invalid"));
		fine = fine && name_is_printable(in->capabilities.items[i]);
	}
	if (fine)
		return NULL;
	return err_word(FAIL(rq->arena, BAD_REQUEST, "a profile has no control characters"), S("invalid"));
}

/* Each given member replaces the one that was there; an empty one takes it away. */
static struct err *merge(struct arena *a, str *slot, const struct set_profile_args *in)
{
	const struct json *old = NULL;
	struct profile_args profile = { 0 };

	if (slot->len) {
		TRY(json_parse(a, *slot, &old));
		TRY(json_decode(a, old, profile_fields, &profile, sizeof(profile), NULL));
	}
	if (in->avatar.ptr)
		profile.avatar = in->avatar.len ? in->avatar : STR_NONE;
	if (in->title.ptr)
		profile.title = in->title.len ? in->title : STR_NONE;
	if (in->bio.ptr)
		profile.bio = in->bio.len ? in->bio : STR_NONE;
	if (in->capabilities.present)
		profile.capabilities = in->capabilities.n ? in->capabilities : (struct strs){ 0 };
	own_str(slot, object_text(a, profile_fields, &profile));
	return NULL;
}

static struct err *set_profile_run(struct req *rq, const void *args)
{
	const struct set_profile_args *in = args;
	struct presence *from = rq->from, *p;

	TRY(check_profile(rq, in));
	if (keeps(from, in->scope)) {
		TRY(merge(rq->arena, &from->member->profile, in));
		member_profile_store(from->member);
	}
	if (in->scope == SCOPE_MEMBER) {
		DL_FOREACH2(from->member->presences, p, member_next)
			TRY(merge(rq->arena, &p->profile, in));
	} else {
		TRY(merge(rq->arena, &from->profile, in));
	}
	acknowledge(rq, in->_reqId);
	return NULL;
}

static struct err *check_number(struct req *rq, const struct json *n)
{
	bool is_number = n->type == JSON_INT || n->type == JSON_NUM;

	if (is_number && n->raw.ptr[0] != '-' && n->raw.len <= STAT_DIGITS_MAX)
		return NULL;
	return err_word(FAIL(rq->arena, BAD_REQUEST, "field 'stats': numbers from 0, of at most %d digits",
			     STAT_DIGITS_MAX), S("invalid"));
}

static struct err *set_stats_run(struct req *rq, const void *args)
{
	const struct set_stats_args *in = args;
	const struct stats_args *s = &in->stats;
	const struct json *const numbers[] = { s->messagesIn, s->messagesOut, s->toolCalls, s->uptime, s->errors };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (numbers[i])
			TRY(check_number(rq, numbers[i]));
	own_str(&rq->from->stats, object_text(rq->arena, stats_fields, s));
	req_done(rq);
	return NULL;
}

static struct err *set_reach_run(struct req *rq, const void *args)
{
	const struct set_reach_args *in = args;

	rq->from->told = in->reach;
	req_done(rq);
	return NULL;
}

const struct op msg_profile[] = {
	OP("set_visible", OP_FRAME, set_visible, NULL, set_visible_run, "ack", NULL,
	   "Hides the peer from other members' lists and from multicasts, or shows it again."),
	OP("set_profile", OP_FRAME, set_profile, NULL, set_profile_run, "ack", NULL,
	   "Says who the peer is: each given part replaces the old, an empty one removes it."),
	OP("set_stats", OP_FRAME, set_stats, NULL, set_stats_run, "ack", NULL,
	   "Tells the peer's counters, for others to see in the list."),
	OP("set_reach", OP_FRAME, set_reach, NULL, set_reach_run, "ack", NULL,
	   "Says how soon the peer hears of a message, for peer lists."),
	{ 0 }
};
