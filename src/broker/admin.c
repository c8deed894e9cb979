#include "broker/admin.h"

#include "broker/backup.h"
#include "broker/datadir.h"
#include "json/json.h"
#include "net/http_client.h"
#include "proto/account.h"

enum { BODY_MAX = 4096, ASK_MS = 15000 };

struct err *admin_ask(struct arena *a, const struct settings *s, str path, str body, str *ret_answer)
{
	const struct http_header type = { S("Content-Type"), S("application/json") };
	const struct datadir dir = { s->data, -1 };
	struct http_spec spec = {
		.url = arena_printf(a, "http://localhost%.*s", STRF(path)), .headers = &type, .n_headers = 1,
		.body = body, .deadline_ms = ASK_MS, .unix_path = datadir_file(a, &dir, ADMIN_SOCKET),
	};
	struct http_answer answer;
	const struct json *obj = NULL;
	struct err *failed = http_fetch(a, &spec, &answer);
	enum err_code code;
	str text;

	if (failed)
		return FAIL(a, NETWORK, "no broker answers at '%.*s' (%.*s); is it running, with the same --data?",
			    STRF(spec.unix_path), STRF(failed->text));
	*ret_answer = answer.body;
	if (answer.status < 400)
		return NULL;
	if (json_parse(a, answer.body, &obj))
		return FAIL(a, INTERNAL, "the broker answered %d", answer.status);
	text = json_get_str(obj, S("detail"));
	code = err_from_wire(json_get_str(obj, S("error")));
	return err_make(a, code == ERR_NONE ? ERR_BAD_REQUEST : code, __FILE__, __LINE__, "%.*s", STRF(text));
}

static struct err *login_code(struct arena *a, const struct settings *s, const str *operands, int n UNUSED,
			      str *ret_text)
{
	CLEANUP(buf_done) struct buf b = buf_make(BODY_MAX);
	struct json_out o = json_out(&b);
	struct admin_code_made_args made;
	const struct json *obj;
	str answer;

	json_obj(&o);
	json_put_str(&o, "email", operands[0]);
	json_obj_end(&o);
	TRY(admin_ask(a, s, S("/admin/login-code"), buf_str(&b), &answer));
	TRY(json_parse(a, answer, &obj));
	TRY(json_decode(a, obj, admin_code_made_fields, &made, sizeof(made), NULL));
	*ret_text = arena_printf(a, "%.*s\n\nGive this code to %.*s, who enters address and code at\n  %.*s\n"
				 "It is good once, until %.*s.\n", STRF(made.code), STRF(made.email), STRF(made.url),
				 STRF(made.expires_at));
	return NULL;
}

const struct admin_command admin_commands[] = {
	{ "login-code", "EMAIL", 1, 1, login_code,
	  "Prints a code with which the owner of that address signs in, without mail." },
	{ "backup", "DIR", 1, 1, admin_backup,
	  "Copies database and keys into a new directory, while the broker runs." },
	{ "restore", "DIR", 1, 1, admin_restore,
	  "Puts a backup in the place of the data, which are kept aside. The broker must be stopped." },
	{ "vacuum", "", 0, 0, admin_vacuum,
	  "Gives the disk back what the database does not use. The broker must be stopped." },
	{ 0 }
};

static str usage(struct arena *a)
{
	str text = S("usage: claudemesh-broker admin COMMAND [SETTINGS]\n\n");

	for (const struct admin_command *c = admin_commands; c->name; c++)
		text = arena_printf(a, "%.*s  %s %s\n      %s\n", STRF(text), c->name, c->operands, c->doc);
	return arena_printf(a, "%.*s\nSettings are those of the broker; --data says which one is meant.\n", STRF(text));
}

static const struct admin_command *find(str name)
{
	for (const struct admin_command *c = admin_commands; c->name; c++)
		if (str_eq(str_from(c->name), name))
			return c;
	return NULL;
}

static bool is_help(str word)
{
	return str_eq(word, S("--help")) || str_eq(word, S("-h")) || str_eq(word, S("help"));
}

struct err *admin_run(struct arena *a, int argc, char *const argv[], char *const env[], str *ret_text)
{
	const struct admin_command *c = argc ? find(str_from(argv[0])) : NULL;
	str operands[ADMIN_OPERANDS_MAX];
	struct settings s;
	int n = 0;

	if (!argc || is_help(str_from(argv[0]))) {
		*ret_text = usage(a);
		return NULL;
	}
	if (!c)
		return FAIL(a, BAD_REQUEST, "no command 'admin %s'; 'claudemesh-broker admin --help' lists them", argv[0]);
	while (1 + n < argc && argv[1 + n][0] != '-' && n < ADMIN_OPERANDS_MAX) {
		operands[n] = str_from(argv[1 + n]);
		n++;
	}
	if (n < c->least || n > c->most)
		return FAIL(a, BAD_REQUEST, "usage: claudemesh-broker admin %s %s", c->name, c->operands);
	TRY(settings_read(a, argc - 1 - n, argv + 1 + n, env, &s));
	if (s.help) {
		*ret_text = usage(a);
		return NULL;
	}
	return c->run(a, &s, operands, n, ret_text);
}
