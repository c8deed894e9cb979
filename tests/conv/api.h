/*
 * api.h - is an answer of the REST API what /api/v1/openapi.json says it is? Asked of every
 * `http` line, so that no answer in any conversation is other than described.
 */
#ifndef CONV_API_H
#define CONV_API_H

#include "conv/play.h"

/* Nothing for paths that are not described and not of the API. */
struct err *api_check(struct play *p, struct arena *a, str method, str path,
		      const struct http_result_text *answer) MUST_CHECK;
/* As far as our descriptions go: $ref, type, properties, required, items, enum, bounds. */
bool schema_fits(struct arena *a, const struct json *root, const struct json *schema,
		 const struct json *value, str *ret_why);

#endif
