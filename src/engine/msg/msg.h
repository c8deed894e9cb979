/*
 * msg.h - the tables of all messages and calls, one a file; op.c searches them.
 */
#ifndef ENGINE_MSG_MSG_H
#define ENGINE_MSG_MSG_H

#include "engine/op.h"

struct send_args;

extern const struct op msg_hello[];   /* hello.c: hello, session_hello */
extern const struct op msg_message[]; /* message.c: send, client_ack */
extern const struct op msg_receipt[]; /* receipt.c: message_status */
extern const struct op msg_peer[];    /* peer.c: list_peers, set_status, set_summary */
extern const struct op msg_hook[];    /* hook.c: hook_set_status */
extern const struct op msg_profile[]; /* profile.c: set_visible, set_profile, set_stats */
extern const struct op msg_member[];  /* member.c: member_update */
extern const struct op msg_moderation[]; /* moderation.c: kick, disconnect, ban, unban, list_bans, leave_mesh */
extern const struct op msg_grant[];   /* grant.c: grants_set, grants_get */
extern const struct op msg_permission[]; /* permission.c: permissions_get, permissions_set */
extern const struct op msg_group[];   /* group.c: join_group, leave_group */
extern const struct op msg_skill[];   /* skill.c: share_skill, get_skill, list_skills, remove_skill */
extern const struct op msg_apikey[];  /* apikey.c: apikey_create, apikey_list, apikey_revoke, bearer_token */
extern const struct op msg_audit[];   /* audit.c: audit_query, audit_verify, audit_rows, audit_checkpoint */
extern const struct op msg_device[];  /* device.c: device_code, device_wait, device_look, device_add, device_remove */
extern const struct op msg_rest_topic[]; /* rest_topic.c: topics, posts, history, members */
extern const struct op msg_rest_key[];   /* rest_key.c: keys of topics */
extern const struct op msg_rest_stream[]; /* rest_stream.c: topic_stream */
extern const struct op msg_rest_notice[]; /* rest_notice.c: notifications */
extern const struct op msg_rest_me[];    /* rest_me.c: overviews of the key's member */
extern const struct op msg_rest_public[]; /* rest_public.c: public_invite */
extern const struct op msg_rest_peer[]; /* rest_peer.c: peers, members, me */
extern const struct op msg_topic[];   /* topic.c: topics and who is in them */
extern const struct op msg_topic_post[]; /* topic_post.c: history, read marks, notifications */
extern const struct op msg_topic_key[]; /* topic_key.c: their keys */
extern const struct op msg_login[];   /* login.c: login_email, login_code, admin_login_code */
extern const struct op msg_admin[];   /* admin.c: the operator's calls about meshes */
extern const struct op msg_admin_user[]; /* admin_user.c: and about people */
extern const struct op msg_login_device[]; /* login_device.c: device_login and what follows */
extern const struct op msg_account[]; /* account.c: sessions, profile, account_link */
extern const struct op msg_account_mesh[]; /* account_mesh.c: meshes of an account, cli_sync */
extern const struct op msg_activity[]; /* activity.c: mesh_activity */
extern const struct op msg_mesh[];    /* mesh.c: mesh_create */
extern const struct op msg_mesh_admin[]; /* mesh_admin.c: mesh_rename, mesh_archive, mesh_delete */
extern const struct op msg_invite[], msg_invites[], msg_invite_page[];  /* invite.c: invite_create, invite_code */
extern const struct op msg_join[];    /* join.c: join */
extern const struct op msg_claim[];   /* claim.c: claim */

/* topic_post.c - a send to '#name' or '#id': answered with an ack, also when it is refused. */
struct err *topic_send(struct req *rq, const struct send_args *in) MUST_CHECK;

#endif
