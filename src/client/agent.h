/*
 * agent.h - the agent session that this process runs in, as far as an agent tells its hooks.
 *
 * `claudemesh launch` registers its session with the daemon and hands the token on. An agent
 * started without it is registered by its first hook: the token lies in
 * paths.sessions/hooks, named after a hash of the agent's session id, so that every later
 * hook of the session finds it.
 */
#ifndef CLIENT_AGENT_H
#define CLIENT_AGENT_H

#include "client/config.h"
#include "client/ipc.h"

struct agent {
	str session_id, cwd;
	i64 pid;              /* of the agent's process; 0: not known */
};

/* The process that ran us: the nearest ancestor that is no shell. */
i64 agent_pid(void);
/* Sets ipc->token to the session's; *ret_new: the daemon does not know it yet. */
struct err *agent_token(struct arena *a, const struct paths *p, const struct agent *agent,
			struct ipc *ipc, bool *ret_new) MUST_CHECK;
/* Tells the daemon of the session: in the mesh of $CLAUDEMESH_MESH, else the first joined. */
struct err *agent_register(struct arena *a, const struct config_args *config, const struct agent *agent,
			   const struct ipc *ipc, i64 deadline_ms) MUST_CHECK;
/* What this session wants done with its messages, "push", "inbox" or "off": as launched, else as
 * the user's configuration has it. */
str agent_message_mode(struct arena *a, const struct paths *p, bool launched);
/* The session is over: the daemon and the file forget it. */
struct err *agent_end(struct arena *a, const struct paths *p, const struct agent *agent,
		      const struct ipc *ipc, i64 deadline_ms) MUST_CHECK;

#endif
