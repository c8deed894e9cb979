/*
 * local.h - the daemon's local API (client.md 6.4): what its routes take. Field tables for the
 * daemon, and for the commands and the MCP server that ask it.
 *
 * GET and DELETE take theirs from the query, the others from a JSON body. `mesh` is a slug or a
 * mesh record id everywhere; a session's own mesh where it is left out.
 */
#ifndef PROTO_LOCAL_H
#define PROTO_LOCAL_H

#include "proto/group.h"
#include "proto/limits.h"

#define LOCAL_API_VERSION "v1"
#define LOCAL_SESSION_SCHEME "ClaudeMesh-Session "

enum {
	LOCAL_MESH_MAX = 64,          /* bytes of a slug or id */
	LOCAL_ID_MAX = 128,           /* bytes of any id */
	LOCAL_TEXT_MAX = 128 << 10,   /* bytes of a message */
	LOCAL_ASK_BYTES_MAX = 1 << 20, /* of a question passed on */
	LOCAL_IDS_MAX = 1000,
	LOCAL_WAIT_MAX_MS = 30000,    /* one request waits at most so long; then ask again */
};

#define LOCAL_MESH_ARGS(F, T) \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: the session's, or all")
JSON_ARGS(local_mesh, LOCAL_MESH_ARGS);

#define LOCAL_EVENTS_ARGS(F, T) \
	F(T, bool, channel, OPT, 0, 0, "they go to a channel that the agent shows at once")
JSON_ARGS(local_events, LOCAL_EVENTS_ARGS);

#define LOCAL_SEND_ARGS(F, T) \
	F(T, str, to,       REQ, 1, 256, "name, key, key prefix, @group, * or #topic") \
	F(T, str, message,  REQ, 1, LOCAL_TEXT_MAX, "the text") \
	F(T, str, priority, OPT, 0, 8, "now, next (default) or low") \
	F(T, any, meta,     OPT, 0, 0, "an object, part of what repeats are recognised by") \
	F(T, str, reply_to_id, OPT, 0, LOCAL_ID_MAX, "the message this answers") \
	F(T, str, client_message_id, OPT, 0, CLIENT_ID_BYTES_MAX, "your own id; Idempotency-Key wins") \
	F(T, str, mesh,     OPT, 0, LOCAL_MESH_MAX, "slug or id") \
	F(T, bool, plaintext, OPT, 0, 0, "of a post: the broker may read it, where the topic has no key yet") \
	F(T, i64, wait_ms,  OPT, 0, LOCAL_WAIT_MAX_MS, "for the broker's word on it, before the answer")
JSON_ARGS(local_send, LOCAL_SEND_ARGS);

#define LOCAL_PRESENCE_ARGS(F, T) \
	F(T, str, session_pubkey, REQ, 64, 64, "hex") \
	F(T, str, session_secret_key, REQ | SECRET, 128, 128, "hex") \
	F(T, any, parent_attestation, OPT, 0, 0, "not needed: the daemon signs its own")
JSON_OBJECT(local_presence, LOCAL_PRESENCE_ARGS);
#define JSON_C_local_presence struct local_presence_args
#define JSON_KIND_local_presence JSON_K_OBJ
#define JSON_SUB_local_presence local_presence_fields

#define LOCAL_REGISTER_ARGS(F, T) \
	F(T, str, token,        REQ | SECRET, 64, 64, "hex, made by the caller, who keeps it") \
	F(T, str, session_id,   REQ, 1, LOCAL_ID_MAX, "the agent's id of the session") \
	F(T, str, mesh,         REQ, 1, LOCAL_MESH_MAX, "slug") \
	F(T, str, display_name, REQ, 1, NAME_BYTES_MAX, "what peers see") \
	F(T, i64, pid,          REQ, 0, INT64_MAX, "of the process that is the session; 0: not known") \
	F(T, str, cwd,          OPT, 0, 4096, "its directory") \
	F(T, str, role,         OPT, 0, NAME_BYTES_MAX, "its role") \
	F(T, str, message_mode, OPT, 0, 16, "push, inbox or off") \
	F(T, bool, hooks,       OPT, 0, 0, "its agent runs our hooks at its turns") \
	F(T, strs, groups,      OPT, 0, GROUPS_MAX, "\"@name\" or \"@name:role\"") \
	F(T, any, presence,     OPT, 0, 0, "{session_pubkey, session_secret_key}: a key pair to use")
JSON_ARGS(local_register, LOCAL_REGISTER_ARGS);

#define LOCAL_INBOX_ARGS(F, T) \
	F(T, str, since,  OPT, 0, 40, "ISO time") \
	F(T, str, topic,  OPT, 0, NAME_BYTES_MAX, "only of this topic") \
	F(T, str, from,   OPT, 0, NAME_BYTES_MAX, "key, key prefix or name of the sender") \
	F(T, str, mesh,   OPT, 0, LOCAL_MESH_MAX, "slug or id") \
	F(T, i64, limit,  OPT, 0, LOCAL_IDS_MAX, "100 if left out") \
	F(T, bool, unread_only, OPT, 0, 0, "leave out what was seen") \
	F(T, str, mark_seen, OPT, 0, 5, "false: what is listed stays unread") \
	F(T, bool, oldest_first, OPT, 0, 0, "else newest first") \
	F(T, i64, settle_ms, OPT, 0, LOCAL_WAIT_MAX_MS, "first fetch what still waits at the brokers, at most so long") \
	F(T, i64, wait_ms, OPT, 0, LOCAL_WAIT_MAX_MS, "if nothing is there, wait so long for a message")
JSON_ARGS(local_inbox, LOCAL_INBOX_ARGS);

#define LOCAL_IDS_ARGS(F, T) \
	F(T, strs, ids, REQ, 0, LOCAL_IDS_MAX, "ids of rows")
JSON_ARGS(local_ids, LOCAL_IDS_ARGS);

#define LOCAL_CLEAR_ARGS(F, T) \
	F(T, str, mesh,   OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: every mesh") \
	F(T, str, before, OPT, 0, 40, "ISO time; left out: of any age")
JSON_ARGS(local_clear, LOCAL_CLEAR_ARGS);

#define LOCAL_OUTBOX_ARGS(F, T) \
	F(T, str, status, OPT, 0, 16, "pending, inflight, done, dead or aborted") \
	F(T, i64, limit,  OPT, 0, 500, "50 if left out")
JSON_ARGS(local_outbox, LOCAL_OUTBOX_ARGS);

#define LOCAL_REQUEUE_ARGS(F, T) \
	F(T, str, id, REQ, 1, LOCAL_ID_MAX, "of the row, or its client_message_id") \
	F(T, str, new_client_message_id, OPT, 0, CLIENT_ID_BYTES_MAX, "made up if left out") \
	F(T, str, aborted_by, OPT, 0, NAME_BYTES_MAX, "who asked; operator if left out")
JSON_ARGS(local_requeue, LOCAL_REQUEUE_ARGS);

#define LOCAL_WAIT_ARGS(F, T) \
	F(T, str, mesh,    OPT, 0, LOCAL_MESH_MAX, "slug or id") \
	F(T, i64, wait_ms, OPT, 0, LOCAL_WAIT_MAX_MS, "for the last word on every recipient")
JSON_ARGS(local_wait, LOCAL_WAIT_ARGS);

#define LOCAL_PEERS_ARGS(F, T) \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: the session's, or all") \
	F(T, bool, fresh, OPT, 0, 0, "ask the brokers, whatever is kept")
JSON_ARGS(local_peers, LOCAL_PEERS_ARGS);

#define LOCAL_PROFILE_ARGS(F, T) \
	F(T, str,  summary, OPT, 0, SUMMARY_BYTES_MAX, "one line; empty clears it") \
	F(T, str,  status,  OPT, 0, 16, "idle, working or dnd") \
	F(T, any,  visible, OPT, 0, 0, "true or false") \
	F(T, str,  avatar,  OPT, 0, AVATAR_BYTES_MAX, "an emoji or an address") \
	F(T, str,  title,   OPT, 0, NAME_BYTES_MAX, "what it is") \
	F(T, str,  bio,     OPT, 0, BIO_BYTES_MAX, "free text") \
	F(T, strs, capabilities, OPT, 0, CAPABILITIES_MAX, "what it can do") \
	F(T, bool, hook,    OPT, 0, 0, "said by a hook of the session, which hands messages over") \
	F(T, str,  mesh,    OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: the session's, or all")
JSON_ARGS(local_profile, LOCAL_PROFILE_ARGS);

#define LOCAL_GROUP_ARGS(F, T) \
	F(T, str, name, REQ, 1, NAME_BYTES_MAX, "group name, a leading '@' is dropped") \
	F(T, str, role, OPT, 0, NAME_BYTES_MAX, "in this group; absent clears it") \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: the session's, or all")
JSON_ARGS(local_group, LOCAL_GROUP_ARGS);

#define LOCAL_ASK_ARGS(F, T) \
	F(T, str, type, REQ, 1, LOCAL_ID_MAX, "of the frame") \
	F(T, any, args, OPT, 0, 0, "its other members, an object") \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id; left out: the session's, or the only one")
JSON_ARGS(local_ask, LOCAL_ASK_ARGS);

#define LOCAL_KEY_ARGS(F, T) \
	F(T, str, key,  OPT, 0, 512, "left out: all entries") \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_key, LOCAL_KEY_ARGS);

#define LOCAL_SET_ARGS(F, T) \
	F(T, str, key,   REQ, 1, 512, "name of the entry") \
	F(T, any, value, REQ, 0, 0, "any JSON") \
	F(T, str, mesh,  OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_set, LOCAL_SET_ARGS);

#define LOCAL_RECALL_ARGS(F, T) \
	F(T, str, q,    OPT, 0, 4096, "words to look for") \
	F(T, str, mesh, OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_recall, LOCAL_RECALL_ARGS);

#define LOCAL_REMEMBER_ARGS(F, T) \
	F(T, str,  content, REQ, 1, LOCAL_TEXT_MAX, "the text") \
	F(T, strs, tags,    OPT, 0, 64, "words to find it by") \
	F(T, str,  mesh,    OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_remember, LOCAL_REMEMBER_ARGS);

#define LOCAL_SKILLS_ARGS(F, T) \
	F(T, str, query, OPT, 0, NAME_BYTES_MAX, "part of a name, description or tag") \
	F(T, str, mesh,  OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_skills, LOCAL_SKILLS_ARGS);

#define LOCAL_SKILL_ARGS(F, T) \
	F(T, str,  name,         REQ, 1, NAME_BYTES_MAX, "unique in the mesh") \
	F(T, str,  description,  REQ, 1, SKILL_DESCRIPTION_BYTES_MAX, "what it is for") \
	F(T, str,  instructions, REQ, 1, SKILL_BYTES_MAX, "the text, Markdown") \
	F(T, strs, tags,         OPT, 0, SKILL_TAGS_MAX, "words to find it by") \
	F(T, any,  manifest,     OPT, 0, 0, "an object; absent keeps the one that is there") \
	F(T, str,  mesh,         OPT, 0, LOCAL_MESH_MAX, "slug or id")
JSON_ARGS(local_skill, LOCAL_SKILL_ARGS);

#endif
