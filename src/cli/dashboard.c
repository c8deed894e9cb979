/*
 * dashboard.c - `dashboard`: opens the broker's web page in a browser and lets that browser in
 * as a device of the member.
 *
 * The code that lets it in stands in a private file, which the browser opens and which sends it
 * on to the page: never on a command line, in a query or in a log. The broker is told the code's
 * public key only. The file is gone when the code was used or is over.
 */
#include "cli/browser.h"
#include "cli/commands.h"
#include "cli/context.h"

#include "base/ids.h"
#include "client/file.h"
#include "client/topics.h"
#include "crypto/device.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "net/url.h"
#include "proto/device.h"

enum { FILE_NAME_LEN = 12, INTRODUCTION_MAX = 1024 };
#define FILE_ALPHABET S("abcdefghijklmnopqrstuvwxyz0123456789")

#define DASHBOARD_FLAGS(F, T) \
	F(T, bool, no_open, "", 0, 0, "start no browser; open the file yourself") \
	F(T, bool, link, "", 0, 0, "print the link itself, for a browser elsewhere; it lets anyone in who sees it")
CLI_FLAGS(dashboard, DASHBOARD_FLAGS);

/* One code on its way to a browser. Wiped by hand: `secret` and `link`'s memory. */
struct ticket {
	u8 secret[DEVICE_CODE_BYTES];
	str base, link;
	struct device_code_args args;
};

/* What the page is told of the mesh, past the broker. */
static str introduction(struct cli *c, const struct stay *stay, const u8 *secret, str owner_pubkey)
{
	struct buf b = buf_make(INTRODUCTION_MAX);
	struct json_out o = json_out(&b);
	str sealed;

	json_obj(&o);
	json_put_str(&o, "mesh_id", stay->mesh->meshId);
	json_put_str(&o, "mesh_name", stay->mesh->name);
	json_put_str(&o, "member_id", stay->mesh->memberId);
	json_put_str(&o, "member_pubkey", stay->mesh->pubkey);
	json_put_str(&o, "owner_pubkey", owner_pubkey.ptr ? owner_pubkey : S(""));
	json_obj_end(&o);
	sealed = device_introduction_seal(c->arena, buf_str(&b), secret);
	buf_done(&b);
	return sealed;
}

static struct err *make_ticket(struct cli *c, const struct stay *stay, struct ticket *t)
{
	CLEANUP(sign_pair_wipe) struct sign_pair member = { 0 };
	CLEANUP(sign_pair_wipe) struct sign_pair code = { 0 };
	struct mesh_keys_args keys;
	struct device_code text;

	TRY(keys_load(c->arena, stay->client.paths, stay->mesh->meshId, &keys));
	TRY(url_http_base(c->arena, stay->mesh->brokerUrl, &t->base));
	if (!sign_pair_from_hex(stay->mesh->secretKey, &member))
		return FAIL(c->arena, IO, "the key of '%.*s' in config.json is damaged", STRF(stay->mesh->slug));
	secret_random(t->secret, sizeof(t->secret));
	device_pair_from_code(t->secret, &code);
	t->args.code = sign_pair_pubkey(c->arena, &code);
	t->args.expiresAt = (clock_ms(stay->client.clock) + DEVICE_CODE_MS) / 1000;
	text = (struct device_code){ stay->mesh->meshId, stay->mesh->pubkey, t->args.code, t->args.expiresAt };
	TRY(device_code_sign(c->arena, &text, &member, &t->args.signature));
	t->args.introduction = introduction(c, stay, t->secret, keys.owner_pubkey);
	t->link = arena_printf(c->arena, "%.*s/#%.*s", STRF(t->base),
			       STRF(encode_secret_base64url(c->arena, t->secret, sizeof(t->secret))));
	return NULL;
}

static struct err *register_code(struct cli *c, struct stay *stay, const struct ticket *t)
{
	struct device_code_ready_args ready;
	struct err *e = visit_call(c->arena, stay->visit, "device_code", device_code_fields, &t->args,
				   device_code_ready_fields, &ready, sizeof(ready));

	if (e && (str_eq(err_wire(e), S("unknown_message_type")) || e->code == ERR_TIMEOUT))
		return FAIL(c->arena, NOT_SUPPORTED, "the broker at %.*s has no web page", STRF(t->base));
	return e;
}

/* The page's address is base64url behind '#': nothing in it needs escaping. */
static struct err *write_file(struct cli *c, const struct stay *stay, const struct ticket *t, str *ret_path)
{
	str name = id_from_alphabet(c->arena, stay->client.random, FILE_ALPHABET, FILE_NAME_LEN);
	str html = arena_printf(c->arena,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<title>claudemesh</title>\n"
		"<meta http-equiv=\"refresh\" content=\"0;url=%.*s\"></head>\n"
		"<body><p><a rel=\"noreferrer\" href=\"%.*s\">Open the dashboard</a></p></body></html>\n",
		STRF(t->link), STRF(t->link));

	*ret_path = arena_printf(c->arena, "%.*s/dashboard-%.*s.html", STRF(stay->client.paths->dir), STRF(name));
	return file_write_private(c->arena, *ret_path, html);
}

static void print_ticket(struct cli *c, const struct stay *stay, const struct ticket *t, str path, bool started,
			 bool show_link)
{
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		json_put_str(j, "mesh", stay->mesh->slug);
		json_put_str(j, "url", t->base);
		json_put_str(j, "file", path);
		if (show_link)
			json_put_str(j, "link", t->link);
		json_put_int(j, "valid_ms", DEVICE_CODE_MS);
		out_json_end(&c->out);
		return;
	}
	if (show_link) {
		out_link(&c->out, t->link);
		out_info(&c->out, "open it within a minute; it works once");
	} else if (started) {
		out_info(&c->out, "your browser opens the page of %.*s; say yes there within a minute",
			 STRF(stay->mesh->slug));
	} else {
		out_link(&c->out, arena_printf(c->arena, "file://%.*s", STRF(path)));
		out_info(&c->out, "open this file in a browser on this machine within a minute");
	}
}

static struct err *ask(void *arg, struct arena *a, const char *type, const struct json_field *fields, const void *args,
		       const struct json_field *reply_fields, void *ret, size_t ret_size)
{
	return visit_call(a, arg, type, fields, args, reply_fields, ret, ret_size);
}

/* Did our code let it in? By the signatures, whatever the broker says. */
static bool is_ours(struct cli *c, const struct stay *stay, const struct member_args *m, str code)
{
	const struct device_of_args *d = &m->device;
	struct device device = {
		.code = { stay->mesh->meshId, stay->mesh->pubkey, code, d->expiresAt },
		.code_signature = d->codeSignature,
		.claim = { stay->mesh->meshId, code, m->pubkey, d->x25519 },
		.claim_signature = d->claimSignature,
	};

	return d->present && !device_verify(c->arena, &device, m->pubkey);
}

/* The keys of our topics, so that it can read what was written before. */
static struct err *share_topics(struct cli *c, const struct stay *stay, str code)
{
	struct peers_list_args list;
	struct topics topics;
	size_t sealed;

	TRY(visit_peers(c->arena, stay->visit, true, &list));
	TRY(topics_init(c->arena, &stay->client, stay->mesh, ask, stay->visit, &topics));
	for (size_t i = 0; i < list.members.n; i++) {
		const struct member_args *m = &list.members.items[i];

		if (is_ours(c, stay, m, code))
			return topics_seal_device(&topics, m->memberId, m->pubkey, &sealed);
	}
	return FAIL(c->arena, REFUSED, "the broker shows no device that your code let in");
}

static struct err *wait_for_device(struct cli *c, const struct stay *stay, str code)
{
	struct err *unshared;
	struct device_added_args added;
	struct device_wait_args wait = { 0 };
	struct err *e = visit_call_for(c->arena, stay->visit, "device_wait", device_wait_fields, &wait, DEVICE_CODE_MS,
				       device_added_fields, &added, sizeof(added));

	if (e && e->code == ERR_TIMEOUT)
		return cli_hint(c, FAIL(c->arena, TIMEOUT, "no browser was added within a minute"),
				"a browser that was added before needs no code: open the page itself");
	TRY(e);
	if (!str_eq(added.code, code))
		return FAIL(c->arena, CONFLICT, "another 'claudemesh dashboard' took the place of this one");
	unshared = share_topics(c, stay, code);
	if (unshared)
		out_warn(&c->out, S("somebody who is in the topics seals them sooner or later"),
			 "your topics are not shared with it yet: %.*s", STRF(unshared->text));
	if (!c->out.json)
		out_ok(&c->out, STR_NONE, "%.*s is a device of yours on %.*s now",
		       STRF(str_empty(added.label) ? S("the browser") : added.label), STRF(stay->mesh->slug));
	return NULL;
}

static struct err *offer(struct cli *c, struct stay *stay, struct ticket *t, const struct dashboard_flags *in)
{
	str path = STR_NONE;
	bool started = false;
	struct err *e;

	TRY(make_ticket(c, stay, t));
	TRY(register_code(c, stay, t));
	if (!in->link) {
		TRY(write_file(c, stay, t, &path));
		started = !in->no_open && !c->out.json && browser_open(c, path);
	}
	print_ticket(c, stay, t, path, started, in->link);
	e = out_flush(&c->out, c->arena);
	if (!e)
		e = wait_for_device(c, stay, t->args.code);
	if (path.len) {
		struct err *kept = file_remove(c->arena, path);

		e = e ? e : kept;
	}
	return e;
}

static struct err *dashboard_run(struct cli *c, const void *flags)
{
	struct ticket t = { 0 };
	struct stay stay;
	struct err *e;

	TRY(stay_open(c, &stay));
	e = offer(c, &stay, &t, flags);
	visit_close(stay.visit);
	secret_wipe(t.secret, sizeof(t.secret));
	return e;
}

const struct command dashboard_command = {
	.name = "dashboard",
	.aliases = "web",
	.arguments = "",
	.group = GROUP_MESH,
	COMMAND_GATE(WRITE, "device", "add"),
	COMMAND_FLAGS(dashboard),
	.run = dashboard_run,
	.doc = "Opens the mesh in your browser, as a device of yours.",
	.more = "The browser gets a key of its own, which your key vouches for. It asks before\n"
		"it is added. The code for that is good for a minute and works once.",
	.fields = "mesh url file link",
};
