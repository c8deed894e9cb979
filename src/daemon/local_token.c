#include "daemon/local_token.h"

#include "client/file.h"
#include "crypto/encode.h"
#include "crypto/secret.h"

static bool is_token(str s)
{
	u8 bytes[LOCAL_TOKEN_BYTES];
	bool ok = decode_secret_base64url(s, bytes, sizeof(bytes));

	secret_wipe(bytes, sizeof(bytes));
	return ok;
}

struct err *local_token_open(struct arena *a, const struct place *pl, str *ret_token)
{
	u8 bytes[LOCAL_TOKEN_BYTES];
	str content, token;

	TRY(file_read_private(a, pl->token, &content));
	token = str_trim(content);
	if (!str_empty(token) && !is_token(token))
		return FAIL(a, BAD_REQUEST, "'%.*s' holds no token; remove it, and a new one is made",
			    STRF(pl->token));
	if (str_empty(token)) {
		secret_random(bytes, sizeof(bytes));
		token = encode_secret_base64url(a, bytes, sizeof(bytes));
		secret_wipe(bytes, sizeof(bytes));
		TRY(file_write_private(a, pl->token, token));
	}
	*ret_token = token;
	return NULL;
}

bool local_token_admits(str token, str authorization)
{
	const str scheme = S("Bearer ");

	return token.len == LOCAL_TOKEN_LEN && authorization.len > scheme.len &&
	       str_eq_nocase(str_of(authorization.ptr, scheme.len), scheme) &&
	       secret_eq(token, str_trim(str_skip(authorization, scheme.len)));
}
