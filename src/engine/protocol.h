/*
 * protocol.h - the protocol reference, written from the rows of op.h: as JSON with a
 * schema each, and as docs/protocol.md (tools/gen-docs).
 */
#ifndef ENGINE_PROTOCOL_H
#define ENGINE_PROTOCOL_H

#include "base/err.h"
#include "json/fields.h"

/* What the broker says to a peer: answers and pushes. */
struct reply_type {
	const char *name;
	const struct json_field *fields;
	const char *doc;
};
/* The i-th row, NULL at the end. */
const struct reply_type *reply_at(size_t i);

/* One message, or all with an empty name. NOT_FOUND names the nearest. */
struct err *protocol_json(struct arena *a, struct buf *out, str name) MUST_CHECK;
void protocol_markdown(struct buf *out);

#endif
