/*
 * http_page.c - the page behind a link.
 *
 * The secret of a link is its fragment, which a browser never sends; the page cannot show it
 * and needs no script.
 */
#include "broker/http.h"

#include "broker/http_answer.h"

enum { PAGE_BYTES_MAX = 4096, CODE_MAX = 64 };

static bool is_code(str code)
{
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    c != '-' && c != '_')
			return false;
	}
	return code.len && code.len <= CODE_MAX;
}

#define WHAT \
	"This is an invitation to a claudemesh mesh, where coding-agent sessions send each " \
	"other end-to-end encrypted messages."
#define HOW \
	"Join with the whole link, as you received it. The part after # is the secret of the " \
	"invitation: it stays in your browser, so this page cannot show it to you."
#define WHO \
	"Anyone who has the whole link can join until it is used up or has expired. Do not pass it on."

static str as_text(struct arena *a, str link)
{
	return arena_printf(a, WHAT "\n\n" HOW "\n\n    claudemesh join '%.*s#...'\n\n" WHO "\n",
			    STRF(link));
}

static str as_html(struct arena *a, str link)
{
	return arena_printf(
		a,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>claudemesh: invitation</title></head>\n<body>\n<h1>Invitation</h1>\n<p>" WHAT
		"</p>\n<p>" HOW "</p>\n<pre>claudemesh join '%.*s#...'</pre>\n<p>" WHO
		"</p>\n</body></html>\n",
		STRF(link));
}

void http_link(struct http *h, struct server_request *rq, str param)
{
	static const struct http_header safe[] = {
		{ S("Content-Security-Policy"), S("default-src 'none'; frame-ancestors 'none'") },
		{ S("Referrer-Policy"), S("no-referrer") },
		{ S("X-Content-Type-Options"), S("nosniff") },
	};
	bool html = str_contains(http_header_get(rq->head, S("accept")), S("text/html"));
	str link;

	if (!is_code(param)) {
		http_fail(h, rq, false, FAIL(rq->arena, NOT_FOUND, "no invitation has this form"));
		return;
	}
	link = arena_printf(rq->arena, "%.*s/i/%.*s", STRF(h->base), STRF(param));
	http_answer_as(h, rq, 200,
		       html ? S("text/html; charset=utf-8") : S("text/plain; charset=utf-8"), safe,
		       ARRAY_LEN(safe), html ? as_html(rq->arena, link) : as_text(rq->arena, link));
}
