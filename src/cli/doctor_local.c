#include "cli/doctor.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ipc.h"

enum { DAEMON_MS = 1000, FOREIGN_BYTES_MAX = 16 << 20 };

static void find_daemon(struct doctor *d)
{
	struct arena *a = d->c->arena;
	struct paths *paths = NEW(a, struct paths);
	const struct json *body;
	struct ipc ipc;
	i64 pid = 0;
	struct err *e = paths_user_from_env(a, paths);

	if (!e)
		e = ipc_from_env(a, paths, &ipc);
	if (!e && !place_is_locked(a, &ipc.place, &pid)) {
		doctor_tell(d, FINDING_SKIP, "daemon", S("not running; commands go to the broker themselves"),
			    S("claudemesh daemon up"));
		return;
	}
	if (!e)
		e = ipc_ask(a, &ipc, &(struct ipc_request){ .target = S("/v1/version"), .deadline_ms = DAEMON_MS },
			    &body);
	if (e)
		doctor_tell(d, FINDING_FAIL, "daemon", e->text,
			    S("claudemesh daemon logs tells why; claudemesh daemon down and up starts it anew"));
	else
		doctor_tell(d, FINDING_OK, "daemon", pid ? arena_printf(a, "pid %d", (int)pid) : STR_NONE, STR_NONE);
}

/* The first file of that name on PATH that may be run; STR_NONE. */
static str on_path(struct arena *a, const char *name)
{
	str rest = str_from(getenv("PATH")), dir;

	while (str_cut(&rest, ':', &dir)) {
		str path = arena_printf(a, "%.*s/%s", STRF(dir), name);
		struct stat st;

		if (!str_empty(dir) && stat(path.ptr, &st) == 0 && S_ISREG(st.st_mode) && access(path.ptr, X_OK) == 0)
			return path;
	}
	return STR_NONE;
}

/* The text of a file of another program, whoever may read it; STR_NONE. */
static str read_foreign(struct arena *a, str path)
{
	FILE *f = fopen(arena_cstr(a, path), "re");
	char *text;
	size_t n;

	if (!f)
		return STR_NONE;
	text = NEW_ARRAY(a, char, FOREIGN_BYTES_MAX);
	n = fread(text, 1, FOREIGN_BYTES_MAX, f);
	fclose(f);
	return str_of(text, n);
}

/* Is our MCP server among those of Claude Code? */
static bool is_installed(struct arena *a)
{
	const char *home = getenv("HOME");
	const struct json *doc;

	if (!home || json_parse(a, read_foreign(a, arena_printf(a, "%s/.claude.json", home)), &doc))
		return false;
	return json_get(json_get(doc, S("mcpServers")), S("claudemesh")) != NULL;
}

static void find_agents(struct doctor *d)
{
	static const char *const programs[] = { "claude", "codex", "gemini", "cursor-agent" };
	struct arena *a = d->c->arena;
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		str path = on_path(a, programs[i]);

		if (!path.ptr)
			continue;
		found++;
		if (i == 0 && !is_installed(a))
			doctor_tell(d, FINDING_WARN, programs[i], S("our MCP server is not among its servers"),
				    S("claudemesh install"));
		else
			doctor_tell(d, FINDING_OK, programs[i], path, STR_NONE);
	}
	if (!found)
		doctor_tell(d, FINDING_SKIP, "agent programs", S("none of claude, codex, gemini, cursor-agent on PATH"),
			    STR_NONE);
}

void doctor_local(struct doctor *d)
{
	find_daemon(d);
	find_agents(d);
}
