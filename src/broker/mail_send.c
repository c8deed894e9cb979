#include "broker/mail_send.h"

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/random.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "net/url.h"

enum {
	SMTP_PORT = 587, SMTPS_PORT = 465,
	CONNECT_MS = 5000,
	REPLY_BYTES_MAX = 2048,       /* of what the provider says */
	MAIL_BODY_MAX = 256 << 10,
	MESSAGE_ID_BYTES = 16,
};

bool mail_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- from the settings ---- */

static bool is_here(str host)
{
	return str_eq_nocase(host, S("localhost")) || str_eq(host, S("::1")) || str_eq(host, S("127.0.0.1"));
}

/* smtp[s]://[USER@]HOST[:PORT]; the user may hold an '@' itself. */
static struct err *read_smtp(struct arena *a, str text, struct mail_way *way)
{
	bool tls = str_starts(text, S("smtps://")), is_ipv6;
	str rest = str_skip(text, tls ? 8 : 7), host, user;
	ptrdiff_t at = -1;
	int port;

	if (!tls && !str_starts(text, S("smtp://")))
		return FAIL(a, BAD_REQUEST, "--smtp-url is smtp://[USER@]HOST[:PORT], or smtps://");
	if (str_ends(rest, S("/")))
		rest.len--;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.ptr[i] == '@')
			at = (ptrdiff_t)i;
	if (!url_split_authority(str_skip(rest, (size_t)(at + 1)), &host, &is_ipv6, &port) || str_empty(host))
		return FAIL(a, BAD_REQUEST, "--smtp-url is smtp://[USER@]HOST[:PORT], or smtps://");
	if (at > 0) {
		TRY(url_decode(a, str_of(rest.ptr, (size_t)at), &user));
		if (str_index(user, ':') >= 0)
			return FAIL(a, BAD_REQUEST, "--smtp-url takes no password; use --smtp-password-file");
		way->user = arena_cstr(a, user);
	}
	way->kind = MAIL_WAY_SMTP;
	way->plain = !tls && is_here(host);
	way->url = arena_cstr(a, arena_printf(a, is_ipv6 ? "%s://[%.*s]:%d" : "%s://%.*s:%d", tls ? "smtps" : "smtp",
					      STRF(host), port ? port : tls ? SMTPS_PORT : SMTP_PORT));
	return NULL;
}

static struct err *read_api(struct arena *a, const char *setting, str base, const char *path, struct mail_way *way)
{
	struct url u;

	if (url_parse(a, base, &u) || url_is_ws(&u) || u.query.ptr || u.fragment.ptr || (u.scheme != URL_HTTPS && !is_here(u.host)))
		return FAIL(a, BAD_REQUEST, "--%s is an address https://...", setting);
	way->plain = u.scheme == URL_HTTP;
	way->url = arena_cstr(a, arena_printf(a, "%.*s%s", STRF(base), path));
	return NULL;
}

struct err *mail_way_read(struct arena *a, const struct settings *s, struct mail_way *ret_way)
{
	struct mail_way *way = ret_way;
	str secret = STR_NONE;

	memset(way, 0, sizeof(*way));
	if (s->smtp_url.len) {
		TRY(read_smtp(a, s->smtp_url, way));
		secret = s->smtp_password;
	} else if (s->postmark_key.len) {
		way->kind = MAIL_WAY_POSTMARK;
		TRY(read_api(a, "postmark-url", s->postmark_url, "/email", way));
		secret = s->postmark_key;
	} else if (s->resend_key.len) {
		way->kind = MAIL_WAY_RESEND;
		TRY(read_api(a, "resend-url", s->resend_url, "/emails", way));
		secret = s->resend_key;
	} else {
		return NULL;
	}
	for (size_t i = 0; i < secret.len; i++)
		if ((u8)secret.ptr[i] <= 0x20 || (u8)secret.ptr[i] >= 0x7f)
			return FAIL(a, BAD_REQUEST, "the password or key for mail has a space or a strange character");
	way->secret = secret.len ? arena_cstr(a, secret) : NULL;
	way->installs = s->install_dir.len > 0;
	way->ca = s->mail_ca.len ? arena_cstr(a, s->mail_ca) : NULL;
	if (!mail_from_split(s->mail_from, &way->from_name, &way->from))
		return FAIL(a, BAD_REQUEST, "--mail-from must say from whom mail comes, such as "
			    "'claudemesh <mesh@example.org>'");
	return NULL;
}

void mail_way_wipe(struct mail_way *way)
{
	if (way->secret)
		secret_wipe(way->secret, strlen(way->secret));
	way->secret = NULL;
}

/* ---- one try ---- */

struct try {
	struct arena *arena;
	struct mail_way *way;
	CURL *curl;
	struct curl_slist *headers, *to;
	curl_mime *mime;
	struct buf reply;
	char error[CURL_ERROR_SIZE];
};

static void try_done(struct try *t)
{
	curl_mime_free(t->mime);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->to);
	curl_easy_cleanup(t->curl);
	buf_done(&t->reply);
}

static size_t on_reply(char *bytes, size_t size, size_t n, void *arg)
{
	struct try *t = arg;

	buf_add(&t->reply, str_of(bytes, MIN(size * n, REPLY_BYTES_MAX - t->reply.len)));
	return size * n;
}

static int on_progress(void *arg, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED, curl_off_t d UNUSED)
{
	const struct try *t = arg;

	return atomic_load(&t->way->stop);
}

static void add_header(struct try *t, str line)
{
	struct curl_slist *more = curl_slist_append(t->headers, arena_cstr(t->arena, line));

	if (!more)
		abort();
	t->headers = more;
}

static str from_header(struct try *t)
{
	const struct mail_way *w = t->way;

	if (str_empty(w->from_name))
		return w->from;
	return arena_printf(t->arena, "%.*s <%.*s>", STRF(mail_header(t->arena, w->from_name)), STRF(w->from));
}

static str date_header(struct arena *a)
{
	str shown = mail_time(a, clock_ms(&clock_real));

	/* "... 15:04 UTC" is for people; mail wants seconds and a number. */
	return arena_printf(a, "%.*s:%02d +0000", (int)shown.len - 4, shown.ptr, (int)(clock_ms(&clock_real) / 1000 % 60));
}

/* With the line ends that mail has. */
static str as_lines(struct arena *a, str text)
{
	struct buf b = buf_make(2 * text.len + 1);
	str line, lines;

	while (str_cut(&text, '\n', &line)) {
		buf_add(&b, line);
		if (text.ptr)
			buf_add(&b, S("\r\n"));
	}
	lines = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return lines;
}

static void add_part(struct try *t, str text, const char *type)
{
	curl_mimepart *part = curl_mime_addpart(t->mime);
	str body = as_lines(t->arena, text);

	if (!part || curl_mime_data(part, body.ptr, body.len) || curl_mime_type(part, type) ||
	    curl_mime_encoder(part, "quoted-printable"))
		abort();
}

static void prepare_smtp(struct try *t, str to, const struct mail_text *text)
{
	struct arena *a = t->arena;
	u8 id[MESSAGE_ID_BYTES];
	ptrdiff_t at = str_index(t->way->from, '@');

	random_fill(&random_system, id, sizeof(id));
	add_header(t, arena_printf(a, "From: %.*s", STRF(from_header(t))));
	add_header(t, arena_printf(a, "To: %.*s", STRF(to)));
	add_header(t, arena_printf(a, "Subject: %.*s", STRF(mail_header(a, text->subject))));
	add_header(t, arena_printf(a, "Date: %.*s", STRF(date_header(a))));
	add_header(t, arena_printf(a, "Message-ID: <%.*s%.*s>", STRF(hex_encode(a, str_of(id, sizeof(id)))),
				   STRF(str_skip(t->way->from, (size_t)at))));
	add_header(t, S("Auto-Submitted: auto-generated"));
	t->to = curl_slist_append(NULL, arena_cstr(a, to));
	t->mime = curl_mime_init(t->curl);
	if (!t->to || !t->mime)
		abort();
	add_part(t, text->text, "text/plain; charset=utf-8");
	add_part(t, text->html, "text/html; charset=utf-8");
	add_header(t, S("Content-Type: multipart/alternative"));
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->curl, CURLOPT_MIMEPOST, t->mime);
	curl_easy_setopt(t->curl, CURLOPT_MAIL_FROM, arena_cstr(a, t->way->from));
	curl_easy_setopt(t->curl, CURLOPT_MAIL_RCPT, t->to);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(t->curl, CURLOPT_USE_SSL, t->way->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
	if (t->way->user)
		curl_easy_setopt(t->curl, CURLOPT_USERNAME, t->way->user);
	if (t->way->user && t->way->secret)
		curl_easy_setopt(t->curl, CURLOPT_PASSWORD, t->way->secret);
}

static str api_body(struct try *t, str to, const struct mail_text *text)
{
	bool postmark = t->way->kind == MAIL_WAY_POSTMARK;
	struct buf b = buf_make(MAIL_BODY_MAX);
	struct json_out o = json_out(&b);
	str body;

	json_obj(&o);
	json_put_str(&o, postmark ? "From" : "from", from_header(t));
	json_put_str(&o, postmark ? "To" : "to", to);
	json_put_str(&o, postmark ? "Subject" : "subject", text->subject);
	json_put_str(&o, postmark ? "HtmlBody" : "html", text->html);
	json_put_str(&o, postmark ? "TextBody" : "text", text->text);
	if (postmark)
		json_put_str(&o, "MessageStream", S("outbound"));
	json_obj_end(&o);
	body = arena_dup(t->arena, buf_str(&b));
	buf_done(&b);
	return body;
}

static void prepare_api(struct try *t, str to, const struct mail_text *text)
{
	str body = api_body(t, to, text);

	add_header(t, S("Content-Type: application/json"));
	add_header(t, S("Accept: application/json"));
	add_header(t, arena_printf(t->arena, t->way->kind == MAIL_WAY_POSTMARK ? "X-Postmark-Server-Token: %s"
									     : "Authorization: Bearer %s",
				   t->way->secret));
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(t->curl, CURLOPT_COPYPOSTFIELDS, body.ptr);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, t->way->plain ? "http" : "https");
}

static void prepare(struct try *t)
{
	CURL *c = t->curl;

	curl_easy_setopt(c, CURLOPT_URL, t->way->url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)MAIL_TRY_MS);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_reply);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	if (t->way->ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, t->way->ca);
}

/* A 5xx of SMTP is for good, but for those about us: who we are, and whether we may. An API's 400
 * and 422 are about the mail; all else may be better later. */
static bool is_final(const struct mail_way *way, long status)
{
	if (way->kind == MAIL_WAY_SMTP)
		return status >= 550 && status <= 554;
	return status == 400 || status == 422;
}

static enum mail_outcome judge(struct try *t, CURLcode code, str *ret_why)
{
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && (t->way->kind == MAIL_WAY_SMTP || (status >= 200 && status < 300)))
		return MAIL_SENT;
	*ret_why = arena_printf(t->arena, "%s (status %ld)", code == CURLE_OK ? "the provider refused it"
				: t->error[0] ? t->error : curl_easy_strerror(code), status);
	return is_final(t->way, status) ? MAIL_REFUSED : MAIL_LATER;
}

enum mail_outcome mail_send(struct arena *a, struct mail_way *way, str to, const struct mail_text *text,
			    str *ret_why)
{
	CLEANUP(try_done) struct try t = { .arena = a, .way = way, .curl = curl_easy_init(),
					   .reply = buf_make(REPLY_BYTES_MAX) };

	*ret_why = STR_NONE;
	if (!t.curl)
		abort();
	if (!email_is_valid(to)) {
		*ret_why = S("not an e-mail address");
		return MAIL_REFUSED;
	}
	prepare(&t);
	if (way->kind == MAIL_WAY_SMTP)
		prepare_smtp(&t, to, text);
	else
		prepare_api(&t, to, text);
	return judge(&t, curl_easy_perform(t.curl), ret_why);
}
