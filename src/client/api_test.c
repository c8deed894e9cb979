#include "client/api.h"

#include "client/test_dir.h"

union any_answer {
	struct mesh_created_args created;
	struct invite_created_args invite;
	struct invite_code_args code;
	struct claimed_args claimed;
	struct joined_args joined;
};

/* Refusals of both dialects: what they become. */
static const struct {
	enum api_call call;
	int status;
	const char *body;
	enum err_code code;
	const char *word, *says;
} refused[] = {
	{ API_JOIN, 400, "{\"ok\":false,\"error\":\"invite_expired\"}", ERR_GONE, "invite_expired",
	  "ask for a new one" },
	{ API_JOIN, 400, "{\"ok\":false,\"error\":\"invite_bad_signature\"}", ERR_UNAUTHORIZED,
	  "invite_bad_signature", "signature" },
	{ API_JOIN, 400, "{\"ok\":false,\"error\":\"invite_exhausted\"}", ERR_GONE,
	  "invite_exhausted", "as often as it may be" },
	{ API_JOIN, 200, "{\"ok\":false,\"error\":\"invite_revoked\"}", ERR_GONE, "invite_revoked",
	  "revoked" },
	{ API_CLAIM, 410, "{\"error\":\"expired\"}", ERR_GONE, "expired", "ask for a new one" },
	{ API_CLAIM, 404, "{\"error\":\"not_found\"}", ERR_NOT_FOUND, "not_found",
	  "does not know this invite" },
	{ API_CLAIM, 501, "{\"error\":\"invite_v2_disabled\",\"detail\":\"x\"}", ERR_NOT_SUPPORTED,
	  "invite_v2_disabled", "--json" },
	{ API_INVITE_LOOKUP, 404, "{\"found\":false}", ERR_NOT_FOUND, "invite_not_found",
	  "ask for a new one" },
	{ API_INVITE_LOOKUP, 200, "{\"found\":false}", ERR_NOT_FOUND, "invite_not_found",
	  "live invite" },
	{ API_INVITE_LOOKUP, 429, "{\"error\":\"rate_limit\"}", ERR_RATE_LIMIT, "rate_limit",
	  "wait a minute" },
	{ API_MESH_CREATE, 409, "{\"error\":\"Too many meshes with this name\"}", ERR_EXISTS,
	  "already_exists", "Too many meshes" },
	{ API_MESH_CREATE, 401, "{\"error\":\"unauthorized\",\"detail\":\"sign in first\"}",
	  ERR_UNAUTHORIZED, "unauthorized", "sign in first" },
	{ API_INVITE_CREATE, 403, "{\"error\":\"Only the owner can invite (for now)\"}",
	  ERR_FORBIDDEN, "forbidden", "Only the owner" },
	{ API_MESH_CREATE, 413, "{\"ok\":false,\"error\":\"payload too large\"}", ERR_TOO_LARGE,
	  "too_large", "payload" },
	{ API_MESH_CREATE, 503, "{\"error\":\"try_again\"}", ERR_TRY_AGAIN, "try_again",
	  "try_again" },
	{ API_MESH_CREATE, 500, "oops", ERR_INTERNAL, "internal", "answered 500" },
	{ API_MESH_CREATE, 404, "not found", ERR_NOT_FOUND, "not_found",
	  "is it a claudemesh broker" },
	{ API_MESH_CREATE, 302, "", ERR_REFUSED, "refused", "answered 302" },
	{ API_MESH_CREATE, 200, "<html>", ERR_REFUSED, "refused", "not JSON" },
	{ API_MESH_CREATE, 200, "[]", ERR_REFUSED, "refused", "not JSON" },
	{ API_MESH_CREATE, 200, "{}", ERR_REFUSED, "refused", "id" },
	{ API_MESH_CREATE, 200, "{\"id\":1,\"slug\":\"s\",\"name\":\"n\",\"member_id\":\"m\"}",
	  ERR_REFUSED, "refused", "id" },
	{ API_JOIN, 200, "{\"ok\":\"yes\",\"memberId\":\"m\"}", ERR_REFUSED, "refused",
	  "without a reason" },
	{ API_JOIN, 200, "{\"ok\":true}", ERR_REFUSED, "refused", "memberId" },
	{ API_CLAIM, 200, "{\"mesh_id\":[]}", ERR_REFUSED, "refused", "" },
	{ API_CLAIM, 400, "{\"error\":{\"x\":1}}", ERR_BAD_REQUEST, "bad_request", "answered 400" },
};

TEST(refusals_become_errors_that_help)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		union any_answer answer;
		struct err *e = api_answer(a, refused[i].call, refused[i].status,
					   str_from(refused[i].body), &answer);

		if (!e || e->code != refused[i].code)
			print_error("case %zu: %.*s\n", i, STRF(e ? e->text : S("success")));
		assert_non_null(e);
		assert_int_equal(e->code, refused[i].code);
		assert_str(err_wire(e), str_from(refused[i].word));
		assert_says(e, refused[i].says);
	}
}

TEST(what_a_stranger_wrote_is_made_harmless)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct joined_args joined;
	struct err *e = api_answer(a, API_JOIN, 400, S("{\"error\":\"\\u001b[2J\\nowned\"}"),
				   &joined);

	assert_non_null(e);
	assert_int_equal(str_index(e->text, '\x1b'), -1);
	assert_int_equal(str_index(e->text, '\n'), -1);
	assert_int_equal(str_index(err_wire(e), '\x1b'), -1);
}

TEST(answers_are_decoded)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	union any_answer answer;

	assert_ok(api_answer(a, API_JOIN, 200,
			     S("{\"ok\":true,\"memberId\":\"m1\",\"alreadyMember\":true}"),
			     &answer));
	assert_str(answer.joined.memberId, S("m1"));
	assert_true(answer.joined.alreadyMember);
	assert_ok(api_answer(a, API_INVITE_LOOKUP, 200, S("{\"found\":true,\"token\":\"t\"}"),
			     &answer));
	assert_str(answer.code.token, S("t"));
	assert_ok(api_answer(a, API_CLAIM, 200,
			     S("{\"sealed_root_key\":null,\"mesh_id\":\"i\",\"member_id\":\"m\","
			       "\"owner_pubkey\":\"o\",\"canonical_v2\":\"c\",\"new\":[1]}"),
			     &answer));
	assert_str(answer.claimed.member_id, S("m"));
}

TEST(the_address_of_the_calls_comes_from_the_brokers)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct api api;

	assert_ok(api_init(a, S("ws://127.0.0.1:7900/ws"), &api));
	assert_str(api.base, S("http://127.0.0.1:7900"));
	assert_ok(api_init(a, S("wss://m.example/ws"), &api));
	assert_str(api.base, S("https://m.example"));
	assert_err(api_init(a, S("m.example"), &api), BAD_REQUEST);
}

TEST(a_broker_that_is_not_there_is_named)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct api api = { .base = S("http://127.0.0.1:1") };
	struct invite_code_args invite;
	struct err *e = api_invite_lookup(a, &api, S("abc123"), &invite);

	assert_err(e, NETWORK);
	assert_says(e, "is the broker at http://127.0.0.1:1 running?");
}

TEST_MAIN("client/api")
