#include "engine/counters.h"

#define COUNTER_WORD_(word) #word,
const char *const hello_refusal_words[] = { HELLO_REFUSALS(COUNTER_WORD_) NULL };
const char *const send_refusal_words[] = { SEND_REFUSALS(COUNTER_WORD_) NULL };
const char *const grant_drop_words[] = { GRANT_DROPS(COUNTER_WORD_) NULL };

size_t counter_of(const char *const words[], str word)
{
	size_t i = 0;

	while (words[i + 1] && !str_eq(str_from(words[i]), word))
		i++;
	return i;
}
