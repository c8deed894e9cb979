/*
 * member.h - what a member is for all its connections, changed by itself or by an admin.
 *
 * The reference changes it by an HTTP request that names the caller in a header (C-04); here the
 * connection says who asks. message_mode is kept and told: what a client does with it is its own
 * affair, the broker holds nothing back for it.
 */
#ifndef PROTO_MEMBER_H
#define PROTO_MEMBER_H

#include "proto/enums.h"
#include "proto/group.h"

enum message_mode { MODE_ABSENT, MODE_PUSH, MODE_INBOX, MODE_OFF };
static const char *const message_mode_words[] UNUSED = { "", "push", "inbox", "off", NULL };
#define JSON_C_message_mode enum message_mode
#define JSON_KIND_message_mode JSON_K_ENUM
#define JSON_SUB_message_mode message_mode_words

#define MEMBER_UPDATE_ARGS(F, T) \
	F(T, str,    memberId,    OPT, 0, 64, "whose; absent: the caller's. Of others only for admins") \
	F(T, str,    displayName, OPT, 1, NAME_BYTES_MAX, "the name others see") \
	F(T, str,    roleTag,     OPT, 0, NAME_BYTES_MAX, "what it is, free text; '' clears it") \
	F(T, groups, groups,      OPT, 0, GROUPS_MAX, "replaces its groups, on all its connections") \
	F(T, message_mode, messageMode, OPT, 0, 0, "push, inbox or off") \
	F(T, role,   role,        OPT, 0, 0, "admin or member; by the owner, or member of oneself") \
	F(T, str,    _reqId,      OPT, 0, CLIENT_ID_BYTES_MAX, "echoed in the reply")
JSON_ARGS(member_update, MEMBER_UPDATE_ARGS);

#define MEMBER_UPDATED_ARGS(F, T) \
	F(T, str,    memberId,    REQ, 0, 64, "whose") \
	F(T, str,    displayName, REQ, 0, NAME_BYTES_MAX, "as it is now") \
	F(T, str,    roleTag,     REQ | NULLABLE, 0, NAME_BYTES_MAX, "likewise, or null") \
	F(T, groups, groups,      REQ, 0, GROUPS_MAX, "likewise") \
	F(T, str,    messageMode, REQ, 0, 0, "push, inbox or off") \
	F(T, str,    role,        REQ, 0, 0, "admin or member") \
	F(T, str,    _reqId,      OPT, 0, CLIENT_ID_BYTES_MAX, "echo")
JSON_ARGS(member_updated, MEMBER_UPDATED_ARGS);

#endif
