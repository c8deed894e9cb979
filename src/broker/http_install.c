/*
 * http_install.c - hands out install.h's files, to who can be sure that nobody changed them on
 * their way: over TLS, or on this machine.
 */
#include "broker/http.h"

#include "broker/http_answer.h"
#include "broker/install.h"

/* A proxy of this machine is as safe as the way to it, which it names. */
static bool is_safe_way(const struct server_request *rq)
{
	bool is_here = rq->peer->is_loopback && rq->local->is_loopback;

	return rq->is_tls || (is_here && !str_eq_nocase(http_header_get(rq->head, S("x-forwarded-proto")), S("http")));
}

/* Answers, and says false, unless there is something that may be handed out. */
static bool may_install(struct http *h, struct server_request *rq)
{
	if (!install_is_on(h->env.install))
		http_fail(h, rq, false, FAIL(rq->arena, NOT_FOUND, "this broker hands out no programs (--install-dir)"));
	else if (!is_safe_way(rq))
		http_fail(h, rq, false, FAIL(rq->arena, FORBIDDEN, "programs are handed out over TLS only: somebody on the "
					     "way could change them; use https"));
	else
		return true;
	return false;
}

void http_install(struct http *h, struct server_request *rq, str param UNUSED)
{
	static const struct http_header headers[] = {
		{ S("X-Content-Type-Options"), S("nosniff") }, { S("Cache-Control"), S("no-cache") },
	};
	str script;

	if (!may_install(h, rq))
		return;
	script = install_script(rq->arena, h->env.install, h->base);
	if (!script.len)
		http_fail(h, rq, false, FAIL(rq->arena, INTERNAL, "the public URL cannot stand in a script"));
	else
		http_answer_file(h, rq, 200, S("text/x-shellscript; charset=utf-8"), headers, ARRAY_LEN(headers), script);
}

void http_download(struct http *h, struct server_request *rq, str name)
{
	struct http_header headers[] = {
		{ S("Content-Type"), S("application/octet-stream") },
		{ S("Content-Disposition"), S("attachment") },
		{ S("X-Content-Type-Options"), S("nosniff") },
		{ S("Cache-Control"), S("no-cache") },
		{ S("ETag"), STR_NONE },
		{ S("X-Request-Id"), ((const struct http_note *)rq->user)->id },
	};
	struct block *file;
	str etag;

	if (!may_install(h, rq))
		return;
	file = install_file(h->env.install, name, &etag);
	if (!file) {
		http_fail(h, rq, false, FAIL(rq->arena, NOT_FOUND, "the release here has no such file"));
		return;
	}
	headers[4].value = etag;
	if (str_contains(http_header_get(rq->head, S("if-none-match")), etag)) {
		http_answered(h, rq, 304);
		server_respond(h->server, rq, 304, headers, ARRAY_LEN(headers), STR_NONE);
		return;
	}
	http_answered(h, rq, 200);
	server_respond_block(h->server, rq, 200, headers, ARRAY_LEN(headers), file);
}
