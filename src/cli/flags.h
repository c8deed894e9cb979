/*
 * flags.h - the flags of a command: one list makes the struct, the parse table and the help.
 *
 *   #define SEND_FLAGS(F, T) \
 *           F(T, str,      id,       "ID", 1, 128, "your own id of the message") \
 *           F(T, priority, priority, "P",  0, 0,   "now, next or low")
 *   CLI_FLAGS(send, SEND_FLAGS);       -> struct send_flags, send_flag_table[]
 *
 * A flag is F(T, type, name, value, min, max, doc); '_' in the name is '-' on the command
 * line. Types: bool (no value), str (min..max bytes), i64 (min..max), duration ("90s", "2h":
 * milliseconds, min..max), fields ("--json", "--json=a,b"), or an enum with FLAG_C_x and FLAG_WORDS_x beside it. Absent is
 * zero, hence a minimum of 1 where absent must be told from given.
 */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include "base/err.h"

enum flag_kind {
	FLAG_BOOL, FLAG_STR, FLAG_I64, FLAG_DURATION, FLAG_ENUM,
	FLAG_CHOICE,          /* --name is words[1], or --name=word */
	FLAG_FIELDS,          /* --name is all ("", not absent), --name=a,b some */
};

struct flag {
	const char *name;     /* NULL ends a table */
	enum flag_kind kind;
	const char *value;    /* what help calls the value */
	i64 min, max;
	size_t offset;
	const char *const *words;     /* FLAG_ENUM, FLAG_CHOICE: [0] stands for absent, NULL ends */
	const char *doc;
};

#define FLAG_C_bool bool
#define FLAG_C_str str
#define FLAG_C_i64 i64
#define FLAG_C_duration i64
#define FLAG_C_fields str
#define FLAG_KIND_bool FLAG_BOOL
#define FLAG_KIND_str FLAG_STR
#define FLAG_KIND_i64 FLAG_I64
#define FLAG_KIND_duration FLAG_DURATION
#define FLAG_KIND_fields FLAG_FIELDS
#define FLAG_WORDS_bool NULL
#define FLAG_WORDS_str NULL
#define FLAG_WORDS_i64 NULL
#define FLAG_WORDS_duration NULL
#define FLAG_WORDS_fields NULL

#define FLAG_MEMBER_(T, type, name_, value_, min_, max_, doc_) FLAG_C_##type name_;
#define FLAG_ROW_(T, type, name_, value_, min_, max_, doc_) \
	{ #name_, FLAG_KIND_##type, value_, min_, max_, offsetof(struct T##_flags, name_), \
	  FLAG_WORDS_##type, doc_ },
#define CLI_FLAGS(id, LIST) \
	struct id##_flags { LIST(FLAG_MEMBER_, id) }; \
	static const struct flag id##_flag_table[] = { LIST(FLAG_ROW_, id) { 0 } }

/* Is its value the argument that follows? */
static inline bool flag_takes_next(const struct flag *f)
{
	return f->kind != FLAG_BOOL && f->kind != FLAG_CHOICE && f->kind != FLAG_FIELDS;
}

/* One flag as it stood on the command line: --name, --name=value, -n. */
struct flag_use {
	str spelled;          /* "--name" or "-n" */
	str name;             /* long name, without dashes */
	str value;
	bool has_value;
};

/* The letter of a flag that has one ('y' for "yes"), else 0; and the other way round. */
char flag_letter(const char *name);
const char *flag_of_letter(char letter);

/* Finds the row; NULL if there is none. A NULL table is empty. */
const struct flag *flag_get(const struct flag *table, str name);
/* The name as it is typed: dashes for underscores, without leading ones. */
str flag_spelling(struct arena *a, const struct flag *f);
/* Checks the value and stores it in the struct that the table belongs to. */
struct err *flag_set(struct arena *a, const struct flag *f, const struct flag_use *use,
		     void *flags) MUST_CHECK;

#endif
