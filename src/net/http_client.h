/*
 * http_client.h - one HTTP/1.1 request to a server, over TCP, TLS or a Unix socket, with a deadline.
 *
 * A connection a request; redirects are answers like any other and not followed. The address is
 * http or https. What the answer holds is bounded by response_max. Loop thread only;
 * http_fetch() brings its own loop and blocks.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "net/http1.h"
#include "net/loop.h"
#include "net/tls.h"

enum {
	HTTP_DEADLINE_MS = 30000,
	HTTP_RESPONSE_MAX = 4 * 1024 * 1024,
};

struct http_spec {
	str method;           /* empty: GET, or POST with a body */
	str url;
	const struct http_header *headers;
	size_t n_headers;
	str body;             /* ptr NULL: none */
	i64 deadline_ms;      /* 0: HTTP_DEADLINE_MS */
	size_t response_max;  /* 0: HTTP_RESPONSE_MAX */
	struct tls *tls;      /* NULL: the system's authorities */
	str unix_path;        /* connect there; url (http) still says host and target */

	/* For an answer that goes on (Server-Sent Events): set, the body of a 2xx is handed over as
	 * it comes, and deadline_ms ends with its head. http_call_cancel() is allowed in both. */
	void (*on_head)(void *arg, const struct http_head *head);     /* of a 2xx; may be NULL */
	void (*on_data)(void *arg, str part);
	i64 idle_ms;          /* for the next part of it; 0: for ever */
};

struct http_answer {
	const struct http_head *head;
	int status;
	str body;
};

struct http_call;

/* Exactly one of e and answer; both live during the call. */
typedef void http_fn(void *arg, const struct err *e, const struct http_answer *answer);

/* Copies what the spec points to. Never calls back from inside; a bad address is told to on_done
 * too. The call is gone when on_done returns. */
struct http_call *http_call_start(struct loop *l, const struct http_spec *spec, http_fn *on_done,
				  void *arg);
/* Before on_done only; it will not be called. NULL is fine. */
void http_call_cancel(struct http_call *c);

/* Does it now, waiting. The answer lives in the arena. Not for streams. */
struct err *http_fetch(struct arena *a, const struct http_spec *spec,
		       struct http_answer *ret_answer) MUST_CHECK;

#endif
