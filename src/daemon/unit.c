#include "daemon/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define SYSTEMD_DIR ".config/systemd/user"
#define SYSTEMD_NAME "claudemesh-daemon"
#define LAUNCHD_DIR "Library/LaunchAgents"
#define LAUNCHD_NAME "com.claudemesh.daemon"

enum { UNIT_MODE = 0644 };

enum unit_platform unit_platform_here(void)
{
#ifdef __APPLE__
	return UNIT_LAUNCHD;
#else
	return UNIT_SYSTEMD;
#endif
}

const char *unit_platform_word(enum unit_platform p)
{
	return p == UNIT_LAUNCHD ? "darwin" : "linux";
}

const char *unit_ci_variable(void)
{
	static const char *const names[] = { "CI",       "GITHUB_ACTIONS", "GITLAB_CI",
					     "BUILDKITE", "CIRCLECI",       "JENKINS_URL" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return names[i];
	}
	return NULL;
}

/* As systemd reads a word: '%' and '"' and '\' mean something. */
static str systemd_word(struct arena *a, str s)
{
	struct buf b = buf_make(4 * s.len + 3);
	str quoted;

	buf_add_byte(&b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '%' || s.ptr[i] == '$')
			buf_add_byte(&b, s.ptr[i]);
		if (s.ptr[i] == '"' || s.ptr[i] == '\\')
			buf_add_byte(&b, '\\');
		buf_add_byte(&b, s.ptr[i]);
	}
	buf_add_byte(&b, '"');
	quoted = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return quoted;
}

static str xml_text(struct arena *a, str s)
{
	struct buf b = buf_make(6 * s.len + 1);
	str quoted;

	for (size_t i = 0; i < s.len; i++)
		switch (s.ptr[i]) {
		case '&': buf_add(&b, S("&amp;")); break;
		case '<': buf_add(&b, S("&lt;")); break;
		case '>': buf_add(&b, S("&gt;")); break;
		default: buf_add_byte(&b, s.ptr[i]); break;
		}
	quoted = arena_dup(a, b.ptr ? buf_str(&b) : S(""));
	buf_done(&b);
	return quoted;
}

static str config_line(struct arena *a, const struct unit_spec *spec)
{
	str pair = arena_printf(a, "CLAUDEMESH_CONFIG_DIR=%.*s", STRF(spec->place->config_dir));

	if (!spec->own_config_dir)
		return S("");
	return arena_printf(a, "Environment=%.*s\n", STRF(systemd_word(a, pair)));
}

static str systemd_service(struct arena *a, const struct unit_spec *spec)
{
	return arena_printf(a,
			    "[Unit]\n"
			    "Description=claudemesh daemon\n"
			    "After=network-online.target\n"
			    "Wants=network-online.target\n"
			    "\n"
			    "[Service]\n"
			    "Type=notify\n"
			    "ExecStart=%.*s daemon up --foreground\n"
			    "Restart=always\n"
			    "RestartSec=3\n"
			    "# no mesh joined, and files of another machine: trying again does not help\n"
			    "RestartPreventExitStatus=2 4\n"
			    "WatchdogSec=60\n"
			    "UMask=0077\n"
			    "NoNewPrivileges=yes\n"
			    "Environment=PATH=/usr/local/bin:/usr/bin:/bin\n"
			    "Environment=CLAUDEMESH_INTERNAL_LOG_FILE=1\n"
			    "%.*s"
			    "\n"
			    "[Install]\n"
			    "WantedBy=default.target\n"
			    "Also=" SYSTEMD_NAME ".socket\n",
			    STRF(systemd_word(a, spec->program)), STRF(config_line(a, spec)));
}

/* A path of a socket unit: no quotes there, only '%' means something. */
static str systemd_path(struct arena *a, str path)
{
	str word = systemd_word(a, path);

	return str_of(word.ptr + 1, word.len - 2);
}

static str systemd_socket(struct arena *a, const struct unit_spec *spec)
{
	return arena_printf(a,
			    "[Unit]\n"
			    "Description=claudemesh daemon's local API\n"
			    "\n"
			    "[Socket]\n"
			    "ListenStream=%.*s\n"
			    "SocketMode=0600\n"
			    "DirectoryMode=0700\n"
			    "\n"
			    "[Install]\n"
			    "WantedBy=sockets.target\n",
			    STRF(systemd_path(a, spec->place->socket)));
}

static str launchd_plist(struct arena *a, const struct unit_spec *spec)
{
	str config = spec->own_config_dir
			     ? arena_printf(a,
					    "    <key>CLAUDEMESH_CONFIG_DIR</key><string>%.*s</string>\n",
					    STRF(xml_text(a, spec->place->config_dir)))
			     : S("");
	str log = xml_text(a, spec->place->log);

	return arena_printf(
		a,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		"<!-- Untested: written from the documentation of launchd. -->\n"
		"<plist version=\"1.0\">\n<dict>\n"
		"  <key>Label</key><string>" LAUNCHD_NAME "</string>\n"
		"  <key>ProgramArguments</key>\n  <array>\n"
		"    <string>%.*s</string>\n    <string>daemon</string>\n"
		"    <string>up</string>\n    <string>--foreground</string>\n  </array>\n"
		"  <key>RunAtLoad</key><true/>\n"
		"  <key>KeepAlive</key><true/>\n"
		"  <key>StandardOutPath</key><string>%.*s</string>\n"
		"  <key>StandardErrorPath</key><string>%.*s</string>\n"
		"  <key>EnvironmentVariables</key>\n  <dict>\n"
		"    <key>HOME</key><string>%.*s</string>\n"
		"    <key>PATH</key><string>/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin"
		"</string>\n"
		"    <key>CLAUDEMESH_INTERNAL_LOG_FILE</key><string>1</string>\n"
		"%.*s  </dict>\n</dict>\n</plist>\n",
		STRF(xml_text(a, spec->program)), STRF(log), STRF(log), STRF(xml_text(a, spec->home)),
		STRF(config));
}

size_t unit_files(struct arena *a, const struct unit_spec *spec,
		  struct unit_file ret_files[UNIT_FILES_MAX])
{
	if (spec->platform == UNIT_LAUNCHD) {
		ret_files[0].path =
			arena_printf(a, "%.*s/" LAUNCHD_DIR "/" LAUNCHD_NAME ".plist", STRF(spec->home));
		ret_files[0].text = launchd_plist(a, spec);
		return 1;
	}
	ret_files[0].path = arena_printf(a, "%.*s/" SYSTEMD_DIR "/" SYSTEMD_NAME ".service",
					 STRF(spec->home));
	ret_files[0].text = systemd_service(a, spec);
	ret_files[1].path =
		arena_printf(a, "%.*s/" SYSTEMD_DIR "/" SYSTEMD_NAME ".socket", STRF(spec->home));
	ret_files[1].text = systemd_socket(a, spec);
	return 2;
}

str unit_boot_command(struct arena *a, const struct unit_spec *spec)
{
	if (spec->platform == UNIT_SYSTEMD)
		return S("systemctl --user daemon-reload && systemctl --user enable --now " SYSTEMD_NAME
			 ".service");
	return arena_printf(a, "launchctl bootstrap gui/$(id -u) %.*s/" LAUNCHD_DIR "/" LAUNCHD_NAME
			    ".plist", STRF(spec->home));
}

str unit_stop_command(struct arena *a, const struct unit_spec *spec)
{
	if (spec->platform == UNIT_SYSTEMD)
		return S("systemctl --user disable --now " SYSTEMD_NAME ".service " SYSTEMD_NAME
			 ".socket");
	return S("launchctl bootout gui/$(id -u)/" LAUNCHD_NAME);
}

/* The directory of a path and those above it, up to the home. */
static struct err *make_parents(struct arena *a, str path, str home)
{
	for (size_t i = home.len + 1; i < path.len; i++) {
		const char *dir = path.ptr[i] == '/' ? arena_cstr(a, str_of(path.ptr, i)) : NULL;

		if (dir && mkdir(dir, 0755) < 0 && errno != EEXIST)
			return FAIL(a, IO, "cannot make the directory '%s': %s", dir, strerror(errno));
	}
	return NULL;
}

static struct err *write_unit(struct arena *a, const struct unit_file *f)
{
	const char *name = arena_cstr(a, f->path), *temp = arena_printf(a, "%s.tmp", name).ptr;
	FILE *out = fopen(temp, "we");
	bool ok = out && fwrite(f->text.ptr, 1, f->text.len, out) == f->text.len &&
		  fchmod(fileno(out), UNIT_MODE) == 0;
	int failed = errno;

	if (out && fclose(out) != 0 && ok) {
		ok = false;
		failed = errno;
	}
	if (ok && rename(temp, name) == 0)
		return NULL;
	if (ok)
		failed = errno;
	unlink(temp);
	return FAIL(a, IO, "cannot write '%s': %s", name, strerror(failed));
}

struct err *unit_install(struct arena *a, const struct unit_spec *spec)
{
	struct unit_file files[UNIT_FILES_MAX];
	size_t n = unit_files(a, spec, files);

	if (access(arena_cstr(a, spec->program), X_OK) < 0)
		return FAIL(a, NOT_FOUND, "the program '%.*s' cannot be run: %s", STRF(spec->program),
			    strerror(errno));
	for (size_t i = 0; i < n; i++) {
		TRY(make_parents(a, files[i].path, spec->home));
		TRY(write_unit(a, &files[i]));
	}
	return NULL;
}

struct err *unit_remove(struct arena *a, const struct unit_spec *spec, bool *ret_removed)
{
	struct unit_file files[UNIT_FILES_MAX];
	size_t n = unit_files(a, spec, files);

	*ret_removed = false;
	for (size_t i = 0; i < n; i++) {
		if (unlink(arena_cstr(a, files[i].path)) == 0)
			*ret_removed = true;
		else if (errno != ENOENT)
			return FAIL(a, IO, "cannot remove '%.*s': %s", STRF(files[i].path),
				    strerror(errno));
	}
	return NULL;
}
