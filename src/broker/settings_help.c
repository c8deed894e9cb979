#include "broker/settings.h"

#include "base/buf.h"

enum { HELP_BYTES_MAX = 64 << 10, COLUMNS = 80, INDENT = 6 };

/* Words of text in lines of at most COLUMNS, each after `indent` blanks. */
static void add_wrapped(struct buf *b, str text, size_t indent)
{
	size_t column = 0;
	str word;

	while (str_cut(&text, ' ', &word)) {
		if (column && column + 1 + word.len > COLUMNS) {
			buf_add_byte(b, '\n');
			column = 0;
		}
		if (column == 0)
			buf_printf(b, "%*s", (int)indent, "");
		else
			buf_add_byte(b, ' ');
		column = (column ? column + 1 : indent) + word.len;
		buf_add(b, word);
	}
	buf_add_byte(b, '\n');
}

static void add_row(struct arena *a, struct buf *b, const struct setting *row)
{
	str doc = str_from(row->doc);

	buf_printf(b, "  --%s%s%s\n", row->name, row->value ? " " : "",
		   row->value ? row->value : "");
	if (row->preset)
		doc = arena_printf(a, "%.*s Default %s.", STRF(doc), row->preset);
	if (row->secret)
		doc = arena_printf(a, "%.*s Or the variable %s holds it.", STRF(doc), row->secret);
	if (row->also)
		doc = arena_printf(a, "%.*s Also read from %s.", STRF(doc), row->also);
	add_wrapped(b, doc, INDENT);
}

str settings_help(struct arena *a)
{
	struct buf b = buf_make(HELP_BYTES_MAX);
	str text;

	buf_add(&b, S("Usage: claudemesh-broker [FLAGS]\n"
		      "       claudemesh-broker check-config [FLAGS]\n"
		      "       claudemesh-broker admin COMMAND [OPERANDS] [FLAGS]\n"
		      "       claudemesh-broker protocol [NAME|--markdown|--rest|--openapi]\n\n"));
	add_wrapped(
		&b,
		S("Delivers messages between coding-agent sessions. Without flags it serves this "
		  "machine only, on 127.0.0.1:7900. SIGTERM ends it in good order. "
		  "check-config says whether it would start. The last form prints the messages it understands."),
		0);
	buf_add(&b, S("\nFlags:\n"));
	for (const struct setting *row = settings_table; row->name; row++)
		add_row(a, &b, row);
	buf_add_byte(&b, '\n');
	add_wrapped(
		&b,
		S("Every flag but --help and --version can also be given as an environment variable "
		  "(--log-level as CLAUDEMESH_BROKER_LOG_LEVEL) or in the file named by --config "
		  "(log-level = debug). Flags win over the environment, the environment over the "
		  "file. The file must belong to the broker's user, with mode 0600."),
		0);
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}
