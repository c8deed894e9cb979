#include "cli/install.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/daemon.h"
#include "client/config.h"

#define INSTALL_FLAGS(F, T) \
	F(T, str, agents, "A,B", 1, 64, "claude, codex, gemini, cursor; default: those found here") \
	F(T, bool, dry_run, "", 0, 0, "show what would change, change nothing") \
	F(T, bool, no_hooks, "", 0, 0, "leave the hooks out") \
	F(T, bool, no_skill, "", 0, 0, "leave the skill out") \
	F(T, bool, no_service, "", 0, 0, "leave out the service that runs the daemon") \
	F(T, bool, status_line, "", 0, 0, "also the status line of Claude Code, where there is none")
CLI_FLAGS(install, INSTALL_FLAGS);

#define UNINSTALL_FLAGS(F, T) \
	F(T, str, agents, "A,B", 1, 64, "claude, codex, gemini, cursor; default: all") \
	F(T, bool, dry_run, "", 0, 0, "show what would change, change nothing")
CLI_FLAGS(uninstall, UNINSTALL_FLAGS);

/* ---- where ---- */

static str home_of(struct arena *a)
{
	str home = str_from(getenv("HOME"));

	return home.len ? home : arena_dup(a, S("/"));
}

/* The agent's directory; *ret_moved: a variable says so, and what lies beside it by default
 * lies in it then. */
static str directory_of(struct arena *a, const struct place_row *row, bool *ret_moved)
{
	str given = row->home_env ? str_from(getenv(row->home_env)) : STR_NONE;

	*ret_moved = given.len != 0;
	return given.len ? given : arena_printf(a, "%.*s/%s", STRF(home_of(a)), row->home);
}

static str file_of(struct arena *a, const struct place_row *row)
{
	bool moved, beside = strncmp(row->file, "../", 3) == 0;
	str dir = directory_of(a, row, &moved);

	if (beside && !moved)
		return arena_printf(a, "%.*s/%s", STRF(home_of(a)), row->file + 3);
	return arena_printf(a, "%.*s/%s", STRF(dir), beside ? row->file + 3 : row->file);
}

static bool on_path(struct arena *a, str program, str *ret_path)
{
	str rest = str_from(getenv("PATH")), dir;

	while (str_cut(&rest, ':', &dir)) {
		str path = arena_printf(a, "%.*s/%.*s", STRF(dir), STRF(program));

		if (dir.len && access(path.ptr, X_OK) == 0) {
			*ret_path = path;
			return true;
		}
	}
	return false;
}

static bool is_here(struct arena *a, const struct place_row *row)
{
	struct stat st;
	bool moved;
	str path;

	return stat(arena_cstr(a, directory_of(a, row, &moved)), &st) == 0 ||
	       on_path(a, str_from(row->program), &path);
}

/* How an agent starts us: by name if that finds this very program, else by its path. */
static str command_of(struct arena *a)
{
	char self[PATH_MAX], found[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	str path;

	if (n <= 0)
		return S("claudemesh");
	self[n] = '\0';
	if (on_path(a, S("claudemesh"), &path) && realpath(path.ptr, found) && strcmp(found, self) == 0)
		return S("claudemesh");
	return arena_dup(a, str_from(self));
}

/* ---- which ---- */

static bool is_named(str list, const char *agent)
{
	str word;

	while (str_cut(&list, ',', &word))
		if (str_eq(str_trim(word), str_from(agent)))
			return true;
	return false;
}

static struct err *check_names(struct cli *c, str list)
{
	str word;

	while (str_cut(&list, ',', &word)) {
		bool known = false;

		for (const struct place_row *row = install_rows; row->agent; row++)
			known = known || str_eq(str_trim(word), str_from(row->agent));
		if (!known)
			return cli_invalid(c, S("agents"), "unknown",
					   arena_printf(c->arena, "there is no agent '%.*s'", STRF(word)),
					   S("claude, codex, gemini, cursor"));
	}
	return NULL;
}

/* ---- doing ---- */

struct work {
	struct cli *cli;
	bool dry_run;
	size_t changed, failed;
};

/* One file that cannot be changed does not keep the others from it. */
static void finish_one(struct work *w, const struct place_row *row, const struct change *ch, struct err *e)
{
	struct output *o = &w->cli->out;

	if (!e && change_is_none(ch))
		return;
	if (!e && !w->dry_run)
		e = change_make(w->cli->arena, ch);
	if (e) {
		w->failed++;
		out_warn(o, S("it was left as it is"), "%s, %s: %.*s", row->agent_name, row->what, STRF(e->text));
		return;
	}
	w->changed++;
	if (o->json) {
		json_obj(&o->json_out);
		json_put_str(&o->json_out, "agent", str_from(row->agent));
		json_put_str(&o->json_out, "what", str_from(row->what));
		json_put_str(&o->json_out, "file", ch->path);
		json_obj_end(&o->json_out);
		return;
	}
	if (o->quiet && !w->dry_run)
		return;
	out_section(o, "%s: %s", row->agent_name, row->what);
	if (row->is_skill && ch->after.ptr && !ch->undo)
		out_info(o, "%.*s (%s; 'claudemesh skill' prints it)", STRF(ch->path), ch->before.ptr ? "replaced" : "new");
	else
		change_show(o, ch);
}

static struct err *report(struct work *w, const char *verb)
{
	struct output *o = &w->cli->out;

	if (o->json) {
		out_json_list_end(o);
		json_put_bool(&o->json_out, "dry_run", w->dry_run);
		json_put_int(&o->json_out, "failed", (i64)w->failed);
		out_json_end(o);
	}
	if (w->failed)
		return FAIL(w->cli->arena, IO, "%zu of %zu files could not be changed", w->failed,
			    w->failed + w->changed);
	if (w->dry_run)
		out_info(o, w->changed ? "nothing was changed; without --dry-run it will be"
				       : "there is nothing to change");
	else if (w->changed)
		out_ok(o, STR_NONE, "%s; agents that run now must be started again", verb);
	else
		out_ok(o, STR_NONE, "%s already", verb);
	return NULL;
}

static void begin(struct cli *c)
{
	if (!c->out.json)
		return;
	out_json(&c->out);
	out_json_list(&c->out, "changes");
}

/* ---- the daemon's service ---- */

static const struct place_row service_row = { .agent = "claudemesh", .agent_name = "claudemesh", .what = "service" };

/* Only where a mesh is joined: without one there is no daemon to run. */
static bool wants_service(struct cli *c)
{
	struct config_args config;
	struct paths paths;

	return !unit_ci_variable() && !paths_user_from_env(c->arena, &paths) &&
	       !config_load(c->arena, &paths, &config) && config.meshes.n > 0;
}

static struct err *service_put(struct work *w)
{
	struct cli *c = w->cli;
	struct unit_file files[UNIT_FILES_MAX];
	size_t n, before = w->changed;
	struct unit_spec spec;
	struct paths p;
	struct place pl;

	if (!wants_service(c))
		return NULL;
	TRY(daemon_unit_spec(c, &p, &pl, &spec));
	/* A socket is made in a directory that is there. */
	if (!w->dry_run)
		TRY(place_make(c->arena, &pl));
	n = unit_files(c->arena, &spec, files);
	for (size_t i = 0; i < n; i++) {
		struct change ch = { 0 };
		struct err *e = change_open(c->arena, files[i].path, &ch);

		ch.after = files[i].text;
		finish_one(w, &service_row, &ch, e);
	}
	if (w->changed > before && !w->dry_run)
		out_hint(&c->out, "%.*s", STRF(unit_boot_command(c->arena, &spec)));
	return NULL;
}

static struct err *service_take(struct work *w)
{
	struct cli *c = w->cli;
	struct unit_file files[UNIT_FILES_MAX];
	size_t n, before = w->changed;
	struct unit_spec spec;
	struct paths p;
	struct place pl;

	if (daemon_unit_spec(c, &p, &pl, &spec))
		return NULL; /* without a home there is no service */
	n = unit_files(c->arena, &spec, files);
	for (size_t i = 0; i < n; i++) {
		struct change ch = { 0 };
		struct err *e = change_open(c->arena, files[i].path, &ch);

		ch.undo = true;
		ch.after = STR_NONE;
		finish_one(w, &service_row, &ch, e);
	}
	if (w->changed > before && !w->dry_run)
		out_hint(&c->out, "if it runs: %.*s", STRF(unit_stop_command(c->arena, &spec)));
	return NULL;
}

static struct err *install_run(struct cli *c, const void *flags)
{
	const struct install_flags *in = flags;
	struct work w = { .cli = c, .dry_run = in->dry_run };
	str command = command_of(c->arena);
	size_t seen = 0;

	TRY(check_names(c, in->agents));
	begin(c);
	for (const struct place_row *row = install_rows; row->agent; row++) {
		struct change ch = { 0 };
		struct err *e;

		if (in->agents.len ? !is_named(in->agents, row->agent) : !is_here(c->arena, row))
			continue;
		seen++;
		if ((row->is_hooks && in->no_hooks) || (row->is_skill && in->no_skill) ||
		    (row->is_status_line && !in->status_line))
			continue;
		e = change_open(c->arena, file_of(c->arena, row), &ch);
		if (!e)
			e = row->put(c->arena, &ch, command);
		finish_one(&w, row, &ch, e);
	}
	if (!seen)
		return cli_hint(c, FAIL(c->arena, NOT_FOUND, "no agent was found on this machine"),
				"claudemesh install --agents claude");
	if (!in->no_service)
		TRY(service_put(&w));
	TRY(report(&w, "installed"));
	if (!in->dry_run)
		out_hint(&c->out, "claudemesh doctor   looks whether everything is in place");
	return NULL;
}

static struct err *uninstall_run(struct cli *c, const void *flags)
{
	const struct uninstall_flags *in = flags;
	struct work w = { .cli = c, .dry_run = in->dry_run };

	TRY(check_names(c, in->agents));
	begin(c);
	for (const struct place_row *row = install_rows; row->agent; row++) {
		struct change ch = { 0 };
		struct err *e;

		if (in->agents.len && !is_named(in->agents, row->agent))
			continue;
		e = change_open(c->arena, file_of(c->arena, row), &ch);
		ch.undo = true;
		if (!e)
			e = row->take(c->arena, &ch);
		finish_one(&w, row, &ch, e);
	}
	if (!in->agents.len)
		TRY(service_take(&w));
	return report(&w, "uninstalled");
}

const struct command install_command = {
	.name = "install",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(install),
	.run = install_run,
	.doc = "Sets up the agents of this machine: MCP server, hooks, skill, service.",
	.more = "Shows each change of a file. The first one leaves a copy, FILE.pre-claudemesh;\n"
		"'claudemesh uninstall' takes out what was put in, and nothing else. The service\n"
		"runs the daemon from login on; it comes with a joined mesh, and not in build machines.",
	.fields = "agent what file",
};

const struct command uninstall_command = {
	.name = "uninstall",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(uninstall),
	.run = uninstall_run,
	.doc = "Takes claudemesh out of the agents' settings.",
	.fields = "agent what file",
};
