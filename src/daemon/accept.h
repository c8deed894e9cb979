/*
 * accept.h - POST /v1/send: from what the caller wrote to a row on disk.
 *
 * Order: validate, fingerprint, look the id up (a repeat is answered without a broker),
 * choose the mesh, resolve the target, seal, accept in one transaction, answer. A message to
 * a key is sealed for that key; nothing is ever kept or sent in another form. A post to a topic
 * needs no broker: it is kept as text and sealed when it goes out (postbox.h). A request that
 * is refused uses its id up only if a row was written. Loop thread only.
 */
#ifndef DAEMON_ACCEPT_H
#define DAEMON_ACCEPT_H

#include "daemon/drain.h"
#include "daemon/meshes.h"
#include "daemon/outbox.h"
#include "daemon/sessions.h"

enum { ACCEPT_WAITING_MAX = 1024 }; /* requests that wait for a list of peers or the disk */

struct accept;
/* dr is woken when there is a row. */
struct accept *accept_new(const struct meshes_spec *spec, struct meshes *ms, struct sessions *ss,
			  struct drain *dr);
void accept_free(struct accept *ac); /* NULL is fine; who waits is not called */

struct accept_request {
	str to, message;
	str priority;          /* word; empty: next */
	str reply_to_id, client_message_id, mesh; /* each may be empty */
	const struct json *meta; /* NULL: none */
	bool plaintext;          /* a post that the broker may read */
	struct session *session; /* who sends; NULL: the member */
};
/* Exactly one of e and answer, valid during the call. Errors: BAD_REQUEST (a field;
 * "mesh_required"), NOT_FOUND ("mesh_not_attached", no such peer), AMBIGUOUS, TOO_LARGE,
 * TRY_AGAIN (the disk; no list of peers). A 409 is an answer. */
typedef void accept_fn(void *arg, const struct err *e, const struct outbox_answer *answer);
/* Copies the request; fn is called once, later, when the row is on disk. */
void accept_send(struct accept *ac, const struct accept_request *rq, accept_fn *fn, void *arg);
/* Forgets fn(arg): its owner went away. The row may be written all the same. */
void accept_forget(struct accept *ac, void *arg);

#endif
