/*
 * meshes_internal.h - the inside of the meshes, shared by meshes.c (which there are, and
 * their configuration), route.c (one link each, and what comes in) and roster.c (requests
 * and the list of peers).
 */
#ifndef DAEMON_MESHES_INTERNAL_H
#define DAEMON_MESHES_INTERNAL_H

#include "base/ids.h"
#include "daemon/meshes.h"
#include "daemon/standing.h"
#include "daemon/wake.h"
#include "client/topic_read.h"
#include "net/loop_watch.h"

struct route {
	struct meshes *ms;
	struct joined *mesh;
	struct route *next; /* of the mesh; the member's is first */
	struct arena *arena;
	struct link *link;  /* NULL when it is over */
	struct link *dormant; /* when it was put out: the same link, for meshes_rejoin() */
	str session_pubkey, session_id;
	bool lent;
	enum route_state state;
	str word, why;      /* of CLOSED */
	struct arena *why_arena;
	u64 serial;
	struct loop_timer *idle; /* of a lent one */
};

struct waiting_roster {
	struct waiting_roster *next;
	roster_fn *fn;
	void *arg;
};

struct joined {
	struct mesh m; /* first: joined_of() */
	struct meshes *ms;
	struct joined *next; /* in the order of config.json */
	struct arena *arena;
	struct sign_pair member;
	str member_id, owner_pubkey;
	bool hello2;
	bool found; /* during a reload */
	i64 rejoined_ms; /* loop time of the last attempt of the user; 0: none */
	struct route *routes;
	/* the list of peers */
	struct arena *roster_arena;
	struct roster *roster;
	i64 roster_mono_ms; /* loop time of it */
	i64 asked_ms, used_ms;
	bool news, asking;  /* news: since it was asked for */
	struct waiting_roster *waiting;
	struct loop_timer *refresh;
	struct loop_task tell; /* those who wait, of what we have */
	/* topics: posts.c */
	struct arena *keys_arena;
	struct topic_keys_args *keys; /* as last read from the file; NULL: not yet */
	struct waiting_post *posts;   /* oldest first */
	size_t n_posts;
	/* posts that sessions have, too: doubles.c */
	struct doubled *doubles;
	size_t n_doubles, next_kept;
	char kept_posts[64][ID_LEN + 1]; /* the last ones that sessions stored, a ring */
};

/* A request that waits for its connection or its answer. */
struct ask {
	struct meshes *ms;
	struct ask *next;
	struct arena *arena;
	u64 route; /* serial */
	const char *type;
	str members;
	i64 deadline_ms; /* loop time */
	bool sent;
	link_reply_fn *fn; /* NULL: forgotten */
	void *arg;
};

/* A message that waits for the disk. */
struct storing {
	struct storing *next;
	struct meshes *ms; /* NULL: they are gone */
	struct arena *arena;
	u64 route;
	bool is_new;
	struct inbox_row row;
};

struct meshes {
	struct meshes_spec spec;
	const struct meshes_handler *h;
	void *arg;
	struct arena *arena;
	struct joined *meshes;
	struct ask *asks;
	size_t n_asks;
	struct loop_timer *ask_timer;
	struct storing *storing;
	struct question *questions;    /* about topics: posts.c */
	struct leaving *leaving;       /* links that say goodbye */
	u64 serial;
	bool closing;
	/* the configuration */
	struct loop_watch *watch;      /* NULL: config.json is looked at every CONFIG_POLL_MS */
	struct loop_timer *reload;
	struct loop_timer *poll;
	bool reload_failed;
	i64 seen_mtime_ns, seen_size;
	struct wake *wake;
	struct standing *standing;     /* who was put out */
	struct tls *own_tls;           /* NULL: not needed yet */
};

static inline struct joined *joined_of(struct mesh *m) { return (struct joined *)m; }

/* route.c */
struct route *route_new_member(struct joined *j);
struct route *route_new_session(struct joined *j, const struct session *s,
				const struct sign_pair *pair);
struct route *route_new_lent(struct joined *j, const struct outbox_sender *who,
			     const struct sign_pair *pair);
void route_free(struct route *r);
/* Connects after all, if it was put out. */
void route_rejoin(struct route *r);
struct route *route_by_serial(struct meshes *ms, u64 serial);
void storing_orphan(struct meshes *ms);

/* leaving.c - a link that nobody needs any more says goodbye: its broker ends the presence at
 * once, where a lost connection would be waited for. */
void leaving_add(struct meshes *ms, struct link *l); /* takes it over; NULL is fine */
void leaving_free(struct meshes *ms);

/* A message of a route that is readable, or never will be: stored, then acknowledged. */
bool route_store(struct route *r, const struct inbound *m);

/* posts.c - posts under keys of their topics: opened before they are stored, with a key that is
 * asked for if need be; and keys sealed for those who wait for one. */
bool posts_take(struct route *r, const struct inbound *m);
/* An event of a topic; false: it is none. */
bool posts_event(struct joined *j, const struct peer_event *ev);
void posts_on_ready(struct joined *j);
/* The keys that are known; anew: as the file is now. Valid until it is read anew. */
const struct topic_keys_args *posts_keys(struct joined *j, bool anew);
/* Who vouches for whom: chains, and safety numbers that were compared. Valid during the call. */
struct topic_reader posts_reader(struct joined *j, struct arena *a);
void posts_drop_key(struct joined *j, const struct topic_key_drop_args *drop);
void posts_done(struct joined *j);
void posts_end(struct meshes *ms);

/* doubles.c - posts that the member's link brings while there are sessions, which keep them. False:
 * no room, it is to come again. */
bool doubles_take(struct route *member, const struct inbound *m);
void doubles_stored(struct joined *j, str message_id); /* by a session, on disk */
void doubles_release(struct joined *j);                /* there is no session any more */
void doubles_done(struct joined *j);

/* roster.c */
void roster_init(struct joined *j);
void roster_done(struct joined *j);
void roster_news(struct joined *j);
/* Its connection is there, or will not be until the user acts: requests go out, or fail. */
void asks_on_route(struct route *r);
void asks_fail_route(struct route *r);
void asks_drop_route(struct route *r);
void asks_free(struct meshes *ms);
void asks_on_timer(void *arg);

#endif
