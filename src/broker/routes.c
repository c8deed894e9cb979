#include "broker/routes.h"

#include "broker/http.h"
#include "broker/rest.h"
#include "engine/rest.h"
#include "broker/web.h"
#include "net/url.h"

enum { NEAREST_MAX = 12 };    /* further away is another thing */

const struct route routes[] = {
	{ "GET", "/", NULL, web_index, "The web page." },
	{ "GET", "/a/:file", NULL, web_asset, "A script, style or picture of the web page." },
	{ "GET", "/health", NULL, http_health, "Tells that it runs, and which version." },
	{ "GET", "/health/ready", NULL, http_ready,
	  "Tells whether it can take work: its database answers and has the expected migration." },
	{ "GET", "/metrics", NULL, http_metrics, "Counters and times for Prometheus." },
	{ "GET", "/ws", NULL, http_upgrade, "The WebSocket that clients connect to." },
	{ "GET", "/api/public/stats", NULL, http_stats,
	  "Counts messages since the start, meshes in use and peers, for anybody." },
	{ "GET", "/api/v1/openapi.json", NULL, http_openapi, "Describes the REST API, for programs." },
	{ "GET", "/i/:code", "invite_page", http_invite, "Explains an invite link in a browser." },
	{ "GET", "/page/:file", NULL, http_invite_asset, "The style and script of that page." },
	{ "GET", "/install", NULL, http_install, "A script that installs claudemesh; over TLS or on this machine." },
	{ "GET", "/dl/:file", NULL, http_download, "A file of the release that it installs." },
	{ "POST", "/hook/set-status", "hook_set_status", NULL,
	  "Sets the status of the session that the caller runs beside." },
	{ "GET", "/api/v1/challenge", NULL, challenge_answer, "A challenge for the hello of a web page." },
	{ "POST", "/api/v1/device/look", "device_look", NULL, "Tells whose device a code makes." },
	{ "POST", "/api/v1/device", "device_add", NULL, "Makes a key a device of a member." },
	{ "POST", "/cli/mesh/create", "mesh_create", NULL, "Makes a mesh." },
	{ "POST", "/cli/mesh/:slug/invite", "invite_create", NULL, "Makes an invite." },
	{ "POST", "/cli/mesh/:slug/grants", "cli_grants", NULL, "Sets what others may do to one's member." },
	{ "PATCH", "/api/cli/meshes/:slug", "cli_mesh_rename", NULL, "Renames a mesh of one's own." },
	{ "DELETE", "/cli/mesh/:slug", "cli_mesh_delete", NULL, "Deletes a mesh of one's own." },
	{ "POST", "/api/my/meshes/:slug/archive", "my_mesh_archive", NULL, "Archives a mesh of one's own." },
	{ "POST", "/api/my/meshes", "mesh_create", NULL, "Makes a mesh, as /cli/mesh/create does." },
	{ "GET", "/cli/mesh/:slug/permissions", "cli_permissions", NULL, "Shows what members may do." },
	{ "POST", "/cli/mesh/:slug/permissions", "cli_permissions_set", NULL, "Changes what a member may do." },
	{ "POST", "/api/auth/email", "login_email", NULL, "Mails a code to sign in with." },
	{ "POST", "/api/auth/code", "login_code", NULL, "Signs a browser in with it." },
	{ "POST", "/cli/device-code", "device_login", NULL, "Starts the login of a program." },
	{ "GET", "/cli/device-code/:code", "device_login_poll", NULL, "Tells the program what became of it." },
	{ "POST", "/cli/device-code/:code/approve", "device_login_approve", NULL,
	  "Signs the program in, from a signed-in browser." },
	{ "POST", "/cli/device-code/:code/deny", "device_login_deny", NULL, "Refuses it." },
	{ "GET", "/api/my/login/:code", "device_login_look", NULL, "Shows what asks." },
	{ "POST", "/cli/token", "cli_token", NULL, "Makes a token to paste, in a signed-in browser." },
	{ "GET", "/cli/sessions", "session_list", NULL, "Lists where the account is signed in." },
	{ "POST", "/cli/sessions/:id/revoke", "session_end", NULL, "Ends one of them." },
	{ "POST", "/cli/session/revoke", "session_revoke", NULL, "Ends the session of a token." },
	{ "GET", "/cli/meshes", "cli_meshes", NULL, "Lists the account's meshes." },
	{ "POST", "/cli-sync", "cli_sync", NULL, "Lets a new key into them." },
	{ "POST", "/api/cli-sync-token", "cli_sync_token", NULL, "Makes a token for one /cli-sync." },
	{ "GET", "/api/my/profile", "profile_get", NULL, "Tells whose account it is." },
	{ "POST", "/api/my/profile", "profile_set", NULL, "Gives it a name." },
	{ "GET", "/api/my/meshes", "my_meshes", NULL, "Lists the account's meshes, for the page." },
	{ "GET", "/cli-auth", NULL, web_index, "The page on which a login is approved." },
	{ "GET", "/token", NULL, web_index, "The page that makes a token to paste." },
	{ "POST", "/admin/login-code", "admin_login_code", NULL,
	  "Makes a sign-in code; over the socket in the data directory only." },
	{ "POST", "/admin/users", "admin_users", NULL, "Lists the accounts; likewise." },
	{ "POST", "/admin/user-block", "admin_user_block", NULL, "Signs an account out everywhere, for good; likewise." },
	{ "POST", "/admin/user-unblock", "admin_user_unblock", NULL, "Lets it sign in again; likewise." },
	{ "POST", "/admin/sessions", "admin_sessions", NULL, "Lists where it is signed in; likewise." },
	{ "POST", "/admin/session-revoke", "admin_session_revoke", NULL, "Ends one of them; likewise." },
	{ "POST", "/admin/meshes", "admin_meshes", NULL, "Lists the meshes; likewise." },
	{ "POST", "/admin/mesh-archive", "admin_mesh_archive", NULL, "Closes a mesh; likewise." },
	{ "POST", "/admin/mesh-open", "admin_mesh_open", NULL, "Opens it again; likewise." },
	{ "POST", "/admin/keys", "admin_keys", NULL, "Lists the API keys of a mesh; likewise." },
	{ "POST", "/admin/key-revoke", "admin_key_revoke", NULL, "Ends one of them; likewise." },
	{ "POST", "/admin/audit", "admin_audit", NULL, "Verifies a part of a mesh's audit log; likewise." },
	{ "POST", "/join", "join", NULL, "Makes a member from a v1 invite token." },
	{ "GET", "/api/public/invite-code/:code", "invite_code", NULL, "Looks up a live invite." },
	{ "POST", "/invites/:code/claim", "claim", NULL, "Makes a member from an invite code." },
	{ "POST", "/api/public/invites/:code/claim", "claim", NULL, "The same, where the web has it." },
	{ 0 }
};

/* One segment after its '/', taken off *path. */
static bool next_segment(str *path, str *ret_segment)
{
	if (str_empty(*path) || path->ptr[0] != '/')
		return false;
	*path = str_skip(*path, 1);
	ret_segment->ptr = path->ptr;
	ret_segment->len = 0;
	while (ret_segment->len < path->len && path->ptr[ret_segment->len] != '/')
		ret_segment->len++;
	*path = str_skip(*path, ret_segment->len);
	return true;
}

/* Does the path fit the pattern? *ret_param is the escaped segment at its `:x`. */
static bool fits(str pattern, str path, str *ret_param)
{
	str want, have;

	*ret_param = S("");
	while (next_segment(&pattern, &want)) {
		if (!next_segment(&path, &have))
			return false;
		if (want.len && want.ptr[0] == ':') {
			if (str_empty(have))
				return false;
			*ret_param = have;
		} else if (!str_eq(want, have)) {
			return false;
		}
	}
	return str_empty(path);
}

static str nearest(struct arena *a, str path)
{
	const struct route *best = NULL;
	const struct rest *row = NULL;
	const struct op *op;
	size_t least = NEAREST_MAX;

	for (const struct route *r = routes; r->method; r++) {
		size_t far = str_distance(path, str_from(r->pattern));

		if (far < least) {
			least = far;
			best = r;
		}
	}
	for (size_t i = 0; (op = op_at(i)); i++) {
		size_t far = op->rest ? str_distance(path, str_from(op->rest->path)) : SIZE_MAX;

		if (far < least) {
			least = far;
			row = op->rest;
		}
	}
	if (row)
		return arena_printf(a, "%s %s", row->method, row->path);
	return best ? arena_printf(a, "%s %s", best->method, best->pattern) : S("");
}

static bool method_fits(const struct route *r, str method)
{
	return str_eq(str_from(r->method), method) ||
	       (str_eq(method, S("HEAD")) && str_eq(str_from(r->method), S("GET")));
}

struct route_match route_find(struct arena *a, str method, str path)
{
	struct route_match m = { .status = 404, .allow = S("OPTIONS") };
	str param;

	for (const struct route *r = routes; r->method; r++) {
		if (!fits(str_from(r->pattern), path, &param))
			continue;
		if (method_fits(r, method)) {
			if (url_decode(a, param, &m.param))
				m.status = 400;
			else
				m.route = r;
			return m;
		}
		m.status = 405;
		m.allow = arena_printf(a, "%s%s, %.*s", r->method,
				       str_eq(str_from(r->method), S("GET")) ? ", HEAD" : "",
				       STRF(m.allow));
	}
	if (m.status == 404)
		m.nearest = nearest(a, path);
	return m;
}
