/*
 * http.c - the reference's HTTP calls without an account, and the test's own /fake.
 */
#include "base/ids.h"
#include "crypto/chain.h"
#include "crypto/encode.h"
#include "refbroker/fake.h"

struct member *member_get(const struct fake *f, str pubkey)
{
	struct member *m = f->members;

	while (m && !str_eq(m->pubkey, pubkey))
		m = m->next;
	return m;
}

static void answer(struct fake *f, struct server_request *rq, int status, str body)
{
	static const struct http_header json[] = { { S("Content-Type"), S("application/json") } };

	server_respond(f->sv, rq, status, json, ARRAY_LEN(json), body);
}

/* POST /fake: what was switched on before and is not named is off again; a new log. */
static void set_flaws(struct fake *f, struct server_request *rq)
{
	const struct json *tree;
	struct flaw_args flaws;

	if (json_parse(f->arena, arena_dup(f->arena, rq->body), &tree) ||
	    json_decode(f->arena, tree, flaw_fields, &flaws, sizeof(flaws), NULL)) {
		answer(f, rq, 400, S("{}"));
		return;
	}
	f->flaws = flaws;
	f->sends = f->closes = 0;
	buf_consume(&f->log, f->log.len);
	if (flaws.again_ms)
		loop_timer_every(f->again, flaws.again_ms);
	else
		loop_timer_off(f->again);
	answer(f, rq, 200, S("{}"));
}

static void show_log(struct fake *f, struct server_request *rq)
{
	answer(f, rq, 200, buf_str(&f->log));
}

/* The name is the reference's guess: host and process; the token is all it looks at. */
static void join(struct fake *f, struct server_request *rq)
{
	const struct json *tree;
	struct member *m, **at = &f->members;
	bool known;

	if (json_parse(f->arena, arena_dup(f->arena, rq->body), &tree) ||
	    str_empty(json_get_str(tree, S("peer_pubkey"))) ||
	    str_empty(json_get_str(tree, S("display_name"))) ||
	    !json_get(tree, S("invite_payload"))) {
		answer(f, rq, 400, S("{\"ok\":false,\"error\":\"invite_token, invite_payload, "
				     "peer_pubkey, display_name required\"}"));
		return;
	}
	if (!str_eq(json_get_str(tree, S("invite_token")), f->token)) {
		answer(f, rq, 400, S("{\"ok\":false,\"error\":\"invite_not_found\"}"));
		return;
	}
	m = member_get(f, json_get_str(tree, S("peer_pubkey")));
	known = m != NULL;
	if (!m) {
		m = NEW(f->arena, struct member);
		*m = (struct member){ .id = id_random(f->arena, &random_system),
				      .pubkey = json_get_str(tree, S("peer_pubkey")),
				      .name = json_get_str(tree, S("display_name")) };
		while (*at)
			at = &(*at)->next;
		*at = m;
	}
	answer(f, rq, 200, arena_printf(rq->arena, "{\"ok\":true,\"memberId\":\"%.*s\"%s}",
					STRF(m->id), known ? ",\"alreadyMember\":true" : ""));
}

static str invite_key(struct fake *f, struct arena *a)
{
	u8 secret[INVITE_SECRET_BYTES];
	struct sign_pair pair;

	if (!decode_secret_base64url(f->flaws.invite_secret, secret, sizeof(secret)))
		return S("");
	invite_pair_from_secret(secret, &pair);
	return sign_pair_pubkey(a, &pair);
}

static void look_up(struct fake *f, struct server_request *rq)
{
	str key = invite_key(f, rq->arena);

	if (!str_ends(rq->head->path, S("/" INVITE_CODE)))
		answer(f, rq, 404, S("{\"found\":false}"));
	else if (str_empty(key))
		answer(f, rq, 200, arena_printf(rq->arena, "{\"found\":true,\"token\":\"%.*s\"}",
						STRF(f->token)));
	else
		answer(f, rq, 200,
		       arena_printf(rq->arena, "{\"found\":true,\"token\":\"%.*s\",\"mesh_id\":\"%.*s\","
				    "\"invite_id\":\"%.*s\",\"invite_pubkey\":\"%.*s\"}",
				    STRF(f->token), STRF(f->mesh_id), STRF(f->mesh_id),
				    STRF(key)));
}

void http_request(void *arg, struct server_request *rq)
{
	struct fake *f = arg;
	str path = rq->head->path;
	bool post = str_eq(rq->head->method, S("POST"));

	if (str_eq(path, S("/fake")) && post)
		set_flaws(f, rq);
	else if (str_eq(path, S("/fake")))
		show_log(f, rq);
	else if (str_eq(path, S("/join")) && post)
		join(f, rq);
	else if (str_starts(path, S("/api/public/invite-code/")))
		look_up(f, rq);
	else if (str_starts(path, S("/invites/")) && post)
		answer(f, rq, 501, S("{\"error\":\"invite_v2_disabled\",\"detail\":\"set "
				     "BROKER_INVITE_V2_ENABLED=1\"}"));
	else if (str_starts(path, S("/cli/")))
		answer(f, rq, 401, S("{\"error\":\"Unauthorized\"}"));
	else
		answer(f, rq, 404, S("not found"));
}
