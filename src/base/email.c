#include "base/email.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* atext of RFC 5322, and the dot. */
static bool is_local_char(char c)
{
	return is_alnum(c) || (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

static bool local_is_valid(str local)
{
	for (size_t i = 0; i < local.len; i++) {
		bool dot = local.ptr[i] == '.';

		if (!is_local_char(local.ptr[i]))
			return false;
		if (dot && (i == 0 || i + 1 == local.len || local.ptr[i - 1] == '.'))
			return false;
	}
	return local.len > 0 && local.len <= EMAIL_LOCAL_MAX;
}

static bool label_is_valid(str label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-')
			return false;
	return label.len > 0 && label.len <= EMAIL_LABEL_MAX && label.ptr[0] != '-' &&
	       label.ptr[label.len - 1] != '-';
}

static bool domain_is_valid(str domain)
{
	str rest = domain, label = STR_NONE;
	size_t n = 0;

	while (str_cut(&rest, '.', &label)) {
		if (!label_is_valid(label))
			return false;
		n++;
	}
	/* A top level domain of digits only would be an IPv4 address. */
	for (size_t i = 0; i < label.len; i++)
		if (label.ptr[i] < '0' || label.ptr[i] > '9')
			return n > 1 || str_eq_nocase(domain, S("localhost"));
	return false;
}

bool email_is_valid(str address)
{
	ptrdiff_t at = str_index(address, '@');

	return at > 0 && address.len <= EMAIL_BYTES_MAX && local_is_valid(str_of(address.ptr, (size_t)at)) &&
	       domain_is_valid(str_skip(address, (size_t)at + 1));
}

str email_normal(struct arena *a, str address)
{
	char *to = arena_alloc(a, address.len + 1);

	for (size_t i = 0; i < address.len; i++) {
		char c = address.ptr[i];

		to[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return str_of(to, address.len);
}
