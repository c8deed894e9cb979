#include "daemon/unit.h"

#include <stdlib.h>

#include "client/test_dir.h"

static struct unit_spec spec_of(struct arena *a, enum unit_platform platform, struct place *pl)
{
	*pl = (struct place){ .socket = S("/home/a b/100%/daemon.sock"),
			      .log = S("/home/<a>&b/daemon.log"),
			      .config_dir = S("/home/\"x\"") };
	return (struct unit_spec){ .platform = platform,
				   .home = test_dir(a),
				   .program = S("/bin/sh"),
				   .place = pl,
				   .own_config_dir = true };
}

static str read_all(struct arena *a, str path)
{
	char text[8192];
	FILE *f = fopen(arena_cstr(a, path), "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return arena_dup(a, str_of(text, n));
}

TEST(systemd_units_are_written_and_removed)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl;
	struct unit_spec spec = spec_of(a, UNIT_SYSTEMD, &pl);
	struct unit_file files[UNIT_FILES_MAX];
	bool removed;
	str text;

	assert_int_equal(unit_files(a, &spec, files), 2);
	assert_ok(unit_install(a, &spec));
	assert_ok(unit_install(a, &spec));
	assert_int_equal(test_mode(a, files[0].path), 0644);
	text = read_all(a, files[0].path);
	assert_true(str_contains(text, S("Type=notify\nExecStart=\"/bin/sh\" daemon up --foreground\n")));
	assert_true(str_contains(text, S("Environment=\"CLAUDEMESH_CONFIG_DIR=/home/\\\"x\\\"\"\n")));
	assert_true(str_contains(text, S("RestartPreventExitStatus=2 4\n")));
	text = read_all(a, files[1].path);
	assert_true(str_contains(text, S("ListenStream=/home/a b/100%%/daemon.sock\n")));
	assert_true(str_contains(text, S("SocketMode=0600\n")));
	assert_ok(unit_remove(a, &spec, &removed));
	assert_true(removed);
	assert_ok(unit_remove(a, &spec, &removed));
	assert_false(removed);
	spec.program = S("/nowhere/claudemesh");
	assert_err(unit_install(a, &spec), NOT_FOUND);
}

TEST(the_plist_is_escaped)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct place pl;
	struct unit_spec spec = spec_of(a, UNIT_LAUNCHD, &pl);
	struct unit_file files[UNIT_FILES_MAX];

	assert_int_equal(unit_files(a, &spec, files), 1);
	assert_true(str_ends(files[0].path, S("/Library/LaunchAgents/com.claudemesh.daemon.plist")));
	assert_true(str_contains(files[0].text, S("<string>/home/&lt;a&gt;&amp;b/daemon.log</string>")));
	assert_true(str_contains(files[0].text, S("Untested")));
	assert_true(str_starts(unit_boot_command(a, &spec), S("launchctl bootstrap")));
}

TEST(build_machines_are_told)
{
	unsetenv("CI");
	unsetenv("GITHUB_ACTIONS");
	unsetenv("GITLAB_CI");
	unsetenv("BUILDKITE");
	unsetenv("CIRCLECI");
	unsetenv("JENKINS_URL");
	assert_null(unit_ci_variable());
	setenv("GITLAB_CI", "true", 1);
	assert_string_equal(unit_ci_variable(), "GITLAB_CI");
	unsetenv("GITLAB_CI");
}

TEST_MAIN("daemon/unit")
