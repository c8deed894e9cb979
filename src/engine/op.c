#include "engine/op.h"

#include "engine/msg/msg.h"

static const struct op *const tables[] = {
	msg_hello, msg_message, msg_receipt, msg_peer, msg_hook, msg_profile, msg_member, msg_moderation, msg_grant, msg_permission, msg_group, msg_skill, msg_topic, msg_topic_post, msg_topic_key, msg_apikey, msg_audit, msg_mesh, msg_mesh_admin, msg_invite,
	msg_invites, msg_invite_page,
	msg_join, msg_claim,
	msg_login, msg_admin, msg_admin_user, msg_login_device, msg_account, msg_account_mesh,
	msg_activity,
	msg_rest_topic, msg_rest_key, msg_rest_stream, msg_rest_notice, msg_rest_me,
	msg_rest_peer, msg_rest_public, msg_device,
};

const struct op *op_table(size_t i)
{
	return i < ARRAY_LEN(tables) ? tables[i] : NULL;
}

const struct op *op_at(size_t i)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct op *op = tables[t]; op->name; op++)
			if (i-- == 0)
				return op;
	return NULL;
}

const struct op *op_find(str name, unsigned flag)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct op *op = tables[t]; op->name; op++)
			if (op->flags & flag && str_eq(str_from(op->name), name))
				return op;
	return NULL;
}
