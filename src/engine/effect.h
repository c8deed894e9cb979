/*
 * effect.h - what the engine wants done, after the commit that produced it.
 *
 * One list a batch, applied in order by whoever owns the sockets; an effect for a
 * connection that is gone is dropped there. A broadcast is one block and many names.
 */
#ifndef ENGINE_EFFECT_H
#define ENGINE_EFFECT_H

#include "base/arena.h"
#include "base/block.h"
#include "engine/event.h"

enum effect_kind {
	EFFECT_SEND,          /* block is a message for every connection of `to` */
	EFFECT_CLOSE,         /* close with code and reason */
	EFFECT_ADMIT,         /* the hello was good: frames may flow */
	EFFECT_REPLY,         /* answer the request: code is the HTTP status, block the JSON body */
	EFFECT_FORWARD,       /* submit the event of these bytes (block) to the shard `code` */
	EFFECT_STREAM,        /* answer the request with a stream that starts with block; code: the shard
			       * that wants to hear of its end */
	EFFECT_EVENT,         /* block goes on every stream of `to` */
	EFFECT_EVENT_LAST,    /* and then the stream ends; nobody wants to hear of that */
	EFFECT_MAIL,          /* try to send the mail (block: struct mail_args as JSON) of the job `mark`, and
			       * tell the shard `code`; to nobody */
};

struct effect {
	enum effect_kind kind;
	int code;
	bool anyway;          /* true whatever becomes of the commit: nothing of it is stored */
	bool hint;            /* goes behind everything else of the batch */
	u64 mark;             /* EFFECT_SEND: report with EVENT_WRITTEN when written; 0: do not.
			       * EFFECT_REPLY: seconds after which to ask again; 0: not known */
	struct block *block;
	str reason;
	struct conn_ref *to;
	size_t n_to;
};

struct effects {
	struct effects *next; /* queue of the loop thread */
	struct arena *arena;  /* owns everything below but the blocks */
	struct effect *items;
	size_t n, cap;
	size_t n_hints;       /* that were ever added */
};

struct effects *effects_new(void);
void effects_free(struct effects *fx);        /* NULL is fine */
/* Forgets what was added, but not what happens anyway; a close that tells of something stored (4000
 * and up) is then 1013, and who hears it comes back. */
void effects_undo(struct effects *fx);
/* What was added last happens also when the commit fails. */
void effects_anyway(struct effects *fx);

/* What was added last is a hint. */
void effects_hint(struct effects *fx);
void effects_hints_last(struct effects *fx);

/* The effects take over the caller's reference to the block. */
void effects_send(struct effects *fx, struct conn_ref to, struct block *block, u64 mark);
void effects_send_many(struct effects *fx, const struct conn_ref *to, size_t n, struct block *block);
void effects_close(struct effects *fx, struct conn_ref to, int code, str reason);
void effects_admit(struct effects *fx, struct conn_ref to);
/* Moves all of `more` behind fx and frees it. */
void effects_append(struct effects *fx, struct effects *more);
void effects_mail(struct effects *fx, unsigned shard, i64 job_no, struct block *block);
void effects_reply(struct effects *fx, struct conn_ref to, int status, struct block *block);
/* A refusal that may be asked again after so many seconds; 0: nobody knows. */
void effects_refuse(struct effects *fx, struct conn_ref to, int status, struct block *block,
		    i64 retry_after_s);
void effects_stream(struct effects *fx, struct conn_ref to, unsigned shard, struct block *first);
void effects_events(struct effects *fx, const struct conn_ref *to, size_t n, struct block *block);
void effects_event_last(struct effects *fx, struct conn_ref to, struct block *block);
/* Whoever sent the event is answered by the other shard. */
void effects_forward(struct effects *fx, unsigned shard, const struct event *ev);

#endif
