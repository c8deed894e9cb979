#include "store/row.h"

static const struct field fields[] = { FIELD(I64, member_row, no),
				       FIELD(I64, member_row, mesh_no),
				       FIELD(TEXT, member_row, id),
				       FIELD(TEXT, member_row, pubkey),
				       FIELD(OPT, member_row, x25519),
				       FIELD(TEXT, member_row, name),
				       FIELD(TEXT, member_row, role),
				       FIELD(I64, member_row, invite_no),
				       FIELD(OPT, member_row, claim_signature),
				       FIELD(OPT, member_row, status),
				       FIELD(OPT, member_row, summary),
				       FIELD(OPT, member_row, groups),
				       FIELD(I64, member_row, created_ms),
				       FIELD(I64, member_row, revoked_ms),
				       FIELD(I64, member_row, seen_ms),
				       FIELD(OPT, member_row, last_summary),
				       FIELD(BOOL, member_row, hidden),
				       FIELD(OPT, member_row, profile),
				       FIELD(I64, member_row, device_of),
				       FIELD(OPT, member_row, device_label),
				       FIELD(OPT, member_row, device_code),
				       FIELD(I64, member_row, device_expires_s),
				       FIELD(OPT, member_row, device_signature),
				       FIELD(OPT, member_row, role_tag),
				       FIELD(OPT, member_row, message_mode),
				       FIELD(OPT, member_row, joined_name),
				       FIELD(I64, member_row, banned_ms),
				       FIELD(I64, member_row, banned_by),
				       FIELD(OPT, member_row, ban_reason),
				       FIELD(I64, member_row, tokens_ms),
				       { 0 } };

void store_member_add(struct store *st, const struct member_row *m)
{
	row_queue(st, Q_MEMBER_ADD, fields, m);
}

struct err *store_members(struct store *st, struct arena *a, i64 mesh_no,
			  struct member_row **ret_rows, size_t *ret_n)
{
	return rows_get(st, a, Q_MEMBERS, DB_VALUES(V(mesh_no)), fields, sizeof(**ret_rows),
			(void **)ret_rows, ret_n);
}

void store_member_profile_set(struct store *st, const struct member_row *m)
{
	QUEUE(st, MEMBER_PROFILE_SET, opt_value(m->status), opt_value(m->summary),
	      opt_value(m->groups), db_bool(m->hidden), opt_value(m->profile), V(m->no), V(m->mesh_no));
}

void store_member_settings_set(struct store *st, const struct member_row *m)
{
	QUEUE(st, MEMBER_SETTINGS_SET, text_value(m->name), opt_value(m->role_tag), opt_value(m->message_mode),
	      opt_value(m->joined_name), V(m->no), V(m->mesh_no));
}

void store_member_standing_set(struct store *st, const struct member_row *m)
{
	QUEUE(st, MEMBER_STANDING_SET, V(m->revoked_ms), V(m->banned_ms), V(m->banned_by),
	      opt_value(m->ban_reason), V(m->tokens_ms), V(m->no), V(m->mesh_no));
}

void store_member_role_set(struct store *st, i64 mesh_no, i64 member_no, str role)
{
	QUEUE(st, MEMBER_ROLE_SET, text_value(role), V(member_no), V(mesh_no));
}

void store_member_rejoin(struct store *st, const struct member_row *m)
{
	QUEUE(st, MEMBER_REJOIN, opt_value(m->x25519), text_value(m->name), text_value(m->role),
	      opt_value(m->claim_signature), V(m->invite_no), V(m->no), V(m->mesh_no));
}

void store_member_seen(struct store *st, i64 mesh_no, i64 member_no, i64 seen_ms, str last_summary)
{
	QUEUE_LATER(st, MEMBER_SEEN, V(seen_ms), opt_value(last_summary), V(member_no), V(mesh_no));
}
