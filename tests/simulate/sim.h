/*
 * sim.h - the simulator: engine, store, network, clock and clients in one process, all from
 * one seed. tests/README.md says how to use it; each part's functions are listed below.
 *
 * What the broker should do is not computed twice. Each client keeps a view of what the
 * broker must think of it, with room for doubt: whatever is certain MUST happen, whatever is
 * possible MAY happen, and the oracle compares both with what comes out of the engine.
 * Nothing here reads real time or real randomness.
 */
#ifndef SIMULATE_SIM_H
#define SIMULATE_SIM_H

#include <stdarg.h>

#include "base/random.h"
#include "crypto/keys.h"
#include "db/fault.h"
#include "engine/engine.h"
#include "json/json.h"

enum {
	MESHES_MAX = 3,
	KEYS_MAX = 7,                  /* people: each is a member of every mesh under one key */
	MEMBERS_MAX = MESHES_MAX * KEYS_MAX,
	CLIENTS_MAX = 64,              /* bits of a u64 */
	GROUPS = 2,
	TRACE_LINES = 40,
	SHARDS_MOST = 3,
	MSGS_MAX = 4096,
	EVENTS_MAX = 4096,
	CAPTURED_MAX = 64,
	OUTBOX_MAX = 24,
	FORMER_MAX = 48,
	MS = 1000, SECOND = 1000 * MS, /* microseconds */
};
static const i64 MINUTE = 60ll * SECOND, DAY = 24ll * 3600 * SECOND, NEVER = INT64_MAX;

struct sim;
struct client;
struct msg;

struct person {
	struct sign_pair pair;
	char pubkey[65];
	bool liar;
};

struct member {
	int no;                        /* index in sim.members, and its bit */
	int mesh, person;
	char id[33];
	i64 last_hello_ms;
};

/* ---- the network (net.c) ---- */

struct packet {
	struct packet *next;
	i64 due_us;                    /* when it arrives */
	i64 taken_us;                  /* down: when the kernel of the broker takes it */
	u64 mark;
	bool close, taken;
	int code;
	str text;
	struct msg *msg;               /* up: the send it carries */
};

struct pipe { struct packet *first, **last; i64 last_due_us, last_taken_us; };

enum gate { GATE_NEW, GATE_ASKED, GATE_ADMITTED, GATE_GONE };

/* A push on its way to a connection, as seen from outside. */
struct outstanding {
	struct outstanding *next;
	struct msg *msg;
	str id, client_id;
	size_t bytes;
	u64 mark;
	i64 sent_us;
	bool returned;                 /* the engine may have taken it back: it is not out any more */
};

struct conn {
	struct conn *next;
	struct client *client;
	struct conn_ref ref;
	int shard;                     /* once known: of its hello's mesh */
	char challenge[44], session_pubkey[65];
	struct pipe up, down;
	enum gate gate;
	bool known;                    /* the engine was told of it */
	bool online;                   /* admitted, and the engine has not ended it */
	bool forgotten;                /* the engine has processed its end: no effect may name it */
	bool client_open, cut, closing;
	bool impostor;                 /* on a hello that became good again when the clock went back */
	i64 gate_ends_us, client_ends_us; /* when each side learns that it was cut */
	i64 stalled_until_us;          /* the client reads nothing */
	struct outstanding *pushes;
	str hello;                     /* as sent */
};

/* An event on its way to the engine. */
struct waiting_event { struct event *ev; struct conn *conn; struct msg *msg; str text; };

/* ---- clients (client.c) ---- */

enum model_kind { OURS_SESSION, OURS_LINK, OURS_SHOT, DAEMON_SESSION, DAEMON_LINK, COLD, LIAR, MODELS };

struct model {
	const char *name;
	bool session;                  /* session_hello */
	bool shows_key;                /* hello with a session key of its own */
	bool v2, acks, takes, client_ids;
	const char *channel, *capabilities;
	i64 retry_us;                  /* sends again on the same connection; 0: only on the next */
	int weight;
};
extern const struct model models[MODELS];

/* What the broker must think of a client, as far as can be known. */
enum shadow { SHADOW_NONE, SHADOW_LIVE, SHADOW_GRACE };

struct late_ack { struct late_ack *next; i64 due_us; str id, client_id; };

struct client {
	int no;
	char name[24];
	struct member *member;
	const struct model *model;
	enum model_kind kind;
	struct sign_pair session;
	char session_pubkey[65], session_id[24];
	char former[FORMER_MAX][65];   /* keys of sessions that are over */
	int n_former;
	bool wants;                    /* to be connected */
	bool leaves;                   /* once its sends are answered */
	bool closer;                   /* made at the end to collect what is left */
	struct conn *conn;
	bool greeted;
	i64 next_us, hello_us, backoff_us;
	struct msg *outbox[OUTBOX_MAX];
	int n_outbox;
	struct late_ack *late;
	bool dropped;                  /* it has failed to keep something */
	i64 ack_delay_us;              /* how late it acks at most */
	/* the broker's view */
	enum shadow shadow;
	struct conn *shadow_conn;      /* SHADOW_LIVE: on which */
	i64 grace_end_us, last_none_us;
	i64 ghost_until_us;            /* what it was before may still be listed */
	int status_seq, group_seq[GROUPS];
	bool status_idle;              /* the last one asked for */
	bool group_in[GROUPS];
	u32 epoch;                     /* rises whenever its session is over */
	u32 losses;                    /* and this one also when its connection is lost */
	i64 changed_step;              /* last step that touched the view */
	bool group_may[GROUPS], group_must[GROUPS];
	bool idle;                     /* surely */
	i64 attested_until_us;
};

/* ---- messages (oracle.c) ---- */

enum target_kind { TO_MEMBER, TO_SESSION, TO_FORMER, TO_ALL, TO_GROUP, TO_NOBODY };

struct msg {
	int no;                        /* its index, its send.id and what its body says */
	struct client *from;
	char cid[16], id[16];
	enum target_kind kind;
	str target, body;
	struct member *to;             /* direct */
	struct client *to_client;      /* TO_SESSION */
	int group, rank;
	bool refused, sent, acked;
	bool first_try;                /* so that its place in the order is known */
	int attempts;                  /* that the engine has seen */
	i64 first_sent_us, last_sent_us, accept_no, accept_step, accept_wall_us, max_wall_us;
	str first_id;                  /* of the first positive ack */
	str pushed_id;                 /* of the first push */
	u64 may, must;                 /* members */
	u64 must_client;               /* clients whose very session must get it */
	u32 epochs[CLIENTS_MAX];       /* of must_client, when it was accepted (stamp_of) */
	u64 pushed_to;                 /* clients; the push left the engine */
	u64 got, got_client;           /* members, clients */
	bool member_box;               /* lies in the mailbox of its member, nobody was there */
	bool forced;                   /* replayed by a liar: a second message with one body */
	struct told *told;             /* of whom its sender was told that they have it */
};

struct told { struct told *next; str pubkey; };

/* ---- all of it ---- */

struct options {
	bool trace, dedupe, shards;    /* shards: up to SHARDS_MOST engines, another number at each start */
	const char *expect;            /* only a violation of this invariant counts */
};

struct trace { char lines[TRACE_LINES][200]; u64 n; };

/* An engine and its connection to the database. */
struct shard {
	struct db *db;
	struct store *store;
	struct db_fault plan;
	struct engine *engine;
	i64 busy_until_us;
};

struct sim {
	struct arena *a;               /* the run */
	u64 seed, hash;
	const struct options *options;
	struct random_seed dice_seed, engine_seed;
	struct random dice, engine_random;
	i64 now_us, wall_offset_us, jumped_back_us;
	struct clock clock;
	/* disk.c */
	str dir, where;
	struct shard shards[SHARDS_MOST];
	int n_shards;
	struct shard *turn;            /* whose batch it is */
	bool crash_armed;
	i64 disk_ok_us;                /* until then it is full; 0: it is not */
	i64 failed_commits;            /* seen so far, of these engines */
	struct engine_settings settings;
	struct person people[KEYS_MAX];
	struct member members[MEMBERS_MAX];
	char mesh_ids[MESHES_MAX][33];
	int n_people, n_members, n_meshes;
	struct client *clients[CLIENTS_MAX];
	int n_clients;
	struct conn *conns;
	u32 slots;
	struct waiting_event events[EVENTS_MAX];
	size_t n_events;
	i64 step;
	bool healed;                   /* no new trouble */
	bool no_reconnect;
	i64 delay_us;                  /* at most, on the way */
	struct msg *msgs[MSGS_MAX];
	int n_msgs;
	i64 accept_no;
	str captured[CAPTURED_MAX];    /* what a liar has seen: admitted hellos, sends, ids */
	struct msg *captured_msg[CAPTURED_MAX];
	int n_captured;
	struct trace trace_log;
	bool failed;
	char why[600];
};

/* ---- main parts ---- */
/* Runs one seed; true if nothing was violated. *ret_hash: of all that happened. */
bool simulate(u64 seed, const struct options *options, u64 *ret_hash);
void act(struct sim *s);                       /* act.c: one random action */
void heal_and_check(struct sim *s);            /* heal.c: the end of a run */
void liar_act(struct sim *s, struct client *c); /* liar.c */
void audit_check_all(struct sim *s);           /* audit.c: after all that */

/* ---- sim.c ---- */
u64 roll(struct sim *s, u64 below);
static inline bool chance(struct sim *s, u64 percent) { return roll(s, 100) < percent; }
void note(struct sim *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The run ends here. Only the first violation counts. */
void violated(struct sim *s, const char *invariant, const char *fmt, ...) PRINTF_LIKE(3, 4);
struct client *client_new(struct sim *s, enum model_kind kind, struct member *m);
static inline struct person *person_of(struct sim *s, const struct member *m)
{
	return &s->people[m->person];
}
static inline bool honest(struct sim *s, const struct member *m) { return !person_of(s, m)->liar; }
/* Mailboxes may be full: of several recipients some are left out. */
static inline bool mailboxes_fill(const struct sim *s) { return s->settings.mailbox_messages < MSGS_MAX; }
static inline i64 wall_us(const struct sim *s) { return s->now_us + s->wall_offset_us; }
void wall_jump(struct sim *s, i64 by_us);

/* Of all shards. */
struct engine_stats stats_of(const struct sim *s);
void engines_start(struct sim *s);             /* on the stores */
void engines_free(struct sim *s);

/* ---- disk.c ---- */
void disk_make(struct sim *s);                 /* with meshes and members in it */
void disk_open(struct sim *s);
void disk_close(struct sim *s);
void disk_remove(struct sim *s);
void disk_calm(struct sim *s);                 /* no fault is planned any more */
bool disk_crashed(const struct sim *s);
i64 disk_count(struct sim *s, const char *sql);

/* ---- net.c ---- */
void run_until(struct sim *s, i64 until_us);
struct conn *connect_new(struct sim *s, struct client *c);
/* up: to the broker. */
void conn_send(struct sim *s, struct conn *c, str frame, struct msg *msg);
void conn_close_clean(struct sim *s, struct conn *c);
void conn_cut(struct sim *s, struct conn *c);
void broker_restart(struct sim *s, bool crash);

/* ---- gate.c: the broker's side of a connection, as broker/gate.c has it ---- */
void gate_take(struct sim *s, struct conn *c, const struct packet *p);
void gate_gone(struct sim *s, struct conn *c, bool clean);
void gate_push_down(struct sim *s, struct conn *c, str text, u64 mark);
void gate_close(struct sim *s, struct conn *c, int code, str reason);
void gate_submit(struct sim *s, struct conn *c, struct event *ev, struct msg *msg, str text);
/* One batch of what waits for this shard. */
void engine_run(struct sim *s, struct shard *at);

/* ---- client.c ---- */
void client_wake(struct sim *s, struct client *c);
void client_got(struct sim *s, struct client *c, struct conn *conn, str text);
void client_closed(struct sim *s, struct client *c, struct conn *conn, int code);
void client_connect(struct sim *s, struct client *c);
void client_send(struct sim *s, struct client *c, struct msg *m);
void client_ack(struct sim *s, struct client *c, str id, str client_id);
void client_rotate(struct sim *s, struct client *c); /* a new session */
str hello_of(struct sim *s, struct client *c, const char *challenge);
/* printf in the run's arena, with ' for ". */
str text(struct sim *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- shadow.c: what the broker must think ---- */
void shadow_admitted(struct sim *s, struct conn *conn);
void shadow_lost(struct sim *s, struct conn *conn, bool clean);
void shadow_closed(struct sim *s, struct conn *conn, str reason); /* by the engine */
void shadow_ended(struct sim *s, struct client *c);
void shadow_time(struct sim *s);               /* after a batch: ends what is over */
bool surely_live(const struct sim *s, const struct client *c);
bool maybe_there(const struct sim *s, const struct client *c);

/* ---- oracle.c ---- */
struct msg *msg_new(struct sim *s, struct client *from);
void oracle_sending(struct sim *s, struct msg *m); /* the engine is about to see it */
void oracle_seen(struct sim *s, struct msg *m);    /* it has */
void oracle_acked(struct sim *s, struct conn *c, const struct json *ack);
void oracle_pushed(struct sim *s, struct conn *c, const struct json *push, str frame, u64 mark);
void oracle_told(struct sim *s, const struct json *state);
void oracle_got(struct sim *s, struct client *c, const struct json *push);
void oracle_written(struct sim *s, struct conn *c, u64 mark);
void oracle_ack_seen(struct sim *s, struct conn *c, str frame);
/* Is it still the session that must get it? What is for a member does not wait for a lost one. */
static inline u32 stamp_of(const struct msg *m, const struct client *c)
{
	return m->kind == TO_MEMBER ? c->losses : c->epoch;
}
void oracle_before(struct sim *s);             /* each batch */
void oracle_failed_commit(struct sim *s);      /* between the batch and its effects */
void oracle_step(struct sim *s);               /* after them */
void oracle_reopened(struct sim *s);           /* after a restart */
bool maybe_expired(const struct msg *m);
/* The member must have got it by now, or be able to get it. */
bool is_required(struct sim *s, const struct msg *m, int member);

#endif
