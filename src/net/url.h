/*
 * url.h - web addresses: parsing, percent-escapes, and what a broker's two addresses have
 * in common (wss://h/ws and https://h).
 *
 * Strict and bounded: four schemes, no user:password, visible ASCII only, every escape
 * well-formed. A fragment is kept apart and never sent; it may be a secret, so no error
 * text quotes more of an address than the part that is wrong before '#'. Pure, any thread.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/err.h"

enum {
	URL_MAX = 8192,       /* a v1 invite token is part of the path */
	URL_HOST_MAX = 253,
};

enum url_scheme { URL_HTTP, URL_HTTPS, URL_WS, URL_WSS };

struct url {
	enum url_scheme scheme;
	str host;             /* lower case, without brackets */
	bool is_ipv6;         /* the host is to be put in brackets */
	int port;             /* given, or the scheme's own */
	str target;           /* path and query as sent: at least "/" */
	str path;             /* still escaped */
	str query;            /* after '?', still escaped; STR_NONE without one */
	str fragment;         /* after '#', as written; STR_NONE without one */
};

/* Parses an absolute address; every str of *ret_url lives in the arena. */
struct err *url_parse(struct arena *a, str text, struct url *ret_url) MUST_CHECK;
bool url_is_tls(const struct url *u);
bool url_is_ws(const struct url *u);
/* "host", or "host:port" when the port is not the scheme's own; IPv6 in brackets. */
str url_authority(struct arena *a, const struct url *u);
/* Splits "host[:port]" as in a Host header; *ret_port is 0 when not given. The host has
 * no brackets and is not lowered; false when malformed. */
bool url_split_authority(str authority, str *ret_host, bool *ret_is_ipv6, int *ret_port);
/* Path and query as they may stand in a request: visible ASCII, no "#<>\, whole escapes. */
bool url_target_ok(str target);

/* "wss://h/ws" -> "https://h", "ws://h:1/p/ws" -> "http://h:1/p"; http(s) loses its last '/'. */
struct err *url_http_base(struct arena *a, str text, str *ret_base) MUST_CHECK;
/* "https://h" -> "wss://h/ws", "http://h:1/p/" -> "ws://h:1/p/ws"; ws(s) is kept. */
struct err *url_ws_address(struct arena *a, str text, str *ret_ws) MUST_CHECK;

/* Undoes %XX. BAD_REQUEST for a broken escape, NUL or what is not UTF-8 afterwards. */
struct err *url_decode(struct arena *a, str text, str *ret_text) MUST_CHECK;
/* The same for a form or query value, where '+' is a space. */
struct err *url_decode_form(struct arena *a, str text, str *ret_text) MUST_CHECK;
/* Escapes all but letters, digits and -._~ : for a path segment or a query value. */
str url_encode(struct arena *a, str text);

/* Takes the next name=value off *query, both still escaped; false when none is left. */
bool url_query_next(str *query, str *ret_name, str *ret_value);
/* The first value of that name, decoded; STR_NONE (ptr NULL) when absent. */
struct err *url_query_get(struct arena *a, str query, str name, str *ret_value) MUST_CHECK;

#endif
