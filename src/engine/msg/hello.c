/*
 * hello.c - a connection becomes a presence. Signatures were checked before (prove.c);
 * here it is decided who may be present, and whether this is somebody coming back.
 *
 * Every rule is scoped to the member that the signature proved: no hello can touch another
 * member's presence, session id or session key (D-02, D-03).
 */
#include "proto/hello.h"

#include <utlist.h>

#include "crypto/keys.h"
#include "engine/audit.h"
#include "engine/enrol.h"
#include "engine/msg/msg.h"
#include "engine/req.h"
#include "engine/signatures.h"

/* What both kinds of hello say about the connection. */
struct introduction {
	bool session, takes, keeps_groups;
	str mesh_id, member_id, session_pubkey, session_id, signature, attestation;
	str name, cwd, hostname, peer_type, channel, model, role;
	enum reach reach;
	struct group_list groups;
	struct strs capabilities;
	i64 timestamp, version, attested_until_ms;
};

static struct err *refuse(struct req *rq, str word, const char *text)
{
	return err_word(FAIL(rq->arena, UNAUTHORIZED, "%s", text), word);
}

static struct err *find_member(struct req *rq, const struct introduction *in, struct member **ret_member)
{
	struct mesh *m;
	struct member *member = NULL;

	TRY(mesh_get(rq->engine, rq->arena, in->mesh_id, &m));
	if (m)
		member = mesh_member(m, str_from(rq->event->proof.pubkey));
	if (!member)
		return refuse(rq, S("unauthorized"),
			      in->session ? "parent pubkey not found in mesh" : "pubkey not found in mesh");
	if (member->revoked_ms)
		return err_word(FAIL(rq->arena, UNAUTHORIZED, "%.*s", STRF(banned_text(rq->arena, m))),
				S("revoked"));
	/* The reference never compared it in a member hello; version 2 signs it on purpose. */
	if ((in->session || in->version == 2) && in->member_id.len &&
	    !str_eq(in->member_id, str_from(member->id)))
		return refuse(rq, in->session ? S("parent_member_id_mismatch") : S("unauthorized"),
			      in->session ? "parentMemberId does not match parentMemberPubkey"
					  : "memberId does not match pubkey");
	*ret_member = member;
	return NULL;
}

static struct err *check_texts(struct req *rq, const struct introduction *in)
{
	const str texts[] = { in->name, in->cwd, in->hostname, in->peer_type, in->channel, in->model,
			      in->role, in->session_id };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!name_is_printable(texts[i]))
			return refuse(rq, S("malformed"), "hello rejected: malformed (control characters)");
	for (size_t i = 0; i < in->groups.n; i++)
		if (!group_name_is_valid(in->groups.items[i].name) ||
		    !name_is_printable(in->groups.items[i].role))
			return refuse(rq, S("malformed"),
				      "hello rejected: malformed (a group name is letters, digits, _ - . /)");
	return NULL;
}

/* The key may be new, or this member's from before; never another member's, nor a member key.
 * Who proves that it has the key, as a session does, comes before who only showed it. */
static struct err *check_session_key(struct req *rq, const struct introduction *in, struct member *member)
{
	struct mailbox *mb = mesh_mailbox(member->mesh, in->session_pubkey);

	if (!pubkey_is_valid(in->session_pubkey))
		return refuse(rq, S("bad_session_pubkey"), "sessionPubkey must be 64 lowercase hex chars");
	if (mb && !mb->session)
		return refuse(rq, S("bad_session_pubkey"), "sessionPubkey belongs to another member");
	if (mb && mb->member != member && (mb->attestation.len || !in->session))
		return refuse(rq, S("bad_session_pubkey"), "sessionPubkey belongs to another member");
	if (mb && mb->holder && mb->holder->session && !in->session)
		return refuse(rq, S("bad_session_pubkey"), "sessionPubkey belongs to a running session");
	return NULL;
}

/* The presence that this hello continues (wire-core.md 2.5, within the member). */
static struct presence *find_lease(struct member *member, const struct introduction *in)
{
	struct presence *p;

	DL_FOREACH2(member->presences, p, member_next) {
		if (p->session != in->session || p->takes != in->takes)
			continue;
		if (in->session_pubkey.len) {
			bool same = p->mailbox && str_eq(str_of(p->mailbox->pubkey, 64), in->session_pubkey);

			if (same && (in->session || !p->online))
				return p;
		} else if (!p->mailbox && !p->online &&
			   presence_same_session(p, in->session_id, in->hostname)) {
			return p;
		}
	}
	return NULL;
}

static bool same_session(const struct presence *p, const struct introduction *in)
{
	return p->session == in->session && p->takes == in->takes &&
	       presence_same_session(p, in->session_id, in->hostname);
}

/* One session id of one member (kind, host) is one presence (S13): all but `stays` end. A
 * link beside a session and a one-shot command are kinds of their own: run inside a session,
 * they do not end it. */
static void replace_same_session(struct member *member, const struct introduction *in,
				 const struct presence *stays)
{
	struct presence *p, *next;

	DL_FOREACH_SAFE2(member->presences, p, next, member_next) {
		if (p == stays || !same_session(p, in))
			continue;
		if (p->online)
			presence_close(p, S("session_replaced"));
		presence_end(p);
	}
}

/* Who is back before its lost connection is noticed has joined its groups all the same. */
static void keep_groups(struct req *rq, struct introduction *in, const struct member *member)
{
	const struct presence *p;

	if (in->groups.n || (in->session && in->groups.present))
		return;
	DL_FOREACH2(member->presences, p, member_next) {
		if (!same_session(p, in))
			continue;
		in->groups = (struct group_list){ NEW_ARRAY(rq->arena, struct group_args, p->groups.n),
						  p->groups.n, true };
		in->keeps_groups = true;
		for (size_t i = 0; i < p->groups.n; i++)
			in->groups.items[i] = (struct group_args){ arena_dup(rq->arena, p->groups.items[i].name),
								   arena_dup(rq->arena, p->groups.items[i].role) };
	}
}

/* A mesh is full for newcomers, not for who takes the place of its own presence; and one
 * member can neither fill it nor have keys remembered without end. */
static struct err *check_place(struct req *rq, const struct introduction *in, const struct member *member)
{
	const struct engine_settings *s = &rq->engine->settings;
	i64 own = 0, replaced = 0;
	const struct presence *p;

	DL_FOREACH2(member->presences, p, member_next) {
		own++;
		replaced += same_session(p, in);
	}
	if (member->mesh->n_presences - replaced >= s->max_connections_per_mesh)
		return refuse(rq, S("capacity"), "mesh at connection capacity");
	if (own - replaced >= s->max_connections_per_member)
		return refuse(rq, S("capacity"), "member at connection capacity; close one, or wait until those "
						 "that were lost are given up");
	if (in->session_pubkey.len && !mesh_mailbox(member->mesh, in->session_pubkey) &&
	    member->n_session_keys >= s->max_session_keys_per_member)
		return refuse(rq, S("capacity"), "member at session key capacity; use a key again, or none");
	return NULL;
}

static bool has_capability(const struct strs *list, str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->items[i], name))
			return true;
	return false;
}

/* Who comes back keeps the groups it had, and its name unless it brings one. */
static void describe(struct presence *p, const struct introduction *in, bool is_back)
{
	/* A client goes on saying the name that its member had when it joined. */
	bool old_name = in->name.len && str_eq(in->name, p->member->joined_name);

	p->session = in->session;
	own_str(&p->session_id, in->session_id);
	if (old_name)
		own_free(&p->name);
	else if (in->name.len || !is_back)
		own_str(&p->name, in->name);
	own_str(&p->cwd, in->cwd);
	own_str(&p->hostname, in->hostname);
	own_str(&p->peer_type, in->peer_type);
	own_str(&p->channel, in->channel);
	own_str(&p->model, in->model);
	own_str(&p->role, in->role);
	p->told = in->reach;
	p->listed_capabilities = in->capabilities.present;
	p->acks = has_capability(&in->capabilities, S("client_ack")) ||
		  str_eq(in->channel, S("claudemesh-daemon")) ||
		  str_eq(in->channel, S("claudemesh-session"));
	p->takes = in->takes;
	p->attestations = has_capability(&in->capabilities, S("attestation"));
	p->receipts = has_capability(&in->capabilities, S("receipts"));
	p->skills = has_capability(&in->capabilities, S("skills"));
	p->topics = has_capability(&in->capabilities, S("topics"));
	p->keeps = has_capability(&in->capabilities, S("next_turn"));
	p->attested_until_ms = in->attested_until_ms;
	if (is_back)
		return;
	p->hidden = p->member->hidden;
	own_str(&p->profile, p->member->profile);
	if (in->groups.n || in->keeps_groups || (in->session && in->groups.present))
		own_groups(&p->groups, in->groups.items, in->groups.n);
	else
		own_groups(&p->groups, p->member->groups.items, p->member->groups.n);
}

/* What a member link that begins anew is told of before (wire-core.md 2.4). Statistics are
 * not among it: a client that adopts them reports them again (D-34). */
static void restore(struct hello_ack_args *ack, struct req *rq, const struct introduction *in,
		    const struct member *member, i64 seen_ms)
{
	if (in->session || !seen_ms)
		return;
	ack->restored = true;
	ack->lastSummary = member->last_summary.len ? member->last_summary : member->summary;
	if (!ack->lastSummary.len)
		ack->lastSummary = STR_NONE;
	ack->lastSeenAt = time_iso(rq->arena, seen_ms);
	if (!in->groups.n && member->groups.n)
		ack->restoredGroups = (struct group_list){ member->groups.items, member->groups.n, true };
}

/* seen_ms: when the member was last here; 0 if this is no beginning. */
static void acknowledge(struct req *rq, struct presence *p, const struct introduction *in, i64 seen_ms)
{
	static const str offered[] = { S("client_ack"), S("no_delivery"), S("stored_offline"),
				       S("member_scope"), S("hello_2"), S("peers_changed"),
				       S("receipts"), S("skills"), S("topics"),
				       S("attestation"), S("reach") };
	struct member *member = p->member;
	struct hello_ack_args ack = {
		.presenceId = str_from(p->id),
		.memberDisplayName = presence_name(p),
		.memberProfile = { .present = true, .messageMode = member_mode_word(member),
				   .roleTag = member->role_tag.len ? member->role_tag : STR_NONE,
				   .groups = { member->groups.items, member->groups.n, true } },
		.memberId = str_from(member->id),
		.features = { (str *)(uintptr_t)offered, ARRAY_LEN(offered), true },
	};

	restore(&ack, rq, in, member, seen_ms);
	req_send(rq, "hello_ack", hello_ack_fields, &ack);
	effects_admit(rq->engine->fx, rq->event->from);
}

/* The attestation bounds the connection, not only its beginning (D-39). */
static void limit_life(struct presence *p)
{
	struct engine *e = p->mesh->engine;

	if (p->attested_until_ms)
		timer_set(&e->timers, &p->life, e->mono_ms + MAX(p->attested_until_ms - e->now_ms, 0));
}

static void take_session_key(struct presence *p, str session_pubkey)
{
	struct mailbox *mb;

	if (!session_pubkey.len || p->mailbox)
		return;
	mb = mesh_mailbox(p->mesh, session_pubkey);
	/* A connection that showed the same key loses it to this one. */
	if (mb && mb->member != p->member)
		mailbox_own(mb, p->member, true);
	else if (mb)
		mailbox_release(mb);
	p->mailbox = mb ? mb : mailbox_add(p->member, session_pubkey, true);
	p->mailbox->holder = p;
	timer_clear(&p->mesh->engine->timers, &p->mailbox->orphan);
}

static struct err *enter(struct req *rq, struct introduction *in)
{
	struct engine *e = rq->engine;
	struct member *member = NULL;
	struct presence *p;
	i64 seen_ms;

	if (presence_of(e, rq->event->from))
		return refuse(rq, S("malformed"), "hello rejected: malformed (said already)");
	TRY(find_member(rq, in, &member));
	seen_ms = member->seen_ms;
	TRY(check_texts(rq, in));
	if (in->session_pubkey.len)
		TRY(check_session_key(rq, in, member));
	p = find_lease(member, in);
	if (!p)
		TRY(check_place(rq, in, member));
	/* It may have waited in the queue; and a signature is only remembered for so long. */
	if (in->timestamp + HELLO_SKEW_MS < e->now_ms)
		return refuse(rq, S("timestamp_skew"), "hello rejected: timestamp_skew");
	if (in->version != 2 && signatures_full(e))
		return FAIL(rq->arena, TRY_AGAIN, "too many hellos within a minute; try again");
	/* A challenge is used once by nature; a reference client's signature is remembered. */
	if (in->version != 2 &&
	    !signatures_use(e, in->signature, in->timestamp + HELLO_SKEW_MS))
		return refuse(rq, S("replayed"), "this hello was used before; sign a new one");
	if (p) {
		replace_same_session(member, in, p);
		presence_attach(p, rq->event->from);
		describe(p, in, true);
		seen_ms = 0;
	} else {
		keep_groups(rq, in, member);
		replace_same_session(member, in, NULL);
		p = presence_add(member, rq->event->from);
		describe(p, in, false);
		take_session_key(p, in->session_pubkey);
		presence_announce(p, in->session || !seen_ms ? PEER_JOINED : PEER_RETURNED);
		audit_joined(p, !in->session && seen_ms);
	}
	if (in->attestation.len)
		mailbox_attest(p->mailbox, in->attested_until_ms, in->attestation);
	presence_listen(p);
	limit_life(p);
	acknowledge(rq, p, in, seen_ms);
	member_wake(member);
	return NULL;
}

static struct err *hello_run(struct req *rq, const void *args)
{
	const struct hello_args *in = args;

	return enter(rq, &(struct introduction){
		.takes = !has_capability(&in->capabilities, S("no_delivery")),
		.mesh_id = in->meshId, .member_id = in->memberId, .session_pubkey = in->sessionPubkey,
		.session_id = in->sessionId, .signature = in->signature, .name = in->displayName,
		.cwd = in->cwd, .hostname = in->hostname, .peer_type = in->peerType,
		.channel = in->channel, .model = in->model, .groups = in->groups,
		.capabilities = in->capabilities, .timestamp = in->timestamp, .version = in->helloVersion,
		.reach = in->reach,
	});
}

static struct err *session_hello_run(struct req *rq, const void *args)
{
	const struct session_hello_args *in = args;

	return enter(rq, &(struct introduction){
		.session = true, .takes = !has_capability(&in->capabilities, S("no_delivery")),
		.attested_until_ms = in->parentAttestation.expiresAt,
		.attestation = in->parentAttestation.signature,
		.mesh_id = in->meshId, .member_id = in->parentMemberId,
		.session_pubkey = in->sessionPubkey, .session_id = in->sessionId,
		.signature = in->signature, .name = in->displayName, .cwd = in->cwd,
		.hostname = in->hostname, .peer_type = in->peerType, .channel = in->channel,
		.model = in->model, .groups = in->groups, .capabilities = in->capabilities,
		.timestamp = in->timestamp, .version = in->helloVersion, .role = in->role,
		.reach = in->reach,
	});
}

const struct op msg_hello[] = {
	OP("hello", OP_HELLO, hello, NULL, hello_run, "hello_ack error", hello_ack_fields,
	   "Says which member this connection is; proved by the member key."),
	OP("session_hello", OP_HELLO, session_hello, NULL, session_hello_run, "hello_ack error",
	   hello_ack_fields, "Says which session of which member this is; proved by the session key, "
	   "which the member key vouches for."),
	{ 0 }
};
