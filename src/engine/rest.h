/*
 * rest.h - the REST API: an op (op.h) that also says by which method and path it is asked.
 *
 * The fields of a row come from three places: those that its path names (`:topic`) from there,
 * those of rest_headers from headers, the others of GET and DELETE from the query and of POST,
 * PUT and PATCH from the JSON body. Routing, the look at the key, the refusals, /api/v1/openapi.json
 * and docs/rest.md are made from the rows.
 *
 * Who asks is the member that the bearer token stands for (rq->caller). A row with a field `topic`
 * is only for keys that are for that topic. Answers of GET have an ETag. What is asked too
 * fast hears 429: reading is charged by size as peer lists are, posting as sending is.
 */
#ifndef ENGINE_REST_H
#define ENGINE_REST_H

#include "engine/op.h"
#include "proto/apikey.h"

struct req;

enum rest_flag {
	REST_PUBLIC = 1,      /* no token is needed */
	REST_TEXT = 2,        /* a body that is not JSON is taken as the field `text` */
	REST_SEND = 4,        /* posts: charged as a send, by its handler */
	REST_STREAM = 8,      /* the answer is a stream of server-sent events */
};

struct rest {
	const char *method, *path;
	enum cap cap;         /* what the token must be good for; 0: for anything */
	unsigned flags;
	int status;           /* of an answer that is no error */
	const char *errors;   /* words beside those that every route has, space-separated */
};

#define REST_FOR(perm_, name, id, method_, path_, cap_, flags_, run_, status_, reply_fields_, errors_, doc_) \
	{ name, OP_REST, id##_fields, sizeof(struct id##_args), NULL, run_, "", reply_fields_, doc_, \
	  &(const struct rest){ method_, path_, cap_, flags_, status_, errors_ }, perm_ }
#define REST(name, id, method_, path_, cap_, flags_, run_, status_, reply_fields_, errors_, doc_) \
	REST_FOR(0, name, id, method_, path_, cap_, flags_, run_, status_, reply_fields_, errors_, doc_)

/* A field that a header gives: "idempotencyKey" is Idempotency-Key. */
struct rest_header { const char *field, *header; };
extern const struct rest_header rest_headers[]; /* ends with a NULL field */
bool rest_in_path(const struct rest *r, const char *field);
const char *rest_header_of(const char *field);  /* NULL: it is of no header */
/* Has the method no body, so that its fields are in the query? */
bool rest_in_query(const struct rest *r);

/* An event of such an op: data is the body (JSON or empty), param a JSON object of what path, query
 * and headers give. Refusals are returned. */
struct err *rest_run(struct req *rq) MUST_CHECK;

/* The status of a refusal: what does not decode is 422, as in the reference. */
int rest_status(const struct err *e);
/* RFC 9457 and the reference's members side by side; whoever answers may add members before the
 * last '}'. */
struct block *rest_problem(const struct err *e, i64 now_ms);

#endif
