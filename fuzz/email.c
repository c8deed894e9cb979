/*
 * email.c - fuzz target of base/email.h and of what broker/mail_text.h makes of names: an address that
 * passes has nothing in it that could end a header, a command or an attribute; a header is one line of
 * ASCII; a sender is split into what was there.
 */
#include "base/email.h"
#include "broker/mail_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_address(struct arena *a, str text)
{
	size_t ats = 0;

	if (!email_is_valid(text))
		return;
	require(text.len >= 3 && text.len <= EMAIL_BYTES_MAX);
	for (size_t i = 0; i < text.len; i++) {
		u8 c = (u8)text.ptr[i];

		require(c > ' ' && c < 0x7f && !strchr("<>()[]\\,;:\"", (char)c));
		ats += c == '@';
	}
	require(ats == 1);
	require(email_is_valid(email_normal(a, text)));
	require(str_eq(email_normal(a, email_normal(a, text)), email_normal(a, text)));
}

static void check_mail(struct arena *a, str text)
{
	struct mail_args says = { .kind = MAIL_INVITE, .to = S("bob@example.org"), .mesh = text, .inviter = text,
				  .role = S("member"), .url = S("https://h/i/X"), .base = S("https://h"), .max_uses = 1 };
	struct mail_text mail = mail_text(a, &says, true);
	str header = mail_header(a, mail.subject);

	require(str_is_utf8(mail.subject) && str_is_utf8(mail.text) && str_is_utf8(mail.html));
	for (size_t i = 0; i < header.len; i++)
		require((u8)header.ptr[i] >= 0x20 && (u8)header.ptr[i] < 0x7f);
	require(!str_contains(mail.html, S("<script")) && !str_contains(mail.text, S("\r")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str text = str_of(data, size), name, address;

	check_address(a, text);
	if (mail_from_split(text, &name, &address))
		require(email_is_valid(address) && str_is_utf8(name));
	/* Names are UTF-8 without NUL, as everything that comes in. */
	if (str_is_utf8(text) && size <= NAME_BYTES_MAX && !memchr(data, 0, size))
		check_mail(a, text);
	arena_free(a);
	return 0;
}
