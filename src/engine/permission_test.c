/*
 * permission_test.c - every verb and route x role x row: what the table says is what happens (D-38).
 */
#include "engine/permission.h"

#include "engine/rank.h"
#include "engine/rest_harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()

/* A mesh with its owner, an admin and a member. */
struct crew {
	struct house *h;
	struct place *m;
	struct peer *by_rank[3];
	str keys[3];
};

static struct crew *crew(struct arena *a)
{
	struct crew *c = NEW(a, struct crew);

	c->h = house(a);
	c->m = place(c->h, "team");
	c->by_rank[RANK_OWNER] = owner_of(c->m);
	enter(c->by_rank[RANK_OWNER], GREETING(0));
	c->by_rank[RANK_ADMIN] = arrive(c->m, "admin");
	c->by_rank[RANK_MEMBER] = arrive(c->m, "member");
	forget_all(c->h);
	say(c->by_rank[RANK_OWNER], "{'type':'member_update','memberId':'%s','role':'admin'}",
	    member_of(c->by_rank[RANK_ADMIN])->id);
	forget_all(c->h);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(member_rank(member_of(c->by_rank[i])), i);
		c->keys[i] = api_key(c->by_rank[i], "'send','read'", "");
	}
	forget_all(c->h);
	return c;
}

/* wire-core.md 11, written again. */
static bool stands_in_table(const char *word, enum rank rank)
{
	static const struct { const char *word; bool owner, admin, member; } table[] = {
		{ "canInvite", 1, 1, 0 },         { "canDeployMcp", 1, 1, 0 },
		{ "canManageFiles", 1, 1, 0 },    { "canManageVault", 1, 1, 0 },
		{ "canManageWatches", 1, 1, 0 },  { "canManageWebhooks", 1, 1, 0 },
		{ "canManagePermissions", 1, 1, 0 }, { "canWriteState", 1, 1, 1 },
		{ "canSend", 1, 1, 1 },           { "canUseTools", 1, 1, 1 },
		{ "canDeleteMesh", 1, 0, 0 },
	};

	assert_int_equal(ARRAY_LEN(table), PERMISSION_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].word, word) == 0)
			return rank == RANK_OWNER ? table[i].owner : rank == RANK_ADMIN ? table[i].admin : table[i].member;
	fail_msg("no permission '%s'", word);
	return false;
}

TEST(roles_have_what_the_table_says)
{
	ARENA;
	struct crew *c = crew(a);

	for (size_t rank = 0; rank < 3; rank++)
		for (unsigned i = 0; permission_words[i]; i++)
			assert_int_equal(member_may(member_of(c->by_rank[rank]), 1u << i),
					 stands_in_table(permission_words[i], (enum rank)rank));
}

/* What was refused for want of a permission says so; all else is somebody else's business. */
static bool is_refused(str text)
{
	return str_contains(text, S("it needs the permission"));
}

static bool frame_refused(struct peer *p, const struct op *op)
{
	bool refused = false;

	say(p, "{'type':'%s','id':'r','_reqId':'r'}", op->name);
	for (struct got *g = p->first; g; g = g->next)
		refused |= g->text.ptr && is_refused(g->text);
	forget(p);
	return refused;
}

static bool rest_refused(struct crew *c, size_t rank, const struct op *op)
{
	struct event *ev = rest_event(c->h, op->name, c->keys[rank], S("{}"), S(""));

	c->h->n_answers = 0;
	submit(c->h, ev);
	return c->h->n_answers && is_refused(c->h->answers[0].body);
}

static bool refused(struct crew *c, size_t rank, const struct op *op)
{
	c->h->at.us += 60000000; /* nothing is refused for the rate */
	return op->flags & OP_REST ? rest_refused(c, rank, op) : frame_refused(c->by_rank[rank], op);
}

static bool is_tried(const struct op *op)
{
	static const char *const ends[] = { "leave_mesh", "bearer_token" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (strcmp(op->name, ends[i]) == 0)
			return false;
	return op->flags & OP_FRAME || (op->flags & OP_REST && !strstr(op->name, "stream"));
}

/* Every row x role x { no row of its own, all, none, all but what it needs, only that }. */
TEST(d_38_every_row_asks_for_what_it_says)
{
	ARENA;
	struct crew *c = crew(a);
	const struct op *op;
	size_t n = 0;

	for (size_t i = 0; (op = op_at(i)); i++) {
		unsigned sets[] = { 0, PERM_ALL, 0, PERM_ALL & ~op->perm, op->perm };

		for (size_t rank = 0; rank < 3 && is_tried(op); rank++)
			for (size_t k = 0; k < ARRAY_LEN(sets); k++) {
				struct member *member = member_of(c->by_rank[rank]);
				unsigned has = k && rank != RANK_OWNER ? sets[k] : permissions_of_role(member);

				member->has_permissions = k > 0;
				member->permissions = sets[k];
				if (refused(c, rank, op) != ((op->perm & ~has) != 0))
					fail_msg("%s by rank %zu with set %zu", op->name, rank, k);
				n += op->perm != 0;
			}
		/* Else the next would ask without it. */
		for (size_t rank = 0; rank < 3; rank++)
			member_of(c->by_rank[rank])->has_permissions = false;
	}
	assert_true(n >= 5 * 3 * 5);
}

static void set(struct crew *c, size_t by, size_t on, const char *permissions)
{
	forget(c->by_rank[by]);
	say(c->by_rank[by], "{'type':'permissions_set','memberId':'%s','permissions':%s,'_reqId':'p'}",
	    member_of(c->by_rank[on])->id, permissions);
}

TEST(a_row_takes_the_place_of_the_role)
{
	ARENA;
	struct crew *c = crew(a);
	struct peer *admin = c->by_rank[RANK_ADMIN], *member = c->by_rank[RANK_MEMBER];

	set(c, RANK_ADMIN, RANK_MEMBER, "{'canSend':false,'canInvite':true}");
	expect(admin, "{'type':'permissions','_reqId':'p','members':[{'displayName':'member','role':'member','isOwner':false,"
		      "'explicit':true,'permissions':{'canSend':false,'canInvite':true,'canUseTools':true,'canDeleteMesh':false}}]}");
	restart(c->h);
	for (size_t i = 0; i < 3; i++)
		enter(c->by_rank[i], GREETING(0));
	forget_all(c->h);
	send_to(member, admin->pubkey, "x", NULL);
	expect(member, "{'type':'ack','queued':false,'code':'forbidden','error':'*'}");
	send_to(member, "#general", "y", NULL);
	expect(member, "{'type':'ack','queued':false,'code':'forbidden'}");
	assert_int_equal(ask(c->h, "topic_post", c->keys[RANK_MEMBER], "{'topic':'general'}", "{'text':'hi'}"), 403);
	expect_nothing(admin);
	set(c, RANK_ADMIN, RANK_MEMBER, "null");
	expect(admin, "{'members':[{'explicit':false,'permissions':{'canSend':true,'canInvite':false}}]}");
	send_to(member, admin->pubkey, "x", NULL);
	expect(member, "{'type':'ack','queued':true}");
	say(admin, "{'type':'permissions_get','_reqId':'g'}");
	expect_message(admin, "x");
	expect(admin, "{'type':'permissions','_reqId':'g','members':[{'role':'owner','isOwner':true},{'role':'admin'},"
		      "{'role':'member'}]}");
}

TEST(who_may_change_what_others_may)
{
	static const struct { size_t by, on; const char *permissions, *text; } cases[] = {
		{ RANK_MEMBER, RANK_ADMIN, "{'canSend':false}", "it needs the permission 'canManagePermissions'" },
		{ RANK_MEMBER, RANK_MEMBER, "{'canInvite':true}", "it needs the permission 'canManagePermissions'" },
		{ RANK_ADMIN, RANK_OWNER, "{'canSend':false}", "the owner may do everything" },
		{ RANK_ADMIN, RANK_OWNER, "null", "the owner may do everything" },
		{ RANK_OWNER, RANK_OWNER, "{'canSend':false}", "the owner may do everything" },
		{ RANK_ADMIN, RANK_ADMIN, "{'canDeleteMesh':true}", "you cannot give 'canDeleteMesh'" },
		{ RANK_ADMIN, RANK_MEMBER, "{'canDeleteMesh':true}", "you cannot give 'canDeleteMesh'" },
		{ RANK_ADMIN, RANK_MEMBER, "{'canSent':true}", "did you mean 'canSend'" },
		{ RANK_ADMIN, RANK_MEMBER, "{'canSend':1}", "true or false" },
		{ RANK_ADMIN, RANK_MEMBER, "['canSend']", "an object" },
		{ RANK_ADMIN, RANK_MEMBER, "'canSend'", "an object" },
	};
	ARENA;
	struct crew *c = crew(a);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str error;

		set(c, cases[i].by, cases[i].on, cases[i].permissions);
		error = json_get_str(expect(c->by_rank[cases[i].by], "{'type':'error'}"), S("message"));
		if (!str_contains(error, str_from(cases[i].text)))
			fail_msg("%zu: %.*s", i, STRF(error));
		assert_false(member_of(c->by_rank[cases[i].on])->has_permissions);
	}
	say(c->by_rank[RANK_ADMIN], "{'type':'permissions_set','memberId':'nobody','permissions':null}");
	expect(c->by_rank[RANK_ADMIN], "{'type':'error','code':'not_found'}");
	/* Who is given it by the owner may, as far as it has itself; not with admins. */
	set(c, RANK_OWNER, RANK_MEMBER, "{'canManagePermissions':true,'canSend':false}");
	expect(c->by_rank[RANK_OWNER], "{'type':'permissions'}");
	set(c, RANK_MEMBER, RANK_MEMBER, "{'canSend':true}");
	expect(c->by_rank[RANK_MEMBER], "{'type':'error','message':'*'}");
	set(c, RANK_MEMBER, RANK_ADMIN, "{'canSend':false}");
	expect(c->by_rank[RANK_MEMBER], "{'type':'error','code':'forbidden'}");
	set(c, RANK_MEMBER, RANK_MEMBER, "null");
	expect(c->by_rank[RANK_MEMBER], "{'type':'error','code':'forbidden'}");
}

TEST(a_device_named_is_its_person)
{
	ARENA;
	struct crew *c = crew(a);
	struct member *person = member_of(c->by_rank[RANK_MEMBER]), *device = member_of(arrive(c->m, "phone"));

	device->device_of = person->no;
	forget_all(c->h);
	say(c->by_rank[RANK_OWNER], "{'type':'permissions_set','memberId':'%s','permissions':{'canInvite':true}}",
	    device->id);
	expect(c->by_rank[RANK_OWNER], "{'type':'permissions','members':[{'memberId':'%s','explicit':true}]}", person->id);
}

/* A row is not a way to stay an admin. */
TEST(another_role_ends_the_row)
{
	ARENA;
	struct crew *c = crew(a);
	struct member *admin = member_of(c->by_rank[RANK_ADMIN]);

	set(c, RANK_OWNER, RANK_ADMIN, "{'canDeleteMesh':true}");
	assert_true(member_may(admin, PERM_DELETE_MESH));
	say(c->by_rank[RANK_OWNER], "{'type':'member_update','memberId':'%s','role':'member'}", admin->id);
	assert_int_equal(member_permissions(admin), permissions_of_role(member_of(c->by_rank[RANK_MEMBER])));
}

/* ---- over HTTP, by an account ---- */

static str told(struct house *h, const char *key)
{
	return arena_dup(h->a, json_get_str(answer(h), str_from(key)));
}

/* Signs in, and the peer says over its connection whose it is. */
static str account_of(struct peer *p, const char *email)
{
	struct house *h = p->place->house;
	str code, token;

	h->bearer = STR_NONE;
	assert_int_equal(call(h, "admin_login_code", "", text(h->a, "{'email':'%s'}", email)), 200);
	code = told(h, "code");
	assert_int_equal(call(h, "login_code", "", text(h->a, "{'email':'%s','code':'%.*s'}", email, STRF(code))), 200);
	token = told(h, "token");
	forget(p);
	say(p, "{'type':'account_link','token':'%.*s'}", STRF(token));
	forget(p);
	return token;
}

TEST(d_38_an_account_changes_what_its_member_may_change)
{
	ARENA;
	struct crew *c = crew(a);
	struct house *h = c->h;
	struct peer *member = c->by_rank[RANK_MEMBER], *admin = c->by_rank[RANK_ADMIN];
	str of_admin = account_of(admin, "admin@x.org"), of_member = account_of(member, "member@x.org");
	str change = text(a, "{'requester_id':'%s','member_id':'%s','permissions':{'canInvite':true,'canSend':false}}",
			  member_of(c->by_rank[RANK_OWNER])->id, member_of(member)->id);

	/* Nobody is believed: not the body, not a member that may not. */
	h->bearer = STR_NONE;
	assert_int_equal(call(h, "cli_permissions_set", "team", change), 401);
	assert_int_equal(call(h, "cli_permissions", "team", S("")), 401);
	h->bearer = of_member;
	assert_int_equal(call(h, "cli_permissions_set", "team", change), 403);
	assert_int_equal(call(h, "cli_permissions", "team", S("")), 403);
	assert_false(member_of(member)->has_permissions);
	h->bearer = of_admin;
	assert_int_equal(call(h, "cli_permissions_set", "none", change), 404);
	assert_int_equal(call(h, "cli_permissions_set", "team", S("{}")), 400);
	assert_int_equal(call(h, "cli_permissions_set", "team", text(a, "{'member_id':'x','permissions':{}}")), 404);
	assert_int_equal(call(h, "cli_permissions_set", "team", change), 200);
	expect_answer(h, 200, "{'ok':true}");
	assert_int_equal(call(h, "cli_permissions", "team", S("")), 200);
	expect_answer(h, 200, "{'mesh':'team','members':[{'is_owner':true,'role':'admin','permissions':{'canDeleteMesh':true}},"
			      "{'display_name':'admin','role':'admin','is_owner':false},"
			      "{'member_id':'*','display_name':'member','role':'member','permissions':{'canInvite':true,"
			      "'canSend':false,'canManagePermissions':false}}]}");
	forget(member);
	send_to(member, admin->pubkey, "x", NULL);
	expect(member, "{'type':'ack','queued':false,'code':'forbidden'}");
}

TEST(grants_of_an_account_are_its_members)
{
	ARENA;
	struct crew *c = crew(a);
	struct house *h = c->h;
	struct peer *member = c->by_rank[RANK_MEMBER], *admin = c->by_rank[RANK_ADMIN];
	struct place *other = place(h, "other");
	str token = account_of(member, "member@x.org"), block = text(a, "{'grants':{'%s':[]}}", admin->pubkey);

	h->bearer = STR_NONE;
	assert_int_equal(call(h, "cli_grants", "team", block), 401);
	h->bearer = token;
	assert_int_equal(call(h, "cli_grants", other->slug, block), 403);
	expect_answer(h, 403, "{'error':'Not a member of this mesh'}");
	assert_int_equal(call(h, "cli_grants", "nowhere", block), 404);
	assert_int_equal(call(h, "cli_grants", "team", S("{}")), 400);
	expect_answer(h, 400, "{'error':'grants required'}");
	assert_int_equal(call(h, "cli_grants", "team", S("{\"grants\":[]}")), 400);
	assert_int_equal(call(h, "cli_grants", "team", S("{\"grants\":{\"x\":[]}}")), 400);
	assert_int_equal(call(h, "cli_grants", "team", block), 200);
	expect_answer(h, 200, text(a, "{'ok':true,'grants':{'%s':[]}}", admin->pubkey).ptr);
	forget_all(h);
	send_to(admin, member->pubkey, "x", NULL);
	expect_nothing(member);
}

TEST_MAIN("engine/permission")
