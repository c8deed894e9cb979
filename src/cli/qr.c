#include "cli/qr.h"

#include <qrencode.h>

enum { QR_TEXT_MAX = 2048 };

#ifdef QR_AT_RUN_TIME
/* A program for many machines (meson -Dportable=true) uses the library where there is one. */
#include <dlfcn.h>

static QRcode *encode(str text)
{
	QRcode *(*make)(int, const unsigned char *, int, QRecLevel);
	void *library = dlopen("libqrencode.so.4", RTLD_NOW | RTLD_LOCAL), *found;

	found = library ? dlsym(library, "QRcode_encodeData") : NULL;
	memcpy(&make, &found, sizeof(make));
	return make ? make((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_L) : NULL;
}

/* The process ends soon, and the library keeps the pair of malloc and free to itself. */
static void done(QRcode *code UNUSED) {}
#else
static QRcode *encode(str text)
{
	return QRcode_encodeData((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_L);
}

static void done(QRcode *code)
{
	QRcode_free(code);
}
#endif

bool qr_make(struct arena *a, str text, struct qr *ret_qr)
{
	QRcode *code = text.len <= QR_TEXT_MAX ? encode(text) : NULL;
	size_t inner;

	if (!code)
		return false;
	inner = (size_t)code->width;
	ret_qr->width = inner + 2 * QR_MARGIN;
	ret_qr->dark = NEW_ARRAY(a, bool, ret_qr->width * ret_qr->width);
	for (size_t y = 0; y < inner; y++)
		for (size_t x = 0; x < inner; x++)
			ret_qr->dark[(y + QR_MARGIN) * ret_qr->width + x + QR_MARGIN] =
				code->data[y * inner + x] & 1;
	done(code);
	return true;
}

str qr_line(struct arena *a, const struct qr *q, size_t y, bool inverted)
{
	static const char *const blocks[2][2] = { { " ", "▄" }, { "▀", "█" } };
	CLEANUP(buf_done) struct buf line = buf_make(4 * 1024);

	for (size_t x = 0; x < q->width; x++) {
		bool upper = q->dark[y * q->width + x];
		/* Below the last row there is no module: it is never a block. */
		bool lower = y + 1 < q->width ? q->dark[(y + 1) * q->width + x] : inverted;

		buf_add(&line, str_from(blocks[upper != inverted][lower != inverted]));
	}
	return arena_dup(a, buf_str(&line));
}

void qr_print(struct output *o, struct arena *a, str text)
{
	struct qr q;

	if (!qr_make(a, text, &q) || q.width + QR_INDENT > o->columns)
		return;
	out_end(o);
	for (size_t y = 0; y < q.width; y += 2) {
		str line = qr_line(a, &q, y, !o->color);

		/* Black on white where we may say so; else the light modules are drawn, which
		 * is right on the dark background that most terminals have. */
		out_span(o, TONE_PLAIN, "  ");
		out_span(o, TONE_PAPER, "%.*s", STRF(line));
		out_end(o);
	}
}
