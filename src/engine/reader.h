/*
 * reader.h - who reads a topic as a stream of server-sent events: connections of REST that are
 * told of each post as it is made. They are no presences: nobody sees them, nothing is kept for
 * them, and where one stopped it knows itself (Last-Event-ID).
 *
 * A reader goes when its connection does, when its key ends, or when its member may not read the
 * topic any more. Posting costs one effect a topic, however many read. Engine thread only.
 */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "crypto/hash.h"
#include "engine/bearer.h"
#include "proto/topic.h"

enum {
	READERS_PER_MEMBER_MAX = 1024,
	READERS_PER_MESH_MAX = 10000,
};

struct reader;
struct topic;

/* Adds the connection of rq to those of the topic; `first` is the start of its stream (taken over).
 * CONFLICT with the word too_many_streams. */
struct err *reader_add(struct req *rq, i64 topic_no, struct block *first) MUST_CHECK;
/* Does anybody read it? Then a post is worth writing down for them. */
bool topic_has_readers(const struct mesh *m, i64 topic_no);
/* Tells all of them who want it (grant.h) of a post of their topic; takes the block over. */
void readers_tell(const struct topic *t, const struct post_row *post, struct block *event);
/* The connection is gone; nothing happens if it is none. */
void reader_closed(struct engine *e, struct conn_ref conn);
/* Ends those of a member (NULL: anybody's) in a topic (0: in all). They hear why. */
void readers_end(struct mesh *m, const struct member *member, i64 topic_no, const char *why);
/* Ends those of a key. */
void readers_end_key(struct engine *e, str digest);
/* Of a batch that was not stored: whom it added. */
void readers_undo(struct mesh *m);
/* Of a mesh that is freed. */
void readers_free(struct mesh *m);

/* One event: `event`, `data`, and unless empty `id`, as http-data-web.md 2.10 has it. Data and id have
 * no line ends. */
struct block *reader_event(const char *event, str data, str id);
/* Event `message` of a post. */
struct block *reader_message(const struct topic_message_args *m);

#endif
