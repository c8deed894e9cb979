/*
 * skill_share.c - a SKILL.md, or the folder it is in, becomes a skill of the mesh. Flags win
 * over the front matter, the front matter over the names of file and folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/warm.h"
#include "client/front_matter.h"
#include "proto/skill.h"

enum { MANIFEST_JSON_MAX = 64 << 10 };

#define SHARE_SKILL_FLAGS(F, T) \
	F(T, str, name, "NAME", 1, NAME_BYTES_MAX, "what it is called in the mesh") \
	F(T, str, description, "TEXT", 1, SKILL_DESCRIPTION_BYTES_MAX, "what it is for") \
	F(T, str, when_to_use, "TEXT", 1, SKILL_DESCRIPTION_BYTES_MAX, "when an agent should take it") \
	F(T, str, allowed_tools, "A,B", 1, 4096, "tools it may use without asking") \
	F(T, str, model, "NAME", 1, NAME_BYTES_MAX, "model it is meant for") \
	F(T, str, context, "WORD", 1, 16, "inline, or fork: in a sub-agent of its own") \
	F(T, str, agent, "NAME", 1, NAME_BYTES_MAX, "which sub-agent") \
	F(T, str, tags, "A,B", 1, 4096, "words to find it by")
CLI_FLAGS(skill_share, SHARE_SKILL_FLAGS);

static struct err *read_file(struct cli *c, str path, str *ret_text)
{
	char *name = arena_cstr(c->arena, path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *text = NEW_ARRAY(c->arena, char, FRONT_MATTER_BYTES_MAX + 1);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return FAIL(c->arena, NOT_FOUND, "cannot read %.*s: %s", STRF(path), strerror(errno));
	while ((got = read(fd, text + n, FRONT_MATTER_BYTES_MAX + 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0)
		return FAIL(c->arena, IO, "cannot read %.*s: %s", STRF(path), strerror(errno));
	*ret_text = str_of(text, n);
	return NULL;
}

static str file_of(struct arena *a, str given)
{
	struct stat st;

	if (stat(arena_cstr(a, given), &st) == 0 && S_ISDIR(st.st_mode))
		return arena_printf(a, "%.*s/SKILL.md", STRF(given));
	return given;
}

/* SKILL.md is called after its folder, any other file after itself. */
static str name_of(struct arena *a, str path)
{
	char resolved[PATH_MAX];
	str base = str_from(basename(arena_cstr(a, path)));

	if (str_eq_nocase(base, S("SKILL.md")) && realpath(arena_cstr(a, path), resolved))
		return arena_dup(a, str_from(basename(dirname(resolved))));
	if (str_ends(base, S(".md")))
		base.len -= 3;
	return base;
}

static str first_of(str a, str b)
{
	return a.len ? a : b;
}

static struct strs words_of(struct arena *a, str text)
{
	struct strs out = { .items = NEW_ARRAY(a, str, text.len / 2 + 1), .present = true };
	str word;

	while (str_cut(&text, ',', &word))
		if (str_trim(word).len)
			out.items[out.n++] = str_trim(word);
	return out;
}

static const struct json *manifest_of(struct arena *a, const struct front_matter *f,
				      const struct skill_share_flags *in)
{
	static const struct json no = { .type = JSON_BOOL };
	struct skill_manifest_args m = {
		.when_to_use = first_of(in->when_to_use, f->when_to_use),
		.allowed_tools = in->allowed_tools.len ? words_of(a, in->allowed_tools) : f->allowed_tools,
		.model = first_of(in->model, f->model),
		.context = first_of(in->context, f->context),
		.agent = first_of(in->agent, f->agent),
		.user_invocable = f->not_user_invocable ? &no : NULL,
		.argument_hint = f->argument_hint,
	};
	struct buf b = buf_make(MANIFEST_JSON_MAX);
	struct json_out o = json_out(&b);
	const struct json *value = NULL;
	struct err *never;

	json_obj(&o);
	json_encode(&o, skill_manifest_fields, &m);
	json_obj_end(&o);
	never = json_parse(a, arena_dup(a, buf_str(&b)), &value);
	buf_done(&b);
	return never ? NULL : value;
}

/* What an agent will show or run has to be there; the rest may be missing. */
static struct err *check(struct cli *c, const struct share_skill_args *s, str path)
{
	if (str_empty(s->description))
		return cli_hint(c, FAIL(c->arena, BAD_REQUEST, "%.*s does not say what the skill is for", STRF(path)),
				"--description 'when an agent should use it', or a line 'description:' in its front matter");
	if (str_empty(str_trim(s->instructions)))
		return FAIL(c->arena, BAD_REQUEST, "%.*s has no instructions", STRF(path));
	if (s->instructions.len > SKILL_BYTES_MAX)
		return FAIL(c->arena, TOO_LARGE, "%zu bytes of instructions; at most %d", s->instructions.len,
			    SKILL_BYTES_MAX);
	return NULL;
}

static struct err *share(struct cli *c, const struct share_skill_args *s, struct skill_ack_args *ret_ack)
{
	struct local_skill_args local = { .name = s->name, .description = s->description, .tags = s->tags,
					  .instructions = s->instructions, .manifest = s->manifest };
	const struct json *body;
	struct warm warm;
	struct stay stay;
	struct err *e;

	TRY(warm_open(c, &warm));
	if (warm.is_up) {
		TRY(warm_mesh(c, &warm, &local.mesh));
		TRY(warm_send(c, &warm, "POST", S("/v1/skills"), local_skill_fields, &local, &body));
		return json_decode(c->arena, body, skill_ack_fields, ret_ack, sizeof(*ret_ack), NULL);
	}
	TRY(stay_open(c, &stay));
	e = visit_call(c->arena, stay.visit, "share_skill", share_skill_fields, s, skill_ack_fields, ret_ack,
		       sizeof(*ret_ack));
	visit_close(stay.visit);
	return e;
}

static struct err *share_run(struct cli *c, const void *flags)
{
	const struct skill_share_flags *in = flags;
	str path = file_of(c->arena, c->args[0]), text = STR_NONE;
	struct share_skill_args args = { 0 };
	struct front_matter front;
	struct skill_ack_args ack;
	struct err *e;

	TRY(read_file(c, path, &text));
	e = front_matter_read(c->arena, text, &front);
	if (e)
		return cli_hint(c, e, "in %.*s", STRF(path));
	args.name = first_of(in->name, first_of(front.name, name_of(c->arena, path)));
	args.description = first_of(in->description, str_trim(front.description));
	args.instructions = front.body;
	args.tags = in->tags.len ? words_of(c->arena, in->tags) : front.tags;
	args.manifest = manifest_of(c->arena, &front, in);
	TRY(check(c, &args, path));
	TRY(share(c, &args, &ack));
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "name", ack.name);
		json_put_str(j, "action", ack.action);
		out_json_end(&c->out);
	}
	out_ok(&c->out, STR_NONE, "shared %.*s", STRF(ack.name));
	out_hint(&c->out, "agents of the mesh find it as /claudemesh:%.*s", STRF(ack.name));
	return NULL;
}

const struct command skill_share_command = {
	.name = "skill share",
	.arguments = "FILE",
	.group = GROUP_SKILL,
	COMMAND_GATE(WRITE, "skill", "share"),
	COMMAND_FLAGS(skill_share),
	.run = share_run,
	.doc = "Shares a SKILL.md with the agents of the mesh.",
	.more = "FILE may be the folder that holds SKILL.md. Name, description and the rest come\n"
		"from the front matter; flags win over it. Who shared a skill may share it\n"
		"again to replace it.",
	.fields = "name action",
};
