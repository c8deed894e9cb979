#include "broker/routes.h"

#include "base/test.h"
#include "engine/op.h"

static const struct {
	const char *method, *path;
	int status;
	const char *pattern, *param;
} cases[] = {
	{ "GET", "/health", 0, "/health", "" },
	{ "HEAD", "/health", 0, "/health", "" },
	{ "POST", "/health", 405, NULL, "GET, HEAD, OPTIONS" },
	{ "GET", "/health/", 404, NULL, "GET /health" },
	{ "GET", "/Health", 404, NULL, "GET /health" },
	{ "GET", "health", 404, NULL, "GET /health" },
	{ "GET", "//health", 404, NULL, "GET /health" },
	{ "GET", "/helth", 404, NULL, "GET /health" },
	{ "GET", "/", 0, "/", "" },
	{ "GET", "", 404, NULL, NULL },
	{ "GET", "/wp-admin/setup-config.php/and/more/of/it", 404, NULL, "" },
	{ "POST", "/cli/mesh/create", 0, "/cli/mesh/create", "" },
	{ "GET", "/cli/mesh/create", 405, NULL, "DELETE, POST, OPTIONS" },
	{ "HEAD", "/cli/mesh/create", 405, NULL, "DELETE, POST, OPTIONS" },
	{ "POST", "/cli/mesh/demo/invite", 0, "/cli/mesh/:slug/invite", "demo" },
	{ "POST", "/cli/mesh/d%C3%A9mo%2Fx/invite", 0, "/cli/mesh/:slug/invite", "d\xc3\xa9mo/x" },
	{ "POST", "/cli/mesh//invite", 404, NULL, NULL },
	{ "POST", "/cli/mesh/a/b/invite", 404, NULL, NULL },
	{ "POST", "/cli/mesh/%ff/invite", 400, NULL, NULL },
	{ "POST", "/cli/mesh/%00/invite", 400, NULL, NULL },
	{ "POST", "/cli/mesh/%2/invite", 400, NULL, NULL },
	{ "POST", "/join", 0, "/join", "" },
	{ "GET", "/api/public/invite-code/abc", 0, "/api/public/invite-code/:code", "abc" },
	{ "POST", "/invites/abc/claim", 0, "/invites/:code/claim", "abc" },
	{ "POST", "/api/public/invites/abc/claim", 0, "/api/public/invites/:code/claim", "abc" },
	{ "GET", "/i/abc", 0, "/i/:code", "abc" },
	{ "GET", "/i/", 404, NULL, NULL },
	{ "GET", "/ws", 0, "/ws", "" },
	{ "BREW", "/join", 405, NULL, "POST, OPTIONS" },
};

TEST(paths_find_their_rows)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		struct route_match m = route_find(a, str_from(cases[i].method),
						  str_from(cases[i].path));

		print_message("# %s %s\n", cases[i].method, cases[i].path);
		if (cases[i].pattern) {
			assert_non_null(m.route);
			assert_string_equal(m.route->pattern, cases[i].pattern);
			assert_str(m.param, str_from(cases[i].param));
			continue;
		}
		assert_null(m.route);
		assert_int_equal(m.status, cases[i].status);
		if (cases[i].param)
			assert_str(m.status == 405 ? m.allow : m.nearest, str_from(cases[i].param));
	}
}

TEST(rows_are_whole)
{
	for (const struct route *r = routes; r->method; r++) {
		assert_true(r->op || r->answer);
		assert_true(str_ends(str_from(r->doc), S(".")));
		if (r->op && !op_find(str_from(r->op), OP_CALL))
			fail_msg("%s: the engine has no call '%s'", r->pattern, r->op);
		for (const struct route *other = routes; other < r; other++)
			assert_false(strcmp(r->pattern, other->pattern) == 0 &&
				     strcmp(r->method, other->method) == 0);
	}
}

TEST_MAIN("broker/routes")
