/*
 * audit.h - the audit log of a mesh (wire-core.md 10), for its admins: pages for people, all of it
 * for who verifies it, and checkpoints. Unlike the reference's, pages are bounded.
 */
#ifndef PROTO_AUDIT_H
#define PROTO_AUDIT_H

#include "json/fields.h"
#include "proto/limits.h"

enum {
	AUDIT_PAGE_DEFAULT = 50,
	AUDIT_PAGE_MAX = 500,
	AUDIT_PAGE_BYTES_MAX = 1 << 18, /* of payloads; a page of long ones has fewer rows */
	AUDIT_EVENT_BYTES_MAX = 64,
	AUDIT_OFFSET_MAX = 10000, /* with an event; further back by beforeSeq */
	AUDIT_COUNTED_MAX = 100000, /* rows of an event; more are shown as that */
	AUDIT_SCAN_MAX = 20000,   /* rows in which one page looks for messages */
};

#define AUDIT_QUERY_ARGS(F, T) \
	F(T, i64, limit,     OPT, 0, INT64_MAX, "rows, 50 if left out, at most 500") \
	F(T, i64, offset,    OPT, 0, INT64_MAX, "rows to leave out, the newest; with eventType at most 10000") \
	F(T, str, eventType, OPT, 0, AUDIT_EVENT_BYTES_MAX, "only these") \
	F(T, i64, beforeSeq, OPT, 0, INT64_MAX, "only rows before this one") \
	F(T, str, _reqId,    OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(audit_query, AUDIT_QUERY_ARGS);

#define AUDIT_ENTRY_ARGS(F, T) \
	F(T, i64, id,        REQ, 0, 0, "place in the mesh's chain, from 1 without a gap") \
	F(T, str, eventType, REQ, 0, 0, "what happened; the words are listed below") \
	F(T, str, actor,     REQ, 0, 0, "display name of who did it, or `system`") \
	F(T, str, actorId,   REQ | NULLABLE, 0, 0, "its member id, or null") \
	F(T, any, payload,   REQ | NULLABLE, 0, 0, "an object; null if what is stored is none") \
	F(T, str, hash,      REQ, 0, 0, "64 hex: SHA-256 of this row and the hash before it") \
	F(T, str, createdAt, REQ, 0, 0, "ISO time")
JSON_LIST(audit_entry, AUDIT_ENTRY_ARGS);
#define JSON_C_audit_entries struct audit_entry_list
#define JSON_KIND_audit_entries JSON_K_LIST
#define JSON_SUB_audit_entries &audit_entry_list_type

#define AUDIT_RESULT_ARGS(F, T) \
	F(T, audit_entries, entries, REQ, 0, AUDIT_PAGE_MAX, "newest first") \
	F(T, i64, total,  REQ, 0, 0, "rows of the mesh, or of the event, counted to 100000") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(audit_result, AUDIT_RESULT_ARGS);

#define AUDIT_VERIFY_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(audit_verify, AUDIT_VERIFY_ARGS);

#define AUDIT_VERIFY_RESULT_ARGS(F, T) \
	F(T, bool, valid,   REQ, 0, 0, "every row's hash holds, and none is missing") \
	F(T, i64, entries,  REQ, 0, 0, "rows of the mesh") \
	F(T, i64, brokenAt, OPT, 0, 0, "id of the first row that does not hold or is missing") \
	F(T, str, _reqId,   OPT, 0, 0, "echo")
JSON_ARGS(audit_verify_result, AUDIT_VERIFY_RESULT_ARGS);

/* Ours: all rows as they are stored, upwards, so that a client verifies them by itself. */
#define AUDIT_ROWS_ARGS(F, T) \
	F(T, i64, afterSeq, OPT, 0, INT64_MAX, "from behind this row; absent: from the first") \
	F(T, i64, limit,    OPT, 0, INT64_MAX, "rows, at most 500") \
	F(T, str, _reqId,   OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(audit_rows, AUDIT_ROWS_ARGS);

#define AUDIT_STORED_ARGS(F, T) \
	F(T, i64, seq,       REQ, 1, INT64_MAX, "place in the chain") \
	F(T, str, event,     REQ, 0, 0, "as it was hashed") \
	F(T, str, actor,     REQ | NULLABLE, 0, 0, "member id, or null") \
	F(T, str, payload,   REQ, 0, 0, "the canonical JSON, as text") \
	F(T, i64, createdMs, REQ, 0, 0, "milliseconds since 1970; hashed as an ISO time") \
	F(T, str, hash,      REQ, 0, 0, "64 hex")
JSON_LIST(audit_stored, AUDIT_STORED_ARGS);
#define JSON_C_audit_stored_rows struct audit_stored_list
#define JSON_KIND_audit_stored_rows JSON_K_LIST
#define JSON_SUB_audit_stored_rows &audit_stored_list_type

#define AUDIT_ROWS_RESULT_ARGS(F, T) \
	F(T, str, meshId, REQ, 0, 0, "as it was hashed") \
	F(T, audit_stored_rows, rows, REQ, 0, AUDIT_PAGE_MAX, "in order") \
	F(T, i64, last,   REQ, 0, INT64_MAX, "place of the newest row of the mesh") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(audit_rows_result, AUDIT_ROWS_RESULT_ARGS);

#define AUDIT_CHECKPOINT_ARGS(F, T) \
	F(T, str, _reqId, OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(audit_checkpoint, AUDIT_CHECKPOINT_ARGS);

/* Also what stands in the file of a checkpoint, without _reqId (client/checkpoint.h). */
#define AUDIT_CHECKPOINT_RESULT_ARGS(F, T) \
	F(T, str, meshId,    REQ, 1, ID_BYTES, "of which mesh") \
	F(T, i64, seq,       REQ, 0, INT64_MAX, "place of the newest row; 0: there is none") \
	F(T, str, hash,      REQ, 0, 64, "its hash, 64 hex, or empty") \
	F(T, i64, timeMs,    REQ, 0, INT64_MAX, "when, in milliseconds since 1970") \
	F(T, hex, pubkey,    REQ, 64, 64, "the broker's key for checkpoints, Ed25519") \
	F(T, hex, signature, REQ, 128, 128, "of claudemesh-checkpoint-v1|meshId|seq|hash|timeMs") \
	F(T, str, _reqId,    OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(audit_checkpoint_result, AUDIT_CHECKPOINT_RESULT_ARGS);

#endif
