/*
 * fields.h - one list per message: the struct, the decode table, the encoder, the schema.
 *
 *   #define SEND_ARGS(F, T) \
 *           F(T, str,      targetSpec, REQ, 1, 200, "who gets it") \
 *           F(T, priority, priority,   OPT, 0, 0,   "now, next or low")
 *   JSON_ARGS(send, SEND_ARGS);        -> struct send_args, send_fields[]
 *
 * A field is F(T, type, name, need, min, max, doc): `name` is the wire name and the C name.
 * min and max bound bytes of a str, items of a list, the value of an i64; a max of 0 on
 * str and list means FIELD_STR_MAX and FIELD_LIST_MAX, 0 and 0 on an i64 any value. A table
 * has at most 64 fields. Decoding: an unknown key is ignored
 * but counted, absent and null are the zero value, a wrong type, a missing REQ field or a
 * value out of range is BAD_REQUEST naming the field ("field 'groups[2].name': ...").
 *
 * Types:  str      struct str, any text
 *         hex      str of lower-case hex digits, min..max characters
 *         i64      whole number          bool
 *         strs     struct strs, array of texts (max bounds the items, FIELD_STR_MAX each)
 *         any      const struct json *, whatever it is
 *         x        an enum or nested type declared with three macros beside it:
 *                  JSON_C_x (C type), JSON_KIND_x, JSON_SUB_x (word list or field table)
 */
#ifndef JSON_FIELDS_H
#define JSON_FIELDS_H

#include "json/json.h"

enum { FIELD_STR_MAX = 1 << 20, FIELD_LIST_MAX = 1024 };

enum json_kind {
	JSON_K_STR, JSON_K_HEX, JSON_K_I64, JSON_K_BOOL, JSON_K_STRS, JSON_K_ANY,
	JSON_K_ENUM,          /* sub: const char *const words[], [0] stands for absent, NULL ends;
			       * [0] is either "", or a word that means the same as leaving it out */
	JSON_K_OBJ,           /* sub: struct json_field table; C type: struct with `bool present` first */
	JSON_K_LIST,          /* sub: struct json_list_type; C type: struct { T *items; size_t n; bool present; } */
};

/* Flags of `need`. */
enum {
	OPT = 0,
	REQ = 1,              /* must be there; the encoder always writes it (an absent str as null) */
	SECRET = 2,           /* never logged, shown as "***" in traces and docs */
	NULLABLE = 4,         /* with REQ, on text: it must be there, but null will do */
};

struct json_field {
	const char *name;     /* NULL ends a table */
	enum json_kind kind;
	unsigned need;
	i64 min, max;
	size_t offset;
	const void *sub;
	const char *doc;      /* one sentence */
};

struct json_list_type {
	const struct json_field *fields;
	size_t size;          /* of one item */
};

struct strs { str *items; size_t n; bool present; };
/* What every list made by JSON_LIST looks like to the decoder. */
struct json_list { void *items; size_t n; bool present; };

#define JSON_C_str str
#define JSON_C_hex str
#define JSON_C_i64 i64
#define JSON_C_bool bool
#define JSON_C_strs struct strs
#define JSON_C_any const struct json *
#define JSON_KIND_str JSON_K_STR
#define JSON_KIND_hex JSON_K_HEX
#define JSON_KIND_i64 JSON_K_I64
#define JSON_KIND_bool JSON_K_BOOL
#define JSON_KIND_strs JSON_K_STRS
#define JSON_KIND_any JSON_K_ANY
#define JSON_SUB_str NULL
#define JSON_SUB_hex NULL
#define JSON_SUB_i64 NULL
#define JSON_SUB_bool NULL
#define JSON_SUB_strs NULL
#define JSON_SUB_any NULL

#define JSON_MEMBER_(T, type, name_, need_, min_, max_, doc_) JSON_C_##type name_;
#define JSON_ROW_(T, type, name_, need_, min_, max_, doc_) \
	{ #name_, JSON_KIND_##type, need_, min_, max_, offsetof(struct T##_args, name_), \
	  JSON_SUB_##type, doc_ },

#define JSON_ARGS(id, LIST) \
	struct id##_args { LIST(JSON_MEMBER_, id) }; \
	static const struct json_field id##_fields[] UNUSED = { LIST(JSON_ROW_, id) { 0 } }

/* An object inside another message: first member says whether it was there. */
#define JSON_OBJECT(id, LIST) \
	struct id##_args { bool present; LIST(JSON_MEMBER_, id) }; \
	static const struct json_field id##_fields[] UNUSED = { LIST(JSON_ROW_, id) { 0 } }

/* An object that comes in arrays: also struct id_list and id_list_type. */
#define JSON_LIST(id, LIST) \
	JSON_ARGS(id, LIST); \
	struct id##_list { struct id##_args *items; size_t n; bool present; }; \
	static const struct json_list_type id##_list_type UNUSED = { id##_fields, sizeof(struct id##_args) }

/* Decodes an object into *args (zeroed first). ret_unknown may be NULL. */
struct err *json_decode(struct arena *a, const struct json *obj, const struct json_field *fields,
			void *args, size_t args_size, unsigned *ret_unknown) MUST_CHECK;
/* Writes args as members of the object that is open in o; absent OPT members are left out. */
void json_encode(struct json_out *o, const struct json_field *fields, const void *args);
/* Writes the schema of one field as an object. */
void json_schema_field(struct json_out *o, const struct json_field *f);
/* Writes the table as a JSON Schema object. */
void json_schema(struct json_out *o, const struct json_field *fields);

#endif
