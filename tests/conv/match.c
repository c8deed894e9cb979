#include "conv/match.h"

#include "base/clock.h"

enum { SHOWN_BYTES = 120 };

struct matching {
	struct vars *vars;
	str why;
};

static bool fits(struct matching *m, const struct json *pattern, const struct json *value);

static bool differs(struct matching *m, const struct json *value, const char *wanted)
{
	str shown = value ? str_of(value->raw.ptr, MIN(value->raw.len, SHOWN_BYTES)) : S("nothing");
	str key = value && value->key.ptr ? value->key : S("value");

	m->why = arena_printf(m->vars->arena, "'%.*s' is %.*s, not %s", STRF(key), STRF(shown), wanted);
	return false;
}

static str compact(struct arena *a, const struct json *value)
{
	struct buf b = buf_make(EXPAND_MAX);
	struct json_out o = json_out(&b);
	str text;

	json_value(&o, value);
	text = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return text;
}

static bool is_base62(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'z') ||
		      (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')))
			return false;
	return true;
}

static bool is_uuid(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((i == 8 || i == 13 || i == 18 || i == 23) ? s.ptr[i] != '-'
							      : !memchr("0123456789abcdef", s.ptr[i], 16))
			return false;
	return s.len == 36 && s.ptr[14] == '4';
}

static bool is_base64(str s)
{
	size_t n = s.len;

	while (n && s.len - n < 2 && s.ptr[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		if (!is_base62(str_of(s.ptr + i, 1)) && s.ptr[i] != '+' && s.ptr[i] != '/')
			return false;
	return s.len > 0 && s.len % 4 == 0;
}

static bool text_fits(str word, str text)
{
	i64 ms;

	if (str_eq(word, S("%str")))
		return true;
	if (str_eq(word, S("%id")))
		return text.len == 32 && is_base62(text);
	if (str_eq(word, S("%uuid")))
		return is_uuid(text);
	if (str_eq(word, S("%iso")))
		return text.len == 24 && time_from_iso(text, &ms);
	if (str_eq(word, S("%hex64")))
		return str_is_hex(text, 32, true);
	if (str_eq(word, S("%hex128")))
		return str_is_hex(text, 64, true);
	if (str_eq(word, S("%base64")))
		return is_base64(text);
	return str_starts(word, S("%has:")) && str_contains(text, str_skip(word, 5));
}

/* A pattern "%word". An unknown word fits nothing. */
static bool fits_word(struct matching *m, str word, const struct json *value)
{
	i64 n;
	bool ok = false;

	if (!value)
		return str_eq(word, S("%absent")) || differs(m, value, arena_cstr(m->vars->arena, word));
	if (str_eq(word, S("%any")))
		ok = true;
	else if (str_eq(word, S("%int")))
		ok = value->type == JSON_INT;
	else if (str_eq(word, S("%bool")))
		ok = value->type == JSON_BOOL;
	else if (str_starts(word, S("%len:")))
		ok = value->type == JSON_ARR && str_to_i64(str_skip(word, 5), &n) && (i64)value->count == n;
	else if (value->type == JSON_STR)
		ok = text_fits(word, value->s);
	return ok || differs(m, value, arena_cstr(m->vars->arena, word));
}

static bool fits_var(struct matching *m, str name, const struct json *value)
{
	str text = compact(m->vars->arena, value), known = vars_get(m->vars, name);

	if (!known.ptr)
		vars_set(m->vars, name, text);
	else if (!str_eq(known, text))
		return differs(m, value, arena_cstr(m->vars->arena, known));
	return true;
}

static bool is_rest(const struct json *pattern)
{
	return pattern->type == JSON_STR && str_eq(pattern->s, S("%*"));
}

static bool fits_object(struct matching *m, const struct json *pattern, const struct json *value)
{
	bool rest = json_get(pattern, S("%*")) != NULL;

	for (const struct json *p = pattern->first; p; p = p->next) {
		const struct json *found = json_get(value, p->key);

		if (str_eq(p->key, S("%*")))
			continue;
		if (!found && !(p->type == JSON_STR && str_eq(p->s, S("%absent")))) {
			m->why = arena_printf(m->vars->arena, "there is no '%.*s'", STRF(p->key));
			return false;
		}
		if (!fits(m, p, found))
			return false;
	}
	for (const struct json *f = value->first; f && !rest; f = f->next)
		if (!json_get(pattern, f->key))
			return differs(m, f, "in the pattern (write * for other members)");
	return true;
}

/* Behind "%some": each pattern takes the first free item that fits it. */
static bool fits_some(struct matching *m, const struct json *pattern, const struct json *value)
{
	bool *used = NEW_ARRAY(m->vars->arena, bool, value->count + 1);

	for (const struct json *p = pattern->first->next; p; p = p->next) {
		const struct json *item = value->first;
		size_t i = 0;

		for (; item; item = item->next, i++) {
			struct var *known = m->vars->first;

			if (!used[i] && fits(m, p, item))
				break;
			m->vars->first = known;
		}
		if (!item)
			return differs(m, value, "a list with all the items of the pattern");
		used[i] = true;
	}
	return true;
}

static bool fits_list(struct matching *m, const struct json *pattern, const struct json *value)
{
	const struct json *p = pattern->first, *item = value->first;

	if (p && p->type == JSON_STR && str_eq(p->s, S("%some")))
		return fits_some(m, pattern, value);
	for (; p && !is_rest(p); p = p->next, item = item->next) {
		if (!item)
			return differs(m, value, "long enough");
		if (!fits(m, p, item))
			return false;
	}
	return p || !item || differs(m, value, "that short");
}

static bool fits_scalar(struct matching *m, const struct json *pattern, const struct json *value)
{
	bool same = pattern->type == value->type;

	if (same && pattern->type == JSON_BOOL)
		same = pattern->b == value->b;
	else if (same && pattern->type == JSON_INT)
		same = pattern->i == value->i;
	else if (same && pattern->type != JSON_NULL)
		same = str_eq(pattern->s, value->s);
	return same || differs(m, value, arena_cstr(m->vars->arena, pattern->raw));
}

static bool fits(struct matching *m, const struct json *pattern, const struct json *value)
{
	if (pattern->type == JSON_STR && str_starts(pattern->s, S("%")))
		return fits_word(m, pattern->s, value);
	if (!value)
		return differs(m, value, "there");
	if (pattern->type == JSON_STR && str_starts(pattern->s, S("$"))) {
		str rest = str_skip(pattern->s, 1), name = vars_take_name(&rest);

		if (name.len && !rest.len)
			return fits_var(m, name, value);
	}
	if (pattern->type == JSON_OBJ || pattern->type == JSON_ARR) {
		if (value->type != pattern->type)
			return differs(m, value, json_type_name(pattern->type));
		return pattern->type == JSON_OBJ ? fits_object(m, pattern, value)
						 : fits_list(m, pattern, value);
	}
	return fits_scalar(m, pattern, value);
}

bool match(struct vars *v, const struct json *pattern, const struct json *value, str *ret_why)
{
	struct matching m = { .vars = v };
	struct var *known = v->first;
	bool ok = fits(&m, pattern, value);

	if (!ok)
		v->first = known;
	*ret_why = m.why;
	return ok;
}
