/*
 * log.h - one line per event, as JSON or text, on stderr or a given descriptor.
 *
 * log_info("listening", LOG_S("address", addr), LOG_I("port", 7900));
 * The only global of the program, and one of each thread: whose request it is about. Any thread may log: a line is one write(). A secret is
 * never a field. Whoever stops an error logs it, once, with log_err().
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
	const char *key;      /* NULL ends a list */
	str s;
	i64 i;
	bool is_number;
};

#define LOG_S(key, value) ((struct log_field){ (key), (value), 0, false })
#define LOG_I(key, value) ((struct log_field){ (key), STR_NONE, (i64)(value), true })

void log_setup(enum log_level least, enum log_format format, int fd, const char *component);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *msg, const struct log_field *fields);
/* Lines of this thread carry the id as "request", until it is STR_NONE again. It is kept by reference. */
void log_request(str id);
/* Logs an error with its code, text and place. */
void log_err(enum log_level level, const char *msg, const struct err *e);

#define LOG_(level, msg, ...) \
	do { \
		if (log_enabled(level)) \
			log_write(level, msg, (struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } }); \
	} while (0)
#define log_debug(...) LOG_(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_(LOG_INFO, __VA_ARGS__)
#define log_warn(...) LOG_(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_(LOG_ERROR, __VA_ARGS__)

#endif
