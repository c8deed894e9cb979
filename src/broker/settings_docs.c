/*
 * settings_docs.c - what documents take from the table: claudemesh-broker(8), the variables.
 */
#include "base/roff.h"
#include "broker/admin.h"
#include "broker/settings.h"

#define MANUAL_DATE "November 23, 2026"

static void man_setting(struct arena *a, struct buf *b, const struct setting *row)
{
	buf_add(b, S(".It Fl \\-"));
	roff_word(b, str_from(row->name));
	if (row->value) {
		buf_add(b, S(" Ar "));
		roff_word(b, str_from(row->value));
	}
	buf_add_byte(b, '\n');
	roff_text(b, str_from(row->doc));
	if (row->preset)
		roff_text(b, arena_printf(a, "Default: %s.", row->preset));
	if (row->also)
		roff_text(b, arena_printf(a, "Also read from %s.", row->also));
	if (row->secret)
		roff_text(b, arena_printf(a, "Or the variable %s holds it.", row->secret));
}

static void man_admin(struct buf *b)
{
	buf_add(b, S(".Sh ADMINISTRATION\n"));
	roff_text(b, S("These ask the broker that runs on the data directory; --data says which, if it is not the "
		       "default one."));
	buf_add(b, S(".Bl -tag -width Ds\n"));
	for (const struct admin_command *row = admin_commands; row->name; row++) {
		buf_add(b, S(".It Cm admin "));
		roff_word(b, str_from(row->name));
		if (*row->operands) {
			buf_add_byte(b, ' ');
			roff_word(b, str_from(row->operands));
		}
		buf_add(b, row->json ? S(" Op Fl \\-json\n") : S("\n"));
		roff_text(b, str_from(row->doc));
	}
	buf_add(b, S(".El\n"));
}

void settings_man(struct buf *b)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	buf_add(b, S(".\\\" Made from the tables of settings and commands by tools/gen-docs; do not edit.\n"
		     ".Dd " MANUAL_DATE "\n.Dt CLAUDEMESH-BROKER 8\n.Os\n.Sh NAME\n.Nm claudemesh-broker\n"
		     ".Nd delivers messages between agent sessions\n.Sh SYNOPSIS\n.Nm\n.Op Ar flags\n.Nm\n"
		     ".Cm check-config\n.Op Ar flags\n.Nm\n.Cm admin\n.Ar command\n.Op Ar operands\n"
		     ".Op Ar flags\n.Sh DESCRIPTION\n"));
	roff_text(b, S("Keeps and delivers messages of coding-agent sessions and people. Without flags it serves this "
		       "machine only, on 127.0.0.1:7900. SIGTERM ends it in good order. check-config reads all "
		       "settings, files and the database's state, and starts nothing."));
	buf_add(b, S(".Sh OPTIONS\n.Bl -tag -width Ds\n"));
	for (const struct setting *row = settings_table; row->name; row++)
		man_setting(a, b, row);
	buf_add(b, S(".El\n.Pp\n"));
	roff_text(b, S("Each can also be given as an environment variable (--log-level as "
		       "CLAUDEMESH_BROKER_LOG_LEVEL) or in the file named by --config (log-level = debug). Flags win "
		       "over the environment, the environment over the file. The file must belong to the broker's "
		       "user, with mode 0600, or to root."));
	man_admin(b);
	buf_add(b, S(".Sh SEE ALSO\n.Xr claudemesh 1"));
}

static void cell(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '|')
			buf_add_byte(b, '\\');
		buf_add_byte(b, text.ptr[i]);
	}
}

void settings_markdown(struct buf *b)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	buf_add(b, S("| variable | flag | default | |\n|---|---|---|---|\n"));
	for (const struct setting *row = settings_table; row->name; row++) {
		if (row->flags & SETTING_FLAG_ONLY)
			continue;
		buf_printf(b, "| `%.*s`", STRF(setting_variable(a, row)));
		if (row->also)
			buf_printf(b, ", `%s`", row->also);
		if (row->secret)
			buf_printf(b, ", `%s` (the secret itself)", row->secret);
		buf_printf(b, " | `--%s%s", row->name, row->value ? " " : "");
		cell(b, str_from(row->value));
		buf_printf(b, "` | %s%s%s | ", row->preset ? "`" : "", row->preset ? row->preset : "", row->preset ? "`" : "");
		cell(b, str_from(row->doc));
		if (row->reference)
			buf_printf(b, " With `--reference-env` also from `%s`.", row->reference);
		buf_add(b, S(" |\n"));
	}
	b->len--; /* whoever prints it ends the line */
}
