/*
 * rest_peer.c - who is here and who belongs to the mesh, for programs that ask by REST: one
 * entry a member, where list_peers has one for each connection.
 */
#include "proto/rest.h"

#include <utlist.h>

#include "crypto/encode.h"
#include "engine/bearer.h"
#include "engine/msg/msg.h"
#include "engine/req.h"
#include "engine/rest.h"
#include "proto/enums.h"
#include "proto/rest_me.h"

enum { REST_HERE_MS = 5 * 60 * 1000 };

/* The member's newest connection that the asker may see and that is no mere command. */
static struct presence *shown(const struct member *m, const struct member *to)
{
	struct presence *p, *newest = NULL;

	DL_FOREACH2(m->presences, p, member_next)
		if (p->online && p->takes && (!p->hidden || m == to) &&
		    (!newest || p->connected_ms >= newest->connected_ms))
			newest = p;
	return newest;
}

static str or_none(str s)
{
	return s.len ? s : STR_NONE;
}

static struct rest_peer_args peer_of(const struct member *m, const struct presence *p)
{
	struct rest_peer_args out = {
		.memberId = str_from(m->id), .pubkey = str_of(m->pubkey, 64), .displayName = m->name,
		.status = S("idle"), .groups = { .present = true }, .via = S("rest"),
	};

	if (!p)
		return out;
	out.status = enum_word(status_words, (int)presence_status(p));
	out.summary = or_none(p->summary.len ? p->summary : m->summary);
	out.groups = (struct group_list){ p->groups.items, p->groups.n, true };
	out.via = S("ws");
	return out;
}

static struct err *peers_run(struct req *rq, const void *args UNUSED)
{
	struct mesh *m = rq->caller->mesh;
	struct rest_peers_args out = { .peers = { .present = true } };
	struct member *member, *next;

	out.peers.items = NEW_ARRAY(rq->arena, struct rest_peer_args, HASH_COUNT(m->members));
	HASH_ITER(hh, m->members, member, next) {
		struct presence *p = shown(member, rq->caller->member);
		bool called = member->called_ms && rq->engine->now_ms - member->called_ms < REST_HERE_MS &&
			      (!member->hidden || member == rq->caller->member);

		if (!member->revoked_ms && (p || called))
			out.peers.items[out.peers.n++] = peer_of(member, p);
	}
	req_answer(rq, 200, rest_peers_fields, &out);
	return NULL;
}

static struct err *members_run(struct req *rq, const void *args UNUSED)
{
	struct mesh *m = rq->caller->mesh;
	struct rest_members_args out = { .members = { .present = true } };
	struct member *member, *next;

	out.members.items = NEW_ARRAY(rq->arena, struct rest_member_args, HASH_COUNT(m->members));
	HASH_ITER(hh, m->members, member, next) {
		struct presence *p = shown(member, rq->caller->member);

		if (member->revoked_ms)
			continue;
		out.members.items[out.members.n++] = (struct rest_member_args){
			.memberId = str_from(member->id), .pubkey = str_of(member->pubkey, 64),
			.displayName = member->name, .role = enum_word(role_words, (int)member->role),
			.joinedAt = time_iso(rq->arena, member->created_ms), .online = p != NULL,
			.status = p ? enum_word(status_words, (int)presence_status(p)) : S("offline"),
			.summary = p ? or_none(p->summary.len ? p->summary : member->summary) : STR_NONE,
		};
	}
	req_answer(rq, 200, rest_members_fields, &out);
	return NULL;
}

static const struct json *list_of(struct arena *a, const struct strs *names)
{
	struct json *list, **last;

	if (!names)
		return NULL;
	list = NEW(a, struct json);
	list->type = JSON_ARR;
	last = &list->first;
	for (size_t i = 0; i < names->n; i++) {
		*last = NEW(a, struct json);
		(*last)->type = JSON_STR;
		(*last)->s = names->items[i];
		last = &(*last)->next;
		list->count++;
	}
	return list;
}

static struct err *me_run(struct req *rq, const void *args UNUSED)
{
	const struct caller *who = rq->caller;
	const struct mesh *m = who->mesh;
	struct rest_me_args out = {
		.meshId = str_from(m->id), .meshSlug = m->slug, .meshName = m->name,
		.memberId = str_from(who->member->id), .pubkey = str_of(who->member->pubkey, 64),
		.displayName = who->member->name, .role = enum_word(role_words, (int)who->member->role),
		.keyId = str_from(who->key_id), .topicScopes = list_of(rq->arena, who->topics),
	};

	out.capabilities.items = NEW_ARRAY(rq->arena, str, ARRAY_LEN(cap_words));
	for (size_t i = 0; cap_words[i]; i++)
		if (who->caps & 1u << i)
			out.capabilities.items[out.capabilities.n++] = str_from(cap_words[i]);
	req_answer(rq, 200, rest_me_fields, &out);
	return NULL;
}

/* The reference lets a web member change its key; here a member is its key, and a browser a member. */
static struct err *pubkey_run(struct req *rq, const void *args)
{
	const struct me_pubkey_args *in = args;
	const struct member *member = rq->caller->member;
	struct me_pubkey_done_args out = { str_from(member->id), str_of(member->pubkey, 64), false };

	if (!str_eq(hex_lower(rq->arena, in->pubkey), out.pubkey))
		return err_word(FAIL(rq->arena, CONFLICT, "a member's key never changes"), S("not_web_member"));
	req_answer(rq, 200, me_pubkey_done_fields, &out);
	return NULL;
}

const struct op msg_rest_peer[] = {
	REST("peers", rest_none, "GET", "/api/v1/peers", CAP_READ, 0, peers_run, 200, rest_peers_fields, "",
	     "Lists who is here, one entry a member."),
	REST("members", rest_none, "GET", "/api/v1/members", CAP_READ, 0, members_run, 200,
	     rest_members_fields, "", "Lists the members of the mesh, connected or not."),
	REST("me", rest_none, "GET", "/api/v1/me", 0, 0, me_run, 200, rest_me_fields, "",
	     "Says in whose name the key acts, in which mesh, and what it may do."),
	REST("me_peer_pubkey", me_pubkey, "POST", "/api/v1/me/peer-pubkey", 0, 0, pubkey_run, 200,
	     me_pubkey_done_fields, "not_web_member", "Says whether a key is the member's."),
	{ 0 }
};
