#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"

#include "client/validate.h"
#include "net/url.h"
#include "proto/group.h"

#define GROUP_JOIN_FLAGS(F, T) \
	F(T, str, role, "ROLE", 1, NAME_BYTES_MAX, "what you are in this group")
CLI_FLAGS(group_join, GROUP_JOIN_FLAGS);

/* Without a daemon. */
static struct err *tell(struct cli *c, const char *type, const struct json_field *fields,
			const void *args, bool *ret_confirmed)
{
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = visit_tell(c->arena, stay.visit, type, fields, args, ret_confirmed);
	visit_close(stay.visit);
	return e;
}

static struct err *join(struct cli *c, const struct join_group_args *args, bool *ret_confirmed)
{
	struct local_group_args local = { .name = args->name, .role = args->role };
	struct warm warm;

	TRY(warm_open(c, &warm));
	if (!warm.is_up)
		return tell(c, "join_group", join_group_fields, args, ret_confirmed);
	TRY(warm_mesh(c, &warm, &local.mesh));
	return warm_tell(c, &warm, "POST", S("/v1/groups"), local_group_fields, &local, ret_confirmed);
}

static struct err *leave(struct cli *c, const struct leave_group_args *args, bool *ret_confirmed)
{
	struct query q = { .name = "mesh" };
	struct warm warm;
	const char *path;

	TRY(warm_open(c, &warm));
	if (!warm.is_up)
		return tell(c, "leave_group", leave_group_fields, args, ret_confirmed);
	TRY(warm_mesh(c, &warm, &q.value));
	path = arena_printf(c->arena, "/v1/groups/%.*s", STRF(url_encode(c->arena, args->name))).ptr;
	return warm_tell(c, &warm, "DELETE", warm_target(c->arena, path, &q, 1), NULL, NULL, ret_confirmed);
}

static struct err *group_join_run(struct cli *c, const void *flags)
{
	const struct group_join_flags *in = flags;
	struct join_group_args args = { .role = in->role, .scope = SCOPE_MEMBER };
	struct invalid why;
	bool confirmed;

	if (!valid_group(c->arena, c->args[0], &args.name, &why))
		return invalid_err(c->arena, &why);
	TRY(join(c, &args, &confirmed));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "group", args.name);
		json_put_str(j, "role", str_empty(args.role) ? STR_NONE : args.role);
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"),
	       "joined @%.*s%s%.*s", STRF(args.name), args.role.len ? " as " : "", STRF(args.role));
	return NULL;
}

static struct err *group_leave_run(struct cli *c, const void *flags UNUSED)
{
	struct leave_group_args args = { .scope = SCOPE_MEMBER };
	struct invalid why;
	bool confirmed;

	if (!valid_group(c->arena, c->args[0], &args.name, &why))
		return invalid_err(c->arena, &why);
	TRY(leave(c, &args, &confirmed));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "group", args.name);
		json_put_bool(j, "left", true);
		json_put_bool(j, "confirmed", confirmed);
		out_json_end(&c->out);
		return NULL;
	}
	out_ok(&c->out, confirmed ? STR_NONE : S("this broker does not confirm it"), "left @%.*s",
	       STRF(args.name));
	return NULL;
}

const struct command group_join_command = {
	.name = "group join",
	.arguments = "GROUP",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "group", "join"),
	COMMAND_FLAGS(group_join),
	.run = group_join_run,
	.doc = "Joins a group: messages to @GROUP come to you.",
	.fields = "group role confirmed",
};

const struct command group_leave_command = {
	.name = "group leave",
	.arguments = "GROUP",
	.group = GROUP_PRESENCE,
	COMMAND_GATE(WRITE, "group", "leave"),
	.run = group_leave_run,
	.doc = "Leaves a group.",
	.fields = "group left confirmed",
};
