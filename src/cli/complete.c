/*
 * complete.c - `completions SHELL` prints what a shell loads; that calls `__complete` with the
 * words typed so far, which prints what fits, a line each: the word, a tab, what it is.
 *
 * Everything comes from the table of commands, the user's own files and, where it runs, the
 * daemon's roster. No connection is ever opened for it, and names that others chose are left
 * out where a shell could take them for more than a word.
 */
#include "cli/commands.h"

#include "cli/argument.h"
#include "cli/argv.h"
#include "cli/context.h"
#include "cli/manual.h"
#include "cli/roster.h"
#include "cli/text.h"
#include "client/topic_keys.h"

enum { ROSTER_MS = 300, WORDS_MAX = 256 };

struct typed {
	struct cli *c;
	str *words;           /* behind the program's name */
	size_t n;
	str current;          /* the last, which is being typed */
	const struct command *command;
	size_t command_words; /* of its name; 0: not known yet */
	str mesh;             /* of --mesh */
	str first;            /* the first word that is no flag */
	size_t positional;    /* how many of those stand before the current one */
	const struct flag *pending; /* the flag whose value is being typed */
};

/* A word that can be typed as it is or quoted; others are not offered. */
static void offer(struct typed *t, str word, str what)
{
	CLEANUP(buf_done) struct buf line = buf_make(4096);

	if (str_empty(word) || !str_starts(word, t->current))
		return;
	/* A name like a flag would be taken for one. */
	if (word.ptr[0] == '-' && !str_starts(t->current, S("-")))
		return;
	for (size_t i = 0; i < word.len; i++)
		if ((u8)word.ptr[i] < 0x20 || word.ptr[i] == 0x7f)
			return;
	text_add_line(&line, word);
	if (line.len != word.len)
		return;
	/* The tab is ours, so the line does not go through out_span(). */
	buf_add(&t->c->out.buf, word);
	buf_add_byte(&t->c->out.buf, '\t');
	text_add_line(&t->c->out.buf, what);
	buf_add_byte(&t->c->out.buf, '\n');
}

static const struct flag *flag_of(const struct typed *t, str name)
{
	const struct flag *f = t->command ? flag_get(t->command->flags, name) : NULL;

	return f ? f : flag_get(global_flag_table, name);
}

/* One word that is complete. */
static void take(struct typed *t, str word)
{
	ptrdiff_t equals = str_index(word, '=');

	if (t->pending) {
		if (str_eq(str_from(t->pending->name), S("mesh")))
			t->mesh = word;
		t->pending = NULL;
		return;
	}
	if (str_starts(word, S("--"))) {
		str name = str_skip(equals < 0 ? word : str_of(word.ptr, (size_t)equals), 2);
		const struct flag *f = flag_of(t, name);

		if (str_eq(name, S("mesh")) && equals >= 0)
			t->mesh = str_skip(word, (size_t)equals + 1);
		if (f && equals < 0 && flag_takes_next(f))
			t->pending = f;
		return;
	}
	if (str_starts(word, S("-")) && word.len > 1)
		return;
	t->positional++;
	if (t->positional == 1) {
		t->first = word;
		t->command = command_get(commands, word);
		t->command_words = t->command ? 1 : 0;
	} else if (t->positional == 2) {
		str both = arena_printf(t->c->arena, "%.*s %.*s", STRF(t->first), STRF(word));
		const struct command *cmd = command_get(commands, both);

		if (cmd) {
			t->command = cmd;
			t->command_words = 2;
		}
	}
}

static void offer_flags(struct typed *t, const struct flag *table)
{
	for (const struct flag *f = table; f && f->name; f++)
		offer(t, arena_printf(t->c->arena, "--%.*s", STRF(flag_spelling(t->c->arena, f))), str_from(f->doc));
}

static void offer_words(struct typed *t, str prefix, const char *const words[], str what)
{
	for (size_t i = 0; words[i]; i++)
		if (*words[i])
			offer(t, arena_printf(t->c->arena, "%.*s%s", STRF(prefix), words[i]), what);
}

static void offer_meshes(struct typed *t, str prefix)
{
	struct paths paths;
	struct config_args config;

	if (paths_from_env(t->c->arena, &paths) || config_load(t->c->arena, &paths, &config))
		return;
	for (size_t i = 0; i < config.meshes.n; i++)
		offer(t, arena_printf(t->c->arena, "%.*s%.*s", STRF(prefix), STRF(config.meshes.items[i].slug)),
		      S("mesh"));
}

static bool is_of_mesh(const struct typed *t, const struct json *row)
{
	return str_empty(t->mesh) || str_eq(json_get_str(row, S("mesh")), t->mesh);
}

/* Those that were used on this machine; nobody is asked. */
static void offer_topics(struct typed *t)
{
	struct topic_keys_args known;
	struct config_args config;
	struct paths paths;

	if (paths_from_env(t->c->arena, &paths) || config_load(t->c->arena, &paths, &config))
		return;
	offer(t, S("general"), S("topic"));
	for (size_t i = 0; i < config.meshes.n; i++) {
		const struct config_mesh_args *m = &config.meshes.items[i];

		if ((!str_empty(t->mesh) && !str_eq(m->slug, t->mesh)) ||
		    topic_keys_load(t->c->arena, &paths, m->meshId, &known))
			continue;
		for (size_t k = 0; k < known.topics.n; k++)
			if (!str_eq(known.topics.items[k].name, S("general")))
				offer(t, known.topics.items[k].name, S("topic"));
	}
}

/* Each name once, however many sessions it has. */
static void offer_once(struct typed *t, str *seen, size_t *n, str word, const char *what)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(seen[i], word))
			return;
	if (*n == WORDS_MAX)
		return;
	seen[(*n)++] = word;
	offer(t, word, str_from(what));
}

static void offer_peers(struct typed *t, bool groups_only)
{
	static const char *const lists[] = { "peers", "members" };
	const struct json *body = roster_ask(t->c->arena, ROSTER_MS);
	str seen[WORDS_MAX];
	size_t n = 0;

	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		const struct json *list = json_get(body, str_from(lists[l]));

		for (const struct json *row = list ? list->first : NULL; row; row = row->next) {
			const struct json *groups = json_get(row, S("groups"));

			if (!is_of_mesh(t, row))
				continue;
			if (!groups_only)
				offer_once(t, seen, &n, json_get_str(row, S("displayName")), "peer");
			for (const struct json *g = groups ? groups->first : NULL; g; g = g->next)
				offer_once(t, seen, &n,
					   arena_printf(t->c->arena, "@%.*s", STRF(json_get_str(g, S("name")))),
					   "group");
		}
	}
}

/* Values of a flag, behind "--flag=" or as the next word. */
static void offer_value(struct typed *t, const struct flag *f, str prefix)
{
	if (f->words)
		offer_words(t, prefix, f->words, str_from(f->doc));
	else if (str_eq(str_from(f->name), S("mesh")))
		offer_meshes(t, prefix);
	else if (str_eq(str_from(f->value), S("FILE")) || str_eq(str_from(f->value), S("DIR")))
		buf_add(&t->c->out.buf, S(":file\n"));
}

/* --json=a,b: the last name is being typed. */
static void offer_fields(struct typed *t)
{
	str rest = t->command ? str_from(t->command->fields) : STR_NONE, name;
	size_t keep = t->current.len;

	while (keep && t->current.ptr[keep - 1] != ',' && t->current.ptr[keep - 1] != '=')
		keep--;
	while (str_cut(&rest, ' ', &name))
		offer(t, arena_printf(t->c->arena, "%.*s%.*s", (int)keep, t->current.ptr, STRF(name)), S("field"));
}

static void offer_commands(struct typed *t)
{
	for (size_t i = 0; commands[i]; i++) {
		str name = str_from(commands[i]->name);
		ptrdiff_t space = str_index(name, ' ');

		if (commands[i]->hidden)
			continue;
		if (t->positional == 0 && space < 0)
			offer(t, name, str_from(commands[i]->doc));
		else if (t->positional == 0 && !command_get(commands, str_of(name.ptr, (size_t)space)) &&
			 (i == 0 || !str_starts(str_from(commands[i - 1]->name), str_of(name.ptr, (size_t)space + 1))))
			offer(t, str_of(name.ptr, (size_t)space), S("more to choose from"));
		else if (t->positional == 1 && space >= 0 && str_eq(str_of(name.ptr, (size_t)space), t->first))
			offer(t, str_skip(name, (size_t)space + 1), str_from(commands[i]->doc));
	}
}

static void offer_argument(struct typed *t)
{
	str rest = str_from(t->command->arguments), form, words, word;
	size_t at = t->positional - t->command_words;

	while (str_cut(&rest, ' ', &form) && form.len && at > 0 && !str_ends(argument_name(form), S("...")))
		at--;
	switch (argument_offer(form, &words)) {
	case OFFER_PEER: offer_peers(t, false); break;
	case OFFER_GROUP: offer_peers(t, true); break;
	case OFFER_TOPIC: offer_topics(t); break;
	case OFFER_MESH: offer_meshes(t, STR_NONE); break;
	case OFFER_FILE: buf_add(&t->c->out.buf, S(":file\n")); break;
	case OFFER_COMMAND:
		for (size_t i = 0; commands[i]; i++)
			if (!commands[i]->hidden)
				offer(t, str_from(commands[i]->name), str_from(commands[i]->doc));
		offer_words(t, S(""), manual_topics, S("a page"));
		break;
	case OFFER_WORDS:
		while (str_cut(&words, '|', &word))
			offer(t, word, STR_NONE);
		break;
	case OFFER_NOTHING: break;
	}
}

static void offer_all(struct typed *t)
{
	ptrdiff_t equals = str_index(t->current, '=');

	if (t->pending) {
		offer_value(t, t->pending, S(""));
	} else if (str_starts(t->current, S("--json="))) {
		offer_fields(t);
	} else if (str_starts(t->current, S("--")) && equals > 0) {
		const struct flag *f = flag_of(t, str_of(t->current.ptr + 2, (size_t)equals - 2));

		if (f)
			offer_value(t, f, str_of(t->current.ptr, (size_t)equals + 1));
	} else if (str_starts(t->current, S("-"))) {
		offer_flags(t, t->command ? t->command->flags : NULL);
		offer_flags(t, global_flag_table);
	} else {
		offer_commands(t);
		if (t->command && !(t->positional == 1 && t->command_words == 2))
			offer_argument(t);
	}
}

static struct err *complete_run(struct cli *c, const void *flags UNUSED)
{
	struct typed t = { .c = c };
	char *const *word = c->passed;

	/* What is typed may be anything; it goes to a shell, not to a person or a program. */
	c->out.json = false;
	if (*word && str_eq(str_from(*word), S("--")))
		word++;
	for (; *word; word++) {
		if (!str_is_utf8(str_from(*word)) || t.n == WORDS_MAX)
			return NULL;
		t.n++;
		t.current = str_from(*word);
		if (!word[1])
			break;
		if (str_eq(t.current, S("--")))
			return NULL;
		take(&t, t.current);
	}
	offer_all(&t);
	return NULL;
}

static const char bash_script[] =
	"# claudemesh completions for bash: source <(claudemesh completions bash)\n"
	"_claudemesh() {\n"
	"\tlocal words=() w i glue= line last IFS=$'\\n'\n"
	"\tCOMPREPLY=()\n"
	"\t# bash splits at '=': --json=a comes as three words\n"
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
	"\t\tw=${COMP_WORDS[i]}\n"
	"\t\tif [[ $w == = && ${#words[@]} -gt 0 ]]; then\n"
	"\t\t\twords[${#words[@]}-1]+==\n"
	"\t\t\tglue=1\n"
	"\t\telif [[ $glue ]]; then\n"
	"\t\t\twords[${#words[@]}-1]+=$w\n"
	"\t\t\tglue=\n"
	"\t\telse\n"
	"\t\t\twords+=(\"$w\")\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tlast=${words[${#words[@]}-1]}\n"
	"\tfor line in $(\"${COMP_WORDS[0]}\" __complete -- \"${words[@]}\" 2>/dev/null); do\n"
	"\t\tif [[ $line == :file ]]; then\n"
	"\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tCOMPREPLY+=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tline=${line%%$'\\t'*}\n"
	"\t\t[[ $last == *=* ]] && line=${line#\"${last%%=*}=\"}\n"
	"\t\tprintf -v line %q \"$line\"\n"
	"\t\tCOMPREPLY+=(\"$line\")\n"
	"\tdone\n"
	"}\n"
	"complete -F _claudemesh claudemesh\n";

static const char zsh_script[] =
	"#compdef claudemesh\n"
	"# claudemesh completions for zsh: source <(claudemesh completions zsh)\n"
	"_claudemesh() {\n"
	"\tlocal -a found\n"
	"\tlocal line word\n"
	"\tfor line in \"${(@f)$(\"${words[1]}\" __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\tif [[ $line == :file ]]; then\n"
	"\t\t\t_files\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\t[[ -n $line ]] || continue\n"
	"\t\tword=${line%%$'\\t'*}\n"
	"\t\tfound+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
	"\tdone\n"
	"\t(( ${#found} )) && _describe -t claudemesh claudemesh found\n"
	"}\n"
	"compdef _claudemesh claudemesh\n";

static const char fish_script[] =
	"# claudemesh completions for fish: claudemesh completions fish | source\n"
	"function __claudemesh_complete\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tfor line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)\n"
	"\t\tif test \"$line\" = :file\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\telse\n"
	"\t\t\tprintf '%s\\n' \"$line\"\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c claudemesh -f -a '(__claudemesh_complete)'\n";

static struct err *completions_run(struct cli *c, const void *flags UNUSED)
{
	const char *script = str_eq_nocase(c->args[0], S("bash"))  ? bash_script
			     : str_eq_nocase(c->args[0], S("zsh")) ? zsh_script
								   : fish_script;

	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "shell", c->args[0]);
		json_put_str(j, "script", str_from(script));
		out_json_end(&c->out);
		return NULL;
	}
	out_block(&c->out, 0, str_from(script));
	return NULL;
}

const struct command completions_command = {
	.name = "completions",
	.arguments = "bash|zsh|fish",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = completions_run,
	.doc = "Prints completions for your shell, with live names of peers.",
	.more = "bash: source <(claudemesh completions bash)\n"
		"zsh: source <(claudemesh completions zsh)\n"
		"fish: claudemesh completions fish | source",
	.fields = "shell script",
};

const struct command complete_command = {
	.name = "__complete",
	.arguments = "[WORDS...]",
	.group = GROUP_SETUP,
	.passes_on = true,
	COMMAND_FREE,
	.run = complete_run,
	.doc = "Says what may follow the words typed, for the shell.",
	.hidden = true,
};
