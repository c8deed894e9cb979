/*
 * enums.h - words of the wire that are enums here. [0] is "absent" in every list.
 */
#ifndef PROTO_ENUMS_H
#define PROTO_ENUMS_H

#include "json/fields.h"

enum priority { PRIORITY_ABSENT, PRIORITY_NOW, PRIORITY_NEXT, PRIORITY_LOW };
static const char *const priority_words[] UNUSED = { "", "now", "next", "low", NULL };
#define JSON_C_priority enum priority
#define JSON_KIND_priority JSON_K_ENUM
#define JSON_SUB_priority priority_words

enum status { STATUS_ABSENT, STATUS_IDLE, STATUS_WORKING, STATUS_DND };
static const char *const status_words[] UNUSED = { "", "idle", "working", "dnd", NULL };
#define JSON_C_status enum status
#define JSON_KIND_status JSON_K_ENUM
#define JSON_SUB_status status_words

enum role { ROLE_ABSENT, ROLE_ADMIN, ROLE_MEMBER };
static const char *const role_words[] UNUSED = { "", "admin", "member", NULL };
#define JSON_C_role enum role
#define JSON_KIND_role JSON_K_ENUM
#define JSON_SUB_role role_words

/* Where a setting applies: to the connection that sent it (the reference's rule), or to
 * the member: stored, on all its connections, present and future (ours). */
enum scope { SCOPE_ABSENT, SCOPE_CONNECTION, SCOPE_MEMBER };
static const char *const scope_words[] UNUSED = { "", "connection", "member", NULL };
#define JSON_C_scope enum scope
#define JSON_KIND_scope JSON_K_ENUM
#define JSON_SUB_scope scope_words

static inline str enum_word(const char *const words[], int value) { return str_from(words[value]); }

#endif
