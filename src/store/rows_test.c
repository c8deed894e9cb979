/*
 * rows_test.c - meshes, members, invites, skills, signatures: what goes in comes out, in its
 * own mesh only, and what must be unique is.
 */
#include "store/fixture_test.h"

enum { MESH_A = 1, MESH_B = 2 };

static struct mesh_row mesh(i64 no, str id, str slug)
{
	return (struct mesh_row){
		.no = no, .id = id, .slug = slug, .name = S("Team"), .created_ms = 5
	};
}

static struct member_row member(i64 no, i64 mesh_no, str id, str pubkey)
{
	return (struct member_row){ .no = no,
				    .mesh_no = mesh_no,
				    .id = id,
				    .pubkey = pubkey,
				    .name = S("alice"),
				    .role = S("member"),
				    .created_ms = 5 };
}

static struct invite_row invite(i64 no, i64 mesh_no, str id, str code, str token)
{
	return (struct invite_row){ .no = no,
				    .mesh_no = mesh_no,
				    .id = id,
				    .code = code,
				    .token = token,
				    .role = S("member"),
				    .max_uses = 3,
				    .expires_ms = 900 };
}

TEST(a_mesh_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct mesh_row in = mesh(4, S("id-4"), S("team")), *out;

	in.owner_pubkey = S("0badc0de");
	in.owner_secret = S("\0sealed\xff");
	in.root_key = S("root\0key");
	store_mesh_add(f->st, &in);
	commit(f);
	assert_ok(store_mesh_by_id(f->st, a, S("id-4"), &out));
	assert_int_equal(out->no, 4);
	assert_str(out->id, in.id);
	assert_str(out->slug, in.slug);
	assert_str(out->name, in.name);
	assert_str(out->owner_pubkey, in.owner_pubkey);
	assert_str(out->owner_secret, in.owner_secret);
	assert_str(out->root_key, in.root_key);
	assert_int_equal(out->created_ms, 5);
	assert_int_equal(out->archived_ms, 0);
	assert_ok(store_mesh_by_no(f->st, a, 4, &out));
	assert_str(out->id, in.id);
	assert_ok(store_mesh_by_no(f->st, a, 5, &out));
	assert_null(out);
	assert_ok(store_mesh_by_id(f->st, a, S("id-5"), &out));
	assert_null(out);
	assert_ok(store_mesh_by_id(f->st, a, STR_NONE, &out));
	assert_null(out);
}

/* C2 of http-data-web.md: a slug means one live mesh, and an archived one frees it. */
TEST(a_slug_is_of_one_live_mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct mesh_row old = mesh(1, S("id-1"), S("team")), live = mesh(2, S("id-2"), S("team")),
			*out;

	old.archived_ms = 77;
	store_mesh_add(f->st, &old);
	assert_ok(store_mesh_by_slug(f->st, a, S("team"), &out));
	assert_null(out);
	store_mesh_add(f->st, &live);
	commit(f);
	assert_ok(store_mesh_by_slug(f->st, a, S("team"), &out));
	assert_int_equal(out->no, 2);
	live = mesh(3, S("id-3"), S("team"));
	store_mesh_add(f->st, &live);
	assert_err(store_commit(f->st, a), CONFLICT);
	old = mesh(4, S("id-2"), S("other"));
	store_mesh_add(f->st, &old);
	assert_err(store_commit(f->st, a), CONFLICT);
	assert_int_equal(count(f, "mesh"), 2);
}

TEST(only_missing_keys_are_filled)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct mesh_row bare = mesh(1, S("id-1"), S("bare")), kept = mesh(2, S("id-2"), S("kept")),
			*out;
	struct mesh_row keys = { .owner_pubkey = S("aa"),
				 .owner_secret = S("secret"),
				 .root_key = S("root") };

	kept.owner_pubkey = S("bb"); /* its owner's client keeps the secret */
	store_mesh_add(f->st, &bare);
	store_mesh_add(f->st, &kept);
	keys.no = 1;
	store_mesh_keys_set(f->st, &keys);
	keys.no = 2;
	store_mesh_keys_set(f->st, &keys);
	commit(f);
	assert_ok(store_mesh_by_id(f->st, a, S("id-1"), &out));
	assert_str(out->owner_pubkey, S("aa"));
	assert_str(out->owner_secret, S("secret"));
	assert_str(out->root_key, S("root"));
	assert_ok(store_mesh_by_id(f->st, a, S("id-2"), &out));
	assert_str(out->owner_pubkey, S("bb"));
	assert_null(out->owner_secret.ptr);
	assert_str(out->root_key, S("root"));
	keys = (struct mesh_row){
		.no = 1, .owner_pubkey = S("cc"), .owner_secret = S("x"), .root_key = S("y")
	};
	store_mesh_keys_set(f->st, &keys);
	assert_ok(store_mesh_by_id(f->st, a, S("id-1"), &out));
	assert_str(out->owner_pubkey, S("aa"));
	assert_str(out->owner_secret, S("secret"));
	assert_str(out->root_key, S("root"));
}

TEST(a_member_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct member_row in = member(9, MESH_A, S("m-9"), S("key")),
			  plain = member(10, MESH_A, S("m-10"), S("k2"));
	struct member_row *out;
	size_t n;

	in.x25519 = S("x");
	in.invite_no = 3;
	in.claim_signature = S("sig");
	in.revoked_ms = 8;
	in.seen_ms = 9;
	store_member_add(f->st, &in);
	store_member_add(f->st, &plain);
	in.status = S("busy");
	in.summary = S("working");
	in.groups = S("[\"dev\"]");
	in.hidden = true;
	in.profile = S("{\"title\":\"t\"}");
	store_member_profile_set(f->st, &in);
	in.name = S("renamed");
	in.role_tag = S("cook");
	in.message_mode = S("inbox");
	in.joined_name = S("before");
	store_member_settings_set(f->st, &in);
	store_member_seen(f->st, MESH_A, 10, 123, S("last"));
	commit(f);
	assert_ok(store_members(f->st, a, MESH_A, &out, &n));
	assert_int_equal(n, 2);
	assert_int_equal(out[0].no, 9);
	assert_int_equal(out[0].mesh_no, MESH_A);
	assert_str(out[0].id, in.id);
	assert_str(out[0].name, in.name);
	assert_str(out[0].role_tag, in.role_tag);
	assert_str(out[0].message_mode, in.message_mode);
	assert_str(out[0].joined_name, in.joined_name);
	assert_null(out[1].role_tag.ptr);
	assert_null(out[1].joined_name.ptr);
	assert_str(out[0].pubkey, in.pubkey);
	assert_str(out[0].x25519, in.x25519);
	assert_str(out[0].name, in.name);
	assert_str(out[0].role, in.role);
	assert_int_equal(out[0].invite_no, 3);
	assert_str(out[0].claim_signature, in.claim_signature);
	assert_str(out[0].status, in.status);
	assert_str(out[0].summary, in.summary);
	assert_str(out[0].groups, in.groups);
	assert_true(out[0].hidden);
	assert_str(out[0].profile, in.profile);
	assert_null(out[0].last_summary.ptr);
	assert_int_equal(out[0].created_ms, 5);
	assert_int_equal(out[0].revoked_ms, 8);
	assert_int_equal(out[0].seen_ms, 9);
	assert_null(out[1].x25519.ptr);
	assert_null(out[1].claim_signature.ptr);
	assert_null(out[1].groups.ptr);
	assert_false(out[1].hidden);
	assert_null(out[1].profile.ptr);
	assert_int_equal(out[1].seen_ms, 123);
	assert_str(out[1].last_summary, S("last"));
}

/* D-56: one key, one member of a mesh. The same key in another mesh is another member. */
TEST(a_key_is_one_member_of_a_mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct member_row one = member(1, MESH_A, S("m-1"), S("key")),
			  other = member(2, MESH_B, S("m-2"), S("key"));
	struct member_row twin = member(3, MESH_A, S("m-3"), S("key")),
			  same_id = member(4, MESH_B, S("m-1"), S("k"));
	struct member_row *rows;
	size_t n;

	store_member_add(f->st, &one);
	store_member_add(f->st, &other);
	commit(f);
	store_member_add(f->st, &twin);
	assert_err(store_commit(f->st, a), CONFLICT);
	store_member_add(f->st, &same_id);
	assert_err(store_commit(f->st, a), CONFLICT);
	assert_ok(store_members(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 1);
	/* A number of one mesh changes nothing through another. */
	other.no = 1;
	other.status = S("busy");
	store_member_profile_set(f->st, &other);
	store_member_seen(f->st, MESH_B, 1, 99, STR_NONE);
	commit(f);
	assert_ok(store_members(f->st, a, MESH_A, &rows, &n));
	assert_null(rows[0].status.ptr);
	assert_int_equal(rows[0].seen_ms, 0);
}

TEST(a_job_is_claimed_until_it_ends)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct job_row in = { .no = 3, .kind = S("mail"), .mesh_no = MESH_A, .about_no = 6, .payload = S("sealed"),
			      .state = S("waiting"), .due_ms = 50, .until_ms = 900, .created_ms = 10 };
	struct job_row later = in, *out;
	size_t n;

	later.no = 4;
	later.mesh_no = MESH_B;
	later.due_ms = 60;
	store_job_add(f->st, &later);
	store_job_add(f->st, &in);
	commit(f);
	assert_ok(store_jobs_due(f->st, a, 49, 9, &out, &n));
	assert_int_equal(n, 0);
	assert_ok(store_jobs_due(f->st, a, 60, 1, &out, &n));
	assert_int_equal(n, 1);
	assert_int_equal(out[0].no, 3);
	assert_str(out[0].kind, S("mail"));
	assert_str(out[0].payload, S("sealed"));
	assert_int_equal(out[0].about_no, 6);
	assert_int_equal(out[0].until_ms, 900);
	store_job_claim(f->st, 3, 1, 110);
	commit(f);
	assert_ok(store_jobs_due(f->st, a, 109, 9, &out, &n));
	assert_int_equal(n, 1);
	assert_int_equal(out[0].no, 4);
	store_job_end(f->st, 3, S("sent"), 70);
	store_job_claim(f->st, 3, 9, 71);
	store_job_end(f->st, 3, S("failed"), 72);
	commit(f);
	assert_ok(store_job(f->st, a, 3, &out));
	assert_str(out->state, S("sent"));
	assert_int_equal(out->payload.len, 0);
	assert_int_equal(out->tries, 1);
	assert_int_equal(out->ended_ms, 70);
	assert_ok(store_jobs_due(f->st, a, INT64_MAX - 1, 9, &out, &n));
	assert_int_equal(n, 1);
	assert_ok(store_jobs_of(f->st, a, MESH_A, &out, &n));
	assert_int_equal(n, 1);
	store_jobs_prune(f->st, 71);
	commit(f);
	assert_ok(store_job(f->st, a, 3, &out));
	assert_null(out);
	assert_ok(store_job(f->st, a, 4, &out));
	assert_non_null(out);
}

TEST(an_invite_comes_back)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct invite_row in = invite(6, MESH_A, S("i-6"), S("CODE"), S("token")), *out;
	i64 n;

	in.capability = S("{\"canonical\":\"v=1\"}");
	in.invite_pubkey = S("aa");
	in.owner_signature = S("bb");
	in.sealed_root = S("cc");
	in.created_ms = 7;
	in.email = S("bob@example.org");
	in.made_by = 4;
	store_invite_add(f->st, &in);
	store_invite_used(f->st, MESH_A, 6, 2, 77);
	store_invite_used(f->st, MESH_B, 6, 3, 78); /* not its mesh */
	store_invite_revoke(f->st, MESH_A, 6, 8);
	store_invite_revoke(f->st, MESH_B, 6, 9);
	commit(f);
	assert_ok(store_invite_by_code(f->st, a, S("CODE"), &out));
	assert_int_equal(out->no, 6);
	assert_int_equal(out->mesh_no, MESH_A);
	assert_str(out->id, in.id);
	assert_str(out->code, in.code);
	assert_str(out->token, in.token);
	assert_str(out->capability, in.capability);
	assert_str(out->invite_pubkey, in.invite_pubkey);
	assert_str(out->owner_signature, in.owner_signature);
	assert_str(out->sealed_root, in.sealed_root);
	assert_str(out->role, in.role);
	assert_int_equal(out->max_uses, 3);
	assert_int_equal(out->uses, 2);
	assert_int_equal(out->expires_ms, 900);
	assert_int_equal(out->created_ms, 7);
	assert_int_equal(out->revoked_ms, 8);
	assert_str(out->email, in.email);
	assert_int_equal(out->made_by, 4);
	assert_int_equal(out->used_ms, 77);
	assert_ok(store_invites_mailed(f->st, a, in.email, 6, &n));
	assert_int_equal(n, 1);
	assert_ok(store_invites_mailed(f->st, a, in.email, 7, &n));
	assert_int_equal(n, 0);
	assert_ok(store_invites_mailed(f->st, a, S("eve@example.org"), 0, &n));
	assert_int_equal(n, 0);
	assert_ok(store_invite_by_id(f->st, a, in.id, &out));
	assert_non_null(out);
	assert_ok(store_invite_by_token(f->st, a, S("token"), &out));
	assert_int_equal(out->no, 6);
	assert_ok(store_invite_by_code(f->st, a, S("code"), &out));
	assert_null(out);
	assert_ok(store_invite_by_token(f->st, a, S("CODE"), &out));
	assert_null(out);
}

TEST(codes_and_tokens_are_unique)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct invite_row rows[] = {
		invite(1, MESH_A, S("i-1"), S("CODE"), S("token")), invite(2, MESH_A, S("i-2"), STR_NONE, STR_NONE),
		invite(3, MESH_B, S("i-3"), S(""), S("")), invite(4, MESH_B, S("i-4"), S("CODE"), S("t4")),
		invite(5, MESH_B, S("i-5"), S("C5"), S("token")),
	}, *out;
	size_t n;

	for (size_t i = 0; i < 3; i++)
		store_invite_add(f->st, &rows[i]);
	commit(f); /* without a code or token there is nothing to be unique */
	for (size_t i = 3; i < 5; i++) {
		store_invite_add(f->st, &rows[i]);
		assert_err(store_commit(f->st, a), CONFLICT);
	}
	/* An empty code finds none of those without one. */
	assert_ok(store_invite_by_code(f->st, a, S(""), &out));
	assert_null(out);
	assert_ok(store_invite_by_token(f->st, a, STR_NONE, &out));
	assert_null(out);
	assert_ok(store_invites(f->st, a, MESH_A, &out, &n));
	assert_int_equal(n, 2);
	assert_int_equal(out[1].no, 2);
	assert_null(out[1].code.ptr);
	assert_ok(store_invites(f->st, a, 3, &out, &n));
	assert_int_equal(n, 0);
}

TEST(an_address_is_one_mailbox_of_a_mesh)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct mailbox_row box = { .no = 1, .mesh_no = MESH_A, .member_no = 1, .pubkey = S("key") };

	store_mailbox_add(f->st, &box);
	box.no = 2;
	box.mesh_no = MESH_B;
	store_mailbox_add(f->st, &box);
	commit(f);
	box.no = 3;
	store_mailbox_add(f->st, &box);
	assert_err(store_commit(f->st, a), CONFLICT);
	assert_int_equal(count(f, "mailbox"), 2);
}

TEST(signatures)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	str *signatures;
	i64 *until;
	size_t n;

	store_signature_add(f->st, S("aa"), 10);
	store_signature_add(f->st, S("aa"), 10); /* once more is no error */
	store_signature_add(f->st, S("bb"), 20);
	commit(f);
	assert_ok(store_signatures(f->st, a, 10, &signatures, &until, &n));
	assert_int_equal(n, 2);
	assert_str(signatures[0], S("aa"));
	assert_int_equal(until[0], 10);
	assert_ok(store_signatures(f->st, a, 11, &signatures, &until, &n));
	assert_int_equal(n, 1);
	assert_str(signatures[0], S("bb"));
	store_signatures_prune(f->st, 11);
	assert_int_equal(count(f, "signature_seen"), 1);
}

TEST(a_skill_is_replaced_in_its_mesh_only)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct fixture *f = fixture(a);
	struct skill_row in = { .mesh_no = MESH_A,
				.name = S("release"),
				.description = S("d"),
				.instructions = S("i"),
				.tags = S("[]"),
				.author_no = 7,
				.author_name = S("alice"),
				.created_ms = 5,
				.updated_ms = 5 },
			 again = in, *out, *rows;
	size_t n;

	store_skill_put(f->st, &in);
	again.instructions = S("better");
	again.manifest = S("{}");
	again.author_no = 8;
	again.created_ms = again.updated_ms = 9;
	store_skill_put(f->st, &again);
	commit(f);
	assert_ok(store_skill(f->st, a, MESH_A, S("release"), &out));
	assert_str(out->instructions, S("better"));
	assert_str(out->manifest, S("{}"));
	assert_int_equal(out->author_no, 7);
	assert_int_equal(out->created_ms, 5);
	assert_int_equal(out->updated_ms, 9);
	assert_ok(store_skill(f->st, a, MESH_B, S("release"), &out));
	assert_null(out);
	assert_ok(store_skills(f->st, a, MESH_A, &rows, &n));
	assert_int_equal(n, 1);
	assert_str(rows[0].description, S("d"));
	assert_true(str_empty(rows[0].instructions));
	store_skill_remove(f->st, MESH_B, S("release"));
	commit(f);
	assert_int_equal(count(f, "skill"), 1);
	store_skill_remove(f->st, MESH_A, S("release"));
	commit(f);
	assert_int_equal(count(f, "skill"), 0);
}

TEST_MAIN("store/rows")
