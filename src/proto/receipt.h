/*
 * receipt.h - what became of a message: message_status and its result (wire-core.md 3.11),
 * and message_state, which tells a sender without being asked (ours). What the reference's
 * result lacks is optional, so that its brokers can be asked, too.
 */
#ifndef PROTO_RECEIPT_H
#define PROTO_RECEIPT_H

#include "proto/enums.h"
#include "proto/limits.h"

/* The numbers are in the database. */
enum delivery_state {
	DELIVERY_ABSENT = 0,
	DELIVERY_QUEUED = 1,          /* waits on disk */
	DELIVERY_PUSHED = 2,          /* with a connection, not acked; never stored */
	DELIVERY_DELIVERED = 3,
	DELIVERY_EXPIRED = 4,         /* nobody came for it in time */
	DELIVERY_REVOKED = 5,         /* the recipient was removed from the mesh */
	DELIVERY_REFUSED = 6,         /* too much waited for the recipient */
};
static const char *const delivery_state_words[] UNUSED = {
	"", "queued", "pushed", "delivered", "expired", "revoked", "refused", NULL };
#define JSON_C_delivery_state enum delivery_state
#define JSON_KIND_delivery_state JSON_K_ENUM
#define JSON_SUB_delivery_state delivery_state_words

#define MESSAGE_STATUS_ARGS(F, T) \
	F(T, str, messageId, OPT, 0, 64, "the id, or its first 8 characters or more") \
	F(T, str, _reqId,    OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(message_status, MESSAGE_STATUS_ARGS);

#define RECIPIENT_ARGS(F, T) \
	F(T, str, name,     REQ, 0, 0, "the recipient's name") \
	F(T, str, pubkey,   REQ, 0, 0, "session key or member key that it went to") \
	F(T, str, memberId, OPT, 0, 0, "the recipient's record id") \
	F(T, str, status,   REQ, 0, 0, "in the reference's words: delivered, held, disconnected") \
	F(T, delivery_state, state, OPT, 0, 0, "queued and pushed are not the last word, the others are") \
	F(T, str, at,       OPT, 0, 0, "ISO time of the last word") \
	F(T, str, reason,   OPT, 0, 0, "why it will not be delivered")
JSON_LIST(recipient, RECIPIENT_ARGS);
#define JSON_C_recipients struct recipient_list
#define JSON_KIND_recipients JSON_K_LIST
#define JSON_SUB_recipients &recipient_list_type

#define MESSAGE_STATUS_RESULT_ARGS(F, T) \
	F(T, str,  messageId,   REQ, 0, 0, "as asked for") \
	F(T, str,  id,          OPT, 0, 0, "the whole id") \
	F(T, str,  targetSpec,  REQ, 0, 0, "as sent") \
	F(T, bool, delivered,   REQ, 0, 0, "to every recipient listed") \
	F(T, str,  deliveredAt, REQ | NULLABLE, 0, 0, "ISO time of the last delivery, or null") \
	F(T, recipients, recipients, REQ, 0, LIST_ROWS_MAX, "to the sender all; to a recipient itself") \
	F(T, str,  createdAt,   OPT, 0, 0, "ISO time of acceptance") \
	F(T, i64,  subscribers, OPT, 0, 0, "of a post, to the sender: how many people besides it are in the topic now") \
	F(T, i64,  gotBy,       OPT, 0, 0, "of them: whom a connection of theirs has acknowledged it for, or who read so far") \
	F(T, str,  client_message_id, OPT, 0, 0, "to the sender: its own id") \
	F(T, str,  _reqId,      OPT, 0, 0, "echo")
JSON_ARGS(message_status_result, MESSAGE_STATUS_RESULT_ARGS);

#define MESSAGE_STATE_ARGS(F, T) \
	F(T, str,  messageId,         REQ, 0, 0, "the message's id") \
	F(T, str,  client_message_id, OPT, 0, 0, "the sender's own id") \
	F(T, recipients, recipients,  REQ, 0, LIST_ROWS_MAX, "those whose part has just ended")
JSON_ARGS(message_state, MESSAGE_STATE_ARGS);

#endif
