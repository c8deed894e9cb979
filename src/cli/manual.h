/*
 * manual.h - what is said about the whole program: exit statuses, environment, files; and the
 * manual made of that and the rows of the commands, as a page for man (mdoc) and as Markdown.
 */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/cli.h"

struct fact {
	const char *name;     /* NULL ends a table */
	const char *doc;
};

/* The one table of statuses: err_exit() gives no other (a test compares). */
extern const struct fact exit_facts[];
extern const struct fact environment_facts[];
extern const struct fact file_facts[];

/* `help exit-codes`, `help environment`, `help files`; NULL if there is no such page. */
const struct fact *manual_topic(str name, const char **ret_title);
/* Their names, for completions. */
extern const char *const manual_topics[];

void manual_man(struct arena *a, struct buf *out);
void manual_markdown(struct arena *a, struct buf *out);

#endif
