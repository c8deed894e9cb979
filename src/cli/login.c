/*
 * login.c - `login`: the user's browser signs this program in, or a token is pasted.
 *
 * The browser shows what asks and both codes; this program polls meanwhile. A line on standard input
 * that looks like a token wins, whoever is first. What is stored has been shown to the broker.
 */
#include "cli/account.h"
#include "cli/ask.h"
#include "cli/browser.h"
#include "cli/commands.h"

#include <poll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "net/url.h"

enum { POLL_MS = 1500, LINE_MAX_BYTES = 8192 };

#define LOGIN_FLAGS(F, T) \
	F(T, str,  broker,  "URL", 1, 512, "where; default $CLAUDEMESH_BROKER_URL, your broker or this machine") \
	F(T, bool, paste,   "",    0, 0,   "take a token from standard input; the page /token makes one") \
	F(T, bool, no_open, "",    0, 0,   "start no browser; open the address yourself")
CLI_FLAGS(login, LOGIN_FLAGS);

/* Standard input while it is waited for something else. */
struct typed {
	char bytes[LINE_MAX_BYTES];
	size_t n;
	bool ended;           /* there is no more, or nobody is to be asked */
};

/* The one broker of the meshes that are joined; empty if there are none or several. */
static str only_broker(struct cli *c, const struct client *client)
{
	struct config_args config;
	str base, found = STR_NONE;

	if (config_load(c->arena, client->paths, &config))
		return STR_NONE;
	for (size_t i = 0; i < config.meshes.n; i++) {
		if (url_http_base(c->arena, config.meshes.items[i].brokerUrl, &base))
			continue;
		if (found.len && !str_eq(found, base))
			return STR_NONE;
		found = base;
	}
	return found;
}

static str broker_of(struct cli *c, const struct client *client, const struct login_flags *in)
{
	str env = str_from(getenv("CLAUDEMESH_BROKER_URL")), only;

	if (in->broker.len)
		return in->broker;
	if (env.len)
		return env;
	only = only_broker(c, client);
	return only.len ? only : S(BROKER_URL_DEFAULT);
}

/* ---- what is stored ---- */

/* The broker says whose the token is; with that it has looked at it. */
static struct err *store(struct cli *c, struct signed_in *s, str token, const char *source)
{
	struct profile_data_args profile;

	s->api.token = token;
	TRY(account_profile(c->arena, &s->api, &profile));
	s->auth = (struct auth_args){
		.session_token = token,
		.user = { true, profile.id, profile.display_name, profile.email },
		.token_source = str_from(source),
		.stored_at = time_iso(c->arena, clock_ms(s->client.clock)),
		.broker = s->api.base,
	};
	return auth_save(c->arena, s->client.paths, &s->auth);
}

static void print_done(struct cli *c, const struct signed_in *s)
{
	const struct session_user_args *u = &s->auth.user;

	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "id", u->id);
		json_put_str(j, "email", u->email);
		json_put_str(j, "display_name", u->display_name);
		json_put_str(j, "broker", s->auth.broker);
		out_json_end(&c->out);
		return;
	}
	out_ok(&c->out, u->email, "signed in as %.*s", STRF(u->display_name));
	out_hint(&c->out, "claudemesh sync   joins the meshes of your account on this machine");
}

/* ---- a pasted token ---- */

static struct err *paste(struct cli *c, struct signed_in *s)
{
	i64 ends_ms;
	str token;

	if (cli_may_ask(c)) {
		out_info(&c->out, "make a token at %.*s/token, and paste it here", STRF(s->api.base));
		TRY(ask_line(c, "Token", STR_NONE, &token));
	} else {
		TRY(cli_text(c, S("-"), LINE_MAX_BYTES, &token));
		token = secret_dup(c->arena, str_trim(token));
	}
	if (!auth_looks_like_token(token))
		return FAIL(c->arena, BAD_REQUEST, "that is no session token: three parts with dots between them");
	ends_ms = auth_ends_ms(c->arena, token);
	if (ends_ms && ends_ms <= clock_ms(s->client.clock))
		return FAIL(c->arena, UNAUTHORIZED, "the token has expired; make a new one");
	return signed_in_failed(c, store(c, s, token, "manual"));
}

/* ---- through the browser ---- */

/* Waits, and takes what is typed meanwhile; *ret_token if a line is a token. */
static void wait_typing(struct cli *c, struct typed *t, str *ret_token)
{
	struct pollfd in = { .fd = t->ended ? -1 : STDIN_FILENO, .events = POLLIN };
	str rest, line;
	ssize_t got;

	if (poll(&in, 1, POLL_MS) <= 0)
		return;
	got = read(STDIN_FILENO, t->bytes + t->n, sizeof(t->bytes) - t->n);
	t->ended = got <= 0;
	t->n += got > 0 ? (size_t)got : 0;
	rest = str_of(t->bytes, t->n);
	while (str_index(rest, '\n') >= 0 && str_cut(&rest, '\n', &line))
		if (auth_looks_like_token(str_trim(line)))
			*ret_token = secret_dup(c->arena, str_trim(line));
	/* The end of the input ends a line, too; one that is too long is none. */
	if (t->ended && auth_looks_like_token(str_trim(rest)))
		*ret_token = secret_dup(c->arena, str_trim(rest));
	memmove(t->bytes, rest.ptr, rest.len);
	t->n = rest.len == sizeof(t->bytes) ? 0 : rest.len;
}

static struct err *check_page(struct cli *c, str page)
{
	struct url u;

	if (url_parse(c->arena, page, &u) || url_is_ws(&u))
		return FAIL(c->arena, REFUSED, "the broker names a page that is no web address");
	return NULL;
}

static void print_codes(struct cli *c, const struct device_login_started_args *l, str page, bool started)
{
	if (c->out.json)
		return;
	out_section(&c->out, "sign in");
	out_kv(&c->out, (struct kv[]){ { "code", l->user_code }, { "page", page } }, 2);
	out_end(&c->out);
	out_info(&c->out, started ? "your browser opens the page; say yes there if it shows this code"
				  : "open the page in a browser, and say yes if it shows this code");
	out_info(&c->out, "or paste a token of %.*s here", STRF(l->token_url));
}

/* *ret_over: it will not be approved any more. */
static struct err *poll_once(struct cli *c, struct signed_in *s, str device_code, str *ret_token, struct err **ret_over)
{
	struct device_login_polled_args p = { 0 };
	struct err *e = account_poll(c->arena, &s->api, device_code, &p);

	*ret_over = NULL;
	/* Who does not answer now may do so later. */
	if (e)
		return e->code == ERR_NETWORK || e->code == ERR_TIMEOUT || e->code == ERR_TRY_AGAIN ? NULL : e;
	if (str_eq(p.status, S("approved")))
		*ret_token = secret_dup(c->arena, p.session_token);
	else if (str_eq(p.status, S("denied")))
		*ret_over = FAIL(c->arena, UNAUTHORIZED, "the login was denied in the browser");
	else if (str_eq(p.status, S("expired")))
		*ret_over = FAIL(c->arena, UNAUTHORIZED, "nobody approved the login in time");
	else if (str_eq(p.status, S("consumed")))
		*ret_over = FAIL(c->arena, UNAUTHORIZED, "the login was taken by another program");
	return NULL;
}

static struct err *wait_approval(struct cli *c, struct signed_in *s, str device_code, struct typed *t, str *ret_token,
				 const char **ret_source)
{
	i64 until_ms = clock_mono_ms(s->client.clock) + LOGIN_DEVICE_MS;
	struct err *over;

	*ret_token = STR_NONE;
	while (clock_mono_ms(s->client.clock) < until_ms) {
		*ret_source = "manual";
		wait_typing(c, t, ret_token);
		if (ret_token->len)
			return NULL;
		*ret_source = "device-code";
		TRY(poll_once(c, s, device_code, ret_token, &over));
		if (over || ret_token->len)
			return over;
	}
	return FAIL(c->arena, UNAUTHORIZED, "nobody approved the login in time");
}

static struct err *through_browser(struct cli *c, struct signed_in *s, bool no_open)
{
	CLEANUP(arena_freep) struct arena *typing = arena_new();
	struct typed *t = (struct typed *)secret_alloc(typing, sizeof(*t));
	struct device_login_started_args l;
	struct utsname machine;
	const char *source = "";
	str page, token;
	bool started;

	if (uname(&machine) != 0)
		memset(&machine, 0, sizeof(machine));
	TRY(account_login(c->arena, &s->api, &(struct device_login_args){
		.hostname = str_from(machine.nodename), .platform = S("linux"), .arch = str_from(machine.machine) }, &l));
	page = arena_printf(c->arena, "%.*s?session=%.*s", STRF(l.verification_url), STRF(url_encode(c->arena, l.session_id)));
	TRY(check_page(c, page));
	started = !no_open && !c->out.json && browser_open(c, page);
	print_codes(c, &l, page, started);
	TRY(out_flush(&c->out, c->arena));
	if (c->out.json)
		out_note(&c->out, "open %.*s and compare the code %.*s", STRF(page), STRF(l.user_code));
	t->ended = c->global.no_input;
	TRY(wait_approval(c, s, l.device_code, t, &token, &source));
	return signed_in_failed(c, store(c, s, token, source));
}

/* ---- the command ---- */

/* Somebody is signed in already: a terminal is asked what is meant. */
static struct err *choose(struct cli *c, const struct signed_in *s, bool *ret_paste, bool *ret_done)
{
	const str items[] = { S("stay signed in"), S("sign in again, through the browser"), S("paste a token") };
	size_t choice = 0;

	*ret_paste = *ret_done = false;
	if (!s->auth.session_token.len || !cli_may_ask(c))
		return NULL;
	TRY(ask_choice(c, arena_cstr(c->arena, arena_printf(c->arena, "you are signed in as %.*s", STRF(s->auth.user.email))),
		       items, ARRAY_LEN(items), 0, &choice));
	*ret_done = choice == 0;
	*ret_paste = choice == 2;
	return NULL;
}

static struct err *login_run(struct cli *c, const void *flags)
{
	const struct login_flags *in = flags;
	struct signed_in s = { 0 };
	bool pasted = in->paste, done = false;
	struct err *e;

	TRY(signed_in_find(c, &s));
	if (!in->paste)
		TRY(choose(c, &s, &pasted, &done));
	if (done)
		return NULL;
	TRY(api_init(c->arena, broker_of(c, &s.client, in), &s.api));
	s.api.tls = s.client.tls;
	e = pasted ? paste(c, &s) : through_browser(c, &s, in->no_open);
	if (e && e->code == ERR_NETWORK)
		return cli_hint(c, e, "claudemesh login --broker URL   signs in elsewhere");
	TRY(e);
	print_done(c, &s);
	return NULL;
}

const struct command login_command = {
	.name = "login",
	.aliases = "register",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	COMMAND_FLAGS(login),
	.run = login_run,
	.doc = "Signs you in to your broker's account, through the browser or with a token.",
	.more = "Needed only for what an account is for: the same meshes on several machines, and\n"
		"brokers that let only who is signed in make meshes.",
	.fields = "id email display_name broker",
};
