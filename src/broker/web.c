/*
 * web.c - answers with the files of the web page.
 *
 * The page may load and ask nothing but this broker, may not be shown inside another page, and
 * tells nobody where it was. 'wasm-unsafe-eval' is for libsodium, which is WebAssembly.
 */
#include "broker/web.h"

#include "broker/http_answer.h"

#define POLICY \
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " \
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

static const struct http_header page_headers[] = {
	{ S("Content-Security-Policy"), S(POLICY) },
	{ S("Referrer-Policy"), S("no-referrer") },
	{ S("X-Content-Type-Options"), S("nosniff") },
	{ S("Cross-Origin-Opener-Policy"), S("same-origin") },
	{ S("Cross-Origin-Resource-Policy"), S("same-origin") },
	{ S("Permissions-Policy"), S("camera=(), microphone=(), geolocation=()") },
	{ S("Vary"), S("Accept-Encoding") },
};

/* Takes a coding that is listed and not with q=0; no list at all takes everything. */
static bool takes_gzip(const struct http_head *head)
{
	str list = http_header_get(head, S("accept-encoding")), item, coding;

	if (!list.ptr)
		return false;
	while (str_cut(&list, ',', &item)) {
		str_cut(&item, ';', &coding);
		coding = str_trim(coding);
		if (str_eq_nocase(coding, S("gzip")) || str_eq(coding, S("*")))
			return !str_eq(str_trim(item), S("q=0"));
	}
	return false;
}

/* If-None-Match names this version: weakly compared, so W/ does not matter. */
static bool is_known(const struct http_head *head, str etag)
{
	str list = http_header_get(head, S("if-none-match"));

	return list.ptr && (str_eq(str_trim(list), S("*")) || str_contains(list, etag));
}

static void answer(struct http *h, struct server_request *rq, const struct web_file *f)
{
	struct http_header headers[ARRAY_LEN(page_headers) + 3];
	size_t n = ARRAY_LEN(page_headers);
	bool packed = takes_gzip(rq->head) || !f->plain.len;
	bool known = is_known(rq->head, f->etag);

	memcpy(headers, page_headers, sizeof(page_headers));
	headers[n++] = (struct http_header){ S("ETag"), f->etag };
	headers[n++] = (struct http_header){
		S("Cache-Control"), f->immutable ? S("public, max-age=31536000, immutable") : S("no-cache")
	};
	if (packed && !known)
		headers[n++] = (struct http_header){ S("Content-Encoding"), S("gzip") };
	http_answer_file(h, rq, known ? 304 : 200, f->type, headers, n,
			 known ? STR_NONE : packed ? f->gzip : f->plain);
}

void web_index(struct http *h, struct server_request *rq, str param UNUSED)
{
	answer(h, rq, &web_files[0]);
}

void web_asset(struct http *h, struct server_request *rq, str param UNUSED)
{
	for (size_t i = 1; i < n_web_files; i++) {
		if (str_eq(web_files[i].path, rq->head->path)) {
			answer(h, rq, &web_files[i]);
			return;
		}
	}
	http_fail(h, rq, false, FAIL(rq->arena, NOT_FOUND, "the page has no such file"));
}
