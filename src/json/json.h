/*
 * json.h - strict JSON in, compact JSON out.
 *
 * The parser takes the whole input as one value and refuses everything RFC 8259 does not
 * allow, and also: invalid UTF-8, U+0000 in a string, duplicate keys, lone surrogates,
 * nesting deeper than JSON_DEPTH_MAX, trailing bytes. Strings without escapes point into
 * the input, others and the nodes live in the arena: the tree lives as long as both. The
 * arena takes at most about 60 times the text ("[0,0,..."), so bound the text first.
 * Numbers that are integers in the range of i64 are JSON_INT, all others JSON_NUM with
 * their text kept, so that a signed string can use the digits exactly as sent.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/buf.h"
#include "base/err.h"

enum { JSON_DEPTH_MAX = 32 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_NUM, JSON_STR, JSON_ARR, JSON_OBJ };

struct json {
	enum json_type type;
	bool b;               /* JSON_BOOL */
	i64 i;                /* JSON_INT */
	str s;                /* JSON_STR: decoded text; JSON_INT, JSON_NUM: digits as sent */
	str raw;              /* the value's source text */
	str key;              /* name within the parent object, decoded */
	struct json *first;   /* children of JSON_ARR and JSON_OBJ, in order */
	struct json *next;    /* next sibling */
	size_t count;         /* number of children */
};

/* Parses the whole text. BAD_JSON says what is wrong and at which byte (from 0). */
struct err *json_parse(struct arena *a, str text, const struct json **ret_value) MUST_CHECK;

/* Member of an object; NULL if absent or if obj is NULL or no object. */
const struct json *json_get(const struct json *obj, str key);
/* Shortcuts; absent or of another type gives STR_NONE, fallback, false. */
str json_get_str(const struct json *obj, str key);
i64 json_get_int(const struct json *obj, str key, i64 fallback);
bool json_get_bool(const struct json *obj, str key);
const char *json_type_name(enum json_type type);

/* Writer: appends to buf; commas are its business. buf->full tells of overflow.
 * Nesting must be balanced by the caller (asserted). Strings must be UTF-8 (asserted in
 * tests by re-parsing); control characters, '"' and '\\' are escaped, nothing else is. */
struct json_out {
	struct buf *buf;
	bool comma;           /* something stands before the next value at this level */
	int depth;
};

static inline struct json_out json_out(struct buf *buf) { return (struct json_out){ .buf = buf }; }
void json_obj(struct json_out *o);            /* { as a value */
void json_obj_end(struct json_out *o);
void json_arr(struct json_out *o);
void json_arr_end(struct json_out *o);
void json_key(struct json_out *o, str key);
void json_str(struct json_out *o, str value); /* {NULL, 0} writes null */
void json_int(struct json_out *o, i64 value);
void json_bool(struct json_out *o, bool value);
void json_null(struct json_out *o);
void json_raw(struct json_out *o, str value); /* text that is JSON already */
/* Writes a parsed tree again, compactly. */
void json_value(struct json_out *o, const struct json *value);

void json_put_str(struct json_out *o, const char *key, str value);
void json_put_int(struct json_out *o, const char *key, i64 value);
void json_put_bool(struct json_out *o, const char *key, bool value);
void json_put_raw(struct json_out *o, const char *key, str value);
/* Leaves the member out when value is absent ({NULL, 0}). */
void json_put_opt(struct json_out *o, const char *key, str value);

/* Canonical form of wire-core.md 3.10: keys sorted by UTF-16 code unit but integer-like
 * keys (0 to 2^32-2) first in numeric order, ECMAScript escapes and numbers. */
void json_canonical(struct json_out *o, const struct json *value);
/* The same without the exception for integer-like keys: what the audit log hashes. */
void json_canonical_audit(struct json_out *o, const struct json *value);

#endif
