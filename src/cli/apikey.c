/*
 * apikey.c - `apikey create`, `apikey list`, `apikey revoke`: what programs without a key pair of
 * their own post and read with, over REST. The secret is printed once, and alone on its line.
 */
#include "cli/commands.h"
#include "cli/wire.h"

#include "cli/text.h"
#include "client/validate.h"
#include "proto/apikey.h"

#define APIKEY_CREATE_FLAGS(F, T) \
	F(T, str, cap, "A,B", 1, 256, "send, read (both if left out); of admins also state_write, admin") \
	F(T, str, topic, "A,B", 1, 4096, "only for these topics") \
	F(T, str, expires, "TIME", 1, 64, "when it ends: 30d, 2026-12-31, 2026-12-31T08:00:00Z")
CLI_FLAGS(apikey_create, APIKEY_CREATE_FLAGS);

enum { EXPIRES_MIN_MS = 60000, KEY_ID_SHOWN = 8 };
static const i64 EXPIRES_MAX_MS = 10 * 365 * 24 * 3600 * (i64)1000;

/* Of "a, b": the words, without a leading '#'. */
static struct strs words_of(struct arena *a, str text)
{
	struct strs out = { .items = NEW_ARRAY(a, str, text.len / 2 + 1), .present = text.len > 0 };
	str word;

	while (str_cut(&text, ',', &word)) {
		word = str_trim(word);
		if (str_starts(word, S("#")))
			word = str_skip(word, 1);
		if (word.len)
			out.items[out.n++] = word;
	}
	return out;
}

static struct err *take_caps(struct cli *c, str text, struct strs *ret_caps)
{
	const char *words[ARRAY_LEN(cap_words) + 1] = { "" };
	struct invalid why;
	int found;

	memcpy(words + 1, cap_words, sizeof(cap_words));
	*ret_caps = words_of(c->arena, str_empty(text) ? S("send,read") : text);
	for (size_t i = 0; i < ret_caps->n; i++)
		if (!valid_word(c->arena, S("cap"), ret_caps->items[i], words, &found, &why))
			return invalid_err(c->arena, &why);
	return ret_caps->n ? NULL
			   : cli_invalid(c, S("cap"), "missing", S("a key that may do nothing"), S("send, read"));
}

/* A time to come, as the broker takes it. */
static struct err *take_end(struct cli *c, str text, str *ret_iso)
{
	i64 now_ms = clock_ms(&clock_real), ms;
	str full = text.len == 10 ? arena_printf(c->arena, "%.*sT00:00:00Z", STRF(text)) : text;

	*ret_iso = STR_NONE;
	if (str_empty(text))
		return NULL;
	if (time_from_duration(text, &ms) && ms >= EXPIRES_MIN_MS && ms <= EXPIRES_MAX_MS)
		ms += now_ms;
	else if (!time_from_iso(full, &ms) || ms <= now_ms)
		return cli_invalid(c, S("expires"), "bad_format",
				   arena_printf(c->arena, "'%.*s' is no time to come", STRF(text)),
				   S("30d, 12h, 2026-12-31, or 2026-12-31T08:00:00Z"));
	*ret_iso = time_iso(c->arena, ms);
	return NULL;
}

static str joined(struct arena *a, const struct json *list, const char *otherwise)
{
	str out = STR_NONE;

	for (const struct json *i = list && list->type == JSON_ARR ? list->first : NULL; i; i = i->next)
		out = arena_printf(a, "%.*s%s%.*s", STRF(out), out.len ? ", " : "", STRF(i->s));
	return out.len ? out : str_from(otherwise);
}

static str joined_words(struct arena *a, const struct strs *words)
{
	str out = STR_NONE;

	for (size_t i = 0; i < words->n; i++)
		out = arena_printf(a, "%.*s%s%.*s", STRF(out), i ? ", " : "", STRF(words->items[i]));
	return out;
}

static void created_print(struct cli *c, const struct apikey_created_args *key)
{
	struct output *o = &c->out;
	struct kv pairs[] = {
		{ "may", joined_words(c->arena, &key->capabilities) },
		{ "topics", joined(c->arena, key->topicScopes, "all") },
		{ "until", str_empty(key->expiresAt) ? S("revoked") : context_time(c->arena, key->expiresAt) },
	};

	out_ok(o, text_cut(key->id, KEY_ID_SHOWN), "created %.*s", STRF(key->label));
	out_warn(o, STR_NONE, "the secret is shown this once");
	out_span(o, TONE_GREEN, "  %.*s", STRF(key->secret));
	out_end(o);
	out_kv(o, pairs, ARRAY_LEN(pairs));
}

static struct err *create_run(struct cli *c, const void *flags)
{
	const struct apikey_create_flags *in = flags;
	struct apikey_create_args args = { .topicScopes = words_of(c->arena, in->topic) };
	struct apikey_created_args key;
	struct invalid why;
	struct wire w;
	struct err *e;

	if (!valid_name(c->arena, S("label"), c->args[0], NAME_BYTES_MAX, &args.label, &why))
		return invalid_err(c->arena, &why);
	TRY(take_caps(c, in->cap, &args.capabilities));
	TRY(take_end(c, in->expires, &args.expiresAt));
	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "apikey_create", apikey_create_fields, &args, apikey_created_fields, &key,
		      sizeof(key));
	wire_close(&w);
	TRY(e);
	if (!c->out.json) {
		created_print(c, &key);
		return NULL;
	}
	key._reqId = STR_NONE;
	json_encode(out_json(&c->out), apikey_created_fields, &key);
	out_json_end(&c->out);
	return NULL;
}

static bool is_over(str iso)
{
	i64 ms;

	return time_from_iso(iso, &ms) && ms <= clock_ms(&clock_real);
}

static void entry_print(struct cli *c, const struct apikey_entry_args *key)
{
	struct output *o = &c->out;
	bool revoked = !str_empty(key->revokedAt), over = is_over(key->expiresAt);
	str used = str_empty(key->lastUsedAt) ? S("never") : context_time(c->arena, key->lastUsedAt);

	out_row(o);
	out_span(o, TONE_BOLD, "  %.*s", STRF(key->label));
	out_span(o, revoked ? TONE_RED : over ? TONE_YELLOW : TONE_GREEN, " %s",
		 revoked ? "revoked" : over ? "expired" : "active");
	out_span(o, TONE_DIM, " · %.*s", STRF(text_cut(key->id, KEY_ID_SHOWN)));
	out_end(o);
	out_row(o);
	out_span(o, TONE_DIM, "    %.*s… · %.*s · %.*s · used %.*s", STRF(key->prefix),
		 STRF(joined_words(c->arena, &key->capabilities)),
		 STRF(joined(c->arena, key->topicScopes, "all topics")), STRF(used));
	if (!str_empty(key->issuerName))
		out_span(o, TONE_DIM, " · by %.*s", STRF(key->issuerName));
	out_end(o);
}

static struct err *list_run(struct cli *c, const void *flags UNUSED)
{
	struct apikey_list_args args = { 0 };
	struct apikey_list_response_args list;
	struct wire w;
	struct err *e;

	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "apikey_list", apikey_list_fields, &args, apikey_list_response_fields, &list,
		      sizeof(list));
	wire_close(&w);
	TRY(e);
	if (c->out.json) {
		struct json_out *j = out_json(&c->out);

		out_json_list(&c->out, "keys");
		for (size_t i = 0; i < list.keys.n; i++) {
			json_obj(j);
			json_encode(j, apikey_entry_fields, &list.keys.items[i]);
			json_obj_end(j);
		}
		out_json_list_end(&c->out);
		out_json_end(&c->out);
		return NULL;
	}
	out_section(&c->out, "API keys on %.*s (%zu)", STRF(w.mesh->slug), list.keys.n);
	for (size_t i = 0; i < list.keys.n; i++)
		entry_print(c, &list.keys.items[i]);
	if (!list.keys.n)
		out_hint(&c->out, "claudemesh apikey create LABEL makes one");
	return NULL;
}

/* The broker says which of three; each is an end of its own. */
static struct err *revoked(struct cli *c, const struct apikey_revoke_response_args *r, str id, bool is_prefix)
{
	if (str_eq(r->status, S("not_unique")))
		return cli_hint(c, FAIL(c->arena, AMBIGUOUS, "several API keys begin with '%.*s'", STRF(id)),
				"more of its characters; claudemesh apikey list --json shows them all");
	if (!str_eq(r->status, S("revoked")))
		return cli_hint(c, err_explain(c->arena,
					       FAIL(c->arena, NOT_FOUND, "no API key has the id '%.*s'", STRF(id)),
					       &(struct err_tiers){ .field = S("id"), .input = id,
								    .is_prefix = is_prefix,
								    .reason = S("API key not found") }),
				"claudemesh apikey list");
	out_ok(&c->out, text_cut(r->id, KEY_ID_SHOWN), "revoked");
	if (c->out.json) {
		json_put_str(out_json(&c->out), "revoked", r->id);
		out_json_end(&c->out);
	}
	return NULL;
}

static struct err *revoke_run(struct cli *c, const void *flags UNUSED)
{
	struct apikey_revoke_args args = { 0 };
	struct apikey_revoke_response_args answer;
	struct invalid why;
	bool is_prefix;
	struct wire w;
	struct err *e;

	if (!valid_message_id(c->arena, c->args[0], &args.id, &is_prefix, &why))
		return invalid_err(c->arena, &why);
	TRY(wire_open(c, &w));
	e = wire_call(&w, c->arena, "apikey_revoke", apikey_revoke_fields, &args, apikey_revoke_response_fields,
		      &answer, sizeof(answer));
	wire_close(&w);
	TRY(e);
	return revoked(c, &answer, args.id, is_prefix);
}

const struct command apikey_create_command = {
	.name = "apikey create",
	.aliases = "api-key create",
	.arguments = "LABEL",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "apikey", "create"),
	COMMAND_FLAGS(apikey_create),
	.run = create_run,
	.doc = "Makes an API key, for programs that post and read over HTTP.",
	.more = "It does no more than you may. The secret is shown this once; the broker keeps\n"
		"only its hash:\n"
		"  curl -d hi -H \"Authorization: Bearer $KEY\" BROKER/api/v1/topics/general",
	.fields = "id secret label prefix capabilities topicScopes createdAt expiresAt",
};

const struct command apikey_list_command = {
	.name = "apikey list",
	.aliases = "apikey, api-key list",
	.arguments = "",
	.group = GROUP_SECURITY,
	COMMAND_GATE(READ, "apikey", "list"),
	.run = list_run,
	.doc = "Lists your API keys; an admin sees everybody's.",
	.fields = "id label prefix capabilities topicScopes createdAt lastUsedAt revokedAt expiresAt issuerId "
		  "issuerName",
};

const struct command apikey_revoke_command = {
	.name = "apikey revoke",
	.aliases = "api-key revoke",
	.arguments = "ID",
	.group = GROUP_SECURITY,
	COMMAND_GATE(WRITE, "apikey", "revoke"),
	.run = revoke_run,
	.doc = "Ends an API key, by its id or the start of it.",
	.fields = "revoked",
};
