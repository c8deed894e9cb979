/*
 * harness_test.h - an engine on a store of its own, a clock that stands, seeded randomness,
 * and peers with real keys that speak to it frame by frame.
 *
 *   struct house *h = house(a);
 *   struct place *m = place(h, "team");
 *   struct peer *alice = arrive(m, "alice"), *bob = arrive(m, "bob");
 *   say(alice, "{'type':'send','id':'x','targetSpec':'%s',...}", bob->pubkey);
 *   expect(bob, "{'type':'push','senderName':'alice'}");
 *
 * In texts ' stands for ". What a peer is sent waits until the test expects it; expect() takes
 * the oldest. A pattern is an object whose members must all match: "*" is any value, null is
 * an absent one, lists match item by item. Only the engine's *_test.c include this.
 */
#ifndef ENGINE_HARNESS_TEST_H
#define ENGINE_HARNESS_TEST_H

#include "crypto/keys.h"
#include "engine/state.h"
#include "json/json.h"
#include "store/fixture_test.h"

enum { HELD_MAX = 4096 };

/* One frame or close that a peer got. */
struct got {
	struct got *next;
	str text;             /* the frame; absent for a close */
	struct block *block;
	u64 mark;
	int code;
	str reason;
};

struct place;

struct peer {
	struct peer *next;
	struct place *place;
	char name[32];
	struct sign_pair member, session;
	char pubkey[65], session_pubkey[65], member_id[ID_LEN + 1];
	struct conn_ref conn;
	bool admitted;
	struct got *first, **last;
};

/* A mesh, with an open invite for its peers. */
struct place {
	struct house *house;
	char id[ID_LEN + 1], slug[64];
	struct sign_pair owner;
	char owner_pubkey[65];
	u8 secret[32];        /* of the invite */
	char code[16], token[2048], invite_id[ID_LEN + 1], invite_pubkey[65];
	i64 expires_s, max_uses;
};

struct house {
	struct arena *a;
	struct fixture *f;
	struct clock_fixed at;
	struct clock clock;
	struct random_seed seed;
	struct random random;
	struct keyfile keys;
	struct engine_settings settings;
	struct engine *engine;
	struct peer *peers;
	u32 slots;
	bool holding;         /* events wait for release() and make one batch */
	struct event *held[HELD_MAX];
	size_t n_held;
	/* The answers of the last calls, oldest first. */
	struct { int status; str body; const struct json *json; } answers[HELD_MAX];
	size_t n_answers;
	/* The mails that were tried to send, oldest first. */
	struct { i64 job; unsigned shard; const struct json *says; } mails[64];
	size_t n_mails;
	char address[64];     /* of the next call */
	bool may_create, legacy_auth;
	str bearer;           /* session token of the next calls; absent: none */
	size_t effects;       /* of the last batch */
	/* Instead of one step of `engine`; shards_test.c. */
	void (*run)(struct house *h, struct event **events, size_t n);
	void *run_arg;
};

struct house *house(struct arena *a);
/* The broker stops (nobody says goodbye) and starts again on the same store. */
void restart(struct house *h);
/* What memory has counted of what waits is what the store has; restart() and the end of a
 * test look, too. */
void check_backlogs(struct house *h);
/* Moves the clock and runs the timers. */
void advance(struct house *h, i64 ms);
/* Commits what has waited for it. */
void store_now(struct house *h);
/* From now on a commit fails with code; 0 ends that. */
void fail_commits(struct house *h, enum err_code code);

/* The oldest mail is told to have ended so (enum mail_outcome), and taken off. */
const struct json *mailed(struct house *h, int outcome);
/* The same broker with a way to send mail. */
void with_mail(struct house *h);
/* Hands out what a step gave, and frees it. */
void take_effects(struct house *h, struct effects *fx);

void hold(struct house *h);
void release(struct house *h);
void submit(struct house *h, struct event *ev); /* takes it over */

/* ---- meshes, invites (harness_mesh_test.c) ---- */
struct place *place(struct house *h, const char *slug);
/* The same without a call: what a client has before it asks. */
struct place *place_plan(struct house *h, const char *slug);
void invite_plan(struct place *m, i64 max_uses, i64 days);
/* A new invite takes the place of the one that was there. */
void invite(struct place *m, i64 max_uses, i64 days);
struct peer *stranger(struct place *m, const char *name); /* has keys, is no member */
void join(struct peer *p);                    /* by the v1 token; must succeed */
struct peer *owner_of(struct place *m);       /* who made it */
struct peer *newcomer(struct place *m, const char *name); /* stranger and join */
/* Another connection of the same member. */
struct peer *twin(struct peer *p);
struct member *member_of(const struct peer *p); /* in the engine's memory, where its mesh must be */
void broadcast_many(struct peer *p, int n);   /* to '*', with the ids x0, x1 ... */
/* Signs the place's token again, after its expiry or owner was changed. */
void sign_token(struct place *m);
/* The body of a call, signed with what the place and the peer have. */
str create_body(struct place *m, struct peer *creator);
str invite_body(struct place *m);
str join_body(struct place *m, struct peer *p);
str claim_body(struct place *m, struct peer *p);

/* Returns the status; its JSON is h->answers[h->n_answers - 1]. */
int call(struct house *h, const char *op, const char *param, str body);
const struct json *answer(struct house *h);
void expect_answer(struct house *h, int status, const char *pattern);

/* ---- connections ---- */
struct greeting {
	bool session;         /* session_hello */
	bool v2;
	bool show_session;    /* hello with sessionPubkey */
	const char *session_id, *hostname, *channel, *name, *capabilities, *extra;
	i64 timestamp_ms;     /* 0: now */
	i64 attested_ms;      /* from now; 0: an hour */
	const char *attested_pubkey, *signature;
	const char *challenge, *signed_challenge;
	struct conn_ref conn; /* 0: a new one */
};
/* The hello as it would be sent. */
str hello_frame(struct peer *p, const struct greeting *g);
/* Proves and submits it; what the pool refuses is seen by the peer as error and close. */
void greet_with(struct peer *p, str frame, const struct greeting *g);
void greet(struct peer *p, const struct greeting *g);
/* greet(), and takes the hello_ack away. */
void enter(struct peer *p, const struct greeting *g);
#define GREETING(...) &(struct greeting){ __VA_ARGS__ }
struct peer *arrive(struct place *m, const char *name);         /* joins; hello with client_ack */
struct peer *arrive_session(struct place *m, const char *name); /* joins; session_hello */

void say(struct peer *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say_raw(struct peer *p, str frame);
/* A message whose ciphertext tells `id` apart; priority may be NULL. */
void send_to(struct peer *p, const char *target, const char *id, const char *priority);
void ack_push(struct peer *p, const struct json *push);
void hang_up(struct peer *p);                 /* clean close */
void lose(struct peer *p);                    /* the connection breaks */
void written(struct peer *p, u64 mark);

const struct json *expect(struct peer *p, const char *pattern, ...) PRINTF_LIKE(2, 3);
/* The next frame is a push of the message sent with this id; acked if `ack`. */
const struct json *expect_message(struct peer *p, const char *id);
void expect_close(struct peer *p, int code, const char *reason);
void expect_nothing(struct peer *p);
/* Frames that came since and are of no interest: announcements mostly. */
void forget(struct peer *p);
void forget_all(struct house *h);
size_t pending(const struct peer *p);
bool matches(const struct json *got, const struct json *pattern);
/* printf, with ' for ". */
/* Each apostrophe is a quotation mark. */
str text_quoted(struct arena *a, const char *fmt, va_list ap);
str text(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
