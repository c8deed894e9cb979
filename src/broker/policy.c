#include "broker/policy.h"

#include "net/url.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

bool policy_is_json(str content_type)
{
	str type;

	return str_cut(&content_type, ';', &type) &&
	       str_eq_nocase(str_trim(type), S("application/json"));
}

/* A proxy passed it on, so that its sender need not be on this machine. nginx left to its
 * defaults adds no header and names us as the Host, but it speaks HTTP/1.0. */
static bool came_through_proxy(const struct http_head *head)
{
	static const str marks[] = { S("forwarded"),      S("via"),
				     S("x-real-ip"),      S("client-ip"),
				     S("true-client-ip"), S("cf-connecting-ip") };

	for (size_t i = 0; i < head->n_headers; i++) {
		str name = head->headers[i].name;
		str start = str_of(name.ptr, MIN(name.len, sizeof("x-forwarded") - 1));

		if (str_eq_nocase(start, S("x-forwarded")))
			return true;
		for (size_t k = 0; k < ARRAY_LEN(marks); k++)
			if (str_eq_nocase(name, marks[k]))
				return true;
	}
	return head->minor == 0;
}

/* Host names this machine and our port: a page of another name that resolves here does not. */
static bool host_is_here(const struct server_request *rq)
{
	bool is_ipv6;
	int port;
	str host;

	if (http_header_count(rq->head, S("host")) != 1 ||
	    !url_split_authority(rq->head->host, &host, &is_ipv6, &port))
		return false;
	if (port == 0)
		port = rq->is_tls ? HTTPS_PORT : HTTP_PORT;
	if (port != rq->local->port)
		return false;
	return is_ipv6 ? str_eq(host, S("::1"))
		       : str_eq(host, S("127.0.0.1")) || str_eq_nocase(host, S("localhost"));
}

bool policy_is_here(const struct server_request *rq)
{
	return rq->peer->is_loopback && rq->local->is_loopback && !came_through_proxy(rq->head) &&
	       host_is_here(rq) && http_header_count(rq->head, S("origin")) == 0;
}

static bool is_local(const struct policy *p, const struct server_request *rq)
{
	return policy_is_here(rq) && policy_is_json(http_header_get(rq->head, S("content-type"))) &&
	       p->public_is_local;
}

bool policy_is_direct(const struct policy *p, const struct server_request *rq)
{
	if (came_through_proxy(rq->head) || http_header_count(rq->head, S("origin")))
		return false;
	/* Known elsewhere by another name, and asked from here: that is how a proxy looks. */
	return p->public_is_local || !rq->peer->is_loopback;
}

/* Whoever has one IPv6 address has the 2^64 beside it, too. */
str policy_account(struct arena *a, const struct addr *peer)
{
	const u8 *net = peer->group;

	if (peer->is_loopback || !strchr(peer->text, ':'))
		return arena_dup(a, str_from(peer->text));
	return arena_printf(a, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", net[0], net[1], net[2],
			    net[3], net[4], net[5], net[6], net[7]);
}

bool policy_may_create(const struct policy *p, const struct server_request *rq)
{
	switch (p->create) {
	case CREATE_ANYONE: return true;
	case CREATE_LOOPBACK: return is_local(p, rq);
	case CREATE_ACCOUNTS:
	case CREATE_AUTO: break;
	}
	return false;
}

bool policy_may_invite(const struct policy *p, const struct server_request *rq)
{
	return policy_may_create(p, rq) && is_local(p, rq);
}

/* An Origin is scheme://host[:port] and nothing more. */
static bool same_authority(struct arena *a, const struct url *origin, str host)
{
	str mine = url_authority(a, origin), with_port;

	with_port = arena_printf(a, origin->is_ipv6 ? "[%.*s]:%d" : "%.*s:%d", STRF(origin->host),
				 origin->port);
	return str_eq_nocase(host, mine) || str_eq_nocase(host, with_port);
}

static bool is_ipv4(str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9'))
			return false;
	return host.len > 0;
}

static bool cannot_be_rebound(const struct url *origin, const struct server_request *rq)
{
	return rq->is_tls || origin->is_ipv6 || is_ipv4(origin->host) ||
	       str_eq_nocase(origin->host, S("localhost"));
}

bool policy_origin_ok(const struct policy *p, const struct server_request *rq)
{
	str text = http_header_get(rq->head, S("origin"));
	struct url origin, public_url;

	if (!text.ptr)
		return true;
	if (http_header_count(rq->head, S("origin")) != 1 || url_parse(rq->arena, text, &origin) ||
	    url_is_ws(&origin) || !str_eq(origin.target, S("/")) || origin.fragment.ptr)
		return false;
	if (same_authority(rq->arena, &origin, rq->head->host) && cannot_be_rebound(&origin, rq))
		return true;
	return p->public_url.len && !url_parse(rq->arena, p->public_url, &public_url) &&
	       origin.scheme == public_url.scheme && origin.port == public_url.port &&
	       str_eq(origin.host, public_url.host);
}
