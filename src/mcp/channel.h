/*
 * channel.h - a daemon event as a channel notification: what the agent reads when a peer
 * speaks (client.md 8.3).
 *
 * The text starts with who speaks and how far that is known, said by us; what a peer wrote
 * cannot look like that line, nor like a tag of the agent's own (neutral.h). All attributes are texts,
 * their names letters, digits and '_': Claude Code drops the whole notification otherwise.
 */
#ifndef MCP_CHANNEL_H
#define MCP_CHANNEL_H

#include "json/json.h"

enum { CHANNEL_TEXT_MAX = 256 << 10 };        /* longer ones are cut, and say so */

/* The attributes of a message. The bundled skill and the instructions may name no others. */
#define CHANNEL_ATTRIBUTES(A) \
	A(from_id, "the key to answer to: it stays valid when the sender's session has ended") \
	A(from_pubkey, "the same, under its older name") \
	A(from_session_pubkey, "the session key that sealed the message") \
	A(from_name, "the sender's name") \
	A(from_member_id, "the sender's record id in the mesh") \
	A(mesh_slug, "the mesh it came through") \
	A(priority, "now, next or low") \
	A(message_id, "the broker's id of the message") \
	A(client_message_id, "the sender's id of it") \
	A(topic, "the topic it was posted to") \
	A(reply_to_id, "the message it answers") \
	A(subtype, "what kind of message, if a special one") \
	A(provenance, "own, mesh, guest, unsigned or bridge: who it is from, as far as signatures tell") \
	A(plaintext, "true: it was not encrypted, the broker can read it")

/* Writes the params object of notifications/claude/channel for an event of the daemon (kind
 * and data of its stream). False: not one that an agent is told of; nothing is written. */
bool channel_params(struct json_out *o, str kind, const struct json *data);

/* The same for messages that the session wants kept in its inbox: that there are some, and no
 * word of what they say. data: of the only one; NULL: n of them. */
void channel_waiting_params(struct json_out *o, size_t n, const struct json *data);

/* The text of a message alone, as `content` has it. */
void channel_message(struct buf *b, const struct json *data);

#endif
