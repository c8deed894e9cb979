/*
 * profile.h - member-wide settings (scope "member"): one way to store them.
 */
#ifndef ENGINE_MSG_PROFILE_H
#define ENGINE_MSG_PROFILE_H

#include "engine/req.h"

/* Queues status, summary, groups, visibility and profile of the member to the store. */
void member_profile_store(struct req *rq, const struct member *member);

#endif
