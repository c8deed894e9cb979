#include "cli/argv.h"

#include "cli/argument.h"
#include "cli/projection.h"
#include "client/invite_link.h"
#include "client/validate.h"

enum { NAMES_MAX = 512, NAME_WORDS_MAX = 3 };

/* The command line taken apart, before its command is known. */
struct scan {
	struct flag_use *uses;
	size_t uses_n;
	str *words;
	size_t words_n;
	char *const *rest; /* what follows the name of a command that passes on */
	char *const *dashes; /* what follows "--" of one that passes that on */
};

/* Calls for each name and alias of a row: `while (next_name(&rest, &name))`. */
static bool next_name(str *rest, str *ret_name)
{
	if (!str_cut(rest, ',', ret_name))
		return false;
	*ret_name = str_trim(*ret_name);
	return true;
}

static bool is_named(const struct command *cmd, str typed)
{
	str rest = str_from(cmd->aliases), name;

	if (str_eq(str_from(cmd->name), typed))
		return true;
	while (next_name(&rest, &name))
		if (str_eq(name, typed))
			return true;
	return false;
}

const struct command *command_get(const struct command *const *list, str name)
{
	for (size_t i = 0; list[i]; i++)
		if (is_named(list[i], name))
			return list[i];
	return NULL;
}

static str nearest_of(str typed, const str *names, size_t n)
{
	/* A name cut short is meant, however much is missing. */
	for (size_t i = 0; typed.len > 1 && i < n; i++)
		if (str_starts(names[i], typed))
			return names[i];
	return nearest(typed, names, n);
}

str command_nearest(const struct command *const *list, str typed)
{
	str names[NAMES_MAX], aliases[NAMES_MAX], name, found;
	size_t names_n = 0, aliases_n = 0;

	for (size_t i = 0; list[i] && names_n < NAMES_MAX; i++) {
		str rest = str_from(list[i]->aliases);

		names[names_n++] = str_from(list[i]->name);
		while (aliases_n < NAMES_MAX && next_name(&rest, &name))
			aliases[aliases_n++] = name;
	}
	/* Short aliases are near to everything. */
	found = nearest_of(typed, names, names_n);
	return found.ptr ? found : nearest_of(typed, aliases, aliases_n);
}

/* The row of a flag of the command that the words so far name, or may begin to name. */
static const struct flag *flag_of_words(struct arena *a, const struct scan *s,
					const struct command *const *list, str name)
{
	const struct command *cmd = NULL;
	const struct flag *f = NULL;

	if (s->words_n > 1)
		cmd = command_get(list, arena_printf(a, "%.*s %.*s", STRF(s->words[0]), STRF(s->words[1])));
	if (!cmd && s->words_n)
		cmd = command_get(list, s->words[0]);
	if (cmd)
		f = flag_get(cmd->flags, name);
	for (size_t i = 0; !f && s->words_n == 1 && list[i]; i++)
		if (str_starts(str_from(list[i]->name), arena_printf(a, "%.*s ", STRF(s->words[0]))))
			f = flag_get(list[i]->flags, name);
	return f;
}

/* The row of a flag, of whatever command: of one that stands before its command's name. */
static const struct flag *flag_anywhere(const struct command *const *list, str name)
{
	const struct flag *f = NULL;

	for (size_t i = 0; !f && list[i]; i++)
		f = flag_get(list[i]->flags, name);
	return f;
}

static struct flag_use use_of(str token)
{
	struct flag_use use = { .spelled = token };
	ptrdiff_t equals = str_index(token, '=');

	if (equals >= 0) {
		use.spelled = str_of(token.ptr, (size_t)equals);
		use.value = str_skip(token, (size_t)equals + 1);
		use.has_value = true;
	}
	if (str_starts(use.spelled, S("--")))
		use.name = str_skip(use.spelled, 2);
	else if (use.spelled.len == 2)
		use.name = str_from(flag_of_letter(use.spelled.ptr[1]));
	return use;
}

static bool is_flag(str token)
{
	return token.len >= 2 && token.ptr[0] == '-';
}

/* A value may be "-" but not look like a flag: --mesh --json is a slip. Before the name of
 * the command what may stand alone in one (send --wait) has a number in another (inbox). */
static bool takes_value(struct arena *a, const struct scan *s, const struct command *const *list,
			str name, str next)
{
	const struct flag *f = flag_get(global_flag_table, name);
	i64 number;

	if (is_flag(next))
		return false;
	if (!f)
		f = flag_of_words(a, s, list, name);
	if (f)
		return flag_takes_next(f);
	f = flag_anywhere(list, name);
	return f && (flag_takes_next(f) || (f->kind == FLAG_CHOICE && str_to_i64(next, &number)));
}

/* Puts the token at *i (and its value) where it belongs. False: the rest is passed on. */
static bool scan_token(struct arena *a, struct scan *s, int argc, char *const *argv, int *i,
		       const struct command *const *list)
{
	str token = str_from(argv[*i]);
	const struct command *cmd;
	struct flag_use use;

	if (s->words_n == 0 && invite_link_is_url(token) && command_get(list, S("launch"))) {
		s->words[s->words_n++] = S("launch");
		s->uses[s->uses_n++] = (struct flag_use){ .spelled = S("--join"), .name = S("join"),
							  .value = token, .has_value = true };
		return true;
	}
	if (!is_flag(token)) {
		s->words[s->words_n++] = token;
		cmd = s->words_n == 1 ? command_get(list, token) : NULL;
		return !(cmd && cmd->passes_on);
	}
	use = use_of(token);
	if (!use.has_value && *i + 1 < argc && takes_value(a, s, list, use.name, str_from(argv[*i + 1]))) {
		use.value = str_from(argv[++*i]);
		use.has_value = true;
	}
	s->uses[s->uses_n++] = use;
	return true;
}

/* Does the command that the words name hand on what comes behind "--"? */
static bool passes_dashes(const struct scan *s, const struct command *const *list)
{
	const struct command *cmd = s->words_n ? command_get(list, s->words[0]) : NULL;

	return cmd && cmd->passes_dashes;
}

static struct scan scan_all(struct arena *a, int argc, char *const *argv,
			    const struct command *const *list)
{
	struct scan s = { .uses = NEW_ARRAY(a, struct flag_use, (size_t)argc + 1),
			  .words = NEW_ARRAY(a, str, (size_t)argc + 1) };
	int i;

	for (i = 1; i < argc; i++) {
		if (str_eq(str_from(argv[i]), S("--")) && passes_dashes(&s, list)) {
			s.dashes = argv + i + 1;
			break;
		}
		if (str_eq(str_from(argv[i]), S("--"))) {
			for (i++; i < argc; i++)
				s.words[s.words_n++] = str_from(argv[i]);
			break;
		}
		if (!scan_token(a, &s, argc, argv, &i, list)) {
			s.rest = argv + i + 1;
			break;
		}
	}
	return s;
}

static str join_words(struct arena *a, const str *words, size_t n)
{
	CLEANUP(buf_done) struct buf b = buf_make(ARGUMENTS_BYTES_MAX);

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_byte(&b, ' ');
		buf_add(&b, words[i]);
	}
	return arena_dup(a, buf_str(&b));
}

/* Is the word the first of the command's name, and not all of it? */
static bool begins(const struct command *cmd, str word)
{
	str name = str_from(cmd->name);

	return name.len > word.len && str_starts(name, word) && name.ptr[word.len] == ' ';
}

static struct err *unknown_command(struct cli *c, const struct scan *s,
				   const struct command *const *list)
{
	str word = s->words[0], near = STR_NONE;
	str both = s->words_n > 1
			   ? arena_printf(c->arena, "%.*s %.*s", STRF(word), STRF(s->words[1]))
			   : STR_NONE;
	CLEANUP(buf_done) struct buf forms = buf_make(1024);

	/* "group" alone or "group jion": the first word is half a name. */
	for (size_t i = 0; list[i]; i++)
		if (begins(list[i], word))
			buf_printf(&forms, "%s'%s'", forms.len ? ", " : "", list[i]->name);
	if (both.ptr)
		near = command_nearest(list, both);
	if (!near.ptr && !forms.len)
		near = command_nearest(list, word);
	word = forms.len && both.ptr ? both : word;
	return err_explain(c->arena, FAIL(c->arena, BAD_REQUEST, "there is no command '%.*s'", STRF(word)),
			   &(struct err_tiers){
				   .field = S("command"),
				   .code = S("unknown"),
				   .input = word,
				   .reason = arena_printf(c->arena, "there is no command '%.*s'", STRF(word)),
				   .expected = near.ptr || !forms.len
						       ? str_contains(word, S("://"))
								 ? S("'claudemesh join LINK' to use an invite")
								 : S("one that 'claudemesh help' lists")
						       : arena_dup(c->arena, buf_str(&forms)),
				   .nearest = near });
}

static bool is_half_a_name(const struct command *const *list, str word)
{
	for (size_t i = 0; list[i]; i++)
		if (begins(list[i], word))
			return true;
	return false;
}

/* Takes the longest name that the first words spell off the words. */
static struct err *find_command(struct cli *c, struct scan *s, const struct command *const *list)
{
	size_t used = MIN(s->words_n, (size_t)NAME_WORDS_MAX);

	if (s->words_n == 0)
		return NULL;
	while (used && !(c->command = command_get(list, join_words(c->arena, s->words, used))))
		used--;
	/* "topic" is short for a row without arguments, "topic histroy" is not. */
	if (used == 1 && s->words_n > 1 && str_empty(str_from(c->command->arguments)) &&
	    is_half_a_name(list, s->words[0]))
		c->command = NULL;
	if (!c->command)
		return unknown_command(c, s, list);
	s->words += used;
	s->words_n -= used;
	return NULL;
}

static struct err *unknown_flag(struct cli *c, const struct flag_use *use)
{
	const struct flag *tables[] = { c->command ? c->command->flags : NULL, global_flag_table };
	str names[64], near;
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct flag *f = tables[t]; f && f->name && n < ARRAY_LEN(names); f++)
			names[n++] = flag_spelling(c->arena, f);
	near = use->name.len > 1 ? nearest(use->name, names, n) : STR_NONE;
	return err_explain(
		c->arena,
		FAIL(c->arena, BAD_REQUEST, "%s%s%sthere is no flag '%.*s'", c->command ? "'" : "",
		     c->command ? c->command->name : "", c->command ? "': " : "", STRF(use->spelled)),
		&(struct err_tiers){
			.field = S("flag"),
			.code = S("unknown"),
			.input = use->spelled,
			.reason = arena_printf(c->arena, "there is no flag '%.*s'", STRF(use->spelled)),
			.expected = use->spelled.ptr[1] != '-'
					    ? S("text that starts with '-' after '--'")
					    : arena_printf(c->arena, "one that 'claudemesh help%s%s' lists",
							   c->command ? " " : "",
							   c->command ? c->command->name : ""),
			.nearest = near.ptr ? arena_printf(c->arena, "--%.*s", STRF(near)) : STR_NONE });
}

static struct err *set_flags(struct cli *c, const struct scan *s)
{
	const struct flag *own = c->command ? c->command->flags : NULL;
	void *flags = c->command && own ? arena_alloc(c->arena, c->command->flags_size) : NULL;

	for (size_t i = 0; i < s->uses_n; i++) {
		const struct flag_use *use = &s->uses[i];
		const struct flag *f = flag_get(own, use->name);

		if (flag_get(global_flag_table, use->name))
			continue;
		if (!f)
			return unknown_flag(c, use);
		TRY(flag_set(c->arena, f, use, flags));
	}
	c->flags = flags;
	return NULL;
}

/* All of them, so that an error about another flag is printed as --json asks. */
static struct err *set_globals(struct cli *c, const struct scan *s)
{
	struct err *first = NULL;

	for (size_t i = 0; i < s->uses_n; i++) {
		const struct flag *f = flag_get(global_flag_table, s->uses[i].name);
		struct err *e = f ? flag_set(c->arena, f, &s->uses[i], &c->global) : NULL;

		first = first ? first : e;
	}
	return first;
}

static struct err *wrong_usage(struct cli *c, const char *code, str input, str what)
{
	return err_explain(c->arena,
			   FAIL(c->arena, BAD_REQUEST, "'%s': %.*s", c->command->name, STRF(what)),
			   &(struct err_tiers){ .field = S("arguments"),
						.code = str_from(code),
						.input = input,
						.reason = what,
						.expected = str_trim(arena_printf(
							c->arena, "claudemesh %s %s", c->command->name,
							c->command->arguments)) });
}

/* "--json a,b" is how the reference's help writes it (client.md 15.3, 36). */
static struct err *too_many(struct cli *c, const struct scan *s, str word)
{
	struct err *e = wrong_usage(c, "too_many", word,
				    arena_printf(c->arena, "'%.*s' is one argument too many", STRF(word)));
	struct err_tiers tiers = *e->tiers;

	for (size_t i = 0; i < s->uses_n; i++)
		if (str_eq(s->uses[i].spelled, S("--json")) && !s->uses[i].has_value && c->command->fields) {
			tiers.nearest = arena_printf(c->arena, "--json=%.*s", STRF(word));
			return err_explain(c->arena, e, &tiers);
		}
	return e;
}

static struct err *set_arguments(struct cli *c, const struct scan *s)
{
	str rest = str_from(c->command->arguments), form;
	size_t used = 0;

	for (size_t i = 0; str_cut(&rest, ' ', &form) && form.len; i++) {
		bool optional = form.ptr[0] == '[';

		if (used == s->words_n && !optional)
			return wrong_usage(c, "missing", STR_NONE,
					   arena_printf(c->arena, "%.*s is missing", STRF(form)));
		if (used == s->words_n)
			break;
		c->args[i] = s->words[used++];
		c->args_n = i + 1;
		if (str_contains(form, S("..."))) {
			c->args[i] = join_words(c->arena, s->words + used - 1,
						s->words_n - used + 1);
			used = s->words_n;
		}
		TRY(argument_check(c->arena, form, c->args[i]));
	}
	return used < s->words_n ? too_many(c, s, s->words[used]) : NULL;
}

static struct err *check_words(struct cli *c, int argc, char *const *argv)
{
	size_t total = 0;

	if (argc > ARGV_WORDS_MAX)
		return FAIL(c->arena, BAD_REQUEST, "more than %d words", ARGV_WORDS_MAX);
	for (int i = 1; i < argc; i++) {
		if (!str_is_utf8(str_from(argv[i])))
			return FAIL(c->arena, BAD_REQUEST, "word %d is not UTF-8", i);
		total += strlen(argv[i]) + 1;
		if (total > ARGUMENTS_BYTES_MAX)
			return FAIL(c->arena, BAD_REQUEST,
				    "the command line is longer than %d bytes",
				    ARGUMENTS_BYTES_MAX);
	}
	return NULL;
}

/* What follows the name goes on unread, but for the flags that every command takes. */
static struct err *set_passed(struct cli *c, char *const *rest)
{
	struct err *first = NULL;
	size_t n = 0;
	bool own = true; /* until "--" */
	char **passed;

	while (rest[n])
		n++;
	passed = NEW_ARRAY(c->arena, char *, n + 1);
	c->passed = passed;
	for (size_t i = 0; i < n; i++) {
		struct flag_use use = use_of(str_from(rest[i]));
		const struct flag *f = own ? flag_get(global_flag_table, use.name) : NULL;
		bool known = f && strcmp(f->name, "help") != 0 && strcmp(f->name, "version") != 0;
		struct err *e;

		own = own && !str_eq(str_from(rest[i]), S("--"));
		if (!known) {
			*passed++ = rest[i];
			continue;
		}
		if (flag_takes_next(f) && !use.has_value && rest[i + 1]) {
			use.value = str_from(rest[++i]);
			use.has_value = true;
		}
		e = flag_set(c->arena, f, &use, &c->global);
		first = first ? first : e;
	}
	return first;
}

struct err *argv_parse(struct cli *c, int argc, char *const *argv,
		       const struct command *const *list)
{
	struct scan s;
	struct err *e;

	TRY(check_words(c, argc, argv));
	s = scan_all(c->arena, argc, argv, list);
	e = set_globals(c, &s);
	if (e)
		return e;
	/* Help is for those who do not know how it is written: nothing else is asked. */
	TRY(find_command(c, &s, list));
	if (c->global.help || c->global.version)
		return NULL;
	TRY(set_flags(c, &s));
	if (!c->command)
		return NULL;
	if (!str_empty(c->global.json))
		TRY(projection_parse(c->arena, c->command, c->global.json, &c->projection));
	if (s.dashes)
		c->passed = s.dashes;
	if (s.rest)
		return set_passed(c, s.rest);
	return set_arguments(c, &s);
}
