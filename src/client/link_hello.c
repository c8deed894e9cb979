/*
 * link_hello.c - the first message of a connection: who we are, signed.
 */
#include "client/link_internal.h"

#include <unistd.h>

#include "crypto/encode.h"
#include "crypto/hello.h"
#include "proto/limits.h"
#include "proto/peer.h"

void link_hello_init(struct link *l, bool fresh)
{
	char name[256] = "";

	l->member_pubkey = sign_pair_pubkey(l->arena, &l->member);
	l->own_pubkey = l->member_pubkey;
	if (l->spec.is_session) {
		if (fresh)
			sign_pair_new(&l->session);
		l->own_pubkey = sign_pair_pubkey(l->arena, &l->session);
	}
	if (str_empty(l->spec.session_id))
		l->spec.session_id = id_random(l->arena, l->spec.random);
	if (str_empty(l->spec.hostname) && gethostname(name, sizeof(name) - 1) == 0)
		l->spec.hostname = arena_dup(l->arena, str_from(name));
	if (str_empty(l->spec.cwd)) {
		char *cwd = arena_alloc(l->arena, CWD_BYTES_MAX);

		/* A directory that cannot be named is no reason to stay away; "cwd" must be there. */
		l->spec.cwd = getcwd(cwd, CWD_BYTES_MAX) ? str_from(cwd) : S("/");
	}
	if (!str_is_utf8(l->spec.cwd))
		l->spec.cwd = S("/");
	if (l->spec.hostname.len > NAME_BYTES_MAX || !str_is_utf8(l->spec.hostname))
		l->spec.hostname = STR_NONE;
}

static struct strs capabilities(struct link *l)
{
	struct strs words = { NEW_ARRAY(l->frame, str, 6), 0, true };

	words.items[words.n++] = S("client_ack");
	words.items[words.n++] = l->spec.no_delivery ? S("no_delivery") : S("attestation");
	if (l->spec.receipts)
		words.items[words.n++] = S("receipts");
	if (l->spec.hears_skills)
		words.items[words.n++] = S("skills");
	if (l->spec.hears_topics)
		words.items[words.n++] = S("topics");
	if (l->spec.keeps_next)
		words.items[words.n++] = S("next_turn");
	return words;
}

static struct hello_claim claim_of(struct link *l, i64 now_ms, str challenge)
{
	return (struct hello_claim){
		.mesh_id = l->spec.mesh_id,
		.member_id = l->spec.member_id,
		.pubkey = l->member_pubkey,
		.timestamp_ms = now_ms,
		.session_id = l->spec.session_id,
		.challenge = challenge,
		.session_pubkey = l->spec.is_session ? l->own_pubkey : STR_NONE,
	};
}

static str or_none(str s)
{
	return str_empty(s) ? STR_NONE : s;
}

static i64 pid_of(const struct link *l)
{
	return l->spec.pid ? l->spec.pid : getpid();
}

static struct err *send_member(struct link *l, str challenge)
{
	i64 now_ms = clock_ms(l->spec.clock);
	struct hello_claim claim = claim_of(l, now_ms, challenge);
	struct hello_args args = {
		.meshId = l->spec.mesh_id,
		.memberId = l->spec.member_id,
		.pubkey = l->member_pubkey,
		.displayName = or_none(l->spec.display_name),
		.sessionId = l->spec.session_id,
		.pid = pid_of(l),
		.cwd = l->spec.cwd,
		.hostname = or_none(l->spec.hostname),
		.channel = l->spec.channel,
		.peerType = or_none(l->spec.peer_type),
		.groups = l->spec.groups,
		.timestamp = now_ms,
		.capabilities = capabilities(l),
		.reach = l->spec.reach,
	};

	if (str_empty(challenge)) {
		args.signature = hello_v1_sign(l->frame, &claim, &l->member);
	} else {
		args.helloVersion = 2;
		TRY(hello_v2_sign(l->frame, &claim, &l->member, &args.signature));
	}
	(void)link_write(l, "hello", NULL, STR_NONE, hello_fields, &args);
	return NULL;
}

/* The session key signs; the member key vouches for it, anew for each connection. */
static struct err *send_session(struct link *l, str challenge)
{
	i64 now_ms = clock_ms(l->spec.clock);
	struct hello_claim claim = claim_of(l, now_ms, challenge);
	struct session_claim old = { l->spec.mesh_id, l->member_pubkey, l->own_pubkey, now_ms };
	struct attestation vouch = { l->member_pubkey, l->own_pubkey,
				     now_ms + LINK_ATTESTATION_MS };
	struct session_hello_args args = {
		.meshId = l->spec.mesh_id,
		.parentMemberId = l->spec.member_id,
		.parentMemberPubkey = l->member_pubkey,
		.sessionPubkey = l->own_pubkey,
		.displayName = or_none(l->spec.display_name),
		.sessionId = l->spec.session_id,
		.pid = pid_of(l),
		.cwd = l->spec.cwd,
		.hostname = or_none(l->spec.hostname),
		.channel = l->spec.channel,
		.peerType = or_none(l->spec.peer_type),
		.role = or_none(l->spec.role),
		.groups = l->spec.groups,
		.timestamp = now_ms,
		.capabilities = capabilities(l),
		.reach = l->spec.reach,
		.parentAttestation = { .present = true,
				       .sessionPubkey = l->own_pubkey,
				       .parentMemberPubkey = l->member_pubkey,
				       .expiresAt = vouch.expires_ms },
	};

	TRY(attestation_sign(l->frame, &vouch, &l->member, &args.parentAttestation.signature));
	if (str_empty(challenge)) {
		args.signature = session_hello_sign(l->frame, &old, &l->session);
	} else {
		args.helloVersion = 2;
		TRY(hello_v2_sign(l->frame, &claim, &l->session, &args.signature));
	}
	(void)link_write(l, "session_hello", NULL, STR_NONE, session_hello_fields, &args);
	return NULL;
}

struct err *link_hello_send(struct link *l, str challenge)
{
	struct arena *a = l->frame;
	str bytes;

	if (str_empty(challenge) && l->hello2_known)
		return err_word(
			FAIL(a, UNAUTHORIZED,
			     "the broker at %.*s used to prove that a connection is fresh and does "
			     "not do so now: somebody may be in between, or it was replaced by an older one; if you "
			     "know it was, remove it from brokers.json",
			     STRF(l->spec.url)),
			S("downgrade"));
	if (!str_empty(challenge) &&
	    (!base64url_decode(a, challenge, &bytes) || bytes.len != HELLO_CHALLENGE_BYTES))
		return err_word(FAIL(a, NETWORK,
				     "the broker's Claudemesh-Challenge header is malformed"),
				S("bad_challenge"));
	l->reach_said = l->spec.reach;
	return l->spec.is_session ? send_session(l, challenge) : send_member(l, challenge);
}

void link_hello_answered(struct link *l)
{
	const struct set_reach_args args = { .reach = l->spec.reach };

	if (l->spec.reach != l->reach_said && link_has_feature(l, S("reach")) &&
	    link_tell(l, "set_reach", set_reach_fields, &args))
		l->reach_said = l->spec.reach;
}

void link_set_reach(struct link *l, enum reach reach)
{
	l->spec.reach = reach;
	if (link_is_ready(l))
		link_hello_answered(l);
}

#define CLOCKS_DIFFER "; this machine's clock and the broker's differ by hours: set the clock"

/* Refusals of wire-core.md 2.7 and ours, with what the user can do. */
static const struct {
	const char *word;
	enum err_code code;
	const char *hint;
} refusals[] = {
	{ "unauthorized", ERR_UNAUTHORIZED,
	  "; you are not in this mesh (any more): ask for an invite and run 'claudemesh "
	  "join URL'" },
	{ "timestamp_skew", ERR_UNAUTHORIZED,
	  "; this machine's clock and the broker's differ by more than a minute: set "
	  "the clock" },
	/* Of an attestation that is made for each hello: the clock again. */
	{ "expired", ERR_UNAUTHORIZED, CLOCKS_DIFFER },
	{ "ttl_too_long", ERR_UNAUTHORIZED, CLOCKS_DIFFER },
	{ "bad_signature", ERR_UNAUTHORIZED,
	  "; the key in config.json is not the one the broker knows" },
	{ "capacity", ERR_TRY_AGAIN, "; the mesh is full: try again later" },
	{ "replayed", ERR_TRY_AGAIN, "; try again" },
	{ "revoked", ERR_UNAUTHORIZED, "" },
};

struct err *link_hello_refused(struct link *l, str word, str text)
{
	struct err *e = link_refusal(l->frame, word, text);

	if (e->code == ERR_REFUSED)
		e->code = ERR_UNAUTHORIZED;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (!str_eq(word, str_from(refusals[i].word)))
			continue;
		e->code = refusals[i].code;
		e->text = arena_printf(l->frame, "%.*s%s", STRF(e->text), refusals[i].hint);
	}
	return e;
}
