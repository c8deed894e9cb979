#include "cli/context.h"

#include "crypto/secret.h"

static struct err *find_client(struct cli *c, struct err *find(struct arena *a, struct paths *ret_paths),
			       struct client *ret_client)
{
	struct paths *paths = NEW(c->arena, struct paths);

	if (!crypto_start())
		return FAIL(c->arena, INTERNAL, "this system gives no randomness");
	TRY(find(c->arena, paths));
	if (paths->ignored.ptr && paths->ignored.len)
		out_note(&c->out, "CLAUDEMESH_CONFIG_DIR is not a directory and was ignored: %.*s",
			 STRF(paths->ignored));
	*ret_client =
		(struct client){ .paths = paths, .clock = &clock_real, .random = &random_system };
	return NULL;
}

struct err *context_client(struct cli *c, struct client *ret_client)
{
	return find_client(c, paths_from_env, ret_client);
}

struct err *context_user(struct cli *c, struct client *ret_client)
{
	return find_client(c, paths_user_from_env, ret_client);
}

struct err *context_config(struct cli *c, const struct client *client,
			   struct config_args *ret_config)
{
	return config_load(c->arena, client->paths, ret_config);
}

static struct err *no_mesh(struct cli *c)
{
	return cli_hint(c, FAIL(c->arena, NOT_FOUND, "you are in no mesh yet"),
			"claudemesh join LINK, or claudemesh create NAME");
}

/* Asks which of several; the first for anything that is no number of the list. */
static struct err *pick(struct cli *c, const struct config_args *config,
			const struct config_mesh_args **ret_mesh)
{
	char line[16];
	i64 choice;

	out_info(&c->out, "Select mesh:");
	for (size_t i = 0; i < config->meshes.n; i++) {
		out_span(&c->out, TONE_PLAIN, "    %zu) %.*s", i + 1,
			 STRF(config->meshes.items[i].slug));
		out_end(&c->out);
	}
	out_span(&c->out, TONE_PLAIN, "  Choice [1]: ");
	TRY(out_flush(&c->out, c->arena));
	if (!fgets(line, sizeof(line), stdin))
		return FAIL(c->arena, CANCELLED, "no mesh was chosen");
	if (str_empty(str_trim(str_from(line))))
		choice = 1;
	else if (!str_to_i64(str_trim(str_from(line)), &choice) || choice < 1 ||
		 choice > (i64)config->meshes.n)
		return FAIL(c->arena, CANCELLED, "there is no such choice");
	*ret_mesh = &config->meshes.items[choice - 1];
	return NULL;
}

struct err *context_mesh(struct cli *c, const struct config_args *config,
			 const struct config_mesh_args **ret_mesh)
{
	bool may_ask = cli_may_ask(c) && !c->out.quiet && !c->global.yes;

	if (config->meshes.n == 0)
		return no_mesh(c);
	if (config->meshes.n > 1 && str_empty(c->global.mesh) && may_ask)
		return pick(c, config, ret_mesh);
	return config_find_mesh(c->arena, config, c->global.mesh, ret_mesh);
}

str context_display_name(void)
{
	return str_from(getenv("CLAUDEMESH_DISPLAY_NAME"));
}

struct err *stay_find(struct cli *c, struct stay *s)
{
	TRY(context_client(c, &s->client));
	TRY(context_config(c, &s->client, &s->config));
	return context_mesh(c, &s->config, &s->mesh);
}

static struct err *visit_it(struct cli *c, struct visit_spec spec, struct stay *s)
{
	spec.display_name = context_display_name();
	spec.mesh = s->mesh;
	out_busy(&c->out, "asking the broker");
	return visit_open(c->arena, &s->client, &spec, &s->visit);
}

struct err *stay_visit(struct cli *c, struct stay *s)
{
	return visit_it(c, (struct visit_spec){ .reconnect = false }, s);
}

struct err *stay_open(struct cli *c, struct stay *s)
{
	TRY(stay_find(c, s));
	return stay_visit(c, s);
}

struct err *stay_open_waiting(struct cli *c, struct stay *s)
{
	TRY(stay_find(c, s));
	return visit_it(c, (struct visit_spec){ .reconnect = true, .receipts = true }, s);
}

struct err *context_each_mesh(struct cli *c, mesh_fn *fn, void *arg)
{
	struct client client;
	struct config_args config;
	const struct config_mesh_args *mesh;
	struct err *first = NULL;

	TRY(context_client(c, &client));
	TRY(context_config(c, &client, &config));
	if (config.meshes.n == 0)
		return no_mesh(c);
	out_busy(&c->out, "asking the broker");
	if (!str_empty(c->global.mesh) || config.meshes.n == 1) {
		TRY(config_find_mesh(c->arena, &config, c->global.mesh, &mesh));
		return fn(c, &client, mesh, arg);
	}
	for (size_t i = 0; i < config.meshes.n; i++) {
		struct err *e = fn(c, &client, &config.meshes.items[i], arg);

		if (e && first)
			out_note(&c->out, "%.*s: %.*s", STRF(config.meshes.items[i].slug),
				 STRF(e->text));
		if (e && !first) {
			e->text = arena_printf(c->arena, "%.*s: %.*s",
					       STRF(config.meshes.items[i].slug), STRF(e->text));
			first = e;
		}
	}
	return first;
}

str context_time(struct arena *a, str iso)
{
	char text[32];
	struct tm tm;
	time_t seconds;
	i64 ms;

	if (!time_from_iso(iso, &ms))
		return iso;
	seconds = (time_t)(ms / 1000);
	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
		return iso;
	return arena_dup(a, str_from(text));
}
