#include "client/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "client/file.h"
#include "crypto/encode.h"
#include "crypto/fingerprint.h"
#include "proto/reach.h"

enum { TOKEN_BYTES = 32, ANCESTORS_MAX = 8, NAME_CHARACTERS = 32 };

/* Parent and name of a process, from /proc/PID/stat: "PID (NAME) STATE PARENT ...". */
static bool process_of(i64 pid, char name[64], i64 *ret_parent)
{
	char path[64], text[512], *open, *close;
	long long parent;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || sscanf(close + 1, " %*c %lld", &parent) != 1)
		return false;
	*close = '\0';
	snprintf(name, 64, "%s", open + 1);
	*ret_parent = parent;
	return true;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = { "sh", "bash", "dash", "zsh", "fish", "ash", "ksh", "busybox" };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

i64 agent_pid(void)
{
	i64 pid = getppid(), parent;
	char name[64];

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (!process_of(pid, name, &parent))
			return 0;
		if (!is_shell(name))
			return pid;
		pid = parent;
	}
	return 0;
}

static str directory(struct arena *a, const struct paths *p)
{
	return arena_printf(a, "%.*s/hooks", STRF(p->sessions));
}

/* Session ids are the agent's: they name no path. */
static str token_file(struct arena *a, const struct paths *p, str session_id)
{
	return arena_printf(a, "%.*s/%.*s.token", STRF(directory(a, p)), NAME_CHARACTERS,
			    sha256_hex(a, session_id).ptr);
}

struct err *agent_token(struct arena *a, const struct paths *p, const struct agent *agent,
			struct ipc *ipc, bool *ret_new)
{
	str path = token_file(a, p, agent->session_id), text;
	u8 bytes[TOKEN_BYTES];

	*ret_new = false;
	TRY(file_read_private(a, path, &text));
	if (str_is_hex(str_trim(text), TOKEN_BYTES, true)) {
		ipc->token = str_trim(text);
		return NULL;
	}
	(void)mkdir(arena_cstr(a, p->sessions), 0700);
	(void)mkdir(arena_cstr(a, directory(a, p)), 0700);
	random_fill(&random_system, bytes, sizeof(bytes));
	ipc->token = hex_encode(a, str_of(bytes, sizeof(bytes)));
	*ret_new = true;
	return file_write_private(a, path, ipc->token);
}

struct err *agent_register(struct arena *a, const struct config_args *config, const struct agent *agent,
			   const struct ipc *ipc, i64 deadline_ms)
{
	const struct config_mesh_args *mesh = config->meshes.items;
	str wanted = str_from(getenv("CLAUDEMESH_MESH"));
	struct ipc plain = *ipc;
	const struct json *body;
	struct local_register_args in;
	struct buf b = buf_make(1 << 16);
	struct json_out o = json_out(&b);
	str text;

	if (wanted.len)
		TRY(config_find_mesh(a, config, wanted, &mesh));
	if (!config->meshes.n)
		return FAIL(a, NOT_FOUND, "no mesh is joined");
	in = (struct local_register_args){
		.token = ipc->token, .session_id = agent->session_id, .mesh = mesh->slug,
		.display_name = config_who(a, config, STR_NONE), .pid = agent->pid, .cwd = agent->cwd,
		.message_mode = config->messageMode, .hooks = true,
	};
	json_obj(&o);
	json_encode(&o, local_register_fields, &in);
	json_obj_end(&o);
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	/* The user registers sessions, no session does. */
	plain.token = STR_NONE;
	return ipc_ask(a, &plain, &(struct ipc_request){ .target = S("/v1/sessions/register"), .body = text,
							 .deadline_ms = deadline_ms }, &body);
}

str agent_message_mode(struct arena *a, const struct paths *p, bool launched)
{
	str mode = str_from(getenv("CLAUDEMESH_MESSAGE_MODE"));
	struct config_args config = { 0 };

	if (!mode.len && !launched && !config_load(a, p, &config))
		mode = config.messageMode;
	return mode.len ? mode : S(MESSAGE_MODE_PUSH);
}

struct err *agent_end(struct arena *a, const struct paths *p, const struct agent *agent,
		      const struct ipc *ipc, i64 deadline_ms)
{
	const struct json *body;
	struct err *e = ipc_ask(a, ipc, &(struct ipc_request){ .method = S("DELETE"),
							       .target = S("/v1/sessions/me"),
							       .deadline_ms = deadline_ms }, &body);

	TRY(file_remove(a, token_file(a, p, agent->session_id)));
	return e;
}
