/*
 * store.h - what the broker keeps on disk, as typed calls. No SQL is visible here and no
 * handler writes any; every text stands once, in queries.def.
 *
 * Reads answer at once (they first flush the queued writes of the batch). Writes are
 * queued and reach the database together when store_commit() runs; a write therefore
 * cannot fail by itself, a commit can. One store an engine, on the engine's thread.
 * Every query of a mesh's data takes the mesh's number: nothing crosses a mesh.
 * Returned rows live in the arena given. Times are milliseconds since 1970.
 *
 * Numbers (mesh, member, mailbox, message ...) are given by store_next(): they rise and
 * are never used twice, also after a crash. A message's number is its accept order.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "proto/receipt.h"

struct db;
struct store;

/* Refuses a database that is newer, changed or locked, naming file and remedy; applies
 * what is missing under a lock. Call before a port is bound. */
struct err *store_migrate(struct arena *a, struct db *db) MUST_CHECK;
/* db must outlive the store and be migrated. */
struct err *store_open(struct arena *a, struct db *db, struct store **ret_store) MUST_CHECK;
/* One more store of the same process, on a connection of its own (db_open_beside) and for
 * another thread; both give numbers from one counter. */
struct store *store_open_beside(struct db *db, struct store *first);
void store_close(struct store *st);
/* Does the database answer? */
struct err *store_ping(struct store *st, struct arena *a) MUST_CHECK;
/* A write that changes nothing, to see whether a commit succeeds again. */
void store_probe(struct store *st, i64 now_ms);
/* Nothing was ever stored. */
bool store_is_new(const struct store *st);

/* A batch. Commit sends the queued writes in one transaction and makes them durable; with
 * nothing queued it does nothing. On failure nothing of the batch is stored. Rollback
 * forgets what is queued. */
struct err *store_commit(struct store *st, struct arena *a) MUST_CHECK;
void store_rollback(struct store *st);
bool store_pending(const struct store *st); /* anything queued? */
/* Is all that is queued of the kind whose loss by a crash costs no more than doing it again:
 * ends of deliveries, times when somebody was seen? And not too much of it, and none of it in
 * a transaction that is open because something was read. */
bool store_may_wait(const struct store *st);
/* The failed commit stored nothing because another transaction was in its way: the same batch
 * may succeed at once. */
bool store_lost_race(const struct err *e);

enum store_number {
	NUMBER_MESH, NUMBER_MEMBER, NUMBER_INVITE, NUMBER_MAILBOX, NUMBER_MESSAGE, NUMBER_TOPIC,
	NUMBER_RUN, NUMBER_JOB,
	NUMBER_COUNT
};
i64 store_next(struct store *st, enum store_number kind);

/* ---- meshes ---- */
struct mesh_row {
	i64 no;
	str id, slug, name;
	str owner_pubkey; /* 64 hex */
	str owner_secret; /* sealed bytes; absent when the owner's client keeps it */
	str root_key;     /* sealed bytes; absent likewise */
	i64 created_ms, archived_ms;
};
void store_mesh_add(struct store *st, const struct mesh_row *m);
/* *ret_mesh is NULL when there is none. */
struct err *store_mesh_by_id(struct store *st, struct arena *a, str id, struct mesh_row **ret_mesh)
	MUST_CHECK;
struct err *store_mesh_by_no(struct store *st, struct arena *a, i64 no, struct mesh_row **ret_mesh)
	MUST_CHECK;
/* Those behind the number, by number; at most limit. */
struct err *store_meshes(struct store *st, struct arena *a, i64 after_no, size_t limit, struct mesh_row **ret_rows,
			 size_t *ret_n) MUST_CHECK;
struct mesh_figures {
	i64 n_members;         /* not revoked */
	i64 n_waiting;         /* deliveries */
	str owner, owner_email; /* who made it; absent: nobody, no account */
};
struct err *store_mesh_figures(struct store *st, struct arena *a, i64 mesh_no, struct mesh_figures **ret_figures)
	MUST_CHECK;
/* Every mesh's number and id, by number. */
struct mesh_number {
	i64 no;
	str id;
};
struct err *store_mesh_numbers(struct store *st, struct arena *a, struct mesh_number **ret_rows,
			       size_t *ret_n) MUST_CHECK;
/* Only a live one: an archived mesh has given its slug back. */
struct err *store_mesh_by_slug(struct store *st, struct arena *a, str slug,
			       struct mesh_row **ret_mesh) MUST_CHECK;
/* Its slug is free from then on. */
void store_mesh_archive(struct store *st, i64 mesh_no, i64 archived_ms);
void store_mesh_rename(struct store *st, i64 mesh_no, str slug, str name);
/* Deletes what was posted in the topic, and its keys; the topic itself stays. */
void store_topic_forget(struct store *st, i64 mesh_no, i64 topic_no);
void store_skills_forget(struct store *st, i64 mesh_no);
/* Fills the three key columns of a mesh that lacks them (self-heal: only what is missing; an
 * owner's secret only beside the same owner's public key). */
void store_mesh_keys_set(struct store *st, const struct mesh_row *m);

/* ---- members ---- */
struct member_row {
	i64 no, mesh_no;
	str id, pubkey;      /* pubkey: 64 hex, unique in the mesh */
	str x25519;          /* base64url, from a claim; may be absent */
	str name, role;      /* role: "admin" or "member" */
	i64 invite_no;       /* 0: creator or v1 join */
	str claim_signature; /* 128 hex by the invite key; absent without a chain */
	str status, summary; /* member-wide settings; may be absent */
	str groups;          /* likewise; a JSON array as text */
	i64 created_ms, revoked_ms;
	i64 seen_ms;         /* when it was last lost or left; 0: never */
	str last_summary;    /* what it was doing then; may be absent */
	bool hidden;         /* member-wide, like status */
	str profile;         /* likewise; a JSON object as text, may be absent */
	i64 device_of;       /* number of the member whose device it is; 0: a member of its own */
	str device_label;    /* what it says it is; these are absent without device_of */
	str device_code, device_signature; /* by whom it was let in, see crypto/device.h */
	i64 device_expires_s;
	str role_tag, message_mode; /* member-wide; may be absent */
	str joined_name;     /* the name before the first change; absent: it never changed */
	i64 banned_ms, banned_by; /* 0: it is not banned; by: member number */
	str ban_reason;      /* may be absent */
	i64 tokens_ms;       /* bearer tokens made up to then are dead */
};
void store_member_add(struct store *st, const struct member_row *m);
struct err *store_members(struct store *st, struct arena *a, i64 mesh_no,
			  struct member_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* Sets status, summary, groups, hidden and profile. */
void store_member_profile_set(struct store *st, const struct member_row *m);
/* Sets name, role_tag, message_mode and joined_name. */
void store_member_settings_set(struct store *st, const struct member_row *m);
/* Sets revoked_ms, what is said of a ban, and tokens_ms. */
void store_member_standing_set(struct store *st, const struct member_row *m);
void store_member_role_set(struct store *st, i64 mesh_no, i64 member_no, str role);
/* Who was removed is a member again: sets x25519, name, role, claim_signature and invite_no. */
void store_member_rejoin(struct store *st, const struct member_row *m);
void store_member_seen(struct store *st, i64 mesh_no, i64 member_no, i64 seen_ms, str last_summary);

/* ---- codes for devices: one of a member ---- */
struct device_code_row {
	str code;            /* 64 hex: the public key made from it */
	i64 mesh_no, member_no;
	i64 until_ms;        /* for the broker; expires_s is as signed */
	i64 expires_s;
	str signature, introduction;
};
void store_device_code_add(struct store *st, const struct device_code_row *d);
/* *ret_code is NULL when there is none; it may have expired. */
struct err *store_device_code(struct store *st, struct arena *a, str code,
			      struct device_code_row **ret_code) MUST_CHECK;
void store_device_codes_remove(struct store *st, i64 mesh_no, i64 member_no);

/* ---- invites ---- */
struct invite_row {
	i64 no, mesh_no;
	str id, code;        /* code may be absent */
	str token;           /* v1 token, unique */
	str capability;      /* v2: canonical and signature as JSON text; may be absent */
	str invite_pubkey;   /* 64 hex; absent for invites of reference clients */
	str owner_signature; /* 128 hex over claudemesh-invite|...; absent likewise */
	str sealed_root;     /* base64url secretbox of the root key; absent likewise */
	str role;
	i64 max_uses, uses, expires_ms, created_ms, revoked_ms;
	str email;           /* whom it was mailed to, lower case; may be absent */
	i64 made_by;         /* member; 0: not known */
	i64 used_ms;         /* last time; 0: never */
};
void store_invite_add(struct store *st, const struct invite_row *i);
struct err *store_invite_by_code(struct store *st, struct arena *a, str code,
				 struct invite_row **ret_invite) MUST_CHECK;
struct err *store_invite_by_token(struct store *st, struct arena *a, str token,
				  struct invite_row **ret_invite) MUST_CHECK;
struct err *store_invite_by_id(struct store *st, struct arena *a, str id,
			       struct invite_row **ret_invite) MUST_CHECK;
struct err *store_invites(struct store *st, struct arena *a, i64 mesh_no,
			  struct invite_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_invite_count(struct store *st, struct arena *a, i64 mesh_no, i64 *ret_n) MUST_CHECK;
/* Deletes those of the mesh that ended before before_ms and were never used. */
void store_invites_prune(struct store *st, i64 mesh_no, i64 before_ms);
/* Sets the count. */
void store_invite_used(struct store *st, i64 mesh_no, i64 invite_no, i64 uses, i64 used_ms);
void store_invite_revoke(struct store *st, i64 mesh_no, i64 invite_no, i64 revoked_ms);
/* How many of any mesh were mailed to the address since then. */
struct err *store_invites_mailed(struct store *st, struct arena *a, str email, i64 since_ms, i64 *ret_n)
	MUST_CHECK;

/* ---- jobs: what is to be done outside, see engine/mail.h ---- */
struct job_row {
	i64 no;
	str kind;
	i64 mesh_no, about_no; /* 0: none */
	str payload;           /* sealed; absent when it has ended */
	str state;             /* waiting, sent or failed */
	i64 tries, due_ms, until_ms, created_ms, ended_ms;
};
void store_job_add(struct store *st, const struct job_row *j);
/* *ret_job is NULL when there is none. */
struct err *store_job(struct store *st, struct arena *a, i64 no, struct job_row **ret_job) MUST_CHECK;
/* Of all meshes, those waiting longest first. */
struct err *store_jobs_due(struct store *st, struct arena *a, i64 now_ms, size_t limit,
			   struct job_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_jobs_of(struct store *st, struct arena *a, i64 mesh_no, struct job_row **ret_rows,
			  size_t *ret_n) MUST_CHECK;
/* These two do nothing once it has ended. */
void store_job_claim(struct store *st, i64 no, i64 tries, i64 due_ms);
void store_job_end(struct store *st, i64 no, str state, i64 ended_ms);
/* Deletes those that ended before before_ms. */
void store_jobs_prune(struct store *st, i64 before_ms);

/* ---- mailboxes: one per member, one per attested session key ---- */
struct mailbox_row {
	i64 no, mesh_no, member_no;
	str pubkey;   /* 64 hex: the address; unique in the mesh */
	bool session; /* false: the member's own */
	i64 seen_ms;  /* last time a connection held it */
	i64 attested_until_ms;
	str attestation; /* signature by which the member vouches for the key; may be absent */
	bool waiting; /* read only: there are deliveries in it */
};
void store_mailbox_add(struct store *st, const struct mailbox_row *m);
struct err *store_mailboxes(struct store *st, struct arena *a, i64 mesh_no,
			    struct mailbox_row **ret_rows, size_t *ret_n) MUST_CHECK;
void store_mailbox_seen(struct store *st, i64 mesh_no, i64 mailbox_no, i64 seen_ms);
/* Gives an empty one to another member: its session's, or its own. */
void store_mailbox_own(struct store *st, i64 mesh_no, i64 mailbox_no, i64 member_no, bool session);
void store_mailbox_attest(struct store *st, i64 mesh_no, i64 mailbox_no, i64 until_ms, str attestation);
/* Session mailboxes, of any mesh, not seen since before_ms and without deliveries. */
struct idle_mailbox {
	i64 no, mesh_no;
	str mesh_id, pubkey;
};
struct err *store_mailboxes_idle(struct store *st, struct arena *a, i64 before_ms, size_t limit,
				 struct idle_mailbox **ret_rows, size_t *ret_n) MUST_CHECK;
void store_mailbox_drop(struct store *st, i64 mesh_no, i64 mailbox_no);

/* ---- messages ---- */
struct message_row {
	i64 no, mesh_no;
	str id;                /* 32 characters */
	i64 sender_no;         /* member */
	str sender_pubkey;     /* the key that sealed it: session or member key */
	str sender_name;       /* as it was shown when accepted; may be absent */
	str target;            /* targetSpec as sent */
	int rank;              /* 0 now, 1 next, 2 low: delivered in this order, then by no */
	str nonce, ciphertext; /* base64 text, verbatim */
	str client_id, fingerprint, reply_to; /* may be absent */
	i64 created_ms, expires_ms;
};
struct delivery_row {
	i64 mailbox_no, message_no;
	int rank;
	i64 shared;    /* among how many mailboxes, if more than one */
	i64 sender_no; /* the message's */
	i64 bytes;     /* what the message takes */
};
void store_message_add(struct store *st, const struct message_row *m);
void store_delivery_add(struct store *st, i64 mesh_no, const struct delivery_row *d);
/* Ends a delivery; with it the message, if it was the last. The receipt says how. */
struct delivery_end {
	i64 member_no; /* whose mailbox it is */
	enum delivery_state state;
	i64 at_ms;
};
void store_delivery_end(struct store *st, i64 mesh_no, const struct delivery_row *d,
			const struct delivery_end *end);
/* What a mailbox does not take: there is no delivery, only its end. */
void store_delivery_refuse(struct store *st, i64 mesh_no, const struct delivery_row *d,
			   const struct delivery_end *end);
/* Ends all that waits in a mailbox of the mesh. */
void store_deliveries_end(struct store *st, i64 mesh_no, i64 mailbox_no, enum delivery_state state,
			  i64 at_ms);
/* Gives what waits in a session's mailbox to its member's. What is there already ends, and so
 * does a copy of a direct message that another mailbox of the member has or has acked. */
void store_deliveries_move(struct store *st, i64 mesh_no, i64 from_mailbox, i64 to_mailbox);
/* From a session's mailbox to its member's: only what is direct, was not addressed to that
 * session, has no other delivery and is not of the member itself. */
void store_deliveries_move_sole(struct store *st, i64 mesh_no, i64 from_mailbox, i64 to_mailbox);
/* Waiting messages of a mailbox in order of rank, then number, at most limit and only up to
 * max_rank. Skips what has expired by now_ms. */
struct waiting {
	struct message_row message;
	i64 shared, bytes;     /* the delivery's */
};
struct err *store_waiting(struct store *st, struct arena *a, i64 mesh_no, i64 mailbox_no,
			  int max_rank, i64 now_ms, size_t limit, struct waiting **ret_rows,
			  size_t *ret_n) MUST_CHECK;
/* Deliveries, of any mesh, of what expired by now_ms among the oldest `messages` messages; by
 * message, at most limit. */
struct expiring {
	i64 message_no, mesh_no;
	str message_id;
	i64 sender_no;
	i64 mailbox_no; /* 0: of a message without one */
	str client_id;  /* may be absent */
	i64 expires_ms;
	str mesh_id;
	int rank;
	i64 member_no;
	str pubkey;     /* the mailbox's */
	i64 shared, bytes;
};
struct err *store_expiring(struct store *st, struct arena *a, i64 now_ms, size_t messages, size_t limit,
			   struct expiring **ret_rows, size_t *ret_n) MUST_CHECK;
/* Ends that delivery, and its message with the last. */
void store_expire(struct store *st, const struct expiring *row);

/* What waits in a mailbox, by rank and number; member, mesh and expiry are not filled in. */
struct err *store_ending(struct store *st, struct arena *a, i64 mesh_no, i64 mailbox_no,
			 struct expiring **ret_rows, size_t *ret_n) MUST_CHECK;

/* ---- what waits, counted; each walks over what it counts ---- */
struct backlog_row {
	str pubkey;    /* the mailbox's */
	i64 sender_no;
	i64 messages, bytes;
	i64 withheld, withheld_bytes; /* of them, see grant.h; only of mailboxes */
	i64 share;     /* of the sender, in bytes; only covered ones */
};
struct err *store_backlog_of_mailboxes(struct store *st, struct arena *a, i64 mesh_no,
				       struct backlog_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* A message to several is charged in equal parts. */
struct err *store_backlog_of_senders(struct store *st, struct arena *a, i64 mesh_no,
				     struct backlog_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* By sender: what would end if store_deliveries_move were called now. */
struct err *store_backlog_covered(struct store *st, struct arena *a, i64 mesh_no, i64 from_mailbox,
				  i64 to_mailbox, struct backlog_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* What store_deliveries_move_sole would move; never NULL. */
struct err *store_backlog_sole(struct store *st, struct arena *a, i64 mesh_no, i64 from_mailbox,
			       i64 to_mailbox, struct backlog_row **ret_sum) MUST_CHECK;

/* ---- receipts: what was accepted and what became of it ---- */
struct receipt_row {
	i64 no, mesh_no;       /* no: the message's */
	str id;                /* the message's */
	i64 sender_no;
	str target;
	str client_id;         /* may be absent */
	str fingerprint;       /* as received; may be absent */
	str digest;            /* bytes; may be absent */
	i64 recipients, created_ms;
};
void store_receipt_add(struct store *st, const struct receipt_row *r);
/* *ret_receipt is NULL when there is none. */
struct err *store_receipt(struct store *st, struct arena *a, i64 mesh_no, i64 no,
			  struct receipt_row **ret_receipt) MUST_CHECK;
/* What a member sent or was to get, with a number from first_no to last_no, by the start of its
 * id (or all of it), at most limit. Walks over the numbers. */
struct err *store_receipts_seen_by(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				   i64 first_no, i64 last_no, str id_prefix, size_t limit,
				   struct receipt_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* One recipient's part. */
struct receipt_end {
	i64 mailbox_no, member_no;
	enum delivery_state state; /* DELIVERY_QUEUED while it waits */
	i64 at_ms;                 /* 0 while it waits */
	str pubkey;                /* the mailbox's; absent when that is gone */
	int rank;                  /* of the delivery, while it waits */
};
/* All of them: what has ended first, then what waits. */
struct err *store_receipt_ends(struct store *st, struct arena *a, i64 mesh_no, i64 message_no,
			       struct receipt_end **ret_rows, size_t *ret_n) MUST_CHECK;
/* All receipts by number, in pages: those behind after_no, at most limit. */
struct receipt_key {
	i64 no, mesh_no, sender_no;
	str id;
	str client_id;         /* may be absent */
};
struct err *store_receipt_keys(struct store *st, struct arena *a, i64 after_no, size_t limit,
			       struct receipt_key **ret_rows, size_t *ret_n) MUST_CHECK;
struct receipt_age { i64 no, recipients, created_ms; };
struct err *store_receipt_ages(struct store *st, struct arena *a, i64 after_no, size_t limit,
			       struct receipt_age **ret_rows, size_t *ret_n) MUST_CHECK;
/* Deletes those behind after_no up to up_to_no that are from before before_ms. */
void store_receipts_prune(struct store *st, i64 after_no, i64 up_to_no, i64 before_ms);

/* ---- the archive: how receipts are found that are not in memory (engine/archive.h) ---- */
struct receipt_run {
	i64 no;
	i64 shard, shards;     /* whose meshes it covers */
	i64 first_no, last_no; /* receipts, both included */
	i64 newest_ms;
	bool done;
};
/* Adding one that is there already, as after a commit of unknown outcome, changes nothing. */
void store_run_add(struct store *st, const struct receipt_run *run);
void store_run_key_add(struct store *st, i64 run_no, u64 hash, i64 no);
void store_run_done(struct store *st, i64 run_no, str filter, str ids);
/* By number. */
struct err *store_runs(struct store *st, struct arena *a, struct receipt_run **ret_rows,
		       size_t *ret_n) MUST_CHECK;
struct err *store_run_contents(struct store *st, struct arena *a, i64 run_no, str *ret_filter,
			       str *ret_ids) MUST_CHECK;
/* The receipts that a hash of the run may mean. */
struct err *store_run_find(struct store *st, struct arena *a, i64 run_no, u64 hash, i64 **ret_nos,
			   size_t *ret_n) MUST_CHECK;
/* Deletes its keys up to that hash, as signed numbers; INT64_MAX: and the run itself. */
void store_run_prune(struct store *st, i64 run_no, i64 up_to_hash);
/* The secret of that name; `fresh` becomes it if there is none. Commits. */
struct err *store_secret(struct store *st, struct arena *a, str name, str fresh, str *ret_secret)
	MUST_CHECK;

/* ---- signatures seen: each is accepted once ---- */
void store_signature_add(struct store *st, str signature, i64 until_ms);
struct err *store_signatures(struct store *st, struct arena *a, i64 now_ms, str **ret_signatures,
			     i64 **ret_until, size_t *ret_n) MUST_CHECK;
void store_signatures_prune(struct store *st, i64 now_ms);

/* ---- topics ---- */
struct topic_row {
	i64 no, mesh_no;
	str id, name, visibility;
	i64 created_by, created_ms;
	str description;       /* may be absent */
	bool plaintext;
	i64 epoch;             /* 0: no key */
	bool stale;
	bool filled;           /* false: of a time when not everybody was put into #general */
	i64 last_seq, last_ms; /* read only: the newest post, 0: none */
};
void store_topic_add(struct store *st, const struct topic_row *t);
void store_topic_key_set(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, bool stale);
void store_topic_filled(struct store *st, i64 mesh_no, i64 topic_no);
/* The public one, without last_seq and last_ms; *ret_topic is NULL when there is none. */
struct err *store_topic_by_name(struct store *st, struct arena *a, i64 mesh_no, str name,
				struct topic_row **ret_topic) MUST_CHECK;
struct err *store_topics(struct store *st, struct arena *a, i64 mesh_no, struct topic_row **ret_rows,
			 size_t *ret_n) MUST_CHECK;
struct topic_member_row {
	i64 topic_no, member_no;
	str role;
	i64 joined_ms, read_ms, read_seq;
	i64 own_unread;        /* own posts behind read_seq */
	i64 place_seq;
	bool keyed;            /* read only: there is a copy of the newest key for it */
};
/* After both were added; does nothing if either is of another mesh or it is one already. */
void store_topic_member_add(struct store *st, i64 mesh_no, const struct topic_member_row *m);
void store_topic_member_role(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no, str role);
/* Sets read_ms, read_seq and own_unread. */
void store_topic_member_read(struct store *st, i64 mesh_no, const struct topic_member_row *m);
void store_topic_member_place(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no, i64 place_seq);
void store_topic_member_remove(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no);
/* Of all topics of the mesh. */
struct err *store_topic_members(struct store *st, struct arena *a, i64 mesh_no,
				struct topic_member_row **ret_rows, size_t *ret_n) MUST_CHECK;

/* What a lead said of somebody, whether in the topic now or not: "observer", "none". */
struct topic_bar_row {
	i64 topic_no, member_no;
	str role;
};
/* Takes the place of another. After both were added; does nothing if either is of another mesh. */
void store_topic_bar_set(struct store *st, i64 mesh_no, const struct topic_bar_row *bar);
void store_topic_bar_drop(struct store *st, i64 mesh_no, i64 topic_no, i64 member_no);
/* Of all topics of the mesh. */
struct err *store_topic_bars(struct store *st, struct arena *a, i64 mesh_no,
			     struct topic_bar_row **ret_rows, size_t *ret_n) MUST_CHECK;

/* ---- posts ---- */
struct post_row {
	i64 no, mesh_no, topic_no;
	i64 seq;               /* in the topic: 1, 2, 3 ... */
	str id;
	i64 sender_no;
	str sender_pubkey;     /* the key it was posted with: session or member key */
	str sender_name;       /* as it was shown when accepted; may be absent */
	int rank;
	str nonce, ciphertext;
	i64 body_version, epoch;
	i64 reply_no;          /* 0: none */
	str client_id, fingerprint; /* may be absent */
	i64 created_ms;
	str signature;         /* the author's own; may be absent */
	str signed_reply;      /* with it: what it says that is answered; may be absent */
	str reply_to;          /* read only: id of the parent; absent when there is none any more */
};
void store_post_add(struct store *st, const struct post_row *p);
/* Newest first, those below seq. */
struct err *store_posts_before(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 seq,
			       size_t limit, struct post_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* Oldest first, those behind seq. */
struct err *store_posts_after(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 seq,
			      size_t limit, struct post_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* *ret_post is NULL when the topic has none of that id. */
struct err *store_post_by_id(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, str id,
			     struct post_row **ret_post) MUST_CHECK;
/* How many behind after_seq are the member's. Walks over them. */
struct err *store_posts_of_sender(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 after_seq,
				  i64 sender_no, i64 *ret_n) MUST_CHECK;

/* ---- keys of topics ---- */
void store_topic_epoch_add(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, i64 maker_no, str key_pubkey,
			   i64 created_ms);
struct topic_copy_row {
	i64 topic_no, epoch, member_no;
	str sealed, nonce;
	i64 sealer_no, created_ms;
	i64 maker_no;          /* read only: of the epoch */
	str key_pubkey;        /* likewise; may be absent */
};
/* Does nothing if there is one. */
void store_topic_copy_add(struct store *st, i64 mesh_no, const struct topic_copy_row *c);
void store_topic_copy_drop(struct store *st, i64 mesh_no, i64 topic_no, i64 epoch, i64 member_no);
/* A member's, the newest first. */
struct err *store_topic_copies(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 member_no,
			       struct topic_copy_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_topic_copy(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 epoch,
			     i64 member_no, bool *ret_there) MUST_CHECK;
/* Absent when there is none. */
struct err *store_topic_key_pubkey(struct store *st, struct arena *a, i64 mesh_no, i64 topic_no, i64 epoch,
				   str *ret_pubkey) MUST_CHECK;

/* ---- notifications ---- */
struct notification_row {
	struct post_row post;  /* without reply_to */
	i64 read_ms;           /* 0: unread */
};
/* Does nothing if there is one. */
void store_notification_add(struct store *st, i64 mesh_no, i64 member_no, const struct post_row *p);
/* Newest first: of posts below before_no, from since_ms on. */
struct err *store_notifications(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, bool unread,
				i64 before_no, i64 since_ms, size_t limit, struct notification_row **ret_rows,
				size_t *ret_n) MUST_CHECK;
/* Counts at most limit. */
struct err *store_notifications_unread(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				       size_t limit, i64 *ret_n) MUST_CHECK;
void store_notification_read(struct store *st, i64 mesh_no, i64 member_no, i64 post_no, i64 read_ms);
void store_notifications_prune(struct store *st, i64 mesh_no, i64 member_no, i64 before_ms);

/* ---- skills ---- */
struct skill_row {
	i64 mesh_no;
	str name, description, instructions;
	str tags;              /* a JSON array of texts */
	str manifest;          /* a JSON object; may be absent */
	i64 author_no;         /* member */
	str author_name;       /* as it was when shared first */
	i64 created_ms, updated_ms;
};
/* Adds it; author and creation of one that is there stay. */
void store_skill_put(struct store *st, const struct skill_row *s);
/* *ret_skill is NULL when there is none. */
struct err *store_skill(struct store *st, struct arena *a, i64 mesh_no, str name,
			struct skill_row **ret_skill) MUST_CHECK;
/* By name, without instructions and manifest. */
struct err *store_skills(struct store *st, struct arena *a, i64 mesh_no, struct skill_row **ret_rows,
			 size_t *ret_n) MUST_CHECK;
void store_skill_remove(struct store *st, i64 mesh_no, str name);

/* ---- API keys ---- */
struct api_key_row {
	i64 mesh_no;
	str id;
	str digest;            /* 32 bytes of the secret, see crypto/apikey.h; unique */
	str prefix, label;
	i64 caps;              /* enum cap */
	str topics;            /* a JSON array of names; absent: all topics */
	i64 member_no;         /* who made it */
	i64 created_ms, expires_ms, revoked_ms, used_ms; /* 0: never */
	i64 ends_ms;           /* revoked or expired, whichever is first; INT64_MAX: neither */
};
void store_api_key_add(struct store *st, const struct api_key_row *k);
/* *ret_key is NULL when there is none. */
struct err *store_api_key(struct store *st, struct arena *a, str digest, struct api_key_row **ret_key)
	MUST_CHECK;
/* Of one member, or with 0 of all; newest first, at most limit. */
struct err *store_api_keys(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, size_t limit,
			   struct api_key_row **ret_rows, size_t *ret_n) MUST_CHECK;
/* At most two whose ids start so (letters and digits); likewise. */
struct err *store_api_keys_named(struct store *st, struct arena *a, i64 mesh_no, i64 member_no, str prefix,
				 struct api_key_row **ret_rows, size_t *ret_n) MUST_CHECK;
struct err *store_api_key_count(struct store *st, struct arena *a, i64 mesh_no, i64 member_no,
				i64 *ret_n) MUST_CHECK;
void store_api_key_revoke(struct store *st, i64 mesh_no, str id, i64 revoked_ms);
/* All of a member that are not over. */
void store_api_keys_revoke_of(struct store *st, i64 mesh_no, i64 member_no, i64 revoked_ms);
/* Waits for another commit. */
void store_api_key_used(struct store *st, i64 mesh_no, str id, i64 used_ms);
/* Deletes those of the mesh that ended before before_ms. */
void store_api_keys_prune(struct store *st, i64 mesh_no, i64 before_ms);

#endif
