/*
 * meshes.h - the daemon's links to brokers: for each joined mesh the member's, and one for
 * each session (a "route"), kept open, and the list of peers, kept fresh.
 *
 * The meshes are those of config.json, which is watched: a join appears and a leave
 * disappears without a restart. What comes in is stored in the inbox, then acknowledged,
 * then an event. A route that the broker ended for good (kicked, banned, removed from the
 * mesh) stays closed and says why, over restarts as well, until the user acts: a session
 * registers, or meshes_rejoin(). Loop thread only.
 */
#ifndef DAEMON_MESHES_H
#define DAEMON_MESHES_H

#include "client/config.h"
#include "client/link.h"
#include "daemon/events.h"
#include "daemon/inbox.h"
#include "daemon/outbox.h"
#include "daemon/sessions.h"
#include "proto/peer.h"

enum {
	MESHES_MAX = 64,
	ROSTER_EVERY_MS = 1000,   /* peer lists are asked for at most so often */
	ROSTER_FRESH_MS = 60000,  /* older than that it is asked for before it is used */
	ROUTE_IDLE_MS = 30000,    /* a route opened only to send closes after so long without a touch */
	ROUTE_LINGER_MS = 1000,   /* and after so long once it is released */
	CONFIG_POLL_MS = 2000,    /* where changes of config.json cannot be watched */
	CONFIG_CALM_MS = 20,      /* from the first sign of a change until it is read */
	REJOIN_EVERY_MS = 2000,   /* meshes_rejoin() asks the broker at most so often */
	ASK_WAITING_MAX = 1024,   /* requests that wait for a connection or an answer */
};
#define ROSTER_USED_MS (5 * 60 * (i64)1000) /* nobody asked for so long: news are not fetched */

struct mesh;
struct meshes;
struct route;

enum route_state { ROUTE_CONNECTING, ROUTE_OPEN, ROUTE_RECONNECTING, ROUTE_CLOSED };
/* connecting, open, reconnecting, closed: what health shows */
const char *route_state_word(enum route_state s);

struct meshes_spec {
	struct loop *loop;
	const struct clock *clock;
	const struct random *random;
	const struct paths *paths;
	struct tls *tls;
	struct inbox *inbox;
	struct outbox *outbox; /* knows our own messages when they come back */
	struct events *events;
};
/* Told by the meshes; each may be NULL. Never from inside a call, but for on_gone(). */
struct meshes_handler {
	void (*on_route)(void *arg, struct route *r);    /* its state changed */
	void (*on_gone)(void *arg, struct route *r);     /* and what it had under way gets no answer */
	void (*on_left)(void *arg, str mesh_id);         /* the mesh is gone from config.json */
	void (*on_joined)(void *arg, str mesh_id);
	void (*on_peer)(void *arg, str mesh_id, str pubkey); /* came, or came back */
	void (*on_topic)(void *arg, str mesh_id);        /* a topic has another key, or we got one */
};
/* Reads config.json; one that cannot be read is an error here and a warning later. The clock,
 * the random numbers, the paths and the parts outlive it. */
struct err *meshes_new(struct arena *a, const struct meshes_spec *spec,
		       const struct meshes_handler *h, void *arg, struct meshes **ret_meshes)
	MUST_CHECK;
void meshes_free(struct meshes *ms); /* NULL is fine */
/* Says goodbye on every link; it is over when meshes_is_closed(). */
void meshes_close(struct meshes *ms);
bool meshes_is_closed(const struct meshes *ms);
/* Reads config.json in the next turn. */
void meshes_reload(struct meshes *ms);
/* The user does something in this mesh: what was kicked comes back, and what was banned asks once
 * whether it may. only_kicked: what was banned does not. */
void meshes_rejoin(struct meshes *ms, struct mesh *m, bool only_kicked);
/* The machine slept, or the network is another one: all links connect anew, at once. */
void meshes_restart(struct meshes *ms);

/* A joined mesh; valid until on_left(). */
struct mesh {
	str mesh_id, slug, name, broker_url, member_pubkey;
	str display_name; /* the configuration's */
	struct route *member; /* its member link */
};
struct mesh *meshes_get(struct meshes *ms, str slug_or_id); /* NULL: not joined */
/* The member's keys, of the mesh's own memory; for sealing. */
const struct sign_pair *mesh_pair(const struct mesh *m);
/* Slug, else the session's mesh, else the only one. BAD_REQUEST "mesh_required" lists them,
 * NOT_FOUND "mesh_not_attached". session may be NULL. */
struct err *meshes_choose(struct arena *a, struct meshes *ms, str slug,
			  const struct session *session, struct mesh **ret_mesh) MUST_CHECK;
/* In the order of config.json; NULL after the last: for (i = 0; (m = meshes_at(ms, i)); i++) */
struct mesh *meshes_at(struct meshes *ms, size_t i);

/* A session's route, from its registration to its end. */
void meshes_add_session(struct meshes *ms, const struct session *s, const struct sign_pair *pair);
void meshes_end_session(struct meshes *ms, const struct session *s);
/* The route of a sender: pubkey empty for the member's; NULL if there is none. */
struct route *meshes_route(struct meshes *ms, str mesh_id, str session_pubkey);
/* Opens a route for a session that ended, from its stored keys, to send what it left; what comes
 * for it meanwhile is stored for its member. It closes by itself after ROUTE_IDLE_MS without
 * route_touch(). NOT_FOUND: no such keys, or not that key. */
struct err *meshes_lend_route(struct arena *a, struct meshes *ms, const struct outbox_sender *who,
			      struct route **ret_route) MUST_CHECK;

str route_mesh_id(const struct route *r);
str route_session_pubkey(const struct route *r); /* empty: the member's */
enum route_state route_get_state(const struct route *r);
/* CLOSED: "kicked", "banned", ... and the sentence; else empty. Valid until its next change. */
str route_why(const struct route *r, str *ret_word);
/* Was it kicked: closed until the user acts, with what it had to send kept? */
bool route_is_kicked(const struct route *r);
/* For requests and sends; check link_is_ready(). NULL when CLOSED. */
struct link *route_link(struct route *r);
void route_touch(struct route *r);   /* a lent one: it is still needed */
void route_release(struct route *r); /* it is not, for now */

/* Asks the mesh's broker over the member link: a reply or an error, once, later. TRY_AGAIN if
 * it is not connected within the time. Field tables of src/proto. */
void meshes_ask(struct meshes *ms, struct mesh *m, const char *type,
		const struct json_field *fields, const void *args, i64 timeout_ms,
		link_reply_fn *fn, void *arg);
/* The same over a given route. */
void route_ask(struct route *r, const char *type, const struct json_field *fields, const void *args,
	       i64 timeout_ms, link_reply_fn *fn, void *arg);
/* The same with the fields written already: the text between an object's braces. type and members
 * are copied. */
void route_ask_text(struct route *r, str type, str members, i64 timeout_ms, link_reply_fn *fn,
		    void *arg);

/* The peers of a mesh as the broker lists them. */
struct roster {
	i64 at_ms; /* wall time of the answer */
	struct peers_list_args list;
	const struct json *reply; /* the answer itself */
};
typedef void roster_fn(void *arg, const struct err *e, const struct roster *roster);
/* Calls fn once, later: with the kept list if it is at most max_age_ms old (0: asks anew) and
 * no news came since, else with a new one; if the broker cannot be asked, with the kept one
 * of any age, or TRY_AGAIN. */
void meshes_roster(struct meshes *ms, struct mesh *m, i64 max_age_ms, roster_fn *fn, void *arg);
/* What is kept, of any age; NULL if nothing. Valid until the next turn. */
const struct roster *meshes_kept_roster(struct meshes *ms, struct mesh *m);
/* Forgets fn(arg) wherever it waits for a roster or for meshes_ask(): its owner goes away. */
void meshes_forget(struct meshes *ms, void *arg);

#endif
