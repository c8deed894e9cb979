/*
 * cli.h - the table of commands and what a command gets to work with.
 *
 * A command is one row beside its function, in a file named after it; commands.c lists the
 * rows. Dispatch, usage errors, help and completions are all printed from them. Adding a
 * command: one file with a function and a row, one line in commands.c, one in meson.build.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/flags.h"
#include "cli/output.h"
#include "proto/enums.h"

enum { ARGUMENTS_MAX = 8, ARGUMENTS_BYTES_MAX = 1 << 20 };

/* How much a command may do without being asked about (policy.h). */
enum approval { APPROVAL_ABSENT, APPROVAL_PLAN, APPROVAL_READ_ONLY, APPROVAL_WRITE, APPROVAL_YOLO };
static const char *const approval_words[] UNUSED = { "", "plan", "read-only", "write", "yolo", NULL };
#define FLAG_C_approval enum approval
#define FLAG_KIND_approval FLAG_ENUM
#define FLAG_WORDS_approval approval_words

/* On every command. */
#define GLOBAL_FLAGS(F, T) \
	F(T, fields, json,   "[=FIELDS]", 0, 0, "one JSON document, or some fields of it") \
	F(T, str,  mesh,     "SLUG", 1, 64, "the mesh meant, where several are joined") \
	F(T, bool, no_color, "",     0, 0,  "no colours; NO_COLOR and TERM=dumb do the same") \
	F(T, bool, quiet,    "",     0, 0,  "print results, warnings and errors only") \
	F(T, bool, yes,      "",     0, 0,  "ask nothing, take the answer to be yes") \
	F(T, bool, no_input, "",     0, 0,  "ask nothing; what would have to be asked fails") \
	F(T, bool, no_daemon, "",    0, 0,  "go to the broker directly, whatever daemon runs") \
	F(T, bool, strict,   "",     0, 0,  "fail rather than go without the daemon") \
	F(T, approval, approval_mode, "MODE", 0, 0, "plan, read-only, write (default) or yolo") \
	F(T, str,  policy,   "FILE", 1, 4096, "the rules to go by, instead of policy.yaml") \
	F(T, bool, help,     "",     0, 0,  "show what a command does and takes") \
	F(T, bool, version,  "",     0, 0,  "show the version")
CLI_FLAGS(global, GLOBAL_FLAGS);

/* In the order of the overview. */
enum command_group {
	GROUP_MESH, GROUP_PEER, GROUP_MESSAGE, GROUP_TOPIC, GROUP_PRESENCE, GROUP_SKILL, GROUP_SECURITY,
	GROUP_DAEMON, GROUP_SETUP, GROUP_COUNT
};

/* What a command does to others and to files: whether the policy is asked (policy.h). */
enum effect {
	EFFECT_UNSAID,        /* a row that forgot it; a test holds the table to that */
	EFFECT_FREE,          /* never asked for: help, this machine's own set-up */
	EFFECT_READ, EFFECT_WRITE,
};

struct cli;

/* flags is the struct that the row's table filled: checked, zero where absent. */
typedef struct err *command_run(struct cli *c, const void *flags);

struct command {
	const char *name;     /* one word or two: "send", "group join" */
	const char *aliases;  /* more names, separated by ", "; NULL if none */
	const char *arguments;/* "WHO TEXT...": [X] may be left out, the last X... takes the rest */
	enum command_group group;
	enum effect effect;           /* COMMAND_GATE or COMMAND_FREE */
	const char *resource, *verb;  /* what rules of the policy name it by; of EFFECT_FREE NULL */
	const struct flag *flags;     /* NULL if none */
	size_t flags_size;
	bool passes_on;       /* what follows the name goes to another program unread */
	bool passes_dashes;   /* what follows "--" does */
	command_run *run;
	const char *doc;      /* one sentence, fits a line of the overview */
	const char *more;     /* further lines of `help COMMAND`; NULL if none */
	const char *fields;   /* names that --json=FIELDS may choose from, separated by spaces: of
			       * the rows of its lists, else of the document; NULL: no choice */
	bool hidden;          /* not in the overview: for scripts of ours */
};

/* Of a row: .flags and .flags_size from one CLI_FLAGS id. */
#define COMMAND_FLAGS(id) .flags = id##_flag_table, .flags_size = sizeof(struct id##_flags)

/* Of a row: COMMAND_GATE(WRITE, "message", "send"), or COMMAND_FREE. */
#define COMMAND_GATE(effect_, resource_, verb_) \
	.effect = EFFECT_##effect_, .resource = resource_, .verb = verb_
#define COMMAND_FREE .effect = EFFECT_FREE

extern const struct command *const commands[];       /* NULL ends the list */
extern const char *const command_group_titles[GROUP_COUNT];

struct cli {
	struct arena *arena;  /* as long as the process */
	struct output out;
	struct global_flags global;
	const struct command *command;       /* NULL: none was named */
	const struct projection *projection; /* of --json=FIELDS; NULL: everything */
	const void *flags;
	str args[ARGUMENTS_MAX];             /* one for each of the row's arguments; absent: STR_NONE */
	size_t args_n;                       /* how many were given */
	char *const *passed;                 /* to another program: NULL-terminated */
	str hint;             /* what to try next; printed under the error that run() returns */
	int exit_status;      /* not 0: the process's, whatever run() returns */
};

/* Sets c->hint. Returns e, for: return cli_hint(c, FAIL(...), "try %s", ...). */
struct err *cli_hint(struct cli *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The text of an argument: as given, or all of standard input for "-" (one last newline
 * dropped). Not UTF-8, a NUL or more than max bytes is BAD_REQUEST or TOO_LARGE. */
struct err *cli_text(struct cli *c, str arg, size_t max, str *ret_text) MUST_CHECK;
/* A BAD_REQUEST with the tiers of client.md 4, for what a command finds wrong itself. */
struct err *cli_invalid(struct cli *c, str field, const char *code, str reason, str expected);
/* Is a person there to be asked? Not with --json, --no-input or without a terminal. */
bool cli_may_ask(const struct cli *c);
/* Asks on the terminal; --yes answers. Without a terminal: BAD_REQUEST. "No": CANCELLED. */
struct err *cli_confirm(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Parses, runs, prints the error if there is one. Returns the exit status (client.md 1.3). */
int cli_main(int argc, char **argv);

#endif
