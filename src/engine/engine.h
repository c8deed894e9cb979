/*
 * engine.h - the meshes: events in, effects out after the commit. No sockets, no threads,
 * no clock of its own; thread.h runs it, tests and the simulator call it directly.
 *
 * One of several shards, or the only one: all it is asked about are its meshes, and the house
 * (shard 0) also takes the calls, which name no mesh that could be known before.
 *
 * A batch is one transaction. When the commit fails, no effect of the batch leaves, every
 * caller gets the retryable try_again, and what memory held from the store is read again.
 * A batch that only ended deliveries, or saw somebody, leaves its commit to the next one that
 * stores more, for 50 ms at most: losing it costs a push again. Nobody is told of such an end
 * before it is stored.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/clock.h"
#include "base/histogram.h"
#include "base/random.h"
#include "crypto/keyfile.h"
#include "engine/counters.h"
#include "engine/effect.h"
#include "engine/event.h"
#include "engine/shard.h"
#include "proto/limits.h"
#include "store/store.h"

enum {
	BATCH_EVENTS = 512,
	BATCH_BYTES = 2 << 20,
	BATCH_PER_CONNECTION = 32,
};

struct engine_settings {
	i64 rate_per_minute, rate_burst;   /* accepted sends of a member; 0 per minute: no limit */
	i64 max_message_bytes;             /* ciphertext + nonce + targetSpec */
	i64 max_connections_per_mesh, max_connections_per_member, max_session_keys_per_member;
	/* What waits in one mailbox, and of one sender in all of them; 0: no limit. */
	i64 mailbox_messages, mailbox_bytes, sender_messages, sender_bytes;
	i64 meshes_per_day, invites_per_mesh, signatures; /* see MESHES_PER_DAY, INVITES_MAX, SIGNATURES_MAX */
	i64 lists_kb_per_minute;           /* peer lists that one member gets */
	bool mail;                         /* somebody takes EFFECT_MAIL, see mail.h */
	bool refuse_offline;               /* --offline refuse: the reference's rule */
	bool audit_messages, audit_presence; /* are they in the audit log? */
	i64 grace_ms, lease_ms;
	i64 window_messages, window_bytes;
	i64 receipts_in_memory;            /* as far as their day allows */
	unsigned shard, shards;            /* this engine's number and how many there are, see shard.h */
	str ws_url, http_url;              /* how clients reach this broker; outlive the engine */
	str login_secret;                  /* signs session tokens, see account.h; likewise; empty: there are none */
};
/* The defaults of proto/limits.h, and the only shard; ws_url and http_url are empty. */
struct engine_settings engine_settings_default(void);

struct engine;

/* clock, random, store and keys outlive the engine; keys may be NULL: then no mesh can be made
 * whose keys the broker would hold. */
struct err *engine_new(struct arena *a, const struct clock *clock, const struct random *random,
		       struct store *store, const struct keyfile *keys,
		       const struct engine_settings *settings, struct engine **ret_engine) MUST_CHECK;
void engine_free(struct engine *e);           /* NULL is fine */

/* Runs the events (in order; not taken over) and the timers that are due, and commits.
 * The effects belong to the caller. */
struct effects *engine_step(struct engine *e, struct event *const *events, size_t n);
/* Commits what still waits for it, before the end; effects as of a step. */
struct effects *engine_stop(struct engine *e);
/* When the next timer is due, in clock milliseconds (mono); INT64_MAX if none. */
i64 engine_next_ms(const struct engine *e);

/* Counters for /health, /metrics (src/broker/metrics_table.c says what each is) and tests. */
struct engine_stats {
	i64 meshes, presences, online, accepted, refused, pushed, acked, redelivered, bad_messages,
		commits, failed_commits, hints, hints_dropped, states, states_dropped;
	i64 duplicates;                    /* sends that had been accepted before */
	i64 meshes_unloaded;
	i64 waiting;                       /* deliveries of the meshes in memory */
	i64 receipts;                      /* client_message_ids in memory */
	/* What sweeps deleted: deliveries past their time, receipts, mailboxes, signatures. */
	i64 expired, receipts_pruned, mailboxes_pruned, signatures_pruned;
	i64 routed[3];                     /* pushes, by rank: now, next, low */
	i64 hellos_refused[HELLO_REFUSAL_COUNT], sends_refused[SEND_REFUSAL_COUNT];
	i64 grant_drops[GRANT_DROP_COUNT]; /* kept from who does not want them: direct, of several and posts */
	i64 legacy_auth_hits;              /* calls that BROKER_LEGACY_AUTH let through */
	struct histogram queued;           /* events, from the socket to their batch */
	struct histogram commit;           /* of a batch */
	struct histogram ack;              /* accepted sends, from the socket to after the commit */
	struct histogram delivery;         /* messages, from accepted to acked by a recipient */
	struct histogram wake;             /* pushes, from handed to the connection to acked */
	bool db_down;                      /* the last commit or probe failed; the only field that is no i64 */
};
struct engine_stats engine_stats(const struct engine *e);
void engine_stats_add(struct engine_stats *sum, const struct engine_stats *more);

#endif
