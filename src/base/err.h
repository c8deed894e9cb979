/*
 * err.h - failures: a code for machines, a sentence for people, a place for us.
 *
 * A function that can fail returns struct err *, NULL is success. An err lives in the
 * arena it was made in and never outlives the request. Text is lower case without a full
 * stop, says what failed first and quotes the subject: "no peer named 'bbo'".
 * INTERNAL text goes to the log only; err_public() is what a peer may see.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/arena.h"

/*      name           wire word          HTTP JSON-RPC exit   what it means */
#define ERR_CODES(E) \
	E(BAD_REQUEST,   "bad_request",      400, -32602, 3,  "a field is missing, of the wrong type or out of range") \
	E(BAD_JSON,      "bad_json",         400, -32700, 3,  "the text is not JSON") \
	E(UNAUTHORIZED,  "unauthorized",     401, -32001, 2,  "the caller did not prove who it is") \
	E(FORBIDDEN,     "forbidden",        403, -32003, 7,  "the caller may not do this") \
	E(NOT_FOUND,     "not_found",        404, -32004, 5,  "nothing has that name or id") \
	E(AMBIGUOUS,     "ambiguous",        409, -32005, 3,  "several things match") \
	E(EXISTS,        "already_exists",   409, -32006, 6,  "the name is taken") \
	E(CONFLICT,      "conflict",         409, -32007, 6,  "the state does not allow it") \
	E(GONE,          "gone",             410, -32008, 5,  "it existed and has ended") \
	E(TOO_LARGE,     "too_large",        413, -32010, 12, "over a named size limit") \
	E(RATE_LIMIT,    "rate_limit",       429, -32011, 12, "too many requests for now") \
	E(NO_RECIPIENT,  "no_recipient",     404, -32012, 12, "nobody is there to receive it") \
	E(REFUSED,       "refused",          403, -32013, 12, "the other side said no") \
	E(TIMEOUT,       "timeout",          504, -32014, 11, "no answer in time") \
	E(NETWORK,       "network",          502, -32015, 4,  "the connection failed") \
	E(TRY_AGAIN,     "try_again",        503, -32016, 4,  "nothing was changed, the same request may succeed later") \
	E(NOT_SUPPORTED, "not_supported",    501, -32601, 3,  "this version does not do that") \
	E(IO,            "io",               500, -32017, 10, "a file or disk failed") \
	E(CANCELLED,     "cancelled",        499, -32018, 1,  "the user or a signal stopped it") \
	E(NO_PROGRAM,    "no_program",       500, -32019, 9,  "a program that is to be started is not there") \
	E(INTERNAL,      "internal",         500, -32603, 8,  "a fault on our side")

enum err_code {
	ERR_NONE,
#define ERR_ENUM_(name, ...) ERR_##name,
	ERR_CODES(ERR_ENUM_)
#undef ERR_ENUM_
	ERR_COUNT
};

/* What else is known of a failure, for programs and for who mistyped (client.md 4); any
 * member may be empty. */
struct err_tiers {
	str field, input;     /* what was wrong, and what was given for it */
	str code;             /* missing, wrong_length, bad_format, ...: which check it failed */
	str reason;           /* tier 1: the check in words, with what was measured */
	str expected;         /* tier 2: what would be right */
	str nearest;          /* tier 3: the valid thing next to it */
	const str *matches;   /* of AMBIGUOUS: what may be meant */
	size_t matches_n;
	bool is_prefix;       /* of NOT_FOUND: only the start of an id was given */
};

struct err {
	enum err_code code;
	str text;             /* one sentence for a human */
	str word;             /* wire word if narrower than the code's own; else empty */
	const char *file;     /* where it was made */
	int line;
	const struct err_tiers *tiers; /* NULL: there is the text only */
};

struct err *err_make(struct arena *a, enum err_code code, const char *file, int line,
		     const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The error with a narrower wire word: err_word(FAIL_ERR(a, UNAUTHORIZED, ...), S("bad_signature")). */
struct err *err_word(struct err *e, str word);
/* The error with a copy of its tiers: return err_explain(a, FAIL(a, ...), &(struct err_tiers){ ... }). */
struct err *err_explain(struct arena *a, struct err *e, const struct err_tiers *tiers);
/* A copy that lives in another arena; NULL of NULL. */
struct err *err_copy(struct arena *a, const struct err *e);

str err_wire(const struct err *e);            /* e->word, else the code's word */
const char *err_doc(enum err_code code);
int err_http(const struct err *e);
int err_exit(const struct err *e);            /* process exit status, client.md 1.3 */
/* Finds the code of a wire word; ERR_NONE if none has it. */
enum err_code err_from_wire(str word);
/* The text a peer may see: for INTERNAL and IO only that it is our fault. */
str err_public(const struct err *e);

/* return FAIL(a, NOT_FOUND, "no peer named '%.*s'", STRF(name)); */
#define FAIL(a, code, ...) err_make(a, ERR_##code, __FILE__, __LINE__, __VA_ARGS__)
/* Passes a failure on. Whatever was opened before must be in an arena or CLEANUP. */
#define TRY(expr) \
	do { \
		struct err *err_try_ = (expr); \
		if (err_try_) \
			return err_try_; \
	} while (0)

#endif
