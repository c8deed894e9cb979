#include "daemon/fingerprint.h"

#include "crypto/fingerprint.h"

/* Null and absent are the same; an empty object is not. */
static struct err *canonical_meta(struct arena *a, const struct json *meta, str *ret_meta)
{
	CLEANUP(buf_done) struct buf text = buf_make(FINGERPRINT_META_MAX);
	struct json_out out = json_out(&text);

	*ret_meta = STR_NONE;
	if (!meta || meta->type == JSON_NULL)
		return NULL;
	json_canonical(&out, meta);
	if (text.full)
		return FAIL(a, TOO_LARGE, "field 'meta' has more than %d bytes",
			    FINGERPRINT_META_MAX);
	*ret_meta = arena_dup(a, buf_str(&text));
	return NULL;
}

struct err *fingerprint_of(struct arena *a, str to, str reply_to_id, str priority,
			   const struct json *meta, str body, str *ret_fingerprint, str *ret_meta)
{
	struct request_parts parts = {
		.destination_kind = S("dm"),
		.destination_ref = str_trim(to),
		.reply_to_id = reply_to_id,
		.priority = priority,
		.body = body,
	};

	if (str_starts(parts.destination_ref, S("@"))) {
		parts.destination_kind = S("topic");
		parts.destination_ref = str_skip(parts.destination_ref, 1);
	} else if (str_eq(parts.destination_ref, S("*"))) {
		parts.destination_kind = S("topic");
	}
	TRY(canonical_meta(a, meta, &parts.meta));
	*ret_fingerprint = request_fingerprint(a, &parts);
	if (ret_meta)
		*ret_meta = parts.meta;
	return NULL;
}
