/*
 * checkpoint.h - the file of a checkpoint of an audit log: what the broker signed about how far the
 * log was. Whoever keeps one elsewhere sees later whether rows were taken off or exchanged.
 */
#ifndef CLIENT_CHECKPOINT_H
#define CLIENT_CHECKPOINT_H

#include "proto/audit.h"

enum { CHECKPOINT_BYTES_MAX = 4096 };

/* One JSON object. BAD_REQUEST unless every field is there and the signature holds under the key
 * that it names. */
struct err *checkpoint_read(struct arena *a, str text, struct audit_checkpoint_result_args *ret_checkpoint)
	MUST_CHECK;
/* The same of an answer of the broker, for this mesh. */
struct err *checkpoint_accept(struct arena *a, const struct audit_checkpoint_result_args *c, str mesh_id)
	MUST_CHECK;
str checkpoint_write(struct arena *a, const struct audit_checkpoint_result_args *c); /* with its newline */

#endif
