#include "cli/commands.h"

const struct command *const commands[] = {
	&create_command,
	&share_command,
	&join_command,
	&list_command,
	&leave_command,
	&send_command,
	&inbox_command,
	&listen_command,
	&msg_status_command,
	&peers_command,
	&summary_command,
	&status_set_command,
	&visible_command,
	&group_join_command,
	&group_leave_command,
	&skill_command,
	&skill_share_command,
	&skill_list_command,
	&skill_get_command,
	&skill_remove_command,
	&serve_command,
	&whoami_command,
	&help_command,
	NULL,
};

const char *const command_group_titles[GROUP_COUNT] = {
	[GROUP_MESH] = "Mesh",
	[GROUP_PEER] = "Peer",
	[GROUP_MESSAGE] = "Message",
	[GROUP_PRESENCE] = "Profile / presence",
	[GROUP_SKILL] = "Skill",
	[GROUP_SECURITY] = "Security",
	[GROUP_DAEMON] = "Daemon",
	[GROUP_SETUP] = "Setup",
};
