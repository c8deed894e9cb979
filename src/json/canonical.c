/*
 * canonical.c - a value as JavaScript's JSON.stringify would write it, keys sorted.
 *
 * Numbers become doubles on the way, as they do there: digits past 2^53 are lost, 1e400
 * (infinite) is null. strtod and printf read the decimal point of the C locale, which the
 * program never leaves.
 */
#include "json/json.h"

#include <float.h>
#include <math.h>

enum {
	DIGITS_SURE = 15, /* a double of normal size keeps this many decimal digits */
	DIGITS_MAX = 17,  /* and is determined by this many */
	POINT_MAX = 21,   /* ECMAScript writes an exponent from 1e21 on */
	POINT_MIN = -6,   /* and below 1e-6 */
};

static const i64 SAFE_INT = (i64)1 << 53;

struct member {
	const struct json *value;
	i64 index; /* of an integer-like key, else INT64_MAX */
};

static void canonical_value(struct json_out *o, struct arena *a, const struct json *v,
			    bool index_first);

/* Canonical decimal from 0 to 2^32 - 2 counts as an array index and comes first. */
static i64 key_index(str key)
{
	i64 value;

	if (key.len == 0 || key.len > 10 || key.ptr[0] == '-' || (key.ptr[0] == '0' && key.len > 1))
		return INT64_MAX;
	return str_to_i64(key, &value) && value < UINT32_MAX ? value : INT64_MAX;
}

/* Order of UTF-16 code units. UTF-8 has the same order, except that U+E000 to U+FFFF (first
 * byte EE or EF) are above the surrogates that stand for everything longer (F0 to F4). */
static int utf16_order(str x, str y)
{
	size_t n = MIN(x.len, y.len), i = 0;
	u8 b, c;

	while (i < n && x.ptr[i] == y.ptr[i])
		i++;
	if (i == n)
		return x.len < y.len ? -1 : x.len > y.len;
	b = (u8)x.ptr[i];
	c = (u8)y.ptr[i];
	if (b >= 0xee && c >= 0xee && (b >= 0xf0) != (c >= 0xf0))
		return b >= 0xf0 ? -1 : 1;
	return b < c ? -1 : 1;
}

static int member_order(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return utf16_order(a->value->key, b->value->key);
}

static void canonical_object(struct json_out *o, struct arena *a, const struct json *obj,
			     bool index_first)
{
	struct member *sorted = NEW_ARRAY(a, struct member, obj->count);
	size_t n = 0;

	for (const struct json *v = obj->first; v; v = v->next)
		sorted[n++] = (struct member){ v, index_first ? key_index(v->key) : INT64_MAX };
	qsort(sorted, n, sizeof(*sorted), member_order);
	json_obj(o);
	for (size_t i = 0; i < n; i++) {
		json_key(o, sorted[i].value->key);
		canonical_value(o, a, sorted[i].value, index_first);
	}
	json_obj_end(o);
}

/* Shortest decimal that reads back as x (finite, > 0): returns its digits as text, *point is
 * the position of the decimal point, as in 0.DIGITS * 10^point. */
static str shortest_digits(struct arena *a, double x, int *point)
{
	for (int n = x < DBL_MIN ? 1 : DIGITS_SURE;; n++) {
		str text = arena_printf(a, "%.*e", n - 1, x);
		i64 digits = text.ptr[0] - '0', exponent;
		ptrdiff_t e = str_index(text, 'e');

		for (ptrdiff_t i = 2; i < e; i++)
			digits = digits * 10 + (text.ptr[i] - '0');
		text = str_skip(text, (size_t)e + 1);
		str_to_i64(text.ptr[0] == '+' ? str_skip(text, 1) : text, &exponent);
		/* Just above a power of two the rounding interval is lopsided: the next decimal up
		 * can be inside when the nearest one is not. */
		for (int up = 0; up < 2; up++, digits++) {
			str tried = arena_printf(a, "%llde%lld", (long long)digits,
						 (long long)exponent - n + 1);

			if (n < DIGITS_MAX && strtod(tried.ptr, NULL) != x)
				continue;
			text = arena_printf(a, "%lld", (long long)digits);
			*point = (int)exponent + 1 + (int)text.len - n;
			while (text.len > 1 && text.ptr[text.len - 1] == '0')
				text.len--;
			return text;
		}
	}
}

/* Number::toString of ECMAScript for a finite x. */
static str number_text(struct arena *a, double x)
{
	const char *sign = x < 0 ? "-" : "", *dot;
	int point, n;
	str digits;

	if (x == 0)
		return S("0");
	digits = shortest_digits(a, fabs(x), &point);
	n = (int)digits.len;
	if (n <= point && point <= POINT_MAX)
		return arena_printf(a, "%s%.*s%.*s", sign, STRF(digits), point - n,
				    "000000000000000000000");
	if (point > 0 && point <= POINT_MAX)
		return arena_printf(a, "%s%.*s.%s", sign, point, digits.ptr,
				    arena_cstr(a, str_skip(digits, (size_t)point)));
	if (point > POINT_MIN && point <= 0)
		return arena_printf(a, "%s0.%.*s%.*s", sign, -point, "000000", STRF(digits));
	dot = n > 1 ? "." : "";
	return arena_printf(a, "%s%c%s%.*se%+d", sign, digits.ptr[0], dot, n - 1, digits.ptr + 1,
			    point - 1);
}

static void canonical_number(struct json_out *o, struct arena *a, const struct json *v)
{
	double x;

	if (v->type == JSON_INT && v->i >= -SAFE_INT && v->i <= SAFE_INT) {
		json_int(o, v->i);
		return;
	}
	x = strtod(arena_cstr(a, v->s), NULL);
	if (isinf(x))
		json_null(o);
	else
		json_raw(o, number_text(a, x));
}

static void canonical_value(struct json_out *o, struct arena *a, const struct json *v,
			    bool index_first)
{
	switch (v->type) {
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_STR: json_value(o, v); break;
	case JSON_INT:
	case JSON_NUM: canonical_number(o, a, v); break;
	case JSON_OBJ: canonical_object(o, a, v, index_first); break;
	case JSON_ARR:
		json_arr(o);
		for (const struct json *item = v->first; item; item = item->next)
			canonical_value(o, a, item, index_first);
		json_arr_end(o);
		break;
	}
}

void json_canonical(struct json_out *o, const struct json *value)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	canonical_value(o, a, value, true);
}

void json_canonical_audit(struct json_out *o, const struct json *value)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	canonical_value(o, a, value, false);
}
