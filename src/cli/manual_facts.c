#include "cli/manual.h"

const struct fact exit_facts[] = {
	{ "0", "done" },
	{ "1", "cancelled, by the user or a signal; doctor, status: a check failed" },
	{ "2", "not signed in, or the other side did not believe who we are" },
	{ "3", "the command line is wrong, or not clear: nothing was done" },
	{ "4", "the broker cannot be reached, or has no time now" },
	{ "5", "a mesh, peer, message, skill or file was not found" },
	{ "6", "the name is taken, or the state does not allow it" },
	{ "7", "not allowed: by the policy, by rights in the mesh, by the mode of a file" },
	{ "8", "a fault inside; restore: another passphrase; test: a probe failed" },
	{ "9", "the agent program to be started is not there" },
	{ "10", "a file or disk failed, or nobody reads our output" },
	{ "11", "not delivered in time (send --wait), or no answer in time" },
	{ "12", "refused by the broker: a limit, a rate, nobody to receive it; with send --wait: it never will be delivered" },
	{ 0 },
};

const struct fact environment_facts[] = {
	{ "CLAUDEMESH_CONFIG_DIR", "directory of our files, if it exists; else ~/.claudemesh" },
	{ "CLAUDEMESH_DAEMON_DIR", "directory of the daemon; else ~/.claudemesh/daemon" },
	{ "CLAUDEMESH_BROKER_URL", "the broker of create and test, and of codes without an address" },
	{ "CLAUDEMESH_APPROVAL_MODE", "plan, read-only, write or yolo; --approval-mode wins" },
	{ "CLAUDEMESH_POLICY", "the rules to go by; --policy wins" },
	{ "CLAUDEMESH_NO_DAEMON", "1: go to the broker without the daemon" },
	{ "CLAUDEMESH_STRICT_DAEMON", "1: never go to the broker without the daemon" },
	{ "CLAUDEMESH_DISPLAY_NAME", "the name to be shown under" },
	{ "CLAUDEMESH_MESH", "the mesh of an agent session that was not started by launch" },
	{ "CLAUDEMESH_IPC_TOKEN_FILE", "file with the token of the session we run in; set by launch" },
	{ "CLAUDEMESH_IPC_TOKEN", "the token itself; wins" },
	{ "CLAUDEMESH_MESSAGE_MODE", "inbox: the agent is told that a message waits, off: it is not told; set by launch" },
	{ "CLAUDEMESH_CHANNEL", "1: the agent takes channel notifications, so hooks hand over only what those left; set by launch" },
	{ "CLAUDEMESH_SESSION_ID", "the agent's id of the session; set by launch" },
	{ "CLAUDEMESH_ROLE", "what the session is; set by launch" },
	{ "CLAUDEMESH_MCP_TOOLS", "1: claudemesh mcp offers tools" },
	{ "CLAUDEMESH_MCP_PRESENCE", "1: claudemesh mcp tells of peers that come and go" },
	{ "CLAUDEMESH_USER_DIR", "directory of the user's own files, inside a session; set by launch" },
	{ "CLAUDEMESH_DEBUG", "1: lines on standard error for who looks for a fault" },
	{ "CLAUDEMESH_HOOK_DEBUG", "1: the same of hooks, which are silent otherwise" },
	{ "NO_COLOR", "not empty: no colours" },
	{ "TERM", "dumb: no colours, nothing that moves" },
	{ "SSL_CERT_FILE", "certificate authorities to trust instead of the system's" },
	{ "HOME", "where ~ is" },
	{ "PATH", "where agent programs and browsers are looked for" },
	{ "USER", "the name to be shown under where no other is said" },
	{ "TMPDIR", "directory of what a session of launch needs while it runs; else /tmp" },
	{ "XDG_RUNTIME_DIR", "directory of sockets, where their paths would be too long elsewhere" },
	{ "BROWSER", "the program that opens the web page" },
	{ "DISPLAY", "a browser can be opened; so does WAYLAND_DISPLAY say" },
	{ "WAYLAND_DISPLAY", "the same" },
	{ "CLAUDE_CONFIG_DIR", "Claude Code's own directory; else ~/.claude" },
	{ "CODEX_HOME", "Codex's own directory; else ~/.codex" },
	{ "CLAUDE_PROJECT_DIR", "the directory of a session, told by Claude Code to its hooks" },
	{ "MCP_TIMEOUT", "left as it is by launch if set; else launch sets it for the agent" },
	{ "MAX_MCP_OUTPUT_TOKENS", "likewise" },
	{ "NOTIFY_SOCKET", "where the daemon tells systemd that it is ready" },
	{ "WATCHDOG_USEC", "how often systemd wants to hear of the daemon" },
	{ "WATCHDOG_PID", "which process that is meant for" },
	{ "CI", "set, or GITHUB_ACTIONS, GITLAB_CI, BUILDKITE, CIRCLECI, JENKINS_URL: no service is installed" },
	{ "XDG_DATA_HOME", "where the desktop looks for who opens claudemesh: links" },
	{ "CLAUDEMESH_INTERNAL_NO_AUTOSPAWN", "between our own processes" },
	{ "CLAUDEMESH_INTERNAL_LOG_FILE", "between our own processes" },
	{ "CLAUDEMESH_INTERNAL_READY_FD", "between our own processes" },
	{ 0 },
};

const struct fact file_facts[] = {
	{ "~/.claudemesh/config.json", "the meshes you are in, with the keys of your membership; mode 0600" },
	{ "~/.claudemesh/keys/", "what we keep of each mesh: owner keys, pinned owners" },
	{ "~/.claudemesh/brokers.json", "what brokers can, so that nobody can talk them down" },
	{ "~/.claudemesh/policy.yaml", "what may be done without asking; made on first use" },
	{ "~/.claudemesh/audit.log", "what was asked of the policy, a JSON line each; turned at 1 MiB" },
	{ "~/.claudemesh/sessions/", "keys of agent sessions, so that a session keeps its address" },
	{ "~/.claudemesh/daemon/", "socket, log, outbox and inbox of the daemon" },
	{ 0 },
};

const char *const manual_topics[] = { "exit-codes", "environment", "files", NULL };

const struct fact *manual_topic(str name, const char **ret_title)
{
	static const struct {
		const char *title;
		const struct fact *facts;
	} topics[] = { { "Exit status", exit_facts }, { "Environment", environment_facts }, { "Files", file_facts } };

	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		if (!str_eq(str_from(manual_topics[i]), name))
			continue;
		*ret_title = topics[i].title;
		return topics[i].facts;
	}
	return NULL;
}
