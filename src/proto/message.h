/*
 * message.h - messages from peer to peer: send, ack, push, client_ack (wire-core.md 3).
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include "proto/enums.h"
#include "proto/limits.h"
#include "proto/topic_key.h"

#define SEND_ARGS(F, T) \
	F(T, str,      id,                  OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the ack") \
	F(T, str,      targetSpec,          REQ, 1, TARGET_BYTES_MAX, "member or session key, '*', '@all', '@group', '#topic'") \
	F(T, priority, priority,            OPT, 0, 0, "now, next (default) or low") \
	F(T, str,      nonce,               REQ, 0, 0, "base64; opaque to the broker") \
	F(T, str,      ciphertext,          REQ, 0, 0, "base64; opaque to the broker") \
	F(T, str,      client_message_id,   OPT, 1, CLIENT_ID_BYTES_MAX, "sender's own id, the same on every retry") \
	F(T, str,      request_fingerprint, OPT, 0, 64, "64 hex, compared as received") \
	F(T, strs,     mentions,            OPT, 0, 64, "topic messages only") \
	F(T, str,      replyToId,           OPT, 0, 64, "id of the message this answers") \
	F(T, i64,      bodyVersion,         OPT, 0, 2, "topic messages only: 1 (default) or 2, under the topic's key") \
	F(T, i64,      epoch,               OPT, 0, INT64_MAX, "topic messages only: under which key; absent: the first") \
	F(T, topic_new_key, newKey,         OPT, 0, 0, "topic messages only: installed with the post, or neither is") \
	F(T, hex,      signature,           OPT, 128, 128, "topic messages only: by the member's key over the text of crypto/post.h; with a client_message_id. Kept as it is; who reads checks it") \
	F(T, bool,     requireConnected,    OPT, 0, 0, "refuse instead of keeping it for a recipient that is away") \
	F(T, bool,     wantReceipt,         OPT, 0, 0, "from now on message_state tells this connection how its member's messages end")
JSON_ARGS(send, SEND_ARGS);

#define ACK_ARGS(F, T) \
	F(T, str,  id,        REQ, 0, 0, "echo of send.id, or empty") \
	F(T, str,  messageId, REQ, 0, 0, "the message's id; empty when refused") \
	F(T, bool, queued,    REQ, 0, 0, "true: on disk") \
	F(T, str,  error,     OPT, 0, 0, "why it was refused") \
	F(T, str,  code,      OPT, 0, 0, "rate_limit, full, too_large, no_recipient, invalid, forbidden, try_again, stale_epoch, topic_not_found") \
	F(T, bool, duplicate, OPT, 0, 0, "it was accepted before, under the same client_message_id; messageId is the first one's") \
	F(T, str,  delivery,  OPT, 0, 0, "live: pushed to somebody now; stored: the recipient is away") \
	F(T, i64,  recipients,OPT, 0, 0, "how many mailboxes took it; members of a topic") \
	F(T, str,  topicId,   OPT, 0, 0, "of a post: record id of its topic") \
	F(T, i64,  epoch,     OPT, 0, 0, "of a post: the topic's, also when refused as stale_epoch") \
	F(T, i64,  seq,       OPT, 0, 0, "of a post: its number in the topic") \
	F(T, i64,  notifications, OPT, 0, 0, "of a post: how many members were notified") \
	F(T, str,  _reqId,    OPT, 0, 0, "echo")
JSON_ARGS(ack, ACK_ARGS);

/* One writer for every push, direct or multicast, first or repeated. */
#define PUSH_ARGS(F, T) \
	F(T, str, messageId,           REQ, 0, 0, "the message's id") \
	F(T, str, meshId,              REQ, 0, 0, "mesh record id") \
	F(T, str, senderPubkey,        REQ, 0, 0, "the key that sealed it: session key or member key; 'system'") \
	F(T, str, senderMemberPubkey,  OPT, 0, 0, "the stable key to answer to") \
	F(T, str, senderMemberId,      OPT, 0, 0, "the sender's record id") \
	F(T, str, senderName,          OPT, 0, 0, "the sender's name") \
	F(T, str, senderAttestation,   OPT, 0, 0, "capability attestation: by what the member vouches for senderPubkey, the session_hello's parentAttestation.signature") \
	F(T, i64, senderAttestedUntil, OPT, 0, 0, "its expiresAt") \
	F(T, str, topic,               OPT, 0, 0, "name of the topic") \
	F(T, str, topicId,             OPT, 0, 0, "its id") \
	F(T, i64, topicSeq,            OPT, 0, 0, "the post's number in it: 1, 2, 3 ...") \
	F(T, i64, bodyVersion,         OPT, 0, 0, "of a post: 1 base64 text, 2 under the topic's key") \
	F(T, i64, epoch,               OPT, 0, 0, "of a post: under which key") \
	F(T, str, signature,           OPT, 0, 0, "of a post: by senderMemberPubkey over the text of crypto/post.h; absent: unsigned") \
	F(T, str, signedReplyTo,       OPT, 0, 0, "of a signed post whose replyToId is gone: what was signed") \
	F(T, str, replyToId,           OPT, 0, 0, "id of the message this answers") \
	F(T, str, priority,            REQ, 0, 0, "now, next or low") \
	F(T, str, nonce,               REQ, 0, 0, "base64") \
	F(T, str, ciphertext,          REQ, 0, 0, "base64") \
	F(T, str, createdAt,           REQ, 0, 0, "ISO time of acceptance") \
	F(T, str, client_message_id,   OPT, 0, 0, "the sender's own id; dedupe by it") \
	F(T, str, request_fingerprint, OPT, 0, 0, "as sent") \
	F(T, str, targetSpec,          OPT, 0, 0, "'*' or '@group' of a multicast, '#name' of a post of version 1: its body is not encrypted") \
	F(T, str, subtype,             OPT, 0, 0, "system: an event, not a message") \
	F(T, str, event,               OPT, 0, 0, "peer_joined, peer_returned, peer_left, peer_hidden, peer_visible; peers_changed: list again") \
	F(T, any, eventData,           OPT, 0, 0, "of the event")
JSON_ARGS(push, PUSH_ARGS);

#define CLIENT_ACK_ARGS(F, T) \
	F(T, str, clientMessageId, OPT, 0, CLIENT_ID_BYTES_MAX, "the push's client_message_id; refused without brokerMessageId if two senders chose it") \
	F(T, str, brokerMessageId, OPT, 0, 64, "the push's messageId")
JSON_ARGS(client_ack, CLIENT_ACK_ARGS);

#define ERROR_ARGS(F, T) \
	F(T, str, code,    REQ, 0, 0, "for machines") \
	F(T, str, message, REQ, 0, 0, "for people") \
	F(T, str, id,      OPT, 0, 0, "echo") \
	F(T, str, _reqId,  OPT, 0, 0, "echo")
JSON_ARGS(error, ERROR_ARGS);

#endif
