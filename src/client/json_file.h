/*
 * json_file.h - a private file that holds one JSON object of a field table; for config.c, keys.c,
 * topic_keys.c and brokers.c only.
 */
#ifndef CLIENT_JSON_FILE_H
#define CLIENT_JSON_FILE_H

#include "json/fields.h"

/* A missing or empty file is success with *ret_found false and *args zero. Errors name the
 * file. */
struct err *json_file_load(struct arena *a, str path, const struct json_field *fields, void *args,
			   size_t args_size, bool *ret_found) MUST_CHECK;
struct err *json_file_save(struct arena *a, str path, const struct json_field *fields,
			   const void *args) MUST_CHECK;

#endif
