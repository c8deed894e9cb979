/*
 * policy_gate.c - the policy asked about a command: file, mode, mesh, the user, audit.log.
 */
#include "cli/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/argument.h"
#include "cli/audit.h"
#include "client/config.h"
#include "client/file.h"
#include "client/validate.h"

struct gate {
	struct cli *c;
	const struct policy_request *rq;
	struct paths paths;
	str path;                    /* of the policy */
	bool named;                  /* by the user: then it must be there */
	struct policy policy;
	struct err *broken;          /* why there is no policy to go by */
	struct policy_call call;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* A wrong mode is refused: "readonly" must not be taken for "write". */
static struct err *find_mode(struct cli *c, enum approval *ret_mode)
{
	str env = str_from(getenv("CLAUDEMESH_APPROVAL_MODE"));
	struct invalid why;
	int mode = (int)c->global.approval_mode;

	if (!mode && !str_empty(env) &&
	    !valid_word(c->arena, S("CLAUDEMESH_APPROVAL_MODE"), env, approval_words, &mode, &why))
		return invalid_err(c->arena, &why);
	*ret_mode = mode ? (enum approval)mode : APPROVAL_WRITE;
	return NULL;
}

/* Readable by others is fine, writable is not: who can write it decides what we may do. */
static struct err *read_policy(struct arena *a, str path, str *ret_text, bool *ret_found)
{
	CLEANUP(close_fd) int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text;
	ssize_t n;

	*ret_found = fd >= 0 || errno != ENOENT;
	if (!*ret_found)
		return NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return FAIL(a, IO, "cannot open '%.*s': %s", STRF(path), strerror(errno));
	if (!S_ISREG(st.st_mode))
		return FAIL(a, FORBIDDEN, "'%.*s' is no plain file", STRF(path));
	if ((st.st_uid != getuid() && st.st_uid != 0) || st.st_mode & 022)
		return FAIL(a, FORBIDDEN, "'%.*s' can be changed by others; chmod go-w '%.*s'", STRF(path),
			    STRF(path));
	text = NEW_ARRAY(a, char, POLICY_BYTES_MAX + 2);
	n = read(fd, text, POLICY_BYTES_MAX + 1);
	if (n < 0)
		return FAIL(a, IO, "cannot read '%.*s': %s", STRF(path), strerror(errno));
	*ret_text = str_of(text, (size_t)n);
	return NULL;
}

static struct err *load(struct gate *g, bool make)
{
	struct arena *a = g->c->arena;
	str text = STR_NONE;
	struct err *e;
	bool found;

	TRY(read_policy(a, g->path, &text, &found));
	if (!found && g->named)
		return FAIL(a, NOT_FOUND, "there is no policy '%.*s'", STRF(g->path));
	if (!found) {
		text = policy_default_text();
		/* A place that cannot be written leaves the same rules in force. */
		if (make && !paths_make(a, &g->paths))
			(void)!file_write_private(a, g->path, text);
	}
	e = policy_parse(a, text, &g->policy);
	return e ? FAIL(a, BAD_REQUEST, "%.*s, %.*s", STRF(g->path), STRF(e->text)) : NULL;
}

static struct err *find_file(struct gate *g)
{
	struct cli *c = g->c;
	str env = str_from(getenv("CLAUDEMESH_POLICY"));

	TRY(paths_user_from_env(c->arena, &g->paths));
	g->path = !str_empty(c->global.policy) ? c->global.policy
		  : !str_empty(env)	       ? env
					       : arena_printf(c->arena, "%.*s/policy.yaml", STRF(g->paths.dir));
	g->named = !str_empty(c->global.policy) || !str_empty(env);
	return NULL;
}

struct err *policy_load(struct cli *c, struct policy *ret_policy, str *ret_path)
{
	struct gate g = { .c = c };

	TRY(find_file(&g));
	TRY(load(&g, false));
	*ret_policy = g.policy;
	*ret_path = g.path;
	return NULL;
}

/* Of a form of the row ("WHO", also of "WHO|#TOPIC"), as typed; STR_NONE if the command takes none. */
static str argument_of(const struct cli *c, const char *name)
{
	str rest = str_from(c->command->arguments), form;

	for (size_t i = 0; str_cut(&rest, ' ', &form) && i < c->args_n; i++) {
		str forms = argument_name(form), first;

		if (str_cut(&forms, '|', &first) && str_eq(first, str_from(name)))
			return c->args[i];
	}
	return STR_NONE;
}

static void audit(struct gate *g, str decision, str reason)
{
	struct cli *c = g->c;
	struct audit_line line = { .call = &g->call,
				   .yes = c->global.yes || g->call.mode == APPROVAL_YOLO,
				   .decision = decision,
				   .reason = reason,
				   .command = g->rq->command,
				   .now_ms = clock_ms(&clock_real) };
	struct err *e = audit_add(c->arena, g->paths.dir, &line);
	struct stat st;

	/* Before the first set-up there is no place for it, and a log that fails is no reason
	 * to stop working; but it is told. */
	if (e && stat(arena_cstr(c->arena, g->paths.dir), &st) == 0)
		out_note(&c->out, "%.*s", STRF(e->text));
}

static str rule_place(struct gate *g, const struct policy_verdict *v)
{
	return v->line ? arena_printf(g->c->arena, "%.*s, line %zu", STRF(g->path), v->line) : g->path;
}

static struct err *denied(struct gate *g, const struct policy_verdict *v)
{
	struct cli *c = g->c;
	struct err *e = FAIL(c->arena, FORBIDDEN, "blocked by policy: %.*s %.*s%s%.*s", STRF(g->call.resource),
			     STRF(g->call.verb), str_empty(v->reason) ? "" : " — ", STRF(v->reason));

	return cli_hint(c, err_word(e, STR_NONE), "--yes does not change it; the rules are in %.*s",
			STRF(rule_place(g, v)));
}

static struct err *ask(struct gate *g, const struct policy_verdict *v)
{
	struct cli *c = g->c;
	str what = arena_printf(c->arena, "%.*s %.*s%s%.*s", STRF(g->call.resource), STRF(g->call.verb),
				str_empty(v->reason) ? "" : " — ", STRF(v->reason));
	char answer[16];

	if (c->global.yes || g->call.mode == APPROVAL_YOLO)
		return NULL;
	if (g->rq->unasked || !cli_may_ask(c)) {
		audit(g, S("cancelled-at-prompt"), S("nobody to ask"));
		return cli_hint(c, FAIL(c->arena, FORBIDDEN, "this has to be confirmed: %.*s", STRF(what)),
				"--yes confirms it; the rules are in %.*s", STRF(rule_place(g, v)));
	}
	out_span(&c->out, TONE_YELLOW, "  ⚠");
	out_span(&c->out, TONE_PLAIN, " %.*s. Continue? [y/N] ", STRF(what));
	TRY(out_flush(&c->out, c->arena));
	if (!fgets(answer, sizeof(answer), stdin))
		*answer = '\0';
	if (str_eq_nocase(str_trim(str_from(answer)), S("y")) ||
	    str_eq_nocase(str_trim(str_from(answer)), S("yes")))
		return NULL;
	audit(g, S("cancelled-at-prompt"), v->reason);
	return FAIL(c->arena, FORBIDDEN, "cancelled");
}

/* Which rule holds must not depend on a choice that is made later. */
static struct err *decide_each(struct gate *g, struct policy_verdict *ret_verdict)
{
	struct cli *c = g->c;
	struct config_args config;
	struct policy_verdict first = { .reason = S("") };
	struct paths paths;

	TRY(paths_from_env(c->arena, &paths));
	TRY(config_load(c->arena, &paths, &config));
	if (config.meshes.n == 0) {
		*ret_verdict = policy_decide(&g->policy, &g->call);
		return NULL;
	}
	for (size_t i = 0; i < config.meshes.n; i++) {
		struct policy_verdict v;

		g->call.mesh = config.meshes.items[i].slug;
		v = policy_decide(&g->policy, &g->call);
		if (i == 0)
			first = v;
		else if (v.decision != first.decision)
			return cli_invalid(c, S("mesh"), "missing",
					   S("the policy tells your meshes apart here"),
					   S("--mesh and one of those 'claudemesh list' shows"));
	}
	if (config.meshes.n > 1)
		g->call.mesh = STR_NONE;
	*ret_verdict = first;
	return NULL;
}

static struct err *decide(struct gate *g, struct policy_verdict *ret_verdict)
{
	bool has_none = str_eq(g->call.resource, S("mesh")) &&
			(str_eq(g->call.verb, S("create")) || str_eq(g->call.verb, S("join")));

	g->call.mesh = !str_empty(g->rq->mesh) ? g->rq->mesh : g->c->global.mesh;
	if (str_empty(g->call.mesh) && !has_none && policy_needs_mesh(&g->policy, &g->call))
		return decide_each(g, ret_verdict);
	*ret_verdict = policy_decide(&g->policy, &g->call);
	return NULL;
}

/* Without rules to go by nothing is written. */
static struct err *without_policy(struct gate *g)
{
	struct cli *c = g->c;

	if (!g->call.is_write) {
		audit(g, S("allow"), g->broken->text);
		out_note(&c->out, "%.*s", STRF(g->broken->text));
		return NULL;
	}
	audit(g, S("deny"), g->broken->text);
	return cli_hint(c, FAIL(c->arena, FORBIDDEN, "%.*s", STRF(g->broken->text)),
			"until that is mended nothing is written");
}

/* Who the recipient is, where rules name peers: by name or by key, it may have been typed as
 * the other one. *ret_known false: ask again. */
static struct err *find_peer(struct gate *g, bool *ret_known)
{
	struct cli *c = g->c;
	struct peers_list_args list;
	str mesh = !str_empty(g->rq->mesh) ? g->rq->mesh : c->global.mesh;
	struct err *e;

	*ret_known = true;
	if (!policy_needs_peers(&g->policy, &g->call))
		return NULL;
	if (g->rq->peers) {
		policy_call_peer(c->arena, &g->call, g->rq->peers);
		return NULL;
	}
	*ret_known = !g->rq->ret_needs_peers;
	if (!*ret_known) {
		*g->rq->ret_needs_peers = true;
		return NULL;
	}
	e = policy_peers(c, mesh, &list);
	if (e)
		return cli_hint(c, e, "the policy has rules about peers, so who '%.*s' is has to be known",
				STRF(g->rq->who));
	policy_call_peer(c->arena, &g->call, &list);
	return NULL;
}

struct err *policy_ask(struct cli *c, const struct policy_request *rq)
{
	struct gate g = { .c = c,
			  .rq = rq,
			  .call = { .resource = rq->resource, .verb = rq->verb, .is_write = rq->is_write,
				    .who = rq->who } };
	struct policy_verdict v = { .reason = S("") };
	bool known;

	TRY(find_mode(c, &g.call.mode));
	TRY(find_file(&g));
	g.broken = load(&g, true);
	if (g.broken)
		return without_policy(&g);
	TRY(find_peer(&g, &known));
	if (!known)
		return NULL;
	TRY(decide(&g, &v));
	audit(&g, enum_word(decision_words, (int)v.decision), v.reason);
	return v.decision == DECISION_ALLOW ? NULL : v.decision == DECISION_PROMPT ? ask(&g, &v) : denied(&g, &v);
}

struct err *policy_gate(struct cli *c)
{
	const struct command *cmd = c->command;

	if (cmd->effect == EFFECT_FREE)
		return NULL;
	return policy_ask(c, &(struct policy_request){
				     .resource = cmd->resource ? str_from(cmd->resource) : S("unknown"),
				     .verb = cmd->verb ? str_from(cmd->verb) : str_from(cmd->name),
				     .is_write = cmd->effect != EFFECT_READ,
				     .mesh = argument_of(c, "SLUG"),
				     .who = argument_of(c, "WHO"),
				     .command = str_from(cmd->name) });
}
