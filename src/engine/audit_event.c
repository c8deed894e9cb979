#include "engine/audit_event.h"

const struct audit_event audit_events[] = {
	/* The reference's. */
	{ "peer_joined", NULL, "pubkey session_pubkey groups restored via role", true,
	  "A connection began: of a member (role control-plane) or of a session (role session)." },
	{ "peer_left", NULL, "session_pubkey", true, "A connection ended, or did not come back in time." },
	{ "message_sent", NULL, "targetSpec priority count", true,
	  "A message was accepted, or several of the same kind at once. Neither texts nor ids." },
	{ "state_set", "key", "", false, "A shared state was set. Not to what." },
	{ "member_banned", "target", "targetPubkey", false, "A member may not come back." },
	{ "member_unbanned", "target", "targetPubkey", false, "A banned member may come back." },
	/* Ours. */
	{ "mesh_created", "name", "owner", false, "The mesh was made; owner is its public key." },
	{ "mesh_renamed", "name", "", false, "The mesh has another name." },
	{ "mesh_archived", NULL, "", false, "The mesh was closed." },
	{ "mesh_opened", NULL, "", false, "The broker's operator opened the closed mesh again." },
	{ "mesh_deleted", NULL, "", false, "The mesh was deleted." },
	{ "member_joined", "pubkey", "memberId invite role", false,
	  "A key became a member: by an invite, or as the creator of the mesh." },
	{ "member_left", "memberId", "", false, "A member left for good." },
	{ "member_renamed", "memberId", "", false, "A member has another name." },
	{ "role_changed", "memberId", "role", false, "A member has another role in the mesh." },
	{ "device_added", "memberId", "pubkey device", false, "A device of a member was let in." },
	{ "device_removed", "memberId", "", false, "A device of a member was removed." },
	{ "kicked", "target", "targetPubkey", false, "Connections were closed until their user acts." },
	{ "disconnected", "target", "targetPubkey", false, "Connections were closed; they come back." },
	{ "invite_created", "invite", "role maxUses expiresAt", false, "An invite was made." },
	{ "invite_revoked", "invite", "", false, "An invite was ended." },
	{ "member_confirmed", "pubkey", "", false, "The owner signed for a member that joined without a link's secret." },
	{ "invite_sent", "invite", "", false, "An invite was sent by e-mail. Not to whom." },
	{ "apikey_created", "id", "", false, "An API key was made." },
	{ "apikey_revoked", "id", "", false, "An API key was ended." },
	{ "grants_changed", NULL, "", false, "A member changed what it grants to others. Neither to whom nor what." },
	{ "permissions_changed", "memberId", "", false, "What a member may do was changed." },
	{ "topic_created", "topic", "visibility", false, "A topic was made; topic is its id." },
	{ "topic_member_changed", "topic", "memberId role", false,
	  "Somebody came into a topic, left it (role none) or has another role in it." },
	{ "epoch_installed", "topic", "epoch", false, "A topic has a new key." },
	{ "skill_shared", "name", "", false, "Instructions for agents were shared, or changed. Not which." },
	{ "skill_removed", "name", "", false, "A skill was removed." },
	{ "account_linked", "account", "", false, "A member is an account's." },
	{ 0 },
};

const struct audit_event *audit_event_get(str word)
{
	for (const struct audit_event *e = audit_events; e->word; e++)
		if (str_eq(str_from(e->word), word))
			return e;
	return NULL;
}
