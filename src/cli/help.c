#include "cli/help.h"

#include "cli/argv.h"
#include "cli/commands.h"
#include "cli/manual.h"
#include "cli/text.h"

enum { FORM_COLUMNS = 21, FLAG_COLUMNS = 21, TOPIC_COLUMNS = 27,
       FULL_COLUMNS = 72 /* of a row's `more`: longer lines were broken to fit */ };

void help_version(struct cli *c)
{
	if (c->out.json) {
		json_put_str(out_json(&c->out), "version", S(CLAUDEMESH_VERSION));
		out_json_end(&c->out);
		return;
	}
	out_span(&c->out, TONE_ORANGE, "claudemesh");
	out_span(&c->out, TONE_PLAIN, " v" CLAUDEMESH_VERSION);
	out_end(&c->out);
}

static void heading(struct output *o, const char *title)
{
	out_end(o);
	out_span(o, TONE_CLAY, "%s", title);
	out_end(o);
}

/* Words from `column` on, further lines from `indent` on; no line is longer than the page. The
 * column behind the last one. */
static size_t wrapped(struct output *o, size_t indent, size_t column, str text)
{
	str word;

	while (str_cut(&text, ' ', &word)) {
		size_t wide = text_columns(word);

		if (column > indent && column + 1 + wide > OUTPUT_COLUMNS) {
			out_end(o);
			out_span(o, TONE_PLAIN, "%*s", (int)indent, "");
			column = indent;
		}
		out_span(o, TONE_PLAIN, "%s%.*s", column > indent ? " " : "", STRF(word));
		column += wide + (column > indent);
	}
	return column;
}

/* "  form      what it is"; a form too long for its column gets a line of its own. */
static void row(struct output *o, str form, int columns, const char *doc)
{
	out_span(o, TONE_CYAN, "  %-*.*s", columns, STRF(form));
	if (form.len >= (size_t)columns) {
		out_end(o);
		out_span(o, TONE_PLAIN, "  %*s", columns, "");
	}
	wrapped(o, 2 + (size_t)columns, 2 + (size_t)columns, str_from(doc));
}

/* Did the writer break the line because it was full? */
static bool was_full(str line, str rest)
{
	str word;

	return rest.len && str_cut(&rest, ' ', &word) && text_columns(line) + 1 + text_columns(word) > FULL_COLUMNS;
}

/* Lines that were full go on in the next one, others end where they end in the text. */
static void paragraphs(struct output *o, str text)
{
	size_t column = 2;
	str line;

	while (str_cut(&text, '\n', &line)) {
		if (column == 2)
			out_span(o, TONE_PLAIN, "  ");
		column = wrapped(o, 2, column, line);
		if (was_full(line, text))
			continue;
		out_end(o);
		column = 2;
	}
}

static str form_of(struct arena *a, const struct command *cmd)
{
	return arena_printf(a, "%s%s%s", cmd->name, *cmd->arguments ? " " : "", cmd->arguments);
}

/* The sentence, and the aliases of one word: those of two are for who knows the reference's. */
static const char *short_doc(struct arena *a, const struct command *cmd)
{
	str rest = str_from(cmd->aliases), alias, all = STR_NONE;

	while (str_cut(&rest, ',', &alias))
		if (str_index(str_trim(alias), ' ') < 0)
			all = arena_printf(a, "%.*s%s%.*s", STRF(all), all.len ? ", " : "", STRF(str_trim(alias)));
	return all.len ? arena_printf(a, "%s (%.*s)", cmd->doc, STRF(all)).ptr : cmd->doc;
}

static void flag_rows(struct cli *c, const struct flag *table)
{
	for (const struct flag *f = table; f && f->name; f++) {
		char letter = flag_letter(f->name);
		str name = flag_spelling(c->arena, f);

		if (f->kind == FLAG_BOOL && letter)
			row(&c->out, arena_printf(c->arena, "-%c, --%.*s", letter, STRF(name)),
			    FLAG_COLUMNS, f->doc);
		else
			row(&c->out,
			    arena_printf(c->arena, "--%.*s%s%s", STRF(name), *f->value && flag_takes_next(f) ? " " : "",
					 f->value),
			    FLAG_COLUMNS, f->doc);
		out_end(&c->out);
	}
}

static void flags_json(struct cli *c, const struct flag *table)
{
	struct json_out *j = &c->out.json_out;

	json_key(j, S("flags"));
	json_arr(j);
	for (const struct flag *f = table; f && f->name; f++) {
		json_obj(j);
		json_put_str(j, "name", flag_spelling(c->arena, f));
		json_put_str(j, "value", str_from(f->value));
		json_put_str(j, "doc", str_from(f->doc));
		json_obj_end(j);
	}
	json_arr_end(j);
}

/* Words in lines of their own, as many as fit. */
static void words_block(struct output *o, str words)
{
	size_t column = 0;
	str word;

	while (str_cut(&words, ' ', &word)) {
		if (column && column + 1 + word.len > OUTPUT_COLUMNS) {
			out_end(o);
			column = 0;
		}
		out_span(o, TONE_PLAIN, "%s%.*s", column ? " " : "  ", STRF(word));
		column += word.len + (column ? 1 : 2);
	}
	out_end(o);
}

static void command_json(struct cli *c, const struct command *cmd)
{
	struct json_out *j = &c->out.json_out;
	str rest = str_from(cmd->aliases), alias;

	json_put_str(j, "name", str_from(cmd->name));
	json_key(j, S("aliases"));
	json_arr(j);
	while (str_cut(&rest, ',', &alias))
		json_str(j, str_trim(alias));
	json_arr_end(j);
	json_put_str(j, "arguments", str_from(cmd->arguments));
	json_put_str(j, "group", str_from(command_group_titles[cmd->group]));
	json_put_str(j, "doc", str_from(cmd->doc));
	json_key(j, S("fields"));
	json_arr(j);
	for (rest = str_from(cmd->fields); str_cut(&rest, ' ', &alias);)
		json_str(j, alias);
	json_arr_end(j);
	flags_json(c, cmd->flags);
}

static void overview_json(struct cli *c)
{
	struct json_out *j = out_json(&c->out);

	json_put_str(j, "version", S(CLAUDEMESH_VERSION));
	json_key(j, S("commands"));
	json_arr(j);
	for (size_t i = 0; commands[i]; i++) {
		json_obj(j);
		command_json(c, commands[i]);
		json_obj_end(j);
	}
	json_arr_end(j);
	flags_json(c, global_flag_table);
	out_json_end(&c->out);
}

void help_overview(struct cli *c)
{
	struct output *o = &c->out;

	if (o->json) {
		overview_json(c);
		return;
	}
	help_version(c);
	heading(o, "Usage");
	out_span(o, TONE_PLAIN, "  claudemesh COMMAND [ARGUMENTS] [FLAGS]");
	out_end(o);
	for (int group = 0; group < GROUP_COUNT; group++) {
		bool first = true;

		for (size_t i = 0; commands[i]; i++) {
			if ((int)commands[i]->group != group || commands[i]->hidden)
				continue;
			if (first)
				heading(o, command_group_titles[group]);
			first = false;
			row(o, form_of(c->arena, commands[i]), FORM_COLUMNS,
			    short_doc(c->arena, commands[i]));
			out_end(o);
		}
	}
	heading(o, "Flags of every command");
	flag_rows(c, global_flag_table);
	out_end(o);
	out_span(o, TONE_DIM, "  'claudemesh help COMMAND' tells more about one of them, 'help exit-codes',");
	out_end(o);
	out_span(o, TONE_DIM, "  'help environment' and 'help files' about the rest.");
	out_end(o);
}

void help_of(struct cli *c, const struct command *cmd)
{
	struct output *o = &c->out;

	if (o->json) {
		out_json(o);
		command_json(c, cmd);
		out_json_end(o);
		return;
	}
	heading(o, "Usage");
	out_span(o, TONE_PLAIN, "  claudemesh %.*s%s", STRF(form_of(c->arena, cmd)),
		 cmd->flags ? " [FLAGS]" : "");
	out_end(o);
	if (cmd->aliases) {
		out_span(o, TONE_DIM, "  also: %s", cmd->aliases);
		out_end(o);
	}
	out_end(o);
	paragraphs(o, str_from(cmd->doc));
	if (cmd->more)
		paragraphs(o, str_from(cmd->more));
	if (cmd->flags) {
		heading(o, "Flags");
		flag_rows(c, cmd->flags);
	}
	heading(o, "Flags of every command");
	flag_rows(c, global_flag_table);
	if (cmd->fields) {
		heading(o, "Fields of --json=FIELDS");
		words_block(o, str_from(cmd->fields));
	}
}

/* A page that is of no command; false: there is none of that name. */
static bool help_topic(struct cli *c, str name)
{
	const char *title;
	const struct fact *facts = manual_topic(name, &title);
	struct json_out *j;

	if (!facts)
		return false;
	if (c->out.json) {
		j = out_json(&c->out);
		out_json_list(&c->out, "rows");
		for (; facts->name; facts++) {
			json_obj(j);
			json_put_str(j, "name", str_from(facts->name));
			json_put_str(j, "doc", str_from(facts->doc));
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return true;
	}
	heading(&c->out, title);
	for (; facts->name; facts++) {
		row(&c->out, str_from(facts->name), TOPIC_COLUMNS, facts->doc);
		out_end(&c->out);
	}
	return true;
}

static struct err *help_run(struct cli *c, const void *flags UNUSED)
{
	const struct command *cmd;
	str nearest;

	if (c->args_n == 0) {
		help_overview(c);
		return NULL;
	}
	cmd = command_get(commands, c->args[0]);
	if (cmd) {
		help_of(c, cmd);
		return NULL;
	}
	if (help_topic(c, c->args[0]))
		return NULL;
	nearest = command_nearest(commands, c->args[0]);
	return err_explain(
		c->arena, FAIL(c->arena, BAD_REQUEST, "there is no command '%.*s'", STRF(c->args[0])),
		&(struct err_tiers){
			.field = S("command"),
			.code = S("unknown"),
			.input = c->args[0],
			.nearest = nearest,
			.reason = arena_printf(c->arena, "there is no command '%.*s'", STRF(c->args[0])),
			.expected = S("one that 'claudemesh help' lists") });
}

const struct command help_command = {
	.name = "help",
	.arguments = "[COMMAND...]",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = help_run,
	.doc = "Shows the commands, or what one of them does and takes.",
	.more = "exit-codes, environment and files are pages, too.",
};

static struct err *version_run(struct cli *c, const void *flags UNUSED)
{
	help_version(c);
	return NULL;
}

const struct command version_command = {
	.name = "version",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = version_run,
	.doc = "Shows the version, as --version does.",
	.fields = "version",
};
