/*
 * yard.h - inside of the yardstick: its links and what is done with a turn's frames.
 *
 * A turn: read what the sockets have, frames go to the batch; the batch goes to the log; its
 * frames are answered and forwarded; output is written. One process, one thread.
 */
#ifndef BENCH_YARD_H
#define BENCH_YARD_H

#include "base/buf.h"
#include "net/ws.h"

#include <uthash.h>

enum {
	YARD_KEY_LEN = 64,
	YARD_MESH_LEN = 32,
	YARD_FRAME_MAX = 1 << 20,
	YARD_OUT_MAX = 1 << 30, /* of a link, and of what waits for a key */
	YARD_BATCH_MAX = 1 << 30,
};

struct yard_link;

/* A member, known from its hello or from a message to it. */
struct yard_key {
	char text[YARD_KEY_LEN];
	struct yard_link *link; /* NULL: away */
	struct buf waiting;     /* frames for it, then */
	UT_hash_handle hh;
};

struct yard_link {
	int fd;
	bool is_open;  /* upgraded */
	bool is_dead;  /* freed after the turn */
	bool is_dirty; /* has output */
	bool is_full;  /* the kernel takes no more for now */
	struct yard *yard;
	struct buf head; /* of the HTTP request */
	struct ws ws;
	struct buf out;
	struct yard_key *key;     /* NULL before hello */
	char seals[YARD_KEY_LEN]; /* the key that seals: of its session or its member */
	char mesh[YARD_MESH_LEN];
	struct yard_link *prev, *next, *next_dirty;
};

/* A frame of the batch. */
struct yard_item {
	struct yard_link *from;
	size_t at, len;
};

struct yard {
	int epoll, listener, log;
	u64 log_at; /* where the next batch goes */
	struct yard_link *links, *dirty;
	struct yard_key *keys;
	struct buf batch; /* payloads of this turn, one after the other */
	struct yard_item *items;
	size_t n_items, room_items;
	bool must_sync; /* the batch holds a message */
	u64 messages;   /* numbers the ids it gives */
	struct buf frame;
};

/* yard_links.c. Serves until the process is killed or something fails. */
_Noreturn void yard_serve(int listener, int log);
/* Queues a text frame. */
void yard_send(struct yard_link *l, str payload);
/* Queues what is a frame already. */
void yard_send_raw(struct yard_link *l, str bytes);

/* yard_post.c. Puts a frame in the batch. */
void yard_take(struct yard_link *l, str payload);
/* Answers and forwards the batch, which is on disk. */
void yard_post(struct yard *y);
/* The link is gone: what comes for its key waits. */
void yard_leave(struct yard_link *l);

/* The string value of a field, where such a field is known to be; empty if not. Pure. */
str yard_field(str frame, str name);

#endif
