/*
 * topic.h - topics of a mesh: the one way in which WebSocket verbs, REST routes and everything
 * else look at them and change them.
 *
 * Each function takes the request and acts for who makes it: rq->from (a frame) or rq->caller (a
 * bearer token); rights are checked here, and only scopes of a token before (caller_reaches).
 * What a function is handed has passed its field list. Refusals are returned, with one word and one
 * sentence for every surface; nothing was changed then. Writes are queued; pushes leave after the
 * commit.
 *
 * Topics and who is in them are in memory with their mesh (struct topic, struct topic_sub); posts,
 * copies of keys and notifications are in the store only. A post has a number in its topic, `seq`,
 * which rises by one: what is unread is a difference, a place in a topic is a number, and nothing
 * ever walks over history. Devices of a person are in what the person is in, each with a place of
 * its own and all with one read mark. Engine thread only.
 *
 *   words: topic_not_found 404, message_not_found 404, member_not_found 404, already_encrypted 409,
 *   topic_unencrypted 409, stale_epoch 409, name_taken 409, forbidden 403, invalid 422 (a reply or
 *   mention that may not be), encrypted 422 (version 1 where there is a key), too_large 413,
 *   rate_limit 429, idempotency_key_reused 409
 */
#ifndef ENGINE_TOPIC_H
#define ENGINE_TOPIC_H

#include "engine/bearer.h"
#include "engine/req.h"
#include "proto/topic.h"

struct topic_place;

/* A member in a topic. */
struct topic_sub {
	UT_hash_handle hh;                    /* topic->subs, by member */
	struct topic_sub *prev, *next;        /* member->topics */
	struct topic *topic;
	struct member *member;
	enum topic_role role;
	i64 joined_ms, read_ms;               /* read_ms 0: never */
	i64 read_seq, own_unread;             /* posts up to there are read; own ones behind it */
	i64 place_seq;                        /* what it has got on some connection, for the next one */
	bool dirty;                           /* place_seq is to be stored */
	bool keyed;                           /* has a copy of the topic's newest key */
	i64 withheld_seq;                     /* up to there it is counted what was kept from it (grant.h) */
	bool seen_in_store;                   /* while reading again */
	struct topic_place *places;           /* of its connections */
};

/* A lead said so; see topic_bar.c. */
struct topic_bar {
	UT_hash_handle hh;                    /* topic->bars */
	i64 member_no;
	enum topic_role role;                 /* observer; absent: may not come back by itself */
};

struct topic {
	UT_hash_handle hh;                    /* mesh->topics, by id */
	struct topic *same_prev, *same_next;  /* of one name, see topic_name.c */
	struct mesh *mesh;
	i64 no, created_ms, created_by;
	char id[ID_LEN + 1];
	str name, description;
	enum visibility visibility;
	bool plaintext;                       /* never gets a key */
	i64 epoch;                            /* 0: no key */
	bool stale;                           /* the next key is wanted */
	i64 last_seq, last_ms;                /* the newest post; 0: none */
	struct topic_sub *subs;
	struct topic_bar *bars;
	i64 n_people;                         /* in it, devices not counted */
	bool dirty;                           /* some sub is */
	bool seen_in_store;
};

/* ---- finding ---- */
/* By name or id, '#' in front or not; only what the caller may see; of one name what topic_named() says.
 * NOT_FOUND, topic_not_found. */
struct err *topic_find(struct req *rq, str name_or_id, struct topic **ret_topic) MUST_CHECK;
/* The same by name alone, for a route that names one. */
struct err *topic_find_name(struct req *rq, str name, struct topic **ret_topic) MUST_CHECK;
bool topic_is_seen(const struct topic *t, const struct member *by);
struct topic_sub *topic_sub(const struct topic *t, const struct member *member); /* NULL: not in it */
/* What the caller may see, by name; the first of a name is the one it means. */
void topics_seen(struct req *rq, struct topic ***ret_topics, size_t *ret_n);
/* Is the caller's token for it? A scope names the one that the name means to its member, and no other. */
bool topic_in_scope(const struct req *rq, str id);
/* Posts of others that it has not read; 0 when it is not in it. */
i64 topic_unread(const struct topic *t, const struct member *member);
struct topic_entry_args topic_entry_of(struct req *rq, const struct topic *t);

/* ---- making, coming and going ---- */
/* Who names one that it may see is in it afterwards; *ret_created false. Whether there is another one
 * of the name, that it may not see, makes no difference. */
struct err *topic_create(struct req *rq, const struct topic_create_args *in, struct topic **ret_topic,
			 bool *ret_created) MUST_CHECK;
/* Who was taken out of it by a lead: FORBIDDEN; who was made an observer is one again. */
struct err *topic_join(struct req *rq, struct topic *t, enum topic_role role) MUST_CHECK;
struct err *topic_leave(struct req *rq, struct topic *t) MUST_CHECK;
/* CONFLICT name_taken: the name means another topic to that member, and the caller can see it. */
struct err *topic_member_set(struct req *rq, struct topic *t, str member_id, enum topic_role role) MUST_CHECK;
struct err *topic_member_remove(struct req *rq, struct topic *t, str member_id) MUST_CHECK;
/* By name, devices too. */
struct err *topic_members(struct req *rq, struct topic *t, struct topic_member_entry_list *ret_list) MUST_CHECK;

/* Without a request: #general of a mesh, made when it is not there. */
void topic_general_join(struct mesh *m, struct member *member, enum topic_role role);
/* A device of a person is in what the person is in. */
void topic_device_join(struct member *device);
/* The member was removed from the mesh: the keys of its topics are stale in the same commit. */
void topics_member_gone(struct member *member);
/* It is a member again, of what it was in; its copies of keys made meanwhile are wanted. */
void topics_member_back(struct member *member);

/* ---- posts ---- */
struct topic_draft {
	str nonce, ciphertext;                /* base64, as they are kept */
	i64 body_version;                     /* 0 and 1: text; 2: under the key of `epoch` */
	i64 epoch;                            /* 0 with version 2: the first */
	enum priority priority;               /* absent: next */
	str reply_to;                         /* id of a post of the topic, or empty */
	struct strs mentions;                 /* names; none: read from a body of version 1 */
	str client_id, fingerprint;           /* client_message_id (Idempotency-Key), request_fingerprint */
	str signature;                        /* the author's, kept as it is and checked by who reads */
	const struct topic_new_key_args *new_key; /* installed with it; NULL: none */
};
struct topic_posted {
	str id;                               /* what history, replies and pushes say */
	i64 seq, epoch, created_ms;
	i64 recipients, notified;             /* people in it but the sender; members notified */
	str reply_to;
	bool live, duplicate;                 /* duplicate: it was there; only id and recipients are set */
};
/* On disk with the commit, and pushed. A repeat of the same client_id is answered as the first time,
 * whatever became of the topic's key since. Draws from the member's allowance of sends. */
struct err *topic_post(struct req *rq, struct topic *t, const struct topic_draft *draft,
		       struct topic_posted *ret_posted) MUST_CHECK;

struct topic_page {
	i64 limit;                            /* 0: TOPIC_PAGE_DEFAULT; clamped to 1..TOPIC_PAGE_MAX; long posts: fewer */
	str before_id, after_id;              /* at most one; NOT_FOUND message_not_found if not a post of the topic */
	bool after_start;                     /* from the first one on, oldest first */
	bool member_pubkeys;                  /* senderPubkey is the member's (REST) */
};
/* Newest first; with after_id or after_start oldest first. *ret_more: there are others behind them. */
struct err *topic_history(struct req *rq, struct topic *t, const struct topic_page *page,
			  struct topic_message_list *ret_list, bool *ret_more) MUST_CHECK;
/* The same, and who signed some of them and is not a member any more (vouch.h). */
struct err *topic_history_signed(struct req *rq, struct topic *t, const struct topic_page *page,
				 struct topic_history_response_args *ret_page) MUST_CHECK;
/* What was read for a page, listed or not. */
struct topic_read {
	str last_id;                          /* empty: nothing */
	size_t posts, bytes;
};
/* The same for who follows it: without what is kept from the caller (grant.h). */
struct err *topic_followed(struct req *rq, struct topic *t, const struct topic_page *page,
			   struct topic_message_list *ret_list, struct topic_read *ret_read,
			   bool *ret_more) MUST_CHECK;
/* The seq of a post, by its id. NOT_FOUND, message_not_found. */
struct err *topic_seq_of(struct req *rq, struct topic *t, str id, i64 *ret_seq) MUST_CHECK;

/* Up to a post of the topic; empty: all. Who is not in the topic has no mark: FORBIDDEN. */
struct err *topic_mark_read(struct req *rq, struct topic *t, str up_to_id, i64 *ret_read_ms) MUST_CHECK;

/* ---- keys ---- */
/* epoch 0: of all. Never fails for want of a copy: the list is empty. */
struct err *topic_key_data(struct req *rq, struct topic *t, i64 epoch, struct topic_key_data_args *ret_data) MUST_CHECK;
struct err *topic_pending_seals(struct req *rq, struct topic *t,
				struct topic_pending_seals_response_args *ret_pending) MUST_CHECK;
/* epoch 0: the newest. Only an empty place is filled; *ret_sealed false: it was not. By who has a copy. */
struct err *topic_seal(struct req *rq, struct topic *t, i64 epoch, const struct topic_copy_args *copy,
		       bool *ret_sealed) MUST_CHECK;
struct err *topic_key_drop(struct req *rq, struct topic *t, i64 epoch) MUST_CHECK;
/* CONFLICT stale_epoch when another was first; already_encrypted for the first key. */
struct err *topic_key_install(struct req *rq, struct topic *t, const struct topic_new_key_args *key) MUST_CHECK;

/* ---- notifications of the caller ---- */
struct notification_page {
	i64 since_ms;                         /* 0: all */
	bool unread;
	i64 limit;                            /* as topic_page */
	str before_id;
};
struct err *notifications_list(struct req *rq, const struct notification_page *page,
			       struct notification_list *ret_list) MUST_CHECK;
/* At most NOTIFICATIONS_COUNTED_MAX. */
struct err *notifications_unread(struct req *rq, i64 *ret_n) MUST_CHECK;
/* ids or all; up to before_ms if that is not 0. *ret_marked: how many became read. */
struct err *notifications_read(struct req *rq, const struct strs *ids, bool all, i64 before_ms,
			       i64 *ret_marked) MUST_CHECK;

/* ---- for mesh.c, presence.c, hello.c, mailbox.c, engine.c ---- */
/* Reads topics and who is in them into the structs that exist. */
struct err *topics_read(struct mesh *m, struct arena *a) MUST_CHECK;
void topics_free(struct mesh *m);
void member_topics_free(struct member *member);
/* topic_push.c - a new post, to everybody in the topic who is there; by: the sender's connection. */
void topic_push(struct topic *t, const struct post_row *row, const struct presence *by, i64 *ret_live);
/* Connections of the member may be told of posts (again): what they missed is pushed. */
void topics_member_wake(struct member *member);
void topics_lost(struct presence *p);         /* what was on its way to it is not any more */
void topics_end(struct presence *p);          /* its places are over */
void topic_places_end(struct topic_sub *sub); /* the member is not in the topic any more */
void topic_places_reset(struct topic_sub *sub); /* after reading again */
void topic_sub_dirty(struct topic_sub *sub);  /* its place is to be stored */
/* It got a push: by its id, else client_message_id. False if none such is on its way to p. */
bool topics_ack(struct presence *p, str id, str client_id);
void topics_written(struct presence *p, u64 mark);
/* Everything that waits and can go, before the commit. */
struct err *topics_refill(struct engine *e, struct arena *a) MUST_CHECK;
void topics_flush(void *engine, void *owner); /* e->places: queues places to the store */

/* topic_name.c - in memory. */
void topic_name_add(struct topic *t);
void topic_name_remove(struct topic *t);
struct topic *topic_public(const struct mesh *m, str name); /* NULL: there is none */
/* What the name means to the member; NULL: nothing. */
struct topic *topic_named(const struct mesh *m, str name, struct member *by);
/* By name, and of one name what it means to the member first. */
int topic_order(const struct topic *left, const struct topic *right, struct member *by);
/* Do both see another topic of its name? */
bool topic_name_is_another(const struct topic *t, struct member *who, struct member *to);

/* topic_bar.c - memory and store. lead, member: as anybody; observer; absent: taken out. */
void topic_bar_set(struct topic *t, struct member *member, enum topic_role role);
/* As what the member may be in the topic that would be `role`; absent: it may not come back by itself. */
enum topic_role topic_bar_role(const struct topic *t, struct member *member, enum topic_role role);
struct err *topic_bars_read(struct mesh *m, struct arena *a) MUST_CHECK;
void topic_bars_free(struct topic *t);

/* topic_state.c - memory. */
struct topic *topic_new(struct mesh *m, const struct topic_row *row);
/* Memory and store; NULL: not in it before. */
struct topic_sub *topic_sub_add(struct topic *t, struct member *member, enum topic_role role);
void topic_sub_remove(struct topic_sub *sub);
/* The newest key is not for all who have it: the next one is wanted. */
void topic_make_stale(struct topic *t);
/* The person whose device it is; itself if it is none. */
struct member *member_person(struct member *member);

/* topic_history.c - the post seq is its member's own. */
void topic_sub_own(struct topic_sub *sub, i64 seq);
/* As REST and streams show it. */
struct topic_message_args topic_message_of(struct req *rq, const struct topic *t, const struct post_row *row);

/* msg/message.c - one accepted send of the member; a batch that fails gives it back. */
void message_charge(struct member *m);

/* topic_key.c - a key that may be refused for what it is, and one that may not. */
struct err *topic_new_key_check(struct req *rq, const struct topic_new_key_args *key) MUST_CHECK;
void topic_key_put(struct topic *t, const struct member *maker, const struct topic_new_key_args *key);
/* CONFLICT stale_epoch or already_encrypted: it is not the topic's next; FORBIDDEN. */
struct err *topic_key_may(struct req *rq, const struct topic *t, const struct topic_new_key_args *key) MUST_CHECK;

/* topic_hint.c - events for connections that list the capability "topics"; `about` may be NULL. */
/* Everybody may hear of what the caller is about to do: it draws from what its lists draw from. */
struct err *topic_news_may(struct req *rq) MUST_CHECK;
void topic_hint(struct topic *t, str event, str what, const struct member *about);
/* To one member alone. */
void topic_hint_to(struct topic *t, const struct member *to, str event, const struct presence *but, str message_id);

/* topic_mention.c - who is notified of a new post. */
struct err *topic_mention(struct req *rq, struct topic *t, const struct topic_draft *draft,
			  const struct post_row *row, i64 *ret_notified) MUST_CHECK;

/* Who makes the request. */
static inline struct member *req_member(const struct req *rq)
{
	return rq->from ? rq->from->member : rq->caller->member;
}

#endif
