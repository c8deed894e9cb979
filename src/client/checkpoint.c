#include "client/checkpoint.h"

#include "crypto/audit.h"

static struct err *check(struct arena *a, const struct audit_checkpoint_result_args *c)
{
	struct checkpoint said = { c->meshId, c->seq, c->hash, c->timeMs };

	if (c->seq ? !str_is_hex(c->hash, AUDIT_HASH_BYTES, true) : c->hash.len > 0)
		return FAIL(a, BAD_REQUEST, "field 'hash': 64 hex digits, or none where there is no row");
	if (!checkpoint_check(a, &said, c->pubkey, c->signature))
		return FAIL(a, BAD_REQUEST, "the checkpoint's signature does not hold");
	return NULL;
}

struct err *checkpoint_read(struct arena *a, str text, struct audit_checkpoint_result_args *ret_checkpoint)
{
	struct audit_checkpoint_result_args c;
	const struct json *obj;

	if (text.len > CHECKPOINT_BYTES_MAX)
		return FAIL(a, TOO_LARGE, "a checkpoint has no more than %d bytes", CHECKPOINT_BYTES_MAX);
	TRY(json_parse(a, str_trim(text), &obj));
	if (obj->type != JSON_OBJ)
		return FAIL(a, BAD_REQUEST, "expected a JSON object");
	TRY(json_decode(a, obj, audit_checkpoint_result_fields, &c, sizeof(c), NULL));
	TRY(check(a, &c));
	*ret_checkpoint = c;
	return NULL;
}

struct err *checkpoint_accept(struct arena *a, const struct audit_checkpoint_result_args *c, str mesh_id)
{
	if (!str_eq(c->meshId, mesh_id))
		return FAIL(a, REFUSED, "the broker signed a checkpoint of another mesh");
	return check(a, c);
}

str checkpoint_write(struct arena *a, const struct audit_checkpoint_result_args *c)
{
	CLEANUP(buf_done) struct buf b = buf_make(CHECKPOINT_BYTES_MAX);
	struct audit_checkpoint_result_args out = *c;
	struct json_out o = json_out(&b);

	out._reqId = STR_NONE;
	json_obj(&o);
	json_encode(&o, audit_checkpoint_result_fields, &out);
	json_obj_end(&o);
	buf_add_byte(&b, '\n');
	return arena_dup(a, buf_str(&b));
}
