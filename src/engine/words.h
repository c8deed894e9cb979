/*
 * words.h - sets of words that are kept as bits: in the order of a list that NULL ends.
 */
#ifndef ENGINE_WORDS_H
#define ENGINE_WORDS_H

#include "base/err.h"
#include "json/json.h"

/* 0 if it is none of them. */
unsigned word_bit(const char *const words[], str word);
/* BAD_REQUEST with the word invalid, which names the nearest: what: "capability". */
struct err *word_unknown(struct arena *a, const char *const words[], const char *what, str word) MUST_CHECK;
/* Those of the set, as an array of a JSON text. */
void words_put(struct json_out *o, const char *const words[], unsigned set);
/* What is between the braces of an object that was just written, as a value; lives as long as a. */
const struct json *json_of(struct arena *a, str text);

#endif
