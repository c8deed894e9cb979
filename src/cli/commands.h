/*
 * commands.h - the rows of all commands, each defined at the end of the file named after it.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct command daemon_accept_host_command, daemon_command, daemon_down_command,
	daemon_install_service_command, daemon_logs_command, daemon_outbox_command,
	daemon_status_command, daemon_uninstall_service_command, daemon_up_command,
	daemon_version_command, inbox_delete_command, inbox_flush_command;
extern const struct command create_command, group_join_command, group_leave_command, help_command,
	inbox_command, join_command, leave_command, list_command, listen_command,
	msg_status_command, peers_command,
	send_command, serve_command, share_command, invite_list_command, invite_revoke_command, status_set_command, summary_command,
	hook_command, install_command, launch_command, mcp_command, uninstall_command, skill_command, skill_get_command, skill_list_command, skill_remove_command, skill_share_command,
	visible_command, whoami_command;
extern const struct command apikey_create_command, apikey_list_command, apikey_revoke_command;
extern const struct command audit_checkpoint_command, audit_list_command, audit_verify_command;
extern const struct command grants_command, grant_command, revoke_command, block_command, unblock_command;
extern const struct command topic_create_command, topic_history_command, topic_join_command, topic_leave_command,
	topic_list_command, topic_members_command, topic_post_command, topic_read_command, topic_remove_command,
	topic_role_command, topic_tail_command;
extern const struct command me_activity_command, me_command, me_notifications_command, me_search_command,
	me_topics_command, notification_read_command;
extern const struct command backup_command;
extern const struct command dashboard_command;
extern const struct command login_command, logout_command, sync_command, sessions_command, sessions_revoke_command;
extern const struct command restore_command;
extern const struct command verify_command;
extern const struct command kick_command, disconnect_command;
extern const struct command ban_command, unban_command, bans_command, role_command;
extern const struct command permissions_command, permit_command, forbid_command;
extern const struct command info_command;
extern const struct command ping_command;
extern const struct command stats_command;
extern const struct command profile_command;
extern const struct command profile_set_command;
extern const struct command doctor_command, doctor_wake_command;
extern const struct command status_command;
extern const struct command test_command;
extern const struct command manual_command;
extern const struct command complete_command;
extern const struct command completions_command;
extern const struct command status_line_command;
extern const struct command rename_command, archive_command;
extern const struct command url_handler_command, url_open_command;
extern const struct command version_command;
extern const struct command welcome_command;

#endif
