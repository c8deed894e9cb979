/*
 * audit_verify.c - `audit verify`, `audit checkpoint`: every hash of a mesh's audit log computed here, and
 * what the broker signs about its end. Over a connection of our own, page by page.
 */
#include "cli/commands.h"
#include "cli/context.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/text.h"
#include "client/audit_walk.h"
#include "client/checkpoint.h"
#include "client/file.h"

#define AUDIT_VERIFY_FLAGS(F, T) \
	F(T, str, checkpoint, "FILE", 1, 4096, "one kept earlier: the log must still have its row") \
	F(T, str, save,       "FILE", 1, 4096, "if all holds, keep a new checkpoint there")
CLI_FLAGS(audit_verify, AUDIT_VERIFY_FLAGS);

enum { PAUSE_MS = 2000, PAUSES_MAX = 60, HASH_SHOWN = 16 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct err *read_file(struct arena *a, str path, str *ret_text)
{
	CLEANUP(close_fd) int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *bytes = arena_alloc(a, CHECKPOINT_BYTES_MAX + 1);
	struct stat st;
	size_t n = 0;

	if (fd < 0 && errno == ENOENT)
		return FAIL(a, NOT_FOUND, "there is no file '%.*s'", STRF(path));
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return FAIL(a, IO, "'%.*s' cannot be read as a file", STRF(path));
	while (n <= CHECKPOINT_BYTES_MAX) {
		ssize_t got = read(fd, bytes + n, CHECKPOINT_BYTES_MAX + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FAIL(a, IO, "cannot read '%.*s': %s", STRF(path), strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_text = str_of(bytes, n);
	return NULL;
}

static struct err *load_kept(struct cli *c, str path, str mesh_id, struct audit_checkpoint_result_args *ret_kept)
{
	struct err *e;
	str text;

	TRY(read_file(c->arena, path, &text));
	e = checkpoint_read(c->arena, text, ret_kept);
	if (e)
		return cli_invalid(c, S("checkpoint"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no checkpoint: %.*s", STRF(path), STRF(e->text)),
				   S("a file that 'claudemesh audit verify --save FILE' made"));
	if (!str_eq(ret_kept->meshId, mesh_id))
		return cli_invalid(c, S("checkpoint"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is of another mesh", STRF(path)),
				   S("a checkpoint of this mesh, or --mesh"));
	return NULL;
}

static struct err *ask_checkpoint(struct cli *c, struct stay *s, struct audit_checkpoint_result_args *ret)
{
	struct audit_checkpoint_args args = { 0 };

	TRY(visit_call(c->arena, s->visit, "audit_checkpoint", audit_checkpoint_fields, &args,
		       audit_checkpoint_result_fields, ret, sizeof(*ret)));
	return checkpoint_accept(c->arena, ret, s->mesh->meshId);
}

/* The broker lets a member read so much a minute. */
static struct err *ask_page(struct arena *a, struct stay *s, i64 after, struct audit_rows_result_args *ret_page)
{
	struct audit_rows_args args = { .afterSeq = after };
	struct err *e = NULL;

	for (int i = 0; i < PAUSES_MAX; i++) {
		e = visit_call(a, s->visit, "audit_rows", audit_rows_fields, &args, audit_rows_result_fields, ret_page,
			       sizeof(*ret_page));
		if (!e || e->code != ERR_RATE_LIMIT)
			return e;
		poll(NULL, 0, PAUSE_MS);
	}
	return e;
}

/* Up to the row `last`; what comes later is the next one's. */
static struct err *walk(struct cli *c, struct stay *s, struct audit_walk *w, i64 last)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct audit_rows_result_args page;
	struct err *e;

	while (w->seq < last) {
		arena_reset(a);
		e = ask_page(a, s, w->seq, &page);
		if (e)
			return err_copy(c->arena, e);
		if (!page.rows.n || !audit_walk_page(w, a, &page))
			break;
	}
	(void)!audit_walk_end(w, last);
	return NULL;
}

static struct err *broken(struct cli *c, const struct audit_walk *w)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_bool(j, "valid", false);
		json_put_int(j, "brokenAt", w->bad_seq);
		json_put_str(j, "why", str_from(w->why));
	}
	return cli_hint(c, FAIL(c->arena, CONFLICT, "the audit log does not hold at row %" PRId64 ": %s", w->bad_seq,
				w->why),
			"%" PRId64 " rows before it hold; claudemesh audit list --before %" PRId64, w->bad_seq - 1,
			w->bad_seq + 1);
}

static void holds(struct cli *c, const struct stay *s, const struct audit_checkpoint_result_args *now,
		  const struct audit_checkpoint_result_args *kept, str saved)
{
	struct output *o = &c->out;

	if (o->json) {
		struct json_out *j = out_json(o);

		json_put_bool(j, "valid", true);
		json_put_int(j, "rows", now->seq);
		json_put_str(j, "hash", now->hash);
		json_put_str(j, "pubkey", now->pubkey);
		if (kept)
			json_put_int(j, "checkpointRow", kept->seq);
		json_put_opt(j, "saved", saved.len ? saved : STR_NONE);
		out_json_end(o);
		return;
	}
	out_ok(o, now->seq ? text_cut(now->hash, HASH_SHOWN) : STR_NONE, "the audit log of %.*s holds: %" PRId64 " rows",
	       STRF(s->mesh->slug), now->seq);
	if (kept)
		out_info(o, "the checkpoint of %.*s, row %" PRId64 ", is in it",
			 STRF(context_time(c->arena, time_iso(c->arena, kept->timeMs))), kept->seq);
	if (saved.len)
		out_info(o, "checkpoint kept in %.*s", STRF(saved));
	else if (!kept)
		out_hint(o, "only a checkpoint kept elsewhere shows later that rows were taken off the end: --save FILE");
}

static struct err *verify(struct cli *c, struct stay *s, const struct audit_verify_flags *in)
{
	struct audit_checkpoint_result_args now, kept = { 0 };
	struct audit_walk w = { .mesh_id = s->mesh->meshId, .marks = { &now } };

	if (in->checkpoint.len) {
		TRY(load_kept(c, in->checkpoint, s->mesh->meshId, &kept));
		w.marks[1] = &kept;
	}
	TRY(stay_visit(c, s));
	TRY(ask_checkpoint(c, s, &now));
	out_busy(&c->out, "verifying the audit log");
	TRY(walk(c, s, &w, now.seq));
	if (w.bad_seq)
		return broken(c, &w);
	if (in->checkpoint.len && !str_eq(kept.pubkey, now.pubkey))
		out_warn(&c->out, STR_NONE, "the broker signs with another key than that of the checkpoint");
	if (in->save.len)
		TRY(file_write_private(c->arena, in->save, checkpoint_write(c->arena, &now)));
	holds(c, s, &now, in->checkpoint.len ? &kept : NULL, in->save);
	return NULL;
}

static struct err *verify_run(struct cli *c, const void *flags)
{
	struct stay s = { 0 };
	struct err *e;

	TRY(stay_find(c, &s));
	e = verify(c, &s, flags);
	visit_close(s.visit);
	return e;
}

static struct err *checkpoint_run(struct cli *c, const void *flags UNUSED)
{
	struct audit_checkpoint_result_args now;
	struct stay s = { 0 };
	struct err *e;

	TRY(stay_open(c, &s));
	e = ask_checkpoint(c, &s, &now);
	visit_close(s.visit);
	TRY(e);
	if (c->out.json) {
		now._reqId = STR_NONE;
		json_encode(out_json(&c->out), audit_checkpoint_result_fields, &now);
		out_json_end(&c->out);
		return NULL;
	}
	out_block(&c->out, 0, str_trim(checkpoint_write(c->arena, &now)));
	return NULL;
}

const struct command audit_verify_command = {
	.name = "audit verify",
	.arguments = "",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "audit", "verify"),
	COMMAND_FLAGS(audit_verify),
	.run = verify_run,
	.doc = "Checks a mesh's audit log: every row, computed here.",
	.more = "Says the first row that was changed, moved or is missing, with status 6. Rows taken off the\n"
		"end, or a log written anew, are found by a checkpoint that was kept elsewhere:\n"
		"  claudemesh audit verify --save team.checkpoint\n"
		"  claudemesh audit verify --checkpoint team.checkpoint --save team.checkpoint",
	.fields = "valid rows hash pubkey checkpointRow saved",
};

const struct command audit_checkpoint_command = {
	.name = "audit checkpoint",
	.arguments = "",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "audit", "checkpoint"),
	.run = checkpoint_run,
	.doc = "Prints what the broker signs about the end of a mesh's audit log.",
	.more = "  claudemesh audit checkpoint > team.checkpoint\n"
		"It verifies nothing; 'claudemesh audit verify --save FILE' does before it keeps one.",
	.fields = "meshId seq hash timeMs pubkey signature",
};
