/*
 * status_line.c - `status-line`: one short line for the prompt of an agent or a shell. It asks
 * the daemon only, never waits long and never fails: whatever happens there is a line.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include "cli/roster.h"

enum { LINE_MS = 200, FRESH_MS = 60 * 1000 };

struct counts {
	size_t online, total;
	str you;              /* our name there; empty if it is not told */
	bool known, stale;
};

static struct counts count(const struct json *roster, const struct config_mesh_args *mesh, i64 now_ms)
{
	const struct json *meshes = json_get(roster, S("meshes")), *members = json_get(roster, S("members"));
	struct counts n = { .you = S("") };
	i64 at_ms;

	for (const struct json *m = meshes ? meshes->first : NULL; m; m = m->next) {
		if (!str_eq(json_get_str(m, S("mesh")), mesh->slug))
			continue;
		n.known = time_from_iso(json_get_str(m, S("at")), &at_ms);
		n.stale = n.known && now_ms - at_ms > FRESH_MS;
	}
	for (const struct json *m = members ? members->first : NULL; m; m = m->next) {
		if (!str_eq(json_get_str(m, S("mesh")), mesh->slug))
			continue;
		n.total++;
		n.online += json_get_bool(m, S("online"));
		if (str_eq_nocase(json_get_str(m, S("pubkey")), mesh->pubkey))
			n.you = json_get_str(m, S("displayName"));
	}
	return n;
}

static void line(struct cli *c, const struct config_mesh_args *mesh, const struct counts *n)
{
	struct output *o = &c->out;

	if (!mesh) {
		out_span(o, TONE_PLAIN, "◇ claudemesh (not joined)");
		return;
	}
	out_span(o, TONE_PLAIN, "◇ %.*s · ", STRF(mesh->slug));
	if (!n->known)
		out_span(o, TONE_PLAIN, "idle");
	else if (n->stale)
		out_span(o, TONE_PLAIN, "%zu/%zu (stale)", n->online, n->total);
	else
		out_span(o, TONE_PLAIN, "%zu/%zu online%s%.*s", n->online, n->total, n->you.len ? " · " : "",
			 STRF(n->you));
}

static void line_json(struct cli *c, const struct config_mesh_args *mesh, const struct counts *n)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "mesh", mesh ? mesh->slug : STR_NONE);
	json_put_bool(j, "known", n->known);
	json_put_bool(j, "stale", n->stale);
	json_put_int(j, "online", (i64)n->online);
	json_put_int(j, "total", (i64)n->total);
	json_put_str(j, "you", n->you.len ? n->you : STR_NONE);
	out_json_end(&c->out);
}

/* The mesh of --mesh, of the session, or the first; NULL if there is none. */
static const struct config_mesh_args *find_mesh(struct cli *c, const struct config_args *config)
{
	str slug = str_empty(c->global.mesh) ? str_from(getenv("CLAUDEMESH_MESH")) : c->global.mesh;

	for (size_t i = 0; i < config->meshes.n; i++)
		if (str_empty(slug) || str_eq(config->meshes.items[i].slug, slug))
			return &config->meshes.items[i];
	return config->meshes.n ? &config->meshes.items[0] : NULL;
}

static struct err *status_line_run(struct cli *c, const void *flags UNUSED)
{
	const struct config_mesh_args *mesh = NULL;
	struct config_args config;
	struct counts n = { 0 };
	struct paths paths;

	/* No configuration that can be read is the same here as none. */
	if (!paths_from_env(c->arena, &paths) && !config_load(c->arena, &paths, &config))
		mesh = find_mesh(c, &config);
	if (mesh)
		n = count(roster_ask(c->arena, LINE_MS), mesh, clock_ms(&clock_real));
	if (c->out.json)
		line_json(c, mesh, &n);
	else
		line(c, mesh, &n);
	return NULL;
}

const struct command status_line_command = {
	.name = "status-line",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = status_line_run,
	.doc = "Prints one short line for the prompt of an agent, without waiting.",
	.more = "Who is there is asked of the daemon; without one the line says idle. The\n"
		"status is always 0.",
	.fields = "mesh known stale online total you",
};
