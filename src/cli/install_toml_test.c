#include "base/test.h"
#include "cli/install_toml.h"

TEST(a_table_is_found_however_it_is_written)
{
	static const struct { const char *text; enum toml_place want; } cases[] = {
		{ "", TOML_FREE },
		{ "model = \"x\"\n[mcp_servers.other]\ncommand = \"mcp_servers = {\"\n", TOML_FREE },
		{ "[mcp_servers]\nother = { command = \"x\" }\n", TOML_FREE },
		{ "mcp_servers.other.command = \"x\"\n", TOML_FREE },
		{ "[profiles.mcp_servers]\nx = 1\n[a]\nmcp_servers = 2\n", TOML_FREE },
		{ "[mcp_servers.claudemesh2]\n", TOML_FREE },
		{ "# [mcp_servers.claudemesh]\n", TOML_FREE },
		{ "notes = \"\"\"\n[mcp_servers.claudemesh]\n\"\"\"\n", TOML_FREE },
		{ "notes = '''\nmcp_servers = {}\n\"\"\"\n'''\n", TOML_FREE },
		{ "[mcp_servers.claudemesh]\n", TOML_TAKEN },
		{ "  [ mcp_servers . \"claudemesh\" ] # mine\r\n", TOML_TAKEN },
		{ "[mcp_servers.claudemesh.env]\nA = \"1\"\n", TOML_TAKEN },
		{ "[mcp_servers]\n'claudemesh' = { command = \"x\" }\n", TOML_TAKEN },
		{ "[mcp_servers]\nclaudemesh.command = \"x\"\n", TOML_TAKEN },
		{ "mcp_servers.claudemesh.command = \"x\"\n", TOML_TAKEN },
		{ "mcp_servers = { other = { command = \"x\" } }\r\n", TOML_CLOSED },
		{ "\"mcp_servers\"={}", TOML_CLOSED },
		{ "[[mcp_servers]]\nname = \"x\"\n", TOML_CLOSED },
		{ "a = \"\"\"x\"\"\"\nmcp_servers = {}\n", TOML_CLOSED },
	};
	CLEANUP(arena_freep) struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (toml_look(a, str_from(cases[i].text), "mcp_servers", "claudemesh") != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].text);
}

TEST_MAIN("cli/install_toml")
