#include "client/invite_link.h"

#include "client/test_dir.h"
#include "crypto/encode.h"
#include "crypto/invite.h"

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TOKEN "eyJ2IjoxLCJtZXNoX2lkIjoiYWJjZGVmIn0"

/* base NULL: refused, and the error contains `what`. */
static const struct {
	const char *text, *base, *what;
	bool has_secret;
} forms[] = {
	/* codes */
	{ "https://m.example/i/ABCDEFGH2345", "https://m.example", "ABCDEFGH2345", false },
	{ "https://m.example/i/ABCDEFGH2345#" SECRET, "https://m.example", "ABCDEFGH2345", true },
	{ "  https://m.example/i/ABCDEFGH2345/#" SECRET "\n", "https://m.example", "ABCDEFGH2345",
	  true },
	{ "http://127.0.0.1:7900/i/ABCDEFGH2345#" SECRET, "http://127.0.0.1:7900", "ABCDEFGH2345",
	  true },
	{ "http://m.example:81/i/abc123", "http://m.example:81", "abc123", false },
	{ "https://m.example/de/i/abc123", "https://m.example", "abc123", false },
	{ "https://m.example/broker/i/abc123", "https://m.example/broker", "abc123", false },
	{ "https://m.example/i/abc123?utm=x", "https://m.example", "abc123", false },
	{ "HTTPS://M.Example/i/abc123", "https://m.example", "abc123", false },
	{ "http://[::1]:7900/i/abc123", "http://[::1]:7900", "abc123", false },
	{ "m.example/i/abc123", "https://m.example", "abc123", false },
	{ "m.example/fr/i/abc123#" SECRET, "https://m.example", "abc123", true },
	{ "localhost:7900/i/abc123", "http://localhost:7900", "abc123", false },
	{ "127.0.0.1:7900/i/abc123", "http://127.0.0.1:7900", "abc123", false },
	{ "claudemesh://i/abc123", "", "abc123", false },
	{ "claudemesh://abc123", "", "abc123", false },
	{ "claudemesh://i/abc123#" SECRET, "", "abc123", true },
	{ "abc123", "", "abc123", false },
	{ "ABCDEFGH2345#" SECRET, "", "ABCDEFGH2345", true },
	/* tokens */
	{ "ic://join/" TOKEN, "", TOKEN, false },
	{ "ic://join/" TOKEN "/", "", TOKEN, false },
	{ "https://m.example/join/" TOKEN, "https://m.example", TOKEN, false },
	{ "https://m.example/en/join/" TOKEN, "https://m.example", TOKEN, false },
	{ "claudemesh://join/" TOKEN, "", TOKEN, false },
	{ TOKEN, "", TOKEN, false },
	/* neither */
	{ "", NULL, "no invite given", false },
	{ "   ", NULL, "no invite given", false },
	{ "abc12", NULL, "no invite", false },
	{ "abcdefghijklmnopqr", NULL, "no invite", false },
	{ "abc 123", NULL, "one piece", false },
	{ "https://m.example/i/abc123#" SECRET "A", NULL, "cut off", false },
	{ "https://m.example/i/abc123#AAEC", NULL, "cut off", false },
	{ "https://m.example/i/abc123#", NULL, "cut off", false },
	{ "https://m.example/i/abc123#!!ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL, "damaged",
	  false },
	{ "https://m.example/i/abc-123", NULL, "not an invite code", false },
	{ "https://m.example/i/", NULL, "not an invite", false },
	{ "https://m.example/", NULL, "not an invite", false },
	{ "https://m.example/x/abc123", NULL, "not an invite", false },
	{ "https://m.example/join/short", NULL, "cut off", false },
	{ "https://m.example/join/eyJ2IjoxLCJtZXNoX2lkIjoiYWJ%20jZGVmIn0", NULL, "damaged", false },
	{ "wss://m.example/ws", NULL, "address of a broker", false },
	{ "ftp://m.example/i/abc123", NULL, "", false },
	{ "https://u:p@m.example/i/abc123", NULL, "", false },
	{ "ic://i", NULL, "not an invite code", false },
	{ "\xff\xfe", NULL, "not text", false },
	{ "caf\xc3\xa9", NULL, "no invite", false },
};

TEST(every_form_of_link)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	assert_true(crypto_start());
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct invite_link l;
		struct err *e = invite_link_parse(a, str_from(forms[i].text), &l);

		if (!e != (forms[i].base != NULL))
			print_error("case %zu '%s': %.*s\n", i, forms[i].text,
				    STRF(e ? e->text : S("accepted")));
		if (!forms[i].base) {
			assert_says(e, forms[i].what);
			continue;
		}
		assert_ok(e);
		assert_str(l.base, str_from(forms[i].base));
		assert_str(l.kind == INVITE_CODE ? l.code : l.token, str_from(forms[i].what));
		assert_int_equal(l.has_secret, forms[i].has_secret);
		if (l.has_secret)
			assert_int_equal(l.secret[31], 31);
	}
}

/* In the place of a command these are taken for an invite, broken ones too. */
static const struct {
	const char *text;
	bool is_url;
} urls[] = {
	{ "https://mesh.example/i/abcdefgh#x", true },
	{ "http://127.0.0.1:7900/i/abcdefgh", true },
	{ "HTTPS://mesh.example/i/abcdefgh", true },
	{ "https://mesh.example/de/i/abcdefgh", true },
	{ "https://mesh.example/below/join/token", true },
	{ "ic://join/token", true },
	{ "claudemesh://i/abcdefgh", true },
	{ "claudemesh://abcdefgh", true },
	{ "https://mesh.example", false },
	{ "https://mesh.example/", false },
	{ "https://mesh.example/i", false },
	{ "https://mesh.example/i/", false },
	{ "https://i/abcdefgh", false },
	{ "https://mesh.example/about", false },
	{ "ftp://mesh.example/i/abcdefgh", false },
	{ "mesh.example/i/abcdefgh", false },
	{ "join", false },
	{ "abcdefgh", false },
	{ "", false },
};

TEST(the_address_of_an_invite_is_told_from_a_command)
{
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		if (invite_link_is_url(str_from(urls[i].text)) != urls[i].is_url)
			print_error("%s\n", urls[i].text);
		assert_int_equal(invite_link_is_url(str_from(urls[i].text)), urls[i].is_url);
	}
}

TEST(a_written_link_reads_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	u8 secret[INVITE_SECRET_BYTES];
	struct invite_link l;
	str text;

	memset(secret, 7, sizeof(secret));
	text = invite_link_write(a, S("http://127.0.0.1:7900/"), S("ABCDEFGH2345"), secret);
	assert_true(str_starts(text, S("http://127.0.0.1:7900/i/ABCDEFGH2345#")));
	assert_ok(invite_link_parse(a, text, &l));
	assert_memory_equal(l.secret, secret, sizeof(secret));
	invite_link_wipe(&l);
	assert_int_equal(l.secret[0], 0);
}

TEST(errors_never_quote_a_secret)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invite_link l;
	struct err *e = invite_link_parse(a, S("https://m.example/i/abc123#" SECRET "tail"), &l);

	assert_non_null(e);
	assert_false(str_contains(e->text, S("ECAwQFBg")));
	e = invite_link_parse(a, S("nonsense#" SECRET), &l);
	assert_ok(e);
	e = invite_link_parse(a, S("no-code!#" SECRET), &l);
	assert_non_null(e);
	assert_false(str_contains(e->text, S("ECAwQFBgcICQoLDA0ODx")));
}

enum { NOW_S = 1700000000 };

static struct invite_v1 payload(struct arena *a, const struct sign_pair *owner)
{
	return (struct invite_v1){
		.mesh_id = S("mesh0001"),
		.mesh_slug = S("team"),
		.broker_url = S("ws://127.0.0.1:7900/ws"),
		.expires_s = NOW_S + 100,
		.mesh_root_key = S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
		.role = S("member"),
		.owner_pubkey = sign_pair_pubkey(a, owner),
	};
}

static struct err *open_token(struct arena *a, const struct invite_v1 *v1,
			      const struct sign_pair *signer, struct invite_payload_args *ret)
{
	str signature;

	assert_ok(invite_v1_sign(a, v1, signer, &signature));
	return invite_token_open(a, invite_v1_token(a, v1, signature), NOW_S * (i64)1000, ret);
}

TEST(a_token_opens_if_its_owner_signed_it_and_time_is_left)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = test_pair(1), mallory = test_pair(2);
	struct invite_v1 v1 = payload(a, &owner);
	struct invite_payload_args p;
	struct err *e;

	assert_ok(open_token(a, &v1, &owner, &p));
	assert_str(p.mesh_slug, S("team"));
	assert_int_equal(p.role, ROLE_MEMBER);
	assert_true(p.present);
	e = open_token(a, &v1, &mallory, &p);
	assert_err(e, UNAUTHORIZED);
	assert_str(err_wire(e), S("invite_bad_signature"));
	v1.expires_s = NOW_S;
	e = open_token(a, &v1, &owner, &p);
	assert_err(e, GONE);
	assert_str(err_wire(e), S("invite_expired"));
	assert_says(e, "2023-11-14T22:13:20");
	v1.expires_s = NOW_S + 1;
	v1.broker_url = S("https://m.example");
	assert_says(open_token(a, &v1, &owner, &p), "ws or wss");
}

TEST(a_token_that_was_changed_is_refused)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct sign_pair owner = test_pair(1);
	struct invite_v1 v1 = payload(a, &owner), changed = v1;
	struct invite_payload_args p;
	str *const fields[] = { &changed.mesh_id, &changed.mesh_slug, &changed.mesh_root_key };
	str signature;

	assert_ok(invite_v1_sign(a, &v1, &owner, &signature));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		changed = v1;
		*fields[i] = S("x");
		assert_err(invite_token_open(a, invite_v1_token(a, &changed, signature),
					     NOW_S * (i64)1000, &p),
			   UNAUTHORIZED);
	}
	changed = v1;
	changed.role = S("admin");
	assert_err(invite_token_open(a, invite_v1_token(a, &changed, signature), NOW_S * (i64)1000,
				     &p),
		   UNAUTHORIZED);
	changed = v1;
	changed.expires_s++;
	assert_err(invite_token_open(a, invite_v1_token(a, &changed, signature), NOW_S * (i64)1000,
				     &p),
		   UNAUTHORIZED);
}

TEST(a_token_that_is_none_is_refused)
{
	static const char *const texts[] = {
		"",
		"x",
		"[]",
		"null",
		"{",
		"{}",
		"{\"v\":2}",
		"{\"v\":1,\"mesh_id\":7}",
		"\xff\xfe{}",
		"{\"v\":1,\"mesh_id\":\"m\",\"mesh_slug\":\"s\",\"broker_url\":\"ws://h/ws\",\"expires_at\":-1}",
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct invite_payload_args p;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_err(invite_token_open(a, base64url_encode(a, str_from(texts[i])), 0, &p),
			   BAD_REQUEST);
	assert_err(invite_token_open(a, S("!!!"), 0, &p), BAD_REQUEST);
	assert_err(invite_token_open(a, S("eyJ2Ijox="), 0, &p), BAD_REQUEST);
}

TEST_MAIN("client/invite_link")
