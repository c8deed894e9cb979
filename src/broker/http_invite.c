/*
 * http_invite.c - the page behind an invite's link: who invites to what, and the line that gets one
 * there; or why the link is dead. For a browser HTML, for others text.
 *
 * Works without scripts. The secret of a link is its fragment, which a browser never sends: the
 * page's script puts it into the commands on the reader's machine.
 */
#include "broker/http.h"

#include "broker/http_answer.h"
#include "broker/install.h"
#include "broker/mail_text.h"
#include "broker/page.h"
#include "json/json.h"
#include "proto/invite.h"

enum { INVITE_PAGE_MAX = 32 << 10 };

#define POLICY \
	"default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

static const struct http_header safe[] = {
	{ S("Content-Security-Policy"), S(POLICY) },
	{ S("Referrer-Policy"), S("no-referrer") },
	{ S("X-Content-Type-Options"), S("nosniff") },
	{ S("X-Robots-Tag"), S("noindex") },
	{ S("Cross-Origin-Opener-Policy"), S("same-origin") },
	{ S("Vary"), S("Accept") },
	{ S("Cache-Control"), S("no-store") },
};

struct page {
	struct arena *a;
	struct buf b;
	struct invite_page_args is;
	str base, link;
	bool installs;                /* GET /install has something to install */
};

#define MESH_IS "A mesh connects coding-agent sessions: they send each other end-to-end encrypted messages. Your " \
	"keys are made on your machine and stay there."
#define HAS_SECRET "The part of the link behind # is its secret. It stays in your browser."
#define GIVE_SECRET "Put your whole link, with the part behind #, in the place of the address: that part is its " \
	"secret, which this page does not get."
#define NO_SECRET "This link has no secret: the others see you as unverified until the owner of the mesh has " \
	"confirmed your key."
#define PASS_ON "Whoever has the link can join, until it is used up or has expired. Do not pass it on."

static str role_text(const struct page *p)
{
	return str_eq(p->is.role, S("admin")) ? S("admin: may invite and remove others")
					      : S("member: may talk to the others");
}

/* Why it is dead, and what to do. */
static str dead_text(const struct page *p)
{
	static const struct { const char *state, *text; } texts[] = {
		{ "revoked", "It was withdrawn by an admin of the mesh. Ask who sent it for a new one." },
		{ "exhausted", "It was used as often as it may be. Ask who sent it for a new one." },
		{ "archived", "The mesh is closed." },
		{ "rate_limit", "Too many unknown links were tried from your address. Wait a minute." },
	};

	if (str_eq(p->is.state, S("expired")))
		return arena_printf(p->a, "It was good until %.*s. Ask who sent it for a new one.",
				    STRF(mail_time(p->a, p->is.expires_ms)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (str_eq(p->is.state, str_from(texts[i].state)))
			return str_from(texts[i].text);
	return S("There is no such invitation here. Perhaps a part of the link got lost; or it ended long ago.");
}

static str uses_text(const struct page *p)
{
	if (p->is.uses_left == 1)
		return S("one more person");
	return arena_printf(p->a, "%lld more people", (long long)p->is.uses_left);
}

/* ---- text ---- */

static void as_text(struct page *p)
{
	const struct invite_page_args *is = &p->is;
	str link = is->secret ? arena_printf(p->a, "'%.*s#...'", STRF(p->link)) : p->link;

	if (!str_eq(is->state, S("live"))) {
		buf_printf(&p->b, "This invitation is dead%s%.*s.\n%.*s\n", is->mesh.len ? ": " : "", STRF(is->mesh),
			   STRF(dead_text(p)));
		return;
	}
	buf_printf(&p->b, "%.*s invites you to join %.*s on claudemesh.\n\n" MESH_IS "\n\n",
		   STRF(is->inviter.len ? is->inviter : S("Somebody")), STRF(is->mesh));
	buf_printf(&p->b, "  as      %.*s\n  members %lld\n  until   %.*s\n  for     %.*s\n\n", STRF(role_text(p)),
		   (long long)is->members, STRF(mail_time(p->a, is->expires_ms)), STRF(uses_text(p)));
	if (p->installs)
		buf_printf(&p->b, "Install, join and start:\n\n    curl -fsSL %.*s/install | sh && claudemesh launch --join %.*s\n\n",
			   STRF(p->base), STRF(link));
	buf_printf(&p->b, "With claudemesh installed:\n\n    claudemesh join %.*s\n\n%s\n" PASS_ON "\n", STRF(link),
		   is->secret ? GIVE_SECRET : NO_SECRET);
}

/* ---- HTML ---- */

static str esc(struct page *p, str text)
{
	return html_escape(p->a, text);
}

static void command(struct page *p, const char *id, str before)
{
	buf_printf(&p->b, "<div class=\"line\"><pre id=\"%s\">%.*s<span data-link=\"%.*s\">%s%.*s%s</span></pre>"
		   "<button value=\"%s\" hidden>Copy</button></div>\n", id, STRF(esc(p, before)), STRF(esc(p, p->link)),
		   p->is.secret ? "&#39;" : "", STRF(esc(p, p->link)), p->is.secret ? "#...&#39;" : "", id);
}

static void fact(struct page *p, const char *name, str value)
{
	buf_printf(&p->b, "<dt>%s</dt><dd>%.*s</dd>\n", name, STRF(esc(p, value)));
}

static void html_live(struct page *p)
{
	const struct invite_page_args *is = &p->is;

	buf_printf(&p->b, "<p class=\"eyebrow\">you&#39;re invited</p>\n<h1>join <span>%.*s</span> on claudemesh</h1>\n"
		   "<p>%.*s invites you. " MESH_IS "</p>\n<dl>\n", STRF(esc(p, is->mesh)),
		   STRF(esc(p, is->inviter.len ? is->inviter : S("Somebody"))));
	fact(p, "as", role_text(p));
	fact(p, "members", arena_printf(p->a, "%lld", (long long)is->members));
	fact(p, "until", mail_time(p->a, is->expires_ms));
	fact(p, "for", uses_text(p));
	buf_add(&p->b, S("</dl>\n"));
	if (p->installs) {
		buf_add(&p->b, S("<h2>Install, join and start, in one line</h2>\n"));
		command(p, "first", arena_printf(p->a, "curl -fsSL %.*s/install | sh && claudemesh launch --join ", STRF(p->base)));
	}
	buf_add(&p->b, S("<h2>With claudemesh installed</h2>\n"));
	command(p, "join", S("claudemesh join "));
	if (is->secret)
		buf_add(&p->b, S("<p class=\"note\" data-secret=\"yes\" hidden>" HAS_SECRET "</p>\n<p class=\"note\" "
				 "data-secret=\"no\">" GIVE_SECRET "</p>\n"));
	else
		buf_add(&p->b, S("<p class=\"note\">" NO_SECRET "</p>\n"));
	buf_add(&p->b, S("<p class=\"note\">" PASS_ON "</p>\n"));
}

static void html_dead(struct page *p)
{
	buf_add(&p->b, S("<p class=\"eyebrow\">invitation</p>\n<h1>"));
	if (p->is.mesh.len)
		buf_printf(&p->b, "the link to <span>%.*s</span> is dead", STRF(esc(p, p->is.mesh)));
	else
		buf_add(&p->b, S("this link leads nowhere"));
	buf_printf(&p->b, "</h1>\n<p>%.*s</p>\n", STRF(esc(p, dead_text(p))));
}

#define GLYPH "<svg viewBox=\"0 0 26 26\" aria-hidden=\"true\"><path d=\"M7 7 19 19M19 7 7 19M7 7H19V19H7Z\" fill=\"none\" " \
	"stroke=\"currentColor\" opacity=\".35\"/><g fill=\"#d97757\"><circle cx=\"7\" cy=\"7\" r=\"4\"/><circle cx=\"19\" " \
	"cy=\"19\" r=\"4\"/></g><g fill=\"currentColor\"><circle cx=\"19\" cy=\"7\" r=\"4\"/><circle cx=\"7\" cy=\"19\" " \
	"r=\"4\"/></g></svg>"

static void as_html(struct page *p)
{
	bool live = str_eq(p->is.state, S("live"));

	buf_printf(&p->b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
		   "content=\"width=device-width\">\n<title>claudemesh: invitation%s%.*s</title>\n"
		   "<link rel=\"stylesheet\" href=\"../page/invite.css\">\n</head><body><main>\n<header>" GLYPH
		   "<span>claudemesh</span></header>\n", p->is.mesh.len ? " to " : "", STRF(esc(p, p->is.mesh)));
	if (live)
		html_live(p);
	else
		html_dead(p);
	buf_printf(&p->b, "<footer><a href=\"%.*s\">%.*s</a></footer>\n</main>%s</body></html>\n", STRF(esc(p, p->base)),
		   STRF(esc(p, p->base)), live ? "<script src=\"../page/invite.js\"></script>" : "");
}

/* The engine's answer; one that is no page's is an error, which has no state but a word. */
static int page_status(const struct json *body, struct page *p)
{
	if (!json_get(body, S("state")) ||
	    json_decode(p->a, body, invite_page_fields, &p->is, sizeof(p->is), NULL)) {
		p->is = (struct invite_page_args){ .state = json_get_str(body, S("error")) };
		return str_eq(p->is.state, S("rate_limit")) ? 429 : 503;
	}
	return str_eq(p->is.state, S("live")) ? 200 : str_eq(p->is.state, S("unknown")) ? 404 : 410;
}

void http_invite(struct http *h, struct server_request *rq, str reply)
{
	const struct http_note *note = rq->user;
	bool html = str_contains(http_header_get(rq->head, S("accept")), S("text/html"));
	struct page p = { .a = rq->arena, .b = buf_make(INVITE_PAGE_MAX), .base = h->base };
	const struct json *body = NULL;
	int status;

	if (json_parse(rq->arena, reply, &body))
		body = NULL;
	p.link = arena_printf(rq->arena, "%.*s/i/%.*s", STRF(h->base), STRF(note->param));
	p.installs = install_is_on(h->env.install);
	status = page_status(body, &p);
	if (html)
		as_html(&p);
	else
		as_text(&p);
	http_answer_file(h, rq, status, html ? S("text/html; charset=utf-8") : S("text/plain; charset=utf-8"), safe,
			 ARRAY_LEN(safe), arena_dup(rq->arena, buf_str(&p.b)));
	buf_done(&p.b);
}

static void asset(struct http *h, struct server_request *rq, str type, const char *text)
{
	static const struct http_header headers[] = {
		{ S("X-Content-Type-Options"), S("nosniff") }, { S("Cache-Control"), S("public, max-age=300") },
		{ S("Cross-Origin-Resource-Policy"), S("same-origin") },
	};

	http_answer_file(h, rq, 200, type, headers, ARRAY_LEN(headers), str_from(text));
}

void http_invite_asset(struct http *h, struct server_request *rq, str name)
{
	if (str_eq(name, S("invite.css")))
		asset(h, rq, S("text/css; charset=utf-8"), page_invite_css);
	else if (str_eq(name, S("invite.js")))
		asset(h, rq, S("text/javascript; charset=utf-8"), page_invite_js);
	else
		http_fail(h, rq, false, FAIL(rq->arena, NOT_FOUND, "there is no such file"));
}
