#include "proto/peer.h"

#include <utlist.h>

#include "engine/msg/msg.h"
#include "engine/req.h"
#include "engine/vouch.h"

enum { PROFILE_ROLE_BYTES = 32 + 6 * NAME_BYTES_MAX };

static const struct json *parsed(struct arena *a, str text)
{
	const struct json *value = NULL;

	if (text.len && json_parse(a, text, &value))
		return NULL; /* never: we wrote it */
	return value;
}

/* The reference's clients look for a role in the profile, which no verb of theirs sets. */
static const struct json *profile_of(struct arena *a, const struct presence *p)
{
	const struct json *profile = parsed(a, p->profile);
	CLEANUP(buf_done) struct buf b = buf_make(p->profile.len + PROFILE_ROLE_BYTES);
	struct json_out o = json_out(&b);

	if (!p->role.len)
		return profile;
	json_obj(&o);
	for (const struct json *at = profile ? profile->first : NULL; at; at = at->next) {
		json_key(&o, at->key);
		json_value(&o, at);
	}
	json_put_str(&o, "role", p->role);
	json_obj_end(&o);
	return parsed(a, arena_dup(a, buf_str(&b)));
}

/* all: a client of ours asks. */
static struct peer_args peer_of(struct arena *a, const struct presence *p, bool all)
{
	static const struct json shown = { .type = JSON_BOOL, .b = true }, hidden = { .type = JSON_BOOL };
	str summary = p->summary.len ? p->summary : p->member->summary;

	return (struct peer_args){
		.pubkey = presence_pubkey(p),
		.memberPubkey = str_of(p->member->pubkey, 64),
		.displayName = presence_name(p),
		.status = enum_word(status_words, (int)presence_status(p)),
		.summary = summary.len ? summary : STR_NONE,
		.groups = { p->groups.items, p->groups.n, true },
		.sessionId = p->session_id.ptr ? p->session_id : S(""),
		.connectedAt = time_iso(a, p->connected_ms),
		.cwd = p->cwd.ptr ? p->cwd : S(""),
		.peerRole = p->session ? S("session") : S("control-plane"),
		.hostname = p->hostname,
		.peerType = p->peer_type,
		.channel = p->channel,
		.model = p->model,
		.stats = parsed(a, p->stats),
		.profile = profile_of(a, p),
		.visible = p->hidden ? &hidden : &shown,
		.reach = all ? enum_word(reach_words, (int)presence_reach(p)) : STR_NONE,
	};
}

static bool is_shown(const struct presence *p, const struct member *to)
{
	return !p->hidden || p->member == to;
}

/* A command that only asks does not make anyone reachable. */
static bool is_online(const struct member *m, const struct member *to)
{
	const struct presence *p;

	DL_FOREACH2(m->presences, p, member_next)
		if (p->takes && is_shown(p, to))
			return true;
	return false;
}

static struct err *list_members(struct req *rq, struct member_list *out)
{
	struct mesh *m = rq->from->mesh;
	struct member **rows = NEW_ARRAY(rq->arena, struct member *, HASH_COUNT(m->members) + 1), *member, *next;
	size_t n = 0;

	HASH_ITER(hh, m->members, member, next)
		if (!member->revoked_ms)
			rows[n++] = member;
	TRY(vouch_members(rq, rows, n, out));
	for (size_t i = 0; i < n; i++) {
		out->items[i].online = is_online(rows[i], rq->from->member);
		out->items[i].roleTag = rows[i]->role_tag.len ? rows[i]->role_tag : STR_NONE;
		out->items[i].messageMode = rows[i]->message_mode ? member_mode_word(rows[i]) : STR_NONE;
	}
	return NULL;
}

/* A list may be megabytes for a line that asks: what a member gets of them is bounded. */
static void send_list(struct req *rq, const struct peers_list_args *out)
{
	struct block *block = message_block("peers_list", peers_list_fields, out);

	bucket_take_many(&rq->from->member->lists, (i64)(block->len / 1024 + 1));
	effects_send(rq->engine->fx, rq->event->from, block, 0);
}

static struct err *list_peers_run(struct req *rq, const void *args)
{
	i64 kb = rq->engine->settings.lists_kb_per_minute;
	const struct list_peers_args *in = args;
	struct mesh *m = rq->from->mesh;
	struct peers_list_args out = { ._reqId = in->_reqId, .peers = { .present = true } };
	struct presence *p;

	if (!bucket_has(&rq->from->member->lists, rq->engine->mono_ms, kb, kb))
		return FAIL(rq->arena, RATE_LIMIT, "too many long peer lists; wait a minute");
	out.peers.items = NEW_ARRAY(rq->arena, struct peer_args, (size_t)m->n_presences);
	presences_cover(m, rq->arena);
	DL_FOREACH(m->presences, p)
		if (is_shown(p, rq->from->member) && !p->covered)
			out.peers.items[out.peers.n++] = peer_of(rq->arena, p, in->members);
	if (in->members) {
		TRY(list_members(rq, &out.members));
		out.ownerPubkey = str_of(m->owner_pubkey, 64);
	}
	send_list(rq, &out);
	return NULL;
}

static struct err *set_status_run(struct req *rq, const void *args)
{
	const struct set_status_args *in = args;
	struct member *member = rq->from->member;

	if (in->scope == SCOPE_MEMBER) {
		member_set_status(member, in->status);
		member_profile_store(member);
	} else {
		presence_set_status(rq->from, in->status);
	}
	/* A gate may have opened: what was held goes out now, not with the next send (D-05). */
	member_wake(member);
	req_done(rq);
	return NULL;
}

static struct err *set_summary_run(struct req *rq, const void *args)
{
	const struct set_summary_args *in = args;
	struct member *member = rq->from->member;
	struct presence *p;

	if (in->scope == SCOPE_MEMBER) {
		own_str(&member->summary, in->summary);
		DL_FOREACH2(member->presences, p, member_next)
			own_free(&p->summary);
		member_profile_store(member);
	} else {
		own_str(&rq->from->summary, in->summary);
	}
	req_done(rq);
	return NULL;
}

const struct op msg_peer[] = {
	OP("list_peers", OP_FRAME, list_peers, NULL, list_peers_run, "peers_list", peers_list_fields,
	   "Lists who is connected to the mesh, and on request all its members."),
	OP("set_status", OP_FRAME, set_status, NULL, set_status_run, "ack", NULL,
	   "Says whether the peer is idle, working or not to be disturbed; working lapses after a minute."),
	OP("set_summary", OP_FRAME, set_summary, NULL, set_summary_run, "ack", NULL,
	   "Says in one line what the peer is doing."),
	{ 0 }
};
