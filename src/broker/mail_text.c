/*
 * mail_text.c - a mail is a list of blocks; the two forms are two ways to write the list, so that
 * nothing is said in one and not in the other.
 *
 * Mail programs drop <style>, scripts and SVG: styles stand inline, the glyph is four round cells.
 */
#include "broker/mail_text.h"

#include <time.h>

#include "base/buf.h"
#include "base/email.h"
#include "crypto/encode.h"

#define GROUND "#141413"
#define CREAM "#faf9f5"
#define DIM "#b0aea5"
#define LINE "#3d3d3a"
#define ACCENT "#d97757"
#define SERIF "Georgia,'Times New Roman',serif"
#define MONO "ui-monospace,Menlo,Consolas,'Liberation Mono',monospace"

enum { BLOCKS_MAX = 16, MAIL_TEXT_MAX = 64 << 10, NAME_SHOWN_MAX = 64, WORD_BYTES_MAX = 45 };

enum block_kind { EYEBROW, HEADING, PARAGRAPH, BUTTON, LABEL, COMMAND, DIGITS, FACT, RULE, SMALL };

struct mail_block {
	enum block_kind kind;
	str text;
	str mark;             /* HEADING: the part in accent; BUTTON: its address; FACT: the value */
};

struct blocks {
	struct mail_block items[BLOCKS_MAX];
	size_t n;
};

static void add(struct blocks *to, enum block_kind kind, str text, str mark)
{
	if (to->n == BLOCKS_MAX)
		abort();
	to->items[to->n++] = (struct mail_block){ kind, text, mark };
}

str html_escape(struct arena *a, str text)
{
	static const struct { char c; const char *entity; } entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
	};
	struct buf b = buf_make(6 * text.len + 1);
	str escaped;

	for (size_t i = 0; i < text.len; i++) {
		const char *entity = NULL;

		for (size_t k = 0; k < ARRAY_LEN(entities); k++)
			if (entities[k].c == text.ptr[i])
				entity = entities[k].entity;
		if (entity)
			buf_add(&b, str_from(entity));
		else
			buf_add_byte(&b, text.ptr[i]);
	}
	escaped = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return escaped;
}

/* Where a character of UTF-8 starts. */
static bool starts_char(char c)
{
	return ((u8)c & 0xc0) != 0x80;
}

/* A name in one line: without control characters, and cut where it becomes too long to be one. */
static str shown(struct arena *a, str name)
{
	char *to = arena_alloc(a, name.len + 1);
	size_t n = 0;
	bool cut = false;

	for (size_t i = 0; i < name.len && !cut; i++) {
		cut = n >= NAME_SHOWN_MAX && starts_char(name.ptr[i]);
		if (!cut)
			to[n++] = (u8)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f ? ' ' : name.ptr[i];
	}
	return cut ? arena_printf(a, "%.*s\xe2\x80\xa6", (int)n, to) : str_of(to, n);
}

str mail_time(struct arena *a, i64 ms)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t s = (time_t)(ms / 1000);
	struct tm t;

	gmtime_r(&s, &t);
	return arena_printf(a, "%s, %d %s %d %02d:%02d UTC", days[t.tm_wday % 7], t.tm_mday,
			    months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour, t.tm_min);
}

/* ---- what is said ---- */

static str invite_blocks(struct arena *a, const struct mail_args *m, bool installs, struct blocks *to)
{
	str mesh = shown(a, m->mesh), inviter = shown(a, m->inviter);
	bool admin = str_eq(m->role, S("admin"));

	add(to, EYEBROW, S("you're invited"), STR_NONE);
	add(to, HEADING, arena_printf(a, "join %.*s on claudemesh", STRF(mesh)), mesh);
	add(to, PARAGRAPH, arena_printf(a, "%.*s invites you to a mesh: coding-agent sessions that send each other "
		"end-to-end encrypted messages. Your keys are made on your machine and stay there.",
		STRF(inviter.len ? inviter : S("Somebody"))), STR_NONE);
	add(to, FACT, S("for"), m->to);
	add(to, FACT, S("as"), admin ? S("admin: may invite and remove others") : S("member: may talk to the others"));
	add(to, FACT, S("until"), mail_time(a, m->expires_ms));
	if (m->max_uses > 1)
		add(to, FACT, S("uses"), arena_printf(a, "%lld people", (long long)m->max_uses));
	add(to, BUTTON, S("Open the invitation"), m->url);
	if (installs) {
		add(to, LABEL, S("The first time: install, join and start, in one line"), STR_NONE);
		add(to, COMMAND, arena_printf(a, "curl -fsSL %.*s/install | sh && claudemesh launch --join %.*s",
			STRF(m->base), STRF(m->url)), STR_NONE);
	}
	add(to, LABEL, S("With claudemesh installed"), STR_NONE);
	add(to, COMMAND, arena_printf(a, "claudemesh launch --join %.*s", STRF(m->url)), STR_NONE);
	add(to, RULE, STR_NONE, STR_NONE);
	add(to, SMALL, S("A mailed link carries no secret. The others see you as unverified until the owner has "
			 "confirmed your key. If you did not expect this mail, ignore it: nothing happens."), STR_NONE);
	return arena_printf(a, "You're invited to join \"%.*s\" on claudemesh", STRF(mesh));
}

static str code_blocks(struct arena *a, const struct mail_args *m, struct blocks *to)
{
	add(to, EYEBROW, S("sign in"), STR_NONE);
	add(to, HEADING, S("your code for claudemesh"), S("claudemesh"));
	add(to, DIGITS, m->code, STR_NONE);
	add(to, PARAGRAPH, S("Type it into the page that asked for it, and nowhere else. Nobody of us will ever ask "
			     "you for it."), STR_NONE);
	add(to, FACT, S("until"), mail_time(a, m->expires_ms));
	add(to, RULE, STR_NONE, STR_NONE);
	add(to, SMALL, S("If it was not you who wants to sign in, ignore this mail: without the code nobody can."),
	    STR_NONE);
	return arena_printf(a, "%.*s is your claudemesh code", STRF(m->code));
}

/* ---- as text ---- */

static void text_block(struct buf *b, const struct mail_block *m)
{
	switch (m->kind) {
	case EYEBROW: break;
	case HEADING:
		buf_printf(b, "%.*s\n\n", STRF(m->text));
		break;
	case PARAGRAPH:
	case SMALL:
		buf_printf(b, "%.*s\n\n", STRF(m->text));
		break;
	case LABEL:
		buf_printf(b, "%.*s:\n\n", STRF(m->text));
		break;
	case BUTTON:
		buf_printf(b, "\n%.*s:\n\n    %.*s\n\n", STRF(m->text), STRF(m->mark));
		break;
	case COMMAND:
	case DIGITS:
		buf_printf(b, "    %.*s\n\n", STRF(m->text));
		break;
	case FACT:
		buf_printf(b, "  %-6.*s %.*s\n", STRF(m->text), STRF(m->mark));
		break;
	case RULE:
		buf_add(b, S("\n---\n\n"));
		break;
	}
}

/* ---- as HTML ---- */

#define CELL(style) "<tr><td style=\"" style "\">"
#define END "</td></tr>\n"

static void html_heading(struct buf *b, struct arena *a, const struct mail_block *m)
{
	char *at = m->mark.len ? memmem(m->text.ptr, m->text.len, m->mark.ptr, m->mark.len) : NULL;
	size_t before = at ? (size_t)(at - m->text.ptr) : m->text.len;

	buf_add(b, S(CELL("padding:6px 32px 16px;font:400 30px/1.25 " SERIF ";color:" CREAM)));
	buf_add(b, html_escape(a, str_of(m->text.ptr, before)));
	if (at) {
		buf_add(b, S("<span style=\"font-family:" MONO ";font-size:26px;color:" ACCENT "\">"));
		buf_add(b, html_escape(a, m->mark));
		buf_add(b, S("</span>"));
		buf_add(b, html_escape(a, str_skip(m->text, before + m->mark.len)));
	}
	buf_add(b, S(END));
}

static void html_block(struct buf *b, struct arena *a, const struct mail_block *m)
{
	str text = html_escape(a, m->text), mark = html_escape(a, m->mark);

	switch (m->kind) {
	case EYEBROW:
		buf_printf(b, CELL("padding:28px 32px 0;font:12px/1.4 " MONO ";letter-spacing:.08em;color:" ACCENT)
			   "%.*s" END, STRF(text));
		break;
	case HEADING:
		html_heading(b, a, m);
		break;
	case PARAGRAPH:
		buf_printf(b, CELL("padding:0 32px 18px;font:17px/1.55 " SERIF ";color:" CREAM) "%.*s" END, STRF(text));
		break;
	case BUTTON:
		buf_printf(b, CELL("padding:22px 32px 26px") "<a href=\"%.*s\" style=\"display:inline-block;padding:13px "
			   "24px;border-radius:8px;background:" ACCENT ";color:" GROUND ";font:700 16px/1 " SERIF
			   ";text-decoration:none\">%.*s</a>" END, STRF(mark), STRF(text));
		break;
	case LABEL:
		buf_printf(b, CELL("padding:0 32px 8px;font:14px/1.4 " SERIF ";color:" DIM) "%.*s" END, STRF(text));
		break;
	case COMMAND:
		buf_printf(b, CELL("padding:0 32px 20px") "<div style=\"padding:12px 14px;border:1px solid " LINE
			   ";border-radius:8px;font:13px/1.5 " MONO ";color:" CREAM ";word-break:break-all\">%.*s</div>" END,
			   STRF(text));
		break;
	case DIGITS:
		buf_printf(b, CELL("padding:6px 32px 22px;font:700 38px/1.2 " MONO ";letter-spacing:.18em;color:" ACCENT)
			   "%.*s" END, STRF(text));
		break;
	case FACT:
		buf_printf(b, CELL("padding:0 32px 4px;font:15px/1.5 " SERIF ";color:" CREAM) "<span style=\"display:"
			   "inline-block;width:52px;color:" DIM "\">%.*s</span>%.*s" END, STRF(text), STRF(mark));
		break;
	case RULE:
		buf_add(b, S(CELL("padding:6px 32px 14px") "<div style=\"border-top:1px solid " LINE "\"></div>" END));
		break;
	case SMALL:
		buf_printf(b, CELL("padding:0 32px 14px;font:14px/1.5 " SERIF ";color:" DIM) "%.*s" END, STRF(text));
		break;
	}
}

#define DOT(color) "<span style=\"display:inline-block;width:9px;height:9px;margin:1px;border-radius:50%%;background:" \
	color "\"></span>"
#define GLYPH "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td style=\"line-height:11px;" \
	"font-size:0;width:26px\">" DOT(ACCENT) DOT(CREAM) "<br>" DOT(CREAM) DOT(ACCENT) "</td><td style=\"padding-left:8px;" \
	"font:16px/1 " MONO ";color:" CREAM "\">claudemesh</td></tr></table>"

static str as_html(struct arena *a, const struct mail_args *says, const struct blocks *blocks, str subject)
{
	struct buf b = buf_make(MAIL_TEXT_MAX);
	str base = html_escape(a, says->base), html;

	buf_printf(&b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
		   "content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"dark\">\n<title>%.*s</title></head>\n"
		   "<body style=\"margin:0;padding:0;background:" GROUND "\">\n"
		   "<div style=\"display:none;max-height:0;overflow:hidden\">%.*s</div>\n"
		   "<table role=\"presentation\" width=\"100%%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"" GROUND
		   "\" style=\"background:" GROUND "\"><tr><td align=\"center\" style=\"padding:24px 8px\">\n"
		   "<table role=\"presentation\" width=\"560\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"width:100%%;"
		   "max-width:560px;text-align:left;background:" GROUND ";border:1px solid " LINE ";border-radius:14px\">\n"
		   "<tr><td style=\"padding:28px 32px 0\">" GLYPH "</td></tr>\n",
		   STRF(html_escape(a, subject)), STRF(html_escape(a, subject)));
	for (size_t i = 0; i < blocks->n; i++)
		html_block(&b, a, &blocks->items[i]);
	buf_printf(&b, CELL("padding:0 32px 28px;font:13px/1.4 " MONO) "<a href=\"%.*s\" style=\"color:" DIM "\">%.*s</a>" END
		   "</table>\n</td></tr></table>\n</body></html>\n", STRF(base), STRF(base));
	html = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return html;
}

static str as_text(struct arena *a, const struct mail_args *says, const struct blocks *blocks)
{
	struct buf b = buf_make(MAIL_TEXT_MAX);
	str text;

	for (size_t i = 0; i < blocks->n; i++)
		text_block(&b, &blocks->items[i]);
	buf_printf(&b, "%.*s\n", STRF(says->base));
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

struct mail_text mail_text(struct arena *a, const struct mail_args *says, bool installs)
{
	struct blocks *blocks = NEW(a, struct blocks);
	str subject = says->kind == MAIL_LOGIN_CODE ? code_blocks(a, says, blocks)
						    : invite_blocks(a, says, installs, blocks);

	return (struct mail_text){ .subject = subject, .text = as_text(a, says, blocks),
				   .html = as_html(a, says, blocks, subject) };
}

/* ---- headers ---- */

str mail_header(struct arena *a, str value)
{
	struct buf b = buf_make(4 * value.len + 64);
	bool plain = !str_contains(value, S("=?"));
	str header;

	for (size_t i = 0; i < value.len; i++)
		plain = plain && value.ptr[i] >= 0x20 && value.ptr[i] < 0x7f;
	for (size_t from = 0, to; from < value.len && !plain; from = to) {
		to = MIN(from + WORD_BYTES_MAX, value.len);
		while (to < value.len && to > from + 1 && !starts_char(value.ptr[to]))
			to--;
		buf_printf(&b, "%s=?UTF-8?B?%.*s?=", from ? " " : "",
			   STRF(base64_encode(a, str_of(value.ptr + from, to - from))));
	}
	header = plain ? value : arena_dup(a, buf_str(&b));
	buf_done(&b);
	return header;
}

bool mail_from_split(str from, str *ret_name, str *ret_address)
{
	ptrdiff_t open;

	from = str_trim(from);
	open = str_index(from, '<');
	if (open < 0) {
		*ret_name = STR_NONE;
		*ret_address = from;
		return email_is_valid(from);
	}
	if (!str_ends(from, S(">")))
		return false;
	*ret_name = str_trim(str_of(from.ptr, (size_t)open));
	*ret_address = str_of(from.ptr + open + 1, from.len - (size_t)open - 2);
	for (size_t i = 0; i < ret_name->len; i++)
		if ((u8)ret_name->ptr[i] < 0x20 || ret_name->ptr[i] == 0x7f || ret_name->ptr[i] == '"')
			return false;
	return str_is_utf8(*ret_name) && email_is_valid(*ret_address);
}
