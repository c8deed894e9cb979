#include "cli/account.h"
#include "cli/commands.h"

#define SYNC_FLAGS(F, T) \
	F(T, bool, force, "", 0, 0, "accepted and unused")
CLI_FLAGS(sync, SYNC_FLAGS);

static void put_list(struct json_out *j, const char *key, const struct strs *list)
{
	json_key(j, str_from(key));
	json_arr(j);
	for (size_t i = 0; i < list->n; i++)
		json_str(j, list->items[i]);
	json_arr_end(j);
}

static void say_list(struct cli *c, const struct strs *list, const char *what)
{
	for (size_t i = 0; i < list->n; i++)
		out_ok(&c->out, STR_NONE, "%.*s: %s", STRF(list->items[i]), what);
}

static void print(struct cli *c, const struct synced *s)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		put_list(j, "joined", &s->joined);
		put_list(j, "linked", &s->linked);
		put_list(j, "refused", &s->refused);
		json_put_int(j, "meshes", s->n_meshes);
		out_json_end(&c->out);
		return;
	}
	say_list(c, &s->joined, "joined");
	say_list(c, &s->linked, "now one of your account's");
	for (size_t i = 0; i < s->refused.n; i++)
		out_warn(&c->out, STR_NONE, "%.*s does not let this machine in", STRF(s->refused.items[i]));
	if (s->joined.n)
		out_hint(&c->out, "others see this machine as unverified until somebody vouches for it");
	if (!s->joined.n && !s->linked.n && !s->refused.n)
		out_ok(&c->out, STR_NONE, s->n_meshes ? "everything is up to date" : "your account has no meshes yet");
}

static struct err *sync_run(struct cli *c, const void *flags UNUSED)
{
	struct signed_in s = { 0 };
	struct synced done;

	TRY(signed_in_need(c, &s));
	out_busy(&c->out, "asking the broker");
	TRY(signed_in_failed(c, account_sync(c->arena, &s.client, &s.api, &s.auth, &done)));
	print(c, &done);
	return NULL;
}

const struct command sync_command = {
	.name = "sync",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(sync),
	.run = sync_run,
	.doc = "Joins the meshes of your account on this machine, and adds those of here to it.",
	.more = "Each mesh gets a key of its own. The account's broker vouches for it, not the mesh's\n"
		"owner: others see it as unverified until somebody who knows you vouches for it.",
	.fields = "joined linked refused meshes",
};
