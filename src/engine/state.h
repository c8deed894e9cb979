/*
 * state.h - what one engine holds in memory: meshes, members, mailboxes, presences.
 *
 * Everything hangs under its mesh and is looked up there, so nothing can cross one. Rows
 * of the store are mirrored (members, mailboxes) and read again after a failed commit;
 * presences come from sockets and are never stored. Texts named here are owned by their
 * struct (own.h). Engine thread only.
 */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <uthash.h>

#include "base/ids.h"
#include "base/timers.h"
#include "crypto/audit.h"
#include "engine/backlog.h"
#include "engine/bucket.h"
#include "engine/engine.h"
#include "engine/own.h"
#include "engine/sweep.h"
#include "proto/group.h"
#include "proto/mail.h"
#include "proto/member.h"
#include "proto/reach.h"

/* One push on its way: handed to a connection and not acked yet. */
struct pushed {
	struct pushed *prev, *next;           /* of the presence, oldest first */
	struct pushed *mailbox_prev, *mailbox_next;
	struct mailbox *mailbox;
	struct presence *to;
	struct delivery_row row;
	char id[ID_LEN + 1];
	size_t bytes;
	i64 sent_ms;                          /* mono */
	i64 created_ms;                       /* when it was accepted */
	i64 sender_no;
	u64 mark;
	bool expired;                         /* its delivery has ended */
	size_t client_id_len;
	char client_id[];
};

/* Where deliveries wait: one per member, one per session key. */
struct mailbox {
	UT_hash_handle hh;                    /* mesh->mailboxes, by pubkey */
	i64 no;
	struct member *member;
	char pubkey[65];
	bool session;
	bool seen_in_store;                   /* while reading again */
	bool waiting;                         /* deliveries on disk that are not in `pushed` */
	bool refill;                          /* on the engine's refill list */
	struct mailbox *next_refill;
	struct backlog backlog;               /* deliveries, those in `pushed` included */
	struct backlog withheld;              /* of them: nobody takes those, see grant.h */
	bool withheld_waits;                  /* some of them would be waiting */
	struct pushed *pushed;
	size_t n_pushed;
	struct presence *holder;              /* session mailbox: the presence with its key */
	i64 seen_ms;                          /* last time somebody held it */
	i64 attested_until_ms;                /* session mailbox: as last shown, 0 if never */
	str attestation;
	struct timer orphan;                  /* after a start: nobody came for the session */
	u64 stamp;                            /* last routing that chose it */
};

struct member {
	UT_hash_handle hh;                    /* mesh->members, by pubkey */
	UT_hash_handle hh_no;                 /* mesh->members_by_no */
	struct mesh *mesh;
	i64 no;
	char id[ID_LEN + 1], pubkey[65];
	str name, x25519, claim_signature, summary;
	str joined_name;                      /* before the first change; empty: it never changed */
	str role_tag;                         /* what it is, free text, or empty */
	enum message_mode message_mode;       /* absent: push */
	enum role role;
	enum status status;                   /* set with scope member; absent: idle */
	struct timer working;                 /* when that lapses, see status.c */
	struct groups groups;
	bool hidden;                          /* what its connections start with */
	str profile;                          /* likewise: a JSON object, or empty */
	i64 seen_ms;                          /* when it last lost or left a connection; 0: never */
	str last_summary;                     /* of that connection */
	i64 invite_no, created_ms, revoked_ms;
	i64 banned_ms, banned_by;             /* 0: it is not banned; by: member number */
	str ban_reason;
	i64 tokens_ms;                        /* bearer tokens made up to then are dead */
	i64 device_of;                        /* its member's number; 0: it is no device */
	str device_label, device_code, device_signature;
	i64 device_expires_s;                 /* as signed */
	i64 n_readers;                        /* streams it reads, see reader.h */
	i64 called_ms;                        /* when it was last here by REST, as far as memory goes */
	bool verified;
	bool has_permissions;                 /* set for it, see permission.h */
	unsigned permissions;                 /* enum permission; else those of its role */
	struct grant *grants;                 /* what it lets whom do, see grant.h */
	bool seen_in_store;                   /* while reading again */
	struct backlog backlog;               /* what it sent and has not ended */
	struct bucket sends, refusals;
	struct bucket lists;                  /* kilobytes of peer lists */
	i64 n_session_keys;                   /* its mailboxes but its own */
	i64 sends_in, n_sends;                /* batch that charged it last, and how often */
	struct mailbox *mailbox;
	struct presence *presences;           /* oldest first */
	struct topic_sub *topics;             /* that it is in */
	u64 stamp;                            /* last routing that asked for a session of it */
	bool has_session;                     /* what it found */
};

struct presence {
	struct presence *prev, *next;         /* mesh->presences, oldest first */
	struct presence *member_prev, *member_next;
	struct presence *hears_prev, *hears_next; /* mesh->listeners or mesh->muted */
	UT_hash_handle hh;                    /* engine->online, by conn */
	struct mesh *mesh;
	struct member *member;
	struct conn_ref conn;
	bool online;                          /* false: in its grace window */
	bool session;                         /* session_hello: addressable; else control plane */
	bool acks;                            /* a push ends with client_ack, not when written */
	bool takes;                           /* wants messages */
	bool attestations;                    /* is shown by what a sender's session key is its */
	bool receipts;                        /* is told what becomes of its member's messages */
	bool skills;                          /* is told of skills that come and go */
	bool topics;                          /* hears posts beside its member's sessions, and of topics */
	bool keeps;                           /* `next` for its next turn, while it works */
	bool listed_capabilities;
	str device_wait;                      /* _reqId of its device_wait; empty: it does not wait */
	bool hidden;                          /* from other members: lists, multicasts, announcements */
	bool hears;                           /* is in a list of mesh->listeners, muted */
	bool covered;                         /* as presences_cover() last found it */
	bool muted;                           /* had its share of announcements, see announce.c */
	i64 hints, hints_from_ms;             /* how many it was sent, since when */
	struct bucket states;                 /* message_state it may still be sent */
	i64 made_in, attached_in;             /* engine->batch_no */
	char id[ID_LEN + 1];
	str session_id, name, hostname, cwd, peer_type, channel, model, summary;
	str role;                             /* of its hello, or empty */
	str profile, stats;                   /* JSON objects, or empty */
	enum status status;
	enum reach told;                      /* how it hears of messages, as it says */
	struct groups groups;
	i64 connected_ms, attested_until_ms;
	i64 heard_ms;                         /* its last frame, or when it was lost; not its heartbeats */
	struct mailbox *mailbox;              /* of its session key; NULL without one */
	struct pushed *pushed;
	size_t n_pushed, pushed_bytes;
	struct topic_place *places;           /* in topics, see topic_push.c */
	size_t n_posts, posts_bytes;          /* of them on their way */
	u64 mark;
	struct timer life;                    /* grace while offline, attestation while online */
	struct timer lease;
	struct timer working;                 /* when its own status lapses */
};

/* The end of an audit log, see audit.h. */
struct audit_head {
	i64 seq;                              /* of the last row; 0: there is none */
	u8 hash[AUDIT_HASH_BYTES];
};
struct audit_check;

struct mesh {
	UT_hash_handle hh;                    /* engine->meshes, by id */
	struct engine *engine;
	i64 no;
	char id[ID_LEN + 1];
	str slug, name;
	char owner_pubkey[65];
	str owner_secret, root_key;           /* sealed; empty when the owner keeps them */
	i64 archived_ms;
	bool uncounted;                       /* its backlogs are to be read */
	bool stale;                           /* a commit failed: read again before the next event */
	i64 made_in;                          /* engine->batch_no */
	i64 touched_in;                       /* last batch that had to do with it */
	i64 idle_in, idle_ms;                 /* the same when last looked at, and since when */
	struct member *members, *members_by_no;
	i64 n_grants;                         /* of all members, see grant.h */
	struct mailbox *mailboxes;
	struct topic *topics;
	struct topic_name *topic_names;
	struct traffic *traffic;              /* see traffic.h; NULL: none yet */
	struct presence *presences;
	i64 n_presences;
	struct presence *listeners, *muted;   /* online and want announcements */
	i64 n_listeners, n_muted;
	struct audience *audiences;           /* who reads its topics as streams, see reader.h */
	i64 n_readers;
	i64 hint_ms, muted_ms;                /* last announcement; since when somebody is muted */
	struct timer calm;
	struct audit_head audit;
	struct audit_check *audit_check;      /* NULL: none is under way */
};

struct engine {
	const struct clock *clock;
	const struct random *random;
	struct store *store;
	const struct keyfile *keys;
	struct engine_settings settings;
	struct id_source ids;
	struct mesh *meshes;
	struct presence *online;
	struct timers timers;
	struct timer sweeps[SWEEP_COUNT], recover;
	struct timer later;                   /* the commit of what waits for one */
	struct receipts *receipts;
	struct endings *endings;
	struct signature_seen *signatures;
	struct guess *guesses;
	struct tally *tallies;
	u8 tally_key[16];                     /* finds them; made at first use */
	bool has_tally_key;
	i64 logins_until_ms;                  /* what was stored is over by then; 0: nothing was */
	struct mail_held *held_mails;         /* see mail.h */
	struct bucket mails[MAIL_KINDS];
	i64 jobs_pruned_ms;
	struct api_key *api_keys;             /* see bearer.h */
	u8 token_key[32];                     /* seals tokens; made at first use */
	bool has_token_key;
	struct reader *readers;               /* see reader.h */
	struct mailbox *refill;               /* have room and something waiting */
	struct topic_place *behind;           /* likewise, posts */
	struct timer places;                  /* when places are stored */
	i64 held_until_ms;                    /* nothing waiting is pushed before (mono); 0: not held */
	u64 stamp;
	struct engine_stats stats;
	i64 acks_us[BATCH_EVENTS];            /* when the sends that the batch accepted came */
	size_t n_acks;
	struct arena *batch;                  /* lives as long as the batch */
	struct audit_batch *sent;             /* in it, see audit_sent.c; NULL: nothing */
	struct effects *fx;
	i64 batch_no, stored_in;              /* the running one; the last one with a commit */
	bool commits;                         /* this one does, whatever it wrote */
	bool alone;                           /* as does every one event of one that failed */
	bool hands_on;                        /* made a mesh of another shard in this batch */
	bool quiet;                           /* ending presences is not announced */
	i64 now_ms, mono_ms;                  /* of the batch */
};

/* Is the mesh this shard's? Only its own are in memory, but for one that the house makes. */
static inline bool engine_owns(const struct engine *e, str mesh_id)
{
	return mesh_shard(mesh_id, e->settings.shards) == e->settings.shard;
}
static inline bool engine_is_house(const struct engine *e)
{
	return e->settings.shard == SHARD_HOUSE;
}

/* engine.c - what was left to a later commit shall be stored with this batch. */
void engine_commit(struct engine *e);
/* A message of this event was accepted: how long until it is acked? */
void engine_accepted(struct engine *e, const struct event *ev);

/* mesh.c - NULL in *ret_mesh when there is none or it is archived. Only of this shard. */
struct err *mesh_get(struct engine *e, struct arena *a, str id, struct mesh **ret_mesh) MUST_CHECK;
/* The batch is stored: meshes of other shards that it made are theirs now. */
void meshes_hand_on(struct engine *e);
/* Reads rows again into the structs that exist; what is not in the store goes. */
struct err *mesh_read_again(struct mesh *m, struct arena *a) MUST_CHECK;
/* All that are stale. */
struct err *meshes_read_again(struct engine *e, struct arena *a) MUST_CHECK;
struct mesh *mesh_add(struct engine *e, const struct mesh_row *row);
struct member *mesh_member(struct mesh *m, str pubkey);        /* NULL if absent */
struct member *mesh_member_by_no(struct mesh *m, i64 no);
struct mailbox *mesh_mailbox(struct mesh *m, str pubkey);      /* NULL if absent */
/* Adds to memory and to the store. */
struct member *member_add(struct mesh *m, const struct member_row *row);
struct mailbox *mailbox_add(struct member *member, str pubkey, bool session);
/* Its holder has it no more; what it was pushed waits again. */
void mailbox_release(struct mailbox *mb);
/* A key that another member only showed is this one's; what waited goes to the other. */
void mailbox_own(struct mailbox *mb, struct member *member, bool session);
/* The member vouches for the key of this session mailbox. */
void mailbox_attest(struct mailbox *mb, i64 until_ms, str signature);
void mesh_free(struct mesh *m);
/* Frees those that nobody was in and nothing had to do with for MESH_IDLE_MS. */
void meshes_unload(struct engine *e);
/* Session mailboxes that nobody held for a week and that hold nothing. */
struct err *mailboxes_prune(struct engine *e, bool *ret_more) MUST_CHECK;

/* presence.c - the one place that moves a presence between its states. */
struct presence *presence_add(struct member *member, struct conn_ref conn);
void presence_attach(struct presence *p, struct conn_ref conn);  /* offline -> online */
void presence_detach(struct presence *p);                        /* online -> grace */
void presence_end(struct presence *p);                           /* -> gone, peers are told */
/* Closes its connection with 1000; ending or attaching it is the caller's. */
void presence_close(struct presence *p, str reason);
/* The same with another code. Of what is to be stored (4000 and up) nobody hears if it is not:
 * the connection is then closed so that it comes back. */
void presence_close_with(struct presence *p, int code, str reason);
struct presence *presence_of(struct engine *e, struct conn_ref conn);
bool member_has_session_online(const struct member *m);
/* One session id of a member on one host: links of the same kind replace each other, and
 * lists show one of them. A host that was not told is any. */
bool presence_same_session(const struct presence *p, str session_id, str hostname);
/* A command typed inside a session, or a link beside it: the session stands for it. */
bool presence_is_covered(const struct presence *p);
/* The same for every presence of the mesh, into its `covered`; without a look at each pair. */
void presences_cover(struct mesh *m, struct arena *a);

/* status.c - idle, working or not to be disturbed. */
enum status presence_status(const struct presence *p);
/* How soon it hears of a message. */
enum reach presence_reach(const struct presence *p);
void presence_set_status(struct presence *p, enum status status);
void member_set_status(struct member *m, enum status status); /* in memory, for all of it */
void status_lapse(void *engine, void *presence); /* presence->working */
void status_lapse_member(void *engine, void *member);
/* Queues status, summary, groups, visibility and profile to the store. */
void member_profile_store(const struct member *m);
/* Queues name, role tag and message mode to the store. */
void member_settings_store(const struct member *m);
str member_mode_word(const struct member *m);    /* push, inbox or off */

/* announce.c - who comes and goes, told to the others as far as they can follow. */
enum announcement { PEER_JOINED, PEER_RETURNED, PEER_LEFT, PEER_HIDDEN, PEER_VISIBLE };
void presence_announce(struct presence *about, enum announcement what);
void presence_listen(struct presence *p);        /* from now on it is told */
void presence_deafen(struct presence *p);
void announce_calm(void *engine, void *mesh);    /* mesh->calm */
str presence_name(const struct presence *p);
str presence_pubkey(const struct presence *p);

struct push_blocks;
struct topic;

/* mailbox.c - delivery to connections. */
/* A new message for the mailbox, queued to the store. True if it left for a connection. */
bool mailbox_deliver(struct mailbox *mb, const struct message_row *m, i64 shared,
		     struct push_blocks *blocks);
/* The connection that gets what waits in the mailbox now; NULL: nobody. */
struct presence *mailbox_taker(const struct mailbox *mb);
void mailbox_wake(struct mailbox *mb);        /* something may be deliverable: look before the commit */
/* What waits for a session that is over goes to its member. */
void mailbox_hand_over(struct mailbox *mb);
/* Of a session in grace: what was meant for the member and no other session has a copy of. */
void mailbox_hand_over_member(struct mailbox *mb);
/* Would who sent it, with a rank of RANK_WITHHELD and up, see it as pushed if it were not withheld? */
bool mailbox_looks_pushed(const struct mailbox *mb, int rank);
/* From now on a push to it ends with client_ack only. */
void presence_acks(struct presence *p);
void member_wake(struct member *m);           /* all of its mailboxes, and posts */
/* What its status lets through. */
int presence_max_rank(const struct presence *p);
struct err *mailboxes_refill(struct engine *e, struct arena *a) MUST_CHECK;
void pushed_end(struct pushed *p);            /* delivered: gone from memory and store */
void pushed_return(struct pushed *p);         /* not delivered: waits again */
void presence_lease_run(void *engine, void *presence);

/* remove.c - a member that may not come back, or may again. */
/* Everything that waits in the mailbox ends so; its senders are told. */
struct err *mailbox_end_all(struct mailbox *mb, struct arena *a, enum delivery_state state, i64 at_ms) MUST_CHECK;
/* Closes its connections and streams, kills its API keys and tokens, and ends what waits for it;
 * its devices go with it. They stay in the mesh, for their messages. */
struct err *member_remove(struct member *member, struct arena *a) MUST_CHECK;
/* The same as a ban of the person, which member_unban() takes back: devices come back with it,
 * API keys and tokens do not. reason may be empty. */
struct err *member_ban(struct member *person, const struct member *by, str reason, struct arena *a) MUST_CHECK;
void member_unban(struct member *person);
/* What who is banned is told. */
str banned_text(struct arena *a, const struct mesh *m);

/* push.c - the one writer of pushes. */
/* One message as text, for those who are shown attestations and those who are not. */
struct push_blocks { struct block *plain, *attested; };
/* Written at the first use; belongs to the blocks. */
struct block *push_block(struct push_blocks *blocks, const struct presence *to,
			 const struct message_row *row);
void push_blocks_done(struct push_blocks *blocks);
/* One post, likewise; topic is its name. */
struct block *push_post_block(struct push_blocks *blocks, const struct presence *to, const struct topic *t,
			      const struct post_row *row);
/* data: the members of eventData, a JSON object as text. */
struct block *push_event(struct mesh *m, str event, str data);

#endif
