/*
 * openapi.h - the REST API described for programs (OpenAPI 3.1) and for people, both from
 * the rows of rest.h.
 */
#ifndef ENGINE_OPENAPI_H
#define ENGINE_OPENAPI_H

#include "base/buf.h"

/* base: how the broker is reached, "http://127.0.0.1:7900". */
void openapi_json(struct buf *out, str base);
/* The tables of docs/rest.md. */
void openapi_markdown(struct buf *out);

#endif
