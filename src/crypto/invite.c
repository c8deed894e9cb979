#include "crypto/invite.h"

#include "base/buf.h"
#include "base/ids.h"
#include "crypto/canonical.h"
#include "crypto/encode.h"

enum { CODE_MIN = 6, CODE_MAX = 16 };

struct err *invite_v1_text(struct arena *a, const struct invite_v1 *i, str *ret_text)
{
	struct canonical_part parts[] = {
		{ "v", S("1") },
		{ "mesh_id", i->mesh_id },
		{ "mesh_slug", i->mesh_slug },
		{ "broker_url", i->broker_url },
		{ "expires_at", canonical_i64(a, i->expires_s) },
		{ "mesh_root_key", i->mesh_root_key },
		{ "role", i->role },
		{ "owner_pubkey", i->owner_pubkey },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *invite_v1_sign(struct arena *a, const struct invite_v1 *i,
			   const struct sign_pair *owner, str *ret_signature)
{
	str text;

	TRY(invite_v1_text(a, i, &text));
	*ret_signature = sign_hex(a, text, owner);
	return NULL;
}

bool invite_v1_check(struct arena *a, const struct invite_v1 *i, str signature)
{
	str text;

	return !invite_v1_text(a, i, &text) && sign_check_hex(text, signature, i->owner_pubkey);
}

/* src/json may not be seen from here; a token needs no more of it than this. */
static void add_json_str(struct buf *b, str key, str value)
{
	buf_printf(b, ",\"%.*s\":\"", STRF(key));
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '"' || c == '\\')
			buf_add_byte(b, '\\');
		if ((u8)c < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)(u8)c);
		else
			buf_add_byte(b, c);
	}
	buf_add_byte(b, '"');
}

str invite_v1_token(struct arena *a, const struct invite_v1 *i, str signature)
{
	/* As long as its fields, whose lengths the caller has limited. */
	CLEANUP(buf_done) struct buf b = buf_make(SIZE_MAX);

	buf_add(&b, S("{\"v\":1"));
	add_json_str(&b, S("mesh_id"), i->mesh_id);
	add_json_str(&b, S("mesh_slug"), i->mesh_slug);
	add_json_str(&b, S("broker_url"), i->broker_url);
	buf_printf(&b, ",\"expires_at\":%lld", (long long)i->expires_s);
	add_json_str(&b, S("mesh_root_key"), i->mesh_root_key);
	add_json_str(&b, S("role"), i->role);
	add_json_str(&b, S("owner_pubkey"), i->owner_pubkey);
	add_json_str(&b, S("signature"), signature);
	buf_add_byte(&b, '}');
	return base64url_encode(a, buf_str(&b));
}

struct err *invite_v2_text(struct arena *a, const struct invite_v2 *i, str *ret_text)
{
	struct canonical_part parts[] = {
		{ NULL, S("v=2") },
		{ "mesh_id", i->mesh_id },
		{ "invite_id", i->invite_id },
		{ "expires_at", canonical_i64(a, i->expires_s) },
		{ "role", i->role },
		{ "owner_pubkey", i->owner_pubkey },
	};

	return canonical_join(a, parts, ARRAY_LEN(parts), ret_text);
}

struct err *invite_v2_sign(struct arena *a, const struct invite_v2 *i,
			   const struct sign_pair *owner, str *ret_signature)
{
	str text;

	TRY(invite_v2_text(a, i, &text));
	*ret_signature = sign_hex(a, text, owner);
	return NULL;
}

bool invite_v2_check(struct arena *a, const struct invite_v2 *i, str signature)
{
	str text;

	return !invite_v2_text(a, i, &text) && sign_check_hex(text, signature, i->owner_pubkey);
}

str invite_code_new(struct arena *a, const struct random *r)
{
	return id_from_alphabet(a, r, S(INVITE_CODE_ALPHABET), INVITE_CODE_LEN);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool invite_code_is_valid(str code)
{
	for (size_t i = 0; i < code.len; i++)
		if (!is_alnum(code.ptr[i]))
			return false;
	return code.len >= CODE_MIN && code.len <= CODE_MAX;
}
