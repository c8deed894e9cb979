#include "broker/admin.h"

#include "broker/backup.h"
#include "broker/datadir.h"
#include "json/json.h"
#include "net/http_client.h"
#include "proto/admin.h"

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

const struct admin_command admin_commands[] = {
	{ "login-code", "EMAIL", 1, 1, admin_login_code, false,
	  "Prints a code with which the owner of that address signs in, without mail." },
	{ "users", "", 0, 0, admin_users, true,
	  "Lists who has signed in at least once." },
	{ "user-block", "EMAIL", 1, 1, admin_user_block, false,
	  "Ends all sessions of that account, and lets it sign in no more." },
	{ "user-unblock", "EMAIL", 1, 1, admin_user_unblock, false, "Lets it sign in again." },
	{ "sessions", "EMAIL", 1, 1, admin_sessions, true, "Lists where that account is signed in." },
	{ "session-revoke", "ID", 1, 1, admin_session_revoke, false, "Ends one of these sessions." },
	{ "meshes", "", 0, 0, admin_meshes, true,
	  "Lists the meshes, with owner, members, connections and messages that wait." },
	{ "mesh-archive", "MESH", 1, 1, admin_mesh_archive, false,
	  "Closes a mesh (id or slug): everybody is cut off, API keys are dead, nothing is deleted." },
	{ "mesh-open", "ID", 1, 1, admin_mesh_open, false, "Opens an archived mesh again, if its slug is free." },
	{ "keys", "MESH", 1, 1, admin_keys, true, "Lists the API keys of a mesh." },
	{ "key-revoke", "MESH ID", 2, 2, admin_key_revoke, false, "Ends one of these keys at once." },
	{ "audit", "MESH", 1, 1, admin_audit, true, "Verifies the audit log of a mesh, row by row." },
	{ "backup", "DIR", 1, 1, admin_backup, false,
	  "Copies database and keys into a new directory, while the broker runs." },
	{ "restore", "DIR", 1, 1, admin_restore, false,
	  "Puts a backup in the place of the data, which are kept aside. The broker must be stopped." },
	{ "vacuum", "", 0, 0, admin_vacuum, false,
	  "Gives the disk back what the database does not use. The broker must be stopped." },
	{ 0 }
};

static str usage(struct arena *a)
{
	str text = S("usage: claudemesh-broker admin COMMAND [SETTINGS]\n\n");

	for (const struct admin_command *c = admin_commands; c->name; c++)
		text = arena_printf(a, "%.*s  %s%s%s%s\n      %s\n", STRF(text), c->name, *c->operands ? " " : "",
				    c->operands, c->json ? " [--json]" : "", c->doc);
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

/* Takes --json out of the words, wherever it stands. */
static bool take_json(struct arena *a, int *argc, char *const **argv)
{
	char **rest = NEW_ARRAY(a, char *, (size_t)*argc + 1);
	int n = 0;
	bool json = false;

	for (int i = 0; i < *argc; i++) {
		if (str_eq(str_from((*argv)[i]), S("--json")))
			json = true;
		else
			rest[n++] = (*argv)[i];
	}
	*argc = n;
	*argv = rest;
	return json;
}

struct err *admin_run(struct arena *a, int argc, char *const argv[], char *const env[], str *ret_text)
{
	struct admin_given in = { .json = take_json(a, &argc, &argv) };
	const struct admin_command *c = argc ? find(str_from(argv[0])) : NULL;
	struct settings s;

	if (!argc || is_help(str_from(argv[0]))) {
		*ret_text = usage(a);
		return NULL;
	}
	if (!c)
		return FAIL(a, BAD_REQUEST, "no command 'admin %s'; 'claudemesh-broker admin --help' lists them", argv[0]);
	while (1 + in.n < argc && argv[1 + in.n][0] != '-' && in.n < ADMIN_OPERANDS_MAX) {
		in.operands[in.n] = str_from(argv[1 + in.n]);
		in.n++;
	}
	if (in.n < c->least || in.n > c->most || (in.json && !c->json))
		return FAIL(a, BAD_REQUEST, "usage: claudemesh-broker admin %s %s%s", c->name, c->operands,
			    c->json ? " [--json]" : "");
	TRY(settings_read(a, argc - 1 - in.n, argv + 1 + in.n, env, &s));
	if (s.help) {
		*ret_text = usage(a);
		return NULL;
	}
	return c->run(a, &s, &in, ret_text);
}
