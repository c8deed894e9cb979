/*
 * loop_uv.h - the inside of a loop, for the files of src/net that hold libuv handles.
 */
#ifndef NET_LOOP_UV_H
#define NET_LOOP_UV_H

#include <pthread.h>
#include <uv.h>

#include "base/timers.h"
#include "net/loop.h"

enum {
	LOOP_END_ROUNDS = 16,         /* of tasks that queue tasks, before the sockets' turn */
	LOOP_ORPHANS_MAX = 1024,      /* streams that only say goodbye; the oldest makes room */
	LOOP_MASK_BYTES = 512,        /* of random bytes fetched at once for a client's frames */
};

struct post {
	struct post *next;
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	uv_loop_t uv;
	uv_async_t async;             /* posts wait */
	uv_prepare_t prepare;         /* end of the timers' part of a turn */
	uv_check_t check;             /* end of the sockets' part */
	uv_idle_t idle;               /* active while there are tasks for the next turn */
	uv_timer_t wait;              /* of loop_turn() */
	uv_timer_t clock;             /* wakes for the earliest of `timers` */
	struct timers timers;
	size_t n_timers;              /* made and not freed, set or not */
	bool in_timers;               /* they are being called */
	struct loop_task end, next;   /* list heads */
	struct loop_task orphans;     /* list head, oldest first; fn drops one */
	u64 turn;                     /* counts */
	size_t n_orphans;
	size_t n_unsent;              /* orphans that still have output */
	size_t n_pool;                /* pool work and name lookups under way */
	char *read_buf;               /* LOOP_READ_BYTES */
	char *plain_buf;              /* the same, for what TLS decrypts; made when needed */
	u8 masks[LOOP_MASK_BYTES];    /* each is used once, from the end on */
	size_t n_masks;               /* bytes that are left */

	pthread_mutex_t lock;         /* guards the posts */
	struct post *posts, **posts_tail;
	size_t n_posts;
};

/* loop_timer.c; the second aborts if a timer was not freed. */
void loop_timers_init(struct loop *l);
void loop_timers_done(struct loop *l);

/* A stream without owner: t->fn(t->arg) must end it and cancel t. */
void loop_orphan_add(struct loop *l, struct loop_task *t);
void loop_orphan_remove(struct loop *l, struct loop_task *t);

#endif
