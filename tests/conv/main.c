/*
 * main.c - conv BROKER FILE: plays one conversation (tests/README.md), TAP on stdout.
 */
#include <ftw.h>
#include <unistd.h>

#include "conv/play.h"
#include "crypto/secret.h"

enum { FILE_MAX = 1 << 20, TREE_FDS = 16 };

static struct err *read_file(struct arena *a, const char *path, str *ret_text)
{
	FILE *f = fopen(path, "rb");
	char *text = arena_alloc(a, FILE_MAX);
	size_t n;

	if (!f)
		return FAIL(a, IO, "cannot read '%s'", path);
	n = fread(text, 1, FILE_MAX, f);
	fclose(f);
	*ret_text = str_of(text, n);
	return NULL;
}

/* A line and the lines behind it that start with a blank. */
static bool next_line(struct arena *a, str *rest, int *number, str *ret_line)
{
	struct buf whole = buf_make(FILE_MAX);
	str line;

	if (!str_cut(rest, '\n', &line))
		return false;
	buf_add(&whole, line);
	++*number;
	while (rest->ptr && rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
		str_cut(rest, '\n', &line);
		buf_add_byte(&whole, ' ');
		buf_add(&whole, str_trim(line));
		++*number;
	}
	*ret_line = arena_dup(a, str_trim(buf_str(&whole)));
	buf_done(&whole);
	return true;
}

static void show_failure(struct arena *a, const struct play *p, const char *path, int number,
			 str line, const struct err *e)
{
	str text = arena_printf(a, "%s:%d: %.*s\n%.*s: %.*s (%s:%d)\nThe broker's log ends:\n%.*s", path,
				number, STRF(line), STRF(err_wire(e)), STRF(e->text), e->file, e->line,
				STRF(broker_log(a, &p->broker)));
	str part;

	while (str_cut(&text, '\n', &part))
		printf("# %.*s\n", STRF(part));
}

/* Plays all lines, stops the broker; shows the first failure. */
static bool play_file(struct play *p, const char *path, str text)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err *e = NULL;
	int number = 0;
	str line = STR_NONE;

	while (!e && next_line(p->arena, &text, &number, &line)) {
		arena_reset(a);
		if (!str_empty(line) && line.ptr[0] != '#')
			e = play_line(p, a, line);
	}
	if (!e)
		line = S("(the end)");
	/* Nobody reads any more, and the broker would wait for the answers to its goodbyes. */
	for (struct actor *at = p->actors; !e && at; at = at->next)
		wire_drop(&at->wire);
	if (!e)
		e = broker_stop(a, &p->broker);
	if (e)
		show_failure(a, p, path, number, line, e);
	for (struct actor *at = p->actors; at; at = at->next)
		wire_drop(&at->wire);
	broker_kill(&p->broker);
	return !e;
}

static int remove_entry(const char *path, const struct stat *st UNUSED, int type UNUSED,
			struct FTW *at UNUSED)
{
	return remove(path);
}

static struct err *prepare(struct play *p, struct arena *a, const char *program)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_cstr(a, arena_printf(a, "%s/conv-XXXXXX", tmp ? tmp : "/tmp"));

	if (!mkdtemp(dir))
		return FAIL(a, IO, "cannot make a directory in '%s'", tmp ? tmp : "/tmp");
	p->arena = a;
	p->vars.arena = a;
	p->cast = (struct cast){ .arena = a, .vars = &p->vars };
	p->broker = (struct broker){
		.arena = a,
		.program = program,
		.data_dir = arena_cstr(a, arena_printf(a, "%s/data", dir)),
		.log_path = arena_cstr(a, arena_printf(a, "%s/broker.log", dir)),
	};
	vars_set_text(&p->vars, S("dir"), str_from(dir));
	vars_set_text(&p->vars, S("data"), str_from(p->broker.data_dir));
	return broker_set_flags(a, &p->broker, STR_NONE);
}

int main(int argc, char **argv)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct play p = { 0 };
	str text, rest, title = STR_NONE;
	struct err *e = NULL;
	bool ok;

	if (argc != 3 || !crypto_start()) {
		fprintf(stderr, "usage: conv BROKER FILE\n");
		return 2;
	}
	e = read_file(a, argv[2], &text);
	if (!e)
		e = prepare(&p, a, argv[1]);
	if (e) {
		printf("1..1\nnot ok 1 - %.*s\n", STRF(e->text));
		return 1;
	}
	rest = text;
	str_cut(&rest, '\n', &title);
	ok = play_file(&p, argv[2], text);
	nftw(arena_cstr(a, vars_get_text(&p.vars, S("dir"))), remove_entry, TREE_FDS,
	     FTW_DEPTH | FTW_PHYS);
	printf("1..1\n%s 1 - %.*s\n", ok ? "ok" : "not ok", STRF(str_trim(str_skip(title, 1))));
	return ok ? 0 : 1;
}
