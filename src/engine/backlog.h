/*
 * backlog.h - how much waits on disk: for each mailbox, and of each sender over all mailboxes.
 *
 * Kept in memory with every delivery that is added, ends or moves, so that a send is refused
 * without asking the store; read from it when the mesh is, also after a failed commit. A
 * sender answers for equal parts of what it sent to several. Moving may fill a mailbox beyond
 * its bound: what was accepted is not lost. Engine thread only.
 */
#ifndef ENGINE_BACKLOG_H
#define ENGINE_BACKLOG_H

#include "base/base.h"
#include "base/err.h"

struct delivery_row;
struct expiring;
struct mailbox;
struct member;
struct mesh;
struct message_row;

struct backlog { i64 messages, bytes; };

/* What a message takes, its names and ids included. */
i64 message_bytes(const struct message_row *m);
void backlog_add(struct mailbox *mb, const struct delivery_row *d);
void backlog_end(struct mailbox *mb, const struct delivery_row *d);
void backlog_expired(struct mesh *m, const struct expiring *row);
/* A delivery that waits is withheld from now on; those added with a rank of RANK_WITHHELD and up are. */
void backlog_withhold(struct mailbox *mb, i64 bytes);
/* Before the store is told to move all of it, or only what is sole. If it cannot be read what
 * that will be, the mesh is counted before the next message is accepted (mesh->uncounted). */
void backlog_move(struct mailbox *from, struct mailbox *to);
void backlog_move_sole(struct mailbox *from, struct mailbox *to);
/* Counts the whole mesh anew. */
struct err *backlog_read(struct mesh *m, struct arena *a) MUST_CHECK;
/* The mailbox is about to be freed. */
void backlog_drop(struct mailbox *mb);

/* May one more of these be accepted? Who sends what is to be withheld is told what he would be if
 * nothing were; to others what is withheld takes no room. */
bool backlog_has_room(const struct mailbox *mb, i64 bytes, bool withheld);
struct backlog backlog_seen(const struct mailbox *mb, bool withheld);
/* n deliveries of `bytes` together. */
bool backlog_sender_has_room(const struct member *sender, i64 n, i64 bytes);

#endif
