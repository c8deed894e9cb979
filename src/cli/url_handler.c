/*
 * url_handler.c - claudemesh:// links of a browser: a desktop entry for this user, which opens
 * a terminal. What a web page can make one click on is never joined unasked.
 */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/change.h"
#include "cli/context.h"
#include "cli/launch_wizard.h"
#include "client/invite_link.h"

#define ENTRY "claudemesh.desktop"
#define SCHEME "x-scheme-handler/claudemesh"

extern char **environ;

/* ---- the entry ---- */

static struct err *applications(struct cli *c, str *ret_dir)
{
	str data = str_from(getenv("XDG_DATA_HOME")), home = str_from(getenv("HOME"));

	if (str_starts(data, S("/")))
		*ret_dir = arena_printf(c->arena, "%.*s/applications", STRF(data));
	else if (str_starts(home, S("/")))
		*ret_dir = arena_printf(c->arena, "%.*s/.local/share/applications", STRF(home));
	else
		return FAIL(c->arena, BAD_REQUEST, "HOME is not set");
	return NULL;
}

/* A path in an Exec line: quoted, and its own quotes, dollars and percents made harmless. The
 * value is a string of the file, too, so a backslash stands there twice. */
static str exec_word(struct arena *a, str path)
{
	CLEANUP(buf_done) struct buf b = buf_make(4 * PATH_MAX + 16);

	buf_add_byte(&b, '"');
	for (size_t i = 0; i < path.len; i++) {
		char ch = path.ptr[i];

		if (ch == '\\')
			buf_add(&b, S("\\\\\\\\"));
		else if (ch == '"' || ch == '`' || ch == '$')
			buf_printf(&b, "\\\\%c", ch);
		else if (ch == '%')
			buf_add(&b, S("%%"));
		else
			buf_add_byte(&b, ch);
	}
	buf_add_byte(&b, '"');
	return arena_dup(a, buf_str(&b));
}

static struct err *entry_text(struct cli *c, str *ret_text)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	if (n <= 0 || (size_t)n == sizeof(self))
		return FAIL(c->arena, IO, "where this program lies cannot be found out");
	for (ssize_t i = 0; i < n; i++)
		if ((u8)self[i] < ' ')
			return FAIL(c->arena, BAD_REQUEST, "the path of this program has control characters");
	*ret_text = arena_printf(c->arena,
				 "[Desktop Entry]\n"
				 "Type=Application\n"
				 "Name=claudemesh\n"
				 "Comment=Opens invites to a mesh\n"
				 "Exec=%.*s url-handler open -- %%u\n"
				 "Terminal=true\n"
				 "NoDisplay=true\n"
				 "MimeType=" SCHEME ";\n",
				 STRF(exec_word(c->arena, str_of(self, (size_t)n))));
	return NULL;
}

/* Runs a tool of the desktop quietly; false: it is not there, or failed. */
static bool run_tool(const char *const argv[])
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = 0;
	bool ok;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&files, 0, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
	/* posix_spawnp does not write to them; its type is older than const. */
	ok = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
	posix_spawn_file_actions_destroy(&files);
	if (!ok)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void print(struct cli *c, bool installed, str path, bool changed, bool is_default)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_bool(j, "installed", installed);
		json_put_str(j, "path", path);
		json_put_bool(j, "changed", changed);
		if (installed)
			json_put_bool(j, "isDefault", is_default);
		out_json_end(&c->out);
		return;
	}
	out_ok(&c->out, path, !installed ? changed ? "claudemesh:// links are not opened any more"
						   : "there was no handler of claudemesh:// links"
			      : changed	 ? "claudemesh:// links are opened in a terminal"
					 : "claudemesh:// links are opened in a terminal already");
	if (installed && !is_default)
		out_warn(&c->out, S("xdg-mime default " ENTRY " " SCHEME),
			 "xdg-mime is not there or failed: the desktop may not know of it yet");
}

static struct err *platform_check(struct cli *c)
{
	struct utsname u;

	if (uname(&u) == 0 && strcmp(u.sysname, "Linux") != 0)
		return cli_hint(c, FAIL(c->arena, NOT_SUPPORTED, "on %s there is no handler of links yet", u.sysname),
				"claudemesh join LINK does the same");
	return NULL;
}

static struct err *url_handler_run(struct cli *c, const void *flags UNUSED)
{
	bool install = !c->args_n || str_eq(c->args[0], S("install")), changed, is_default = false;
	struct change change;
	str dir, path;

	TRY(platform_check(c));
	TRY(applications(c, &dir));
	path = arena_printf(c->arena, "%.*s/" ENTRY, STRF(dir));
	TRY(change_open(c->arena, path, &change));
	change.undo = !install || str_contains(change.before, S(" url-handler open "));
	if (install)
		TRY(entry_text(c, &change.after));
	else
		TRY(change_copy(c->arena, &change, &change.after));
	changed = !change_is_none(&change);
	if (changed)
		TRY(change_make(c->arena, &change));
	if (install)
		is_default = run_tool((const char *const[]){ "xdg-mime", "default", ENTRY, SCHEME, NULL });
	/* Some desktops read a list that is made of the entries; without the tool they do not. */
	(void)run_tool((const char *const[]){ "update-desktop-database", arena_cstr(c->arena, dir), NULL });
	print(c, install, path, changed, is_default);
	return NULL;
}

const struct command url_handler_command = {
	.name = "url-handler",
	.arguments = "[install|uninstall|remove]",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = url_handler_run,
	.doc = "Lets claudemesh:// links of a browser open here.",
	.more = "A desktop entry of yours, for Linux; 'uninstall' takes it away. A link opens a\n"
		"terminal and asks before anything is joined.",
	.fields = "installed path changed isDefault",
};

/* ---- a link that the browser handed over ---- */

static struct err *open_run(struct cli *c, const void *flags UNUSED)
{
	struct invite_link link = { 0 };
	struct config_args config;
	struct mesh_made made;
	struct client client;
	bool yes;
	str done;

	TRY(invite_link_parse(c->arena, c->args[0], &link));
	invite_link_wipe(&link);
	if (!cli_may_ask(c))
		return cli_hint(c, FAIL(c->arena, FORBIDDEN, "a link of a browser is joined only where one can be asked"),
				"claudemesh join LINK");
	TRY(context_user(c, &client));
	TRY(context_config(c, &client, &config));
	out_section(&c->out, "a link of your browser");
	out_info(&c->out, "It invites you to a mesh%s%.*s. Whoever is in it can write to your agents.",
		 link.base.len ? " of " : "", STRF(link.base));
	TRY(ask_yes(c, "Did somebody you know send it, and do you want to join?", false, &yes));
	if (!yes)
		return FAIL(c->arena, CANCELLED, "nothing was joined");
	TRY(mesh_join(c->arena, &client, c->args[0], config_who(c->arena, &config, STR_NONE), STR_NONE, &made));
	out_ok(&c->out, STR_NONE, made.already_member ? "you are in %.*s already" : "joined %.*s",
	       STRF(made.mesh.slug));
	if (!str_empty(made.warning))
		out_warn(&c->out, STR_NONE, "%.*s", STRF(made.warning));
	out_hint(&c->out, "claudemesh launch %.*s   starts an agent in the directory you are in",
		 STRF(made.mesh.slug));
	/* The terminal that the desktop opened goes when we end. */
	return ask_line(c, "Enter ends this", STR_NONE, &done);
}

const struct command url_open_command = {
	.name = "url-handler open",
	.arguments = "LINK",
	.group = GROUP_SETUP,
	COMMAND_GATE(WRITE, "mesh", "join"),
	.run = open_run,
	.hidden = true,
	.doc = "Joins with a link that a browser handed over, after asking.",
};
