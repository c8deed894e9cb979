/*
 * profile.h - `profile` and `profile set`: what they share about members.
 */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "cli/wire.h"
#include "proto/member.h"

#define FLAG_C_message_mode enum message_mode
#define FLAG_KIND_message_mode FLAG_ENUM
#define FLAG_WORDS_message_mode message_mode_words

/* What holds for a member on all its connections. */
#define MEMBER_FLAGS(F, T) \
	F(T, str, name, "NAME", 1, NAME_BYTES_MAX, "the name others see") \
	F(T, str, role_tag, "TEXT", 0, NAME_BYTES_MAX, "what you are in the mesh; '' clears it") \
	F(T, str, groups, "A[:ROLE],B", 0, 2048, "the groups you are in from now on; '' for none") \
	F(T, message_mode, message_mode, "MODE", 0, 0, "push, inbox or off: what your clients are told") \
	F(T, str, member, "WHO", 1, NAME_BYTES_MAX, "another member, by name, key or id; for admins")

struct member_edit {
	str name, role_tag, groups, member;
	enum message_mode message_mode;
};
#define MEMBER_EDIT(in) \
	&(struct member_edit){ (in)->name, (in)->role_tag, (in)->groups, (in)->member, (in)->message_mode }

/* Is anything to be changed? */
bool member_edit_any(const struct member_edit *edit);
/* Changes it; *ret_slug is the mesh. */
struct err *member_edit(struct cli *c, const struct member_edit *edit, struct member_updated_args *ret,
			str *ret_slug) MUST_CHECK;
/* The members of a document: memberId, displayName, roleTag, groups, messageMode, role. */
void member_edit_json(struct json_out *j, const struct member_updated_args *m);
/* The member meant by an id, key or name; NOT_FOUND, AMBIGUOUS. */
struct err *member_meant(struct cli *c, const struct peers_list_args *list, str own_pubkey, str who,
			 const struct member_args **ret_member) MUST_CHECK;

#endif
