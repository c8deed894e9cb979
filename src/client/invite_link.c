#include "client/invite_link.h"

#include "base/clock.h"
#include "crypto/encode.h"
#include "crypto/invite.h"
#include "crypto/secret.h"
#include "json/text.h"
#include "net/url.h"

enum { TOKEN_MIN = 21, QUOTE_MAX = 32 };

#define FORMS \
	"https://HOST/i/CODE#SECRET, https://HOST/join/TOKEN, ic://join/TOKEN, a code or a token"

static bool is_base64url(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '-' || c == '_'))
			return false;
	}
	return true;
}

static bool is_loopback_host(str host)
{
	return str_eq(host, S("localhost")) || str_eq(host, S("::1")) ||
	       str_starts(host, S("127."));
}

static bool starts_nocase(str s, str prefix)
{
	return s.len >= prefix.len && str_eq_nocase(str_of(s.ptr, prefix.len), prefix);
}

static str strip_end_slash(str s)
{
	return str_ends(s, S("/")) ? str_of(s.ptr, s.len - 1) : s;
}

/* secret: what stood behind '#', STR_NONE without one. */
static struct err *take_code(struct arena *a, str code, str secret, struct invite_link *l)
{
	if (!invite_code_is_valid(code)) {
		code = text_quotable(a, code, QUOTE_MAX);
		return FAIL(a, BAD_REQUEST,
			    "'%.*s' is not an invite code: 6 to 16 letters and digits", STRF(code));
	}
	l->kind = INVITE_CODE;
	l->code = arena_dup(a, code);
	if (!secret.ptr)
		return NULL;
	if (secret.len != INVITE_SECRET_LEN)
		return FAIL(
			a, BAD_REQUEST,
			"the invite link is cut off: behind '#' come %d characters, here are %zu",
			INVITE_SECRET_LEN, secret.len);
	if (!decode_secret_base64url(secret, l->secret, sizeof(l->secret)))
		return FAIL(a, BAD_REQUEST,
			    "the invite link is damaged: what comes behind '#' is not base64url");
	l->has_secret = true;
	return NULL;
}

static struct err *take_token(struct arena *a, str token, struct invite_link *l)
{
	token = strip_end_slash(token);
	if (token.len < TOKEN_MIN || token.len > TOKEN_BYTES_MAX || !is_base64url(token))
		return FAIL(a, BAD_REQUEST,
			    "the invite token is cut off or damaged (%zu characters)", token.len);
	l->kind = INVITE_TOKEN;
	l->token = secret_dup(a, token);
	return NULL;
}

/* Splits "<before>/<word>/<last>"; before is "" or starts with '/'. */
static bool split_path(str path, str *ret_before, str *ret_word, str *ret_last)
{
	size_t last, word;

	path = strip_end_slash(path);
	for (last = path.len; last > 0 && path.ptr[last - 1] != '/'; last--)
		;
	if (last < 2)
		return false;
	for (word = last - 1; word > 0 && path.ptr[word - 1] != '/'; word--)
		;
	if (word == 0)
		return false;
	*ret_before = str_of(path.ptr, word - 1);
	*ret_word = str_of(path.ptr + word, last - 1 - word);
	*ret_last = str_skip(path, last);
	return true;
}

/* "/de" before "/i/": the reference's web pages put the language there. */
static bool is_locale(str before)
{
	return before.len == 3 && before.ptr[0] == '/' && before.ptr[1] >= 'a' &&
	       before.ptr[1] <= 'z' && before.ptr[2] >= 'a' && before.ptr[2] <= 'z';
}

static struct err *take_url(struct arena *a, str text, struct invite_link *l)
{
	str before, word, last, authority;
	struct url u;

	TRY(url_parse(a, text, &u));
	if (url_is_ws(&u))
		return FAIL(
			a, BAD_REQUEST,
			"that is the address of a broker, not an invite; ask for a link like " FORMS);
	if (!split_path(u.path, &before, &word, &last))
		return FAIL(a, BAD_REQUEST, "the address is not an invite; expected: " FORMS);
	while (str_ends(before, S("/")))
		before.len--;
	if (is_locale(before))
		before = S("");
	authority = url_authority(a, &u);
	l->base = arena_printf(a, "%s://%.*s%.*s", url_is_tls(&u) ? "https" : "http",
			       STRF(authority), STRF(before));
	if (str_eq(word, S("i")))
		return take_code(a, last, u.fragment, l);
	if (str_eq(word, S("join")))
		return take_token(a, last, l);
	return FAIL(a, BAD_REQUEST, "the address is not an invite; expected: " FORMS);
}

/* What comes behind ic:// and claudemesh://: no broker is named. */
static struct err *take_scheme(struct arena *a, str rest, struct invite_link *l)
{
	str code;

	if (str_starts(rest, S("join/")))
		return take_token(a, str_skip(rest, 5), l);
	if (str_starts(rest, S("i/")))
		rest = str_skip(rest, 2);
	str_cut(&rest, '#', &code);
	return take_code(a, strip_end_slash(code), rest, l);
}

static struct err *take_bare(struct arena *a, str text, struct invite_link *l)
{
	str code, rest = text;
	struct url u;

	if (str_index(text, '/') >= 0) {
		str with = arena_printf(a, "https://%.*s", STRF(text));

		TRY(url_parse(a, with, &u));
		if (is_loopback_host(u.host))
			with = arena_printf(a, "http://%.*s", STRF(text));
		return take_url(a, with, l);
	}
	str_cut(&rest, '#', &code);
	if (invite_code_is_valid(code))
		return take_code(a, code, rest, l);
	if (!rest.ptr && text.len >= TOKEN_MIN)
		return take_token(a, text, l);
	code = text_quotable(a, code, QUOTE_MAX);
	return FAIL(a, BAD_REQUEST, "'%.*s' is no invite; expected: " FORMS, STRF(code));
}

bool invite_link_is_url(str text)
{
	str rest = text, part;
	size_t parts = 0;

	if (starts_nocase(text, S("ic://")) || starts_nocase(text, S("claudemesh://")))
		return true;
	if (!starts_nocase(text, S("https://")) && !starts_nocase(text, S("http://")))
		return false;
	/* https:, nothing, host, then perhaps a path and a language before "i" or "join". */
	while (str_cut(&rest, '/', &part)) {
		if (parts >= 3 && rest.len && (str_eq(part, S("i")) || str_eq(part, S("join"))))
			return true;
		parts++;
	}
	return false;
}

struct err *invite_link_parse(struct arena *a, str text, struct invite_link *ret_link)
{
	CLEANUP(invite_link_wipe) struct invite_link l = { 0 };

	text = str_trim(text);
	if (str_empty(text))
		return FAIL(a, BAD_REQUEST, "no invite given; expected: " FORMS);
	if (!str_is_utf8(text))
		return FAIL(a, BAD_REQUEST, "the invite is damaged: it is not text");
	if (text.len > URL_MAX)
		return FAIL(a, TOO_LARGE, "the invite has %zu characters, at most %d are possible",
			    text.len, URL_MAX);
	for (size_t i = 0; i < text.len; i++)
		if ((u8)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
			return FAIL(
				a, BAD_REQUEST,
				"the invite has a blank or control character inside (at %zu); paste "
				"it as one piece",
				i);
	if (starts_nocase(text, S("ic://")))
		TRY(take_scheme(a, str_skip(text, 5), &l));
	else if (starts_nocase(text, S("claudemesh://")))
		TRY(take_scheme(a, str_skip(text, 13), &l));
	else if (str_contains(text, S("://")))
		TRY(take_url(a, text, &l));
	else
		TRY(take_bare(a, text, &l));
	*ret_link = l;
	return NULL;
}

void invite_link_wipe(struct invite_link *l)
{
	secret_wipe(l->secret, sizeof(l->secret));
}

str invite_link_write(struct arena *a, str base, str code, const u8 secret[INVITE_SECRET_BYTES])
{
	str text = encode_secret_base64url(a, secret, INVITE_SECRET_BYTES);
	size_t size = base.len + code.len + text.len + 8;
	char *link = (char *)secret_alloc(a, size);

	base = strip_end_slash(base);
	snprintf(link, size, "%.*s/i/%.*s#%.*s", STRF(base), STRF(code), STRF(text));
	return str_from(link);
}

struct err *invite_token_open(struct arena *a, str token, i64 now_ms,
			      struct invite_payload_args *ret_payload)
{
	struct invite_payload_args p;
	const struct json *tree;
	struct invite_v1 v1;
	struct url u;
	str text;

	if (!base64url_decode(a, token, &text) || !str_is_utf8(text))
		return FAIL(a, BAD_REQUEST,
			    "the invite token is cut off or damaged: it is not base64url of text");
	if (json_parse(a, text, &tree) || tree->type != JSON_OBJ)
		return FAIL(
			a, BAD_REQUEST,
			"the invite token is cut off or damaged: there is no JSON object in it");
	TRY(json_decode(a, tree, invite_payload_fields, &p, sizeof(p), NULL));
	p.present = true;
	TRY(url_parse(a, p.broker_url, &u));
	if (!url_is_ws(&u))
		return FAIL(a, BAD_REQUEST,
			    "the invite names a broker that is no ws or wss address");
	if (!p.role)
		return FAIL(a, BAD_REQUEST, "the invite names no role");
	v1 = (struct invite_v1){
		.mesh_id = p.mesh_id,
		.mesh_slug = p.mesh_slug,
		.broker_url = p.broker_url,
		.expires_s = p.expires_at,
		.mesh_root_key = p.mesh_root_key,
		.role = enum_word(role_words, (int)p.role),
		.owner_pubkey = p.owner_pubkey,
	};
	if (!invite_v1_check(a, &v1, p.signature))
		return err_word(FAIL(a, UNAUTHORIZED,
				     "the invite is forged or damaged: its signature is not its "
				     "owner's; ask for a new one"),
				S("invite_bad_signature"));
	if (p.expires_at <= now_ms / 1000) {
		str when = time_iso(a, MIN(p.expires_at, INT64_MAX / 1000) * 1000);

		return err_word(FAIL(a, GONE, "the invite expired at %.*s; ask for a new one",
				     STRF(when)),
				S("invite_expired"));
	}
	*ret_payload = p;
	return NULL;
}
