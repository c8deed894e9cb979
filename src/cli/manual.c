#include "cli/manual.h"

#include "base/roff.h"
#include "cli/commands.h"

#define MANUAL_DATE "November 23, 2026"
#define ABOUT \
	"claudemesh lets agent sessions and people send messages to each other, through a broker " \
	"that keeps what is for who is away. Messages to one person are encrypted for them."

static bool is_listed(const struct command *cmd, int group)
{
	return (int)cmd->group == group && !cmd->hidden;
}

static bool has_any(int group)
{
	for (size_t i = 0; commands[i]; i++)
		if (is_listed(commands[i], group))
			return true;
	return false;
}

/* " Ar WHO Ar TEXT ..." */
static void roff_arguments(struct buf *b, const char *arguments)
{
	str rest = str_from(arguments), form;

	while (str_cut(&rest, ' ', &form) && form.len) {
		bool optional = str_starts(form, S("["));

		if (optional) {
			form = str_skip(form, 1);
			form.len--;
		}
		buf_add(b, optional ? S(" Op Ar ") : S(" Ar "));
		if (str_ends(form, S("..."))) {
			roff_word(b, str_of(form.ptr, form.len - 3));
			buf_add(b, S(" ..."));
		} else if (str_contains(form, S("|"))) {
			buf_add(b, S("\\&"));
			roff_word(b, form);
		} else {
			roff_word(b, form);
		}
	}
}

static void roff_flags(struct arena *a, struct buf *b, const struct flag *table)
{
	if (!table)
		return;
	buf_add(b, S(".Bl -tag -width Ds -compact\n"));
	for (const struct flag *f = table; f->name; f++) {
		char letter = f->kind == FLAG_BOOL ? flag_letter(f->name) : 0;

		buf_add(b, S(".It "));
		if (letter)
			buf_printf(b, "Fl %c , ", letter);
		buf_add(b, S("Fl \\-"));
		roff_word(b, flag_spelling(a, f));
		if (flag_takes_next(f))
			buf_printf(b, " Ar %s", f->value);
		else if (*f->value)
			buf_printf(b, " Ns Ar %s", f->value);
		buf_add_byte(b, '\n');
		roff_text(b, str_from(f->doc));
	}
	buf_add(b, S(".El\n"));
}

static void roff_command(struct arena *a, struct buf *b, const struct command *cmd)
{
	buf_add(b, S(".It Cm "));
	roff_word(b, str_from(cmd->name));
	roff_arguments(b, cmd->arguments);
	buf_add_byte(b, '\n');
	roff_text(b, str_from(cmd->doc));
	if (cmd->more)
		roff_text(b, str_from(cmd->more));
	if (cmd->aliases)
		roff_text(b, arena_printf(a, "Also: %s.", cmd->aliases));
	roff_flags(a, b, cmd->flags);
	if (cmd->fields)
		roff_text(b, arena_printf(a, "Fields: %s.", cmd->fields));
}

static void roff_facts(struct buf *b, const struct fact *facts, const char *macro)
{
	buf_add(b, S(".Bl -tag -width Ds\n"));
	for (; facts->name; facts++) {
		buf_printf(b, ".It %s", macro);
		roff_word(b, str_from(facts->name));
		buf_add_byte(b, '\n');
		roff_text(b, str_from(facts->doc));
	}
	buf_add(b, S(".El\n"));
}

static void roff_commands(struct arena *a, struct buf *b)
{
	buf_add(b, S(".Sh COMMANDS\n"));
	for (int group = 0; group < GROUP_COUNT; group++) {
		if (!has_any(group))
			continue;
		buf_add(b, S(".Ss "));
		roff_word(b, str_from(command_group_titles[group]));
		buf_add(b, S("\n.Bl -tag -width Ds\n"));
		for (size_t i = 0; commands[i]; i++)
			if (is_listed(commands[i], group))
				roff_command(a, b, commands[i]);
		buf_add(b, S(".El\n"));
	}
}

void manual_man(struct arena *a, struct buf *b)
{
	buf_add(b, S(".\\\" Made from the table of commands by tools/gen-cli; do not edit.\n"
		     ".Dd " MANUAL_DATE "\n.Dt CLAUDEMESH 1\n.Os\n.Sh NAME\n.Nm claudemesh\n"
		     ".Nd messages between agent sessions\n.Sh SYNOPSIS\n.Nm\n.Ar command\n"
		     ".Op Ar arguments\n.Op Ar flags\n.Sh DESCRIPTION\n"));
	roff_text(b, S(ABOUT));
	buf_add(b, S(".Pp\n"));
	roff_text(b, S("Flags may stand anywhere; '--' ends them. --flag=value and --flag value are the same. "
		       "Results go to standard output, everything else to standard error. What is asked on a "
		       "terminal is refused without one, or with --no-input."));
	roff_commands(a, b);
	buf_add(b, S(".Sh OPTIONS\nOn every command:\n"));
	roff_flags(a, b, global_flag_table);
	buf_add(b, S(".Sh ENVIRONMENT\n"));
	roff_facts(b, environment_facts, "Ev ");
	buf_add(b, S(".Sh FILES\n"));
	roff_facts(b, file_facts, "Pa ");
	buf_add(b, S(".Sh EXIT STATUS\n"));
	roff_facts(b, exit_facts, "");
	buf_add(b, S(".Sh EXAMPLES\nA mesh, a link for somebody, a message:\n"
		     ".Bd -literal -offset indent\nclaudemesh create our\\-team\nclaudemesh share\n"
		     "claudemesh send bob \\(aqthe tests pass\\(aq \\-\\-wait\n.Ed\n.Pp\n"
		     "Who is there, for a program:\n.Bd -literal -offset indent\n"
		     "claudemesh peers \\-\\-json=name,status\n.Ed\n"));
}

/* A cell of a table: '|' would end it. */
static void cell(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '|')
			buf_add_byte(b, '\\');
		buf_add_byte(b, text.ptr[i]);
	}
}

static void md_flags(struct arena *a, struct buf *b, const struct flag *table)
{
	buf_add(b, S("\n| flag | |\n|---|---|\n"));
	for (const struct flag *f = table; f->name; f++) {
		char letter = f->kind == FLAG_BOOL ? flag_letter(f->name) : 0;
		str name = flag_spelling(a, f);

		buf_add(b, S("| `"));
		if (letter)
			buf_printf(b, "-%c`, `", letter);
		buf_printf(b, "--%.*s%s", STRF(name), *f->value && flag_takes_next(f) ? " " : "");
		cell(b, str_from(f->value));
		buf_add(b, S("` | "));
		cell(b, str_from(f->doc));
		buf_add(b, S(" |\n"));
	}
}

static void md_command(struct arena *a, struct buf *b, const struct command *cmd)
{
	buf_printf(b, "\n### `claudemesh %s%s%s`\n\n%s\n", cmd->name, *cmd->arguments ? " " : "", cmd->arguments,
		   cmd->doc);
	if (cmd->more)
		buf_printf(b, "%s\n", cmd->more);
	if (cmd->aliases)
		buf_printf(b, "\nAlso: %s.\n", cmd->aliases);
	if (cmd->effect != EFFECT_FREE && cmd->resource)
		buf_printf(b, "\nPolicy: `%s` `%s`%s.\n", cmd->resource, cmd->verb,
			   cmd->effect == EFFECT_WRITE ? ", writes" : "");
	if (cmd->flags)
		md_flags(a, b, cmd->flags);
	if (cmd->fields)
		buf_printf(b, "\nFields of `--json=FIELDS`: %s.\n", cmd->fields);
}

static void md_facts(struct buf *b, const char *title, const struct fact *facts)
{
	buf_printf(b, "\n## %s\n\n| | |\n|---|---|\n", title);
	for (; facts->name; facts++) {
		buf_printf(b, "| `%s` | ", facts->name);
		cell(b, str_from(facts->doc));
		buf_add(b, S(" |\n"));
	}
}

void manual_markdown(struct arena *a, struct buf *b)
{
	buf_add(b, S("# The command line\n\nMade from the table of commands by `tools/gen-cli`; do not edit.\n\n" ABOUT
		     "\n\nFlags may stand anywhere; `--` ends them. Results go to standard output, everything else\n"
		     "to standard error. `--json` prints one document, `{\"schema_version\":\"1.0\", ..., \"ok\":true}`;\n"
		     "an error is `{..., \"ok\":false, \"error\":WORD, \"message\":TEXT}` with `field`, `code`, `reason`,\n"
		     "`expected`, `nearest` and `matches` where an argument was wrong.\n"));
	for (int group = 0; group < GROUP_COUNT; group++) {
		if (!has_any(group))
			continue;
		buf_printf(b, "\n## %s\n", command_group_titles[group]);
		for (size_t i = 0; commands[i]; i++)
			if (is_listed(commands[i], group))
				md_command(a, b, commands[i]);
	}
	buf_add(b, S("\n## Flags of every command\n"));
	md_flags(a, b, global_flag_table);
	md_facts(b, "Exit status", exit_facts);
	md_facts(b, "Environment", environment_facts);
	md_facts(b, "Files", file_facts);
}
