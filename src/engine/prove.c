#include "engine/prove.h"

#include "base/block.h"
#include "crypto/hash.h"
#include "crypto/hello.h"
#include "engine/op.h"
#include "proto/hello.h"
#include "proto/message.h"

static struct err *reject(struct arena *a, str word, const char *text)
{
	return err_word(FAIL(a, UNAUTHORIZED, "%s", text), word);
}

/* "hello rejected: <code>", as wire-core.md 2.7 has it. */
static struct err *rejected(struct arena *a, const char *what, str word)
{
	return err_word(FAIL(a, UNAUTHORIZED, "%s rejected: %.*s", what, STRF(word)), word);
}

/* A hello that does not decode is malformed; the text names the field. */
static struct err *malformed(struct arena *a, const char *what, const struct err *e)
{
	return err_word(FAIL(a, UNAUTHORIZED, "%s rejected: malformed (%.*s)", what, STRF(e->text)),
			S("malformed"));
}

static struct err *check_time(struct arena *a, const char *what, i64 timestamp_ms, i64 now_ms)
{
	i64 skew = timestamp_ms > now_ms ? timestamp_ms - now_ms : now_ms - timestamp_ms;

	return skew <= HELLO_SKEW_MS ? NULL : rejected(a, what, S("timestamp_skew"));
}

_Static_assert((int)PLACE_BYTES == (int)DIGEST_BYTES, "a place is a digest");

void proof_place(struct proof *proof, i64 pid, str cwd)
{
	const str parts[] = { str_of(&pid, sizeof(pid)), cwd };

	if (pid <= 0 || !cwd.len)
		return;
	proof->has_place = true;
	digest_parts(parts, ARRAY_LEN(parts), proof->place);
}

static void set_mesh(struct proof *proof, str mesh_id)
{
	if (mesh_id.len == ID_LEN)
		memcpy(proof->mesh_id, mesh_id.ptr, ID_LEN);
}

static struct err *prove_member(struct arena *a, const struct hello_args *in, str challenge, i64 now_ms,
				struct proof *proof)
{
	struct hello_claim claim = {
		.mesh_id = in->meshId, .member_id = in->memberId, .pubkey = in->pubkey,
		.timestamp_ms = in->timestamp, .session_pubkey = in->sessionPubkey,
		.session_id = in->sessionId, .challenge = challenge,
	};
	bool good;

	if (in->sessionPubkey.len && !pubkey_is_valid(in->sessionPubkey))
		return reject(a, S("bad_session_pubkey"), "sessionPubkey must be 64 lowercase hex chars");
	TRY(check_time(a, "hello", in->timestamp, now_ms));
	if (!str_is_hex(in->pubkey, 32, false) || !str_is_hex(in->signature, 64, false))
		return rejected(a, "hello", S("malformed"));
	good = in->helloVersion == 2 ? hello_v2_check(a, &claim, in->signature)
				     : hello_v1_check(a, &claim, in->signature);
	if (!good)
		return rejected(a, "hello", S("bad_signature"));
	memcpy(proof->pubkey, in->pubkey.ptr, 64);
	set_mesh(proof, in->meshId);
	proof_place(proof, in->pid, in->cwd);
	return NULL;
}

static struct err *check_attestation(struct arena *a, const struct session_hello_args *in, i64 now_ms)
{
	const struct attestation_args *given = &in->parentAttestation;
	struct attestation t = { in->parentMemberPubkey, in->sessionPubkey, given->expiresAt };

	if (!str_eq(given->sessionPubkey, in->sessionPubkey) ||
	    !str_eq(given->parentMemberPubkey, in->parentMemberPubkey))
		return reject(a, S("attestation_mismatch"),
			      "parentAttestation does not bind the claimed session+parent pubkeys");
	if (given->expiresAt <= now_ms)
		return rejected(a, "attestation", S("expired"));
	if (given->expiresAt > now_ms + ATTESTATION_MAX_MS)
		return rejected(a, "attestation", S("ttl_too_long"));
	if (!str_is_hex(given->signature, 64, false))
		return rejected(a, "attestation", S("malformed"));
	if (!attestation_check(a, &t, given->signature))
		return rejected(a, "attestation", S("bad_signature"));
	return NULL;
}

/* Version 2 signs the same text as a member hello, with the session key. */
static bool session_signature_holds(struct arena *a, const struct session_hello_args *in, str challenge)
{
	struct session_claim v1 = { in->meshId, in->parentMemberPubkey, in->sessionPubkey, in->timestamp };
	struct hello_claim v2 = {
		.mesh_id = in->meshId, .member_id = in->parentMemberId, .pubkey = in->parentMemberPubkey,
		.timestamp_ms = in->timestamp, .session_pubkey = in->sessionPubkey,
		.session_id = in->sessionId, .challenge = challenge,
	};
	str text;

	if (in->helloVersion != 2)
		return session_hello_check(a, &v1, in->signature);
	if (hello_v2_text(a, &v2, &text))
		return false;
	return sign_check_hex(text, in->signature, in->sessionPubkey);
}

static struct err *prove_session(struct arena *a, const struct session_hello_args *in, str challenge,
				 i64 now_ms, struct proof *proof)
{
	if (!pubkey_is_valid(in->sessionPubkey))
		return reject(a, S("bad_session_pubkey"), "sessionPubkey must be 64 lowercase hex chars");
	if (!pubkey_is_valid(in->parentMemberPubkey))
		return reject(a, S("bad_parent_pubkey"), "parentMemberPubkey must be 64 lowercase hex chars");
	TRY(check_attestation(a, in, now_ms));
	TRY(check_time(a, "session_hello", in->timestamp, now_ms));
	if (!str_is_hex(in->signature, 64, false))
		return rejected(a, "session_hello", S("malformed"));
	if (!session_signature_holds(a, in, challenge))
		return rejected(a, "session_hello", S("bad_signature"));
	memcpy(proof->pubkey, in->parentMemberPubkey.ptr, 64);
	set_mesh(proof, in->meshId);
	proof_place(proof, in->pid, in->cwd);
	return NULL;
}

struct err *prove_hello(struct arena *a, str frame, str challenge, i64 now_ms, struct proof *ret_proof)
{
	const struct json *obj;
	const struct op *op;
	struct err *e;
	const char *what;
	void *args;

	*ret_proof = (struct proof){ 0 };
	TRY(json_parse(a, frame, &obj));
	op = op_find(json_get_str(obj, S("type")), OP_HELLO);
	if (!op)
		return reject(a, S("no_hello"), "must send hello first");
	what = op->name;
	args = arena_alloc(a, op->args_size);
	e = json_decode(a, obj, op->fields, args, op->args_size, NULL);
	if (e)
		return malformed(a, what, e);
	if (str_eq(str_from(op->name), S("hello")))
		TRY(prove_member(a, args, challenge, now_ms, ret_proof));
	else
		TRY(prove_session(a, args, challenge, now_ms, ret_proof));
	ret_proof->signed_by_key = true;
	return NULL;
}

struct err *prove_call(struct arena *a, const struct op *op, str body, str param UNUSED, i64 now_ms,
		       struct proof *ret_proof)
{
	const struct json *obj;
	void *args = arena_alloc(a, op->args_size);

	*ret_proof = (struct proof){ 0 };
	if (!op->prove)
		return NULL;
	TRY(json_parse(a, body.len ? body : S("{}"), &obj));
	TRY(json_decode(a, obj, op->fields, args, op->args_size, NULL));
	return op->prove(a, args, now_ms, ret_proof);
}

/* Nothing longer than an id may be is repeated. */
static str echo(const struct json *obj, str key)
{
	str id = json_get_str(obj, key);

	return id.len <= CLIENT_ID_BYTES_MAX ? id : STR_NONE;
}

str err_shown(const struct err *e)
{
	return e->code == ERR_TRY_AGAIN ? S(NOT_STORED_TEXT) : err_public(e);
}

struct block *error_message(const struct err *e, str frame)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	CLEANUP(buf_done) struct buf b = buf_make(FIELD_STR_MAX);
	struct json_out o = json_out(&b);
	const struct json *obj = NULL;
	struct error_args out = { .code = err_wire(e), .message = err_shown(e) };
	str type;

	if (!json_parse(a, frame, &obj)) {
		out.id = echo(obj, S("id"));
		out._reqId = echo(obj, S("_reqId"));
		/* Where the reference has it in a refusal about topics or a new API key (D-31). */
		type = json_get_str(obj, S("type"));
		if (!out.id.ptr && (str_starts(type, S("topic_")) || str_eq(type, S("apikey_create"))))
			out.id = out._reqId;
	}
	json_obj(&o);
	json_put_str(&o, "type", S("error"));
	json_encode(&o, error_fields, &out);
	json_obj_end(&o);
	return block_new(buf_str(&b));
}

struct block *call_error(const struct op *op, const struct err *e)
{
	CLEANUP(buf_done) struct buf b = buf_make(FIELD_STR_MAX);
	struct json_out o = json_out(&b);

	json_obj(&o);
	if (op->flags & OP_OK_FALSE)
		json_put_bool(&o, "ok", false);
	json_put_str(&o, "error", err_wire(e));
	json_put_str(&o, "detail", err_shown(e));
	json_obj_end(&o);
	return block_new(buf_str(&b));
}
