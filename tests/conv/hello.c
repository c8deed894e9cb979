/*
 * hello.c - the hellos of every kind of client: base members, overrides, then the signature
 * over what stands there.
 */
#include "conv/cast.h"

#include "base/clock.h"
#include "crypto/hello.h"

enum { FRAME_MAX = 16 << 20, ATTESTATION_MS = 12 * 3600 * 1000 };

static void put_link(struct json_out *o, const char *channel, str conn_name)
{
	json_put_str(o, "sessionId", conn_name);
	json_put_int(o, "pid", 4711);
	json_put_str(o, "peerType", S("ai"));
	json_put_str(o, "channel", str_from(channel));
}

/* Rising: two hellos of one member in one millisecond would be one signature, and the second
 * a replay. */
static i64 moment(void)
{
	static i64 last_ms;

	last_ms = MAX(clock_ms(&clock_real), last_ms + 1);
	return last_ms;
}

static void put_hello(struct json_out *o, const struct member *m, str session, str conn_name,
		      enum hello_kind kind)
{
	static const char *const channels[] = {
		[HELLO_OURS] = "claudemesh", [HELLO_CLI] = "claude-code",
		[HELLO_DAEMON] = "claudemesh-daemon", [HELLO_SDK] = "sdk",
	};

	json_put_str(o, "type", S("hello"));
	json_put_str(o, "meshId", m->mesh->id);
	json_put_str(o, "memberId", m->id);
	json_put_str(o, "pubkey", m->pubkey);
	if (kind == HELLO_CLI || kind == HELLO_SDK)
		json_put_str(o, "sessionPubkey", session);
	put_link(o, channels[kind], conn_name);
	if (kind != HELLO_SDK)
		json_put_str(o, "cwd", S("/srv/app"));
	json_put_int(o, "timestamp", moment());
	if (kind == HELLO_OURS) {
		json_put_int(o, "helloVersion", 2);
		json_put_raw(o, "capabilities", S("[\"client_ack\"]"));
	}
}

static void put_session_hello(struct json_out *o, const struct member *m, str session, str conn_name)
{
	json_put_str(o, "type", S("session_hello"));
	json_put_str(o, "meshId", m->mesh->id);
	json_put_str(o, "parentMemberId", m->id);
	json_put_str(o, "parentMemberPubkey", m->pubkey);
	json_put_str(o, "sessionPubkey", session);
	json_key(o, S("parentAttestation"));
	json_obj(o);
	json_put_str(o, "sessionPubkey", session);
	json_put_str(o, "parentMemberPubkey", m->pubkey);
	json_put_int(o, "expiresAt", clock_ms(&clock_real) + ATTESTATION_MS);
	json_obj_end(o);
	put_link(o, "claudemesh-session", conn_name);
	json_put_str(o, "cwd", S("/srv/app"));
	json_put_int(o, "timestamp", moment());
}

/* The base with the members of over in their place; objects are merged in turn. */
static void put_merged(struct json_out *o, const struct json *base, const struct json *over)
{
	json_obj(o);
	for (const struct json *b = base->first; b; b = b->next) {
		const struct json *v = json_get(over, b->key);

		if (v && v->type == JSON_NULL)
			continue;
		json_key(o, b->key);
		if (v && v->type == JSON_OBJ && b->type == JSON_OBJ)
			put_merged(o, b, v);
		else
			json_value(o, v ? v : b);
	}
	for (const struct json *v = over ? over->first : NULL; v; v = v->next) {
		if (json_get(base, v->key) || v->type == JSON_NULL)
			continue;
		json_key(o, v->key);
		json_value(o, v);
	}
	json_obj_end(o);
}

/* *frame := *frame merged with over. */
static struct err *merge(struct arena *a, const struct json **frame, const struct json *over)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_MAX);
	struct json_out o = json_out(&b);

	put_merged(&o, *frame, over);
	return json_parse(a, arena_dup(a, buf_str(&b)), frame);
}

static struct err *merge_signature(struct arena *a, const struct json **frame, const char *where,
				   str signature)
{
	const struct json *over;

	TRY(json_parse(a, arena_printf(a, where[0] ? "{\"%s\":{\"signature\":\"%.*s\"}}"
						   : "{%s\"signature\":\"%.*s\"}",
				       where, STRF(signature)), &over));
	return merge(a, frame, over);
}

static struct err *sign_hello(struct arena *a, const struct member *m, enum hello_kind kind,
			      str challenge, const struct json **frame)
{
	struct hello_claim claim = {
		.mesh_id = json_get_str(*frame, S("meshId")),
		.member_id = json_get_str(*frame, S("memberId")),
		.pubkey = json_get_str(*frame, S("pubkey")),
		.timestamp_ms = json_get_int(*frame, S("timestamp"), 0),
		.session_pubkey = json_get_str(*frame, S("sessionPubkey")),
		.session_id = json_get_str(*frame, S("sessionId")),
		.challenge = challenge,
	};
	str signature;

	if (json_get(*frame, S("signature")))
		return NULL;
	if (kind == HELLO_OURS)
		TRY(hello_v2_sign(a, &claim, &m->pair, &signature));
	else
		signature = hello_v1_sign(a, &claim, &m->pair);
	return merge_signature(a, frame, "", signature);
}

static struct err *sign_session_hello(struct arena *a, const struct member *m,
				      const struct sign_pair *session, const struct json **frame)
{
	const struct json *attested = json_get(*frame, S("parentAttestation"));
	struct session_claim claim = {
		.mesh_id = json_get_str(*frame, S("meshId")),
		.parent_pubkey = json_get_str(*frame, S("parentMemberPubkey")),
		.session_pubkey = json_get_str(*frame, S("sessionPubkey")),
		.timestamp_ms = json_get_int(*frame, S("timestamp"), 0),
	};
	struct attestation att = {
		.parent_pubkey = json_get_str(attested, S("parentMemberPubkey")),
		.session_pubkey = json_get_str(attested, S("sessionPubkey")),
		.expires_ms = json_get_int(attested, S("expiresAt"), 0),
	};
	str signature;

	if (attested && attested->type == JSON_OBJ && !json_get(attested, S("signature"))) {
		TRY(attestation_sign(a, &att, &m->pair, &signature));
		TRY(merge_signature(a, frame, "parentAttestation", signature));
	}
	if (json_get(*frame, S("signature")))
		return NULL;
	return merge_signature(a, frame, "", session_hello_sign(a, &claim, session));
}

struct err *cast_hello(struct arena *a, const struct member *m, const struct sign_pair *session,
		       str conn_name, enum hello_kind kind, str challenge,
		       const struct json *over, str *ret_frame)
{
	CLEANUP(buf_done) struct buf b = buf_make(FRAME_MAX);
	struct json_out o = json_out(&b);
	const struct json *frame;
	str session_pubkey = sign_pair_pubkey(a, session);

	json_obj(&o);
	if (kind == HELLO_SESSION)
		put_session_hello(&o, m, session_pubkey, conn_name);
	else
		put_hello(&o, m, session_pubkey, conn_name, kind);
	json_obj_end(&o);
	TRY(json_parse(a, arena_dup(a, buf_str(&b)), &frame));
	if (over)
		TRY(merge(a, &frame, over));
	if (kind == HELLO_SESSION)
		TRY(sign_session_hello(a, m, session, &frame));
	else
		TRY(sign_hello(a, m, kind, challenge, &frame));
	*ret_frame = frame->raw;
	return NULL;
}
