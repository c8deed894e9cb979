/*
 * json_edit.h - small changes to somebody else's JSON file: every byte that is not changed
 * stays, order, indentation and number forms included.
 *
 * A path names members from the root object down. What is missing on the way is made; where
 * something is read or taken away, a number is the index in an array. New
 * lines take the indentation of the file; a file of one line stays one. The text given must be JSON as json.h has it (no
 * comments): anything else is refused and nothing is changed.
 */
#ifndef CLIENT_JSON_EDIT_H
#define CLIENT_JSON_EDIT_H

#include "json/json.h"

enum { JSON_EDIT_BYTES_MAX = 64 << 20, JSON_EDIT_PATH_MAX = 8 };

struct json_path { str names[JSON_EDIT_PATH_MAX]; size_t n; };
#define JSON_PATH(...) \
	((struct json_path){ { __VA_ARGS__ }, sizeof((str[]){ __VA_ARGS__ }) / sizeof(str) })

/* Puts value (JSON text) there, replacing what is there. An empty text is an empty object. */
struct err *json_edit_set(struct arena *a, str text, struct json_path path, str value,
			  str *ret_text) MUST_CHECK;
/* Adds value at the end of the array there; made if missing. */
struct err *json_edit_append(struct arena *a, str text, struct json_path path, str value,
			     str *ret_text) MUST_CHECK;
/* Takes the member away; missing is success. */
struct err *json_edit_remove(struct arena *a, str text, struct json_path path, str *ret_text) MUST_CHECK;
/* Takes the item at index of the array there away. */
struct err *json_edit_remove_item(struct arena *a, str text, struct json_path path, size_t index,
				  str *ret_text) MUST_CHECK;
/* The value there; NULL in *ret_value if there is none. */
struct err *json_edit_get(struct arena *a, str text, struct json_path path,
			  const struct json **ret_value) MUST_CHECK;

#endif
