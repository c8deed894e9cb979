#include "engine/words.h"

#include "json/text.h"

enum { SHOWN_MAX = 40, FAR = 3 };

unsigned word_bit(const char *const words[], str word)
{
	for (unsigned i = 0; words[i]; i++)
		if (str_eq(str_from(words[i]), word))
			return 1u << i;
	return 0;
}

struct err *word_unknown(struct arena *a, const char *const words[], const char *what, str word)
{
	const char *near = NULL;
	size_t best = FAR + 1;

	for (size_t i = 0; words[i]; i++) {
		size_t distance = str_distance(str_from(words[i]), word);

		if (distance >= best)
			continue;
		best = distance;
		near = words[i];
	}
	return err_word(FAIL(a, BAD_REQUEST, "there is no %s '%.*s'%s%s%s", what,
			     STRF(text_quotable(a, word, SHOWN_MAX)), near ? " (did you mean '" : "",
			     near ? near : "", near ? "'?)" : ""), S("invalid"));
}

void words_put(struct json_out *o, const char *const words[], unsigned set)
{
	json_arr(o);
	for (unsigned i = 0; words[i]; i++)
		if (set & 1u << i)
			json_str(o, str_from(words[i]));
	json_arr_end(o);
}

const struct json *json_of(struct arena *a, str text)
{
	const struct json *value = NULL;

	return json_parse(a, arena_dup(a, text), &value) ? NULL : value;
}
