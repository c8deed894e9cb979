/*
 * rest.h - the REST API at the loop's side: from a request to an event and from an effect to
 * an answer; what the rows are is engine/rest.h's business.
 *
 * Refusals are application/problem+json. Answers to GET have an ETag, by which an unchanged one is
 * 304. No cookie is ever looked at, only the Authorization header, so a page of any other
 * site may ask as the program does that runs it. Loop thread only.
 */
#ifndef BROKER_REST_H
#define BROKER_REST_H

#include "broker/http_answer.h"

/* Bounds the body, once the head is there. */
void rest_on_head(struct http *h, struct server_request *rq);
/* False if no row has the path: it is none of the API. */
bool rest_on_request(struct http *h, struct server_request *rq);
/* EFFECT_REPLY of a request that was one. */
void rest_answer(struct http *h, struct server_request *rq, int status, i64 retry_after_s, str body);
/* EFFECT_STREAM; rq is NULL if the request has gone. */
void rest_stream(struct http *h, struct server_request *rq, const struct effect *ef);
void rest_fail(struct http *h, struct server_request *rq, const struct err *e);

/* Handlers of routes. */
void http_openapi(struct http *h, struct server_request *rq, str param);

#endif
