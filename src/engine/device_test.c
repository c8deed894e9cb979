/*
 * device_test.c - who is let in as a device of a member, and who is not.
 */
#include "crypto/device.h"
#include "crypto/encode.h"
#include "engine/harness_test.h"

#define ARENA CLEANUP(arena_freep) struct arena *a = arena_new()
#define X25519 "4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo"

/* A code of a member, known to whoever has the struct. */
struct ticket {
	struct place *place;
	u8 secret[DEVICE_CODE_BYTES];
	struct sign_pair pair;
	str code, signature;
	i64 expires_s;
};

static struct ticket ticket(struct peer *of, u8 seed)
{
	struct house *h = of->place->house;
	struct ticket t = { .place = of->place, .expires_s = clock_ms(&h->clock) / 1000 + 60 };
	struct device_code code;

	memset(t.secret, seed, sizeof(t.secret));
	device_pair_from_code(t.secret, &t.pair);
	t.code = sign_pair_pubkey(h->a, &t.pair);
	code = (struct device_code){ str_from(of->place->id), str_from(of->pubkey), t.code, t.expires_s };
	assert_ok(device_code_sign(h->a, &code, &of->member, &t.signature));
	return t;
}

static void announce_code(struct peer *p, const struct ticket *t)
{
	say(p, "{'type':'device_code','code':'%.*s','expiresAt':%lld,'signature':'%.*s','introduction':'aGk=','_reqId':'c'}",
	    STRF(t->code), (long long)t->expires_s, STRF(t->signature));
}

/* A code that the broker took. */
static struct ticket issue(struct peer *of, u8 seed)
{
	struct ticket t = ticket(of, seed);

	forget(of);
	announce_code(of, &t);
	expect(of, "{'type':'device_code_ready','_reqId':'c','validMs':60000}");
	return t;
}

static str look_body(const struct ticket *t)
{
	return text(t->place->house->a, "{'code':'%.*s'}", STRF(t->code));
}

static str add_body(const struct ticket *t, const struct peer *device)
{
	struct arena *a = t->place->house->a;
	struct device_claim claim = { str_from(t->place->id), t->code, str_from(device->pubkey), S(X25519) };
	str signature;

	assert_ok(device_claim_sign(a, &claim, &t->pair, &signature));
	return text(a, "{'code':'%.*s','mesh_id':'%s','pubkey':'%s','x25519':'" X25519
		    "','label':'Firefox on Linux','claim_signature':'%.*s'}", STRF(t->code), t->place->id,
		    device->pubkey, STRF(signature));
}

static int add(const struct ticket *t, struct peer *device)
{
	struct house *h = t->place->house;
	int status = call(h, "device_add", "", add_body(t, device));

	if (status == 200)
		snprintf(device->member_id, sizeof(device->member_id), "%.*s",
			 STRF(json_get_str(answer(h), S("member_id"))));
	return status;
}

TEST(a_device_is_let_in_by_a_code)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob"), *page = stranger(m, "page");
	struct ticket t = issue(alice, 1);

	assert_int_equal(call(h, "device_look", "", look_body(&t)), 200);
	expect_answer(h, 200, "{'mesh_slug':'team','member_name':'alice','introduction':'aGk='}");
	say(alice, "{'type':'device_wait','_reqId':'w'}");
	expect_nothing(alice);
	assert_int_equal(add(&t, page), 200);
	expect_answer(h, 200, "{'role':'member'}");
	expect(alice, "{'type':'device_added','_reqId':'w','label':'Firefox on Linux','pubkey':'%s','memberId':'%s'}", page->pubkey,
	       page->member_id);
	enter(page, GREETING(.v2 = true));
	forget_all(h);
	say(bob, "{'type':'list_peers','members':true}");
	expect(bob, "{'members':[{'device':null},{'displayName':'alice','device':null},{'displayName':'bob'},"
	       "{'displayName':'alice','online':true,'chain':null,'device':{'memberId':'%s','memberPubkey':'%s',"
	       "'label':'Firefox on Linux','code':'%.*s','codeSignature':'%.*s'}}]}", alice->member_id, alice->pubkey,
	       STRF(t.code), STRF(t.signature));
	/* It is a member like any other. */
	send_to(page, bob->pubkey, "x", NULL);
	expect_message(bob, "x");
	restart(h);
	enter(page, GREETING(.v2 = true));
}

TEST(a_code_is_good_once)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *page = stranger(m, "page"), *thief = stranger(m, "thief");
	struct ticket t = issue(alice, 1);

	assert_int_equal(add(&t, page), 200);
	assert_int_equal(add(&t, thief), 404);
	assert_int_equal(add(&t, page), 404);
	assert_int_equal(call(h, "device_look", "", look_body(&t)), 404);
	/* Nor may it be made good again. */
	t = issue(alice, 2);
	announce_code(alice, &t);
	expect(alice, "{'type':'error','code':'already_exists','_reqId':'c'}");
}

TEST(a_code_is_good_for_a_minute)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *page = stranger(m, "page");
	struct ticket t = issue(alice, 1);

	advance(h, 59999);
	assert_int_equal(call(h, "device_look", "", look_body(&t)), 200);
	advance(h, 1);
	assert_int_equal(call(h, "device_look", "", look_body(&t)), 404);
	assert_int_equal(add(&t, page), 404);
}

TEST(a_new_code_ends_the_one_before)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *page = stranger(m, "page");
	struct ticket first = issue(alice, 1), second = issue(alice, 2);

	assert_int_equal(add(&first, page), 404);
	assert_int_equal(add(&second, page), 200);
}

TEST(lies_let_nobody_in)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team"), *other = place(h, "other");
	struct peer *alice = arrive(m, "alice"), *bob = newcomer(m, "bob"), *page = stranger(m, "page");
	struct ticket t = issue(alice, 1), forged = t, elsewhere = t;
	str good = add_body(&t, page);
	char *bad = arena_alloc(a, good.len + 1);
	size_t at;

	/* Another secret than the code's, under the code's name. */
	memset(forged.secret, 9, sizeof(forged.secret));
	device_pair_from_code(forged.secret, &forged.pair);
	assert_int_equal(add(&forged, page), 401);
	/* The key of somebody who is there. */
	assert_int_equal(add(&t, bob), 409);
	assert_int_equal(add(&t, alice), 409);
	/* For another mesh, which its holder can sign. */
	elsewhere.place = other;
	assert_int_equal(add(&elsewhere, page), 401);
	/* Fields changed on the way. */
	memcpy(bad, good.ptr, good.len);
	at = (size_t)(strstr(good.ptr, "\"pubkey\":\"") - good.ptr) + strlen("\"pubkey\":\"");
	bad[at] = bad[at] == 'a' ? 'b' : 'a';
	assert_int_equal(call(h, "device_add", "", str_of(bad, good.len)), 401);
	assert_int_equal(call(h, "device_add", "", S("{}")), 400);
	assert_int_equal(call(h, "device_look", "", S("{\"code\":\"zz\"}")), 400);
	/* It is still good for whom it was made. */
	assert_int_equal(add(&t, page), 200);
}

TEST(only_a_member_itself_makes_codes)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *session = arrive_session(m, "bob"), *page = stranger(m, "page");
	struct ticket t = issue(alice, 1), more;

	assert_int_equal(add(&t, page), 200);
	enter(page, GREETING(.v2 = true));
	forget_all(h);
	more = ticket(page, 2);
	announce_code(page, &more);
	expect(page, "{'type':'error','code':'forbidden','_reqId':'c'}");
	more = ticket(session, 3);
	announce_code(session, &more);
	expect(session, "{'type':'error','code':'forbidden','_reqId':'c'}");
}

TEST(guesses_are_charged_to_their_address)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice");
	struct ticket t = issue(alice, 1), wrong = ticket(alice, 2);

	snprintf(h->address, sizeof(h->address), "10.0.0.1");
	for (int i = 0; i < GUESS_BURST; i++)
		assert_int_equal(call(h, "device_look", "", look_body(&wrong)), 404);
	assert_int_equal(call(h, "device_look", "", look_body(&wrong)), 429);
	assert_int_equal(call(h, "device_look", "", look_body(&t)), 429);
	snprintf(h->address, sizeof(h->address), "10.0.0.2");
	assert_int_equal(call(h, "device_look", "", look_body(&t)), 200);
}

TEST(a_member_has_so_many_devices)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *first = NULL;
	struct ticket t;

	for (u8 i = 1; i <= DEVICES_MAX; i++) {
		struct peer *page = stranger(m, "page");

		t = issue(alice, i);
		assert_int_equal(add(&t, page), 200);
		first = first ? first : page;
	}
	t = issue(alice, 99);
	assert_int_equal(add(&t, stranger(m, "page")), 409);
	say(alice, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", first->member_id);
	expect(alice, "{'type':'ack','_reqId':'r'}");
	assert_int_equal(add(&t, stranger(m, "page")), 200);
}

TEST(a_ban_takes_devices_along_and_an_unban_those_that_were_left)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *owner = h->peers, *alice = arrive(m, "alice"), *page = stranger(m, "page"), *phone = stranger(m, "phone");
	struct ticket t;

	while (strcmp(owner->name, "owner") != 0)
		owner = owner->next;
	enter(owner, GREETING(0));
	t = issue(alice, 1);
	assert_int_equal(add(&t, page), 200);
	t = issue(alice, 2);
	assert_int_equal(add(&t, phone), 200);
	enter(page, GREETING(.v2 = true));
	forget_all(h);
	say(page, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", phone->member_id);
	forget_all(h);
	/* By the key of a device the person is meant. */
	say(owner, "{'type':'ban','target':'%s'}", page->pubkey);
	expect(owner, "{'type':'ban_ack','banned':'alice','pubkey':'%s'}", alice->pubkey);
	forget_all(h);
	say(owner, "{'type':'list_bans'}");
	expect(owner, "{'bans':[{'name':'alice'}]}");
	for (int i = 0; i < 2; i++) {
		greet(page, GREETING(.v2 = true));
		expect(page, "{'code':'revoked'}");
		greet(alice, GREETING(0));
		expect(alice, "{'code':'revoked'}");
		forget_all(h);
		restart(h);
		enter(owner, GREETING(0));
	}
	say(owner, "{'type':'unban','target':'alice'}");
	expect(owner, "{'type':'unban_ack','unbanned':'alice'}");
	enter(page, GREETING(.v2 = true));
	enter(alice, GREETING(0));
	greet(phone, GREETING(.v2 = true));
	expect(phone, "{'code':'revoked'}");
}

TEST(a_device_is_removed_by_its_own_only)
{
	ARENA;
	struct house *h = house(a);
	struct place *m = place(h, "team");
	struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
	struct peer *page = stranger(m, "page"), *phone = stranger(m, "phone");
	struct ticket t = issue(alice, 1);

	assert_int_equal(add(&t, page), 200);
	t = issue(alice, 2);
	assert_int_equal(add(&t, phone), 200);
	enter(page, GREETING(.v2 = true));
	enter(phone, GREETING(.v2 = true));
	forget_all(h);
	say(bob, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", page->member_id);
	expect(bob, "{'type':'error','code':'not_found','_reqId':'r'}");
	say(page, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", alice->member_id);
	expect(page, "{'type':'error','code':'not_found','_reqId':'r'}");
	say(page, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", phone->member_id);
	expect(phone, "{'type':'error','code':'revoked'}");
	expect_close(phone, 4002, "You've been removed from \"team\". Contact the mesh owner to rejoin.");
	say(page, "{'type':'device_remove','memberId':'%s','_reqId':'r'}", page->member_id);
	forget(page);
	greet(page, GREETING(.v2 = true));
	expect(page, "{'type':'error','code':'revoked'}");
}

TEST_MAIN("engine/device")
