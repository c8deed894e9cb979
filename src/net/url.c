#include "net/url.h"

#include <arpa/inet.h>

static const struct {
	str prefix;
	int port;
} schemes[] = {
	[URL_HTTP] = { S("http://"), 80 },
	[URL_HTTPS] = { S("https://"), 443 },
	[URL_WS] = { S("ws://"), 80 },
	[URL_WSS] = { S("wss://"), 443 },
};

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_visible(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
			return false;
	return true;
}

static bool escape_ok(str s, size_t at)
{
	return s.len - at > 2 && hex_value(s.ptr[at + 1]) >= 0 && hex_value(s.ptr[at + 2]) >= 0;
}

bool url_target_ok(str target)
{
	if (!is_visible(target))
		return false;
	for (size_t i = 0; i < target.len; i++) {
		char c = target.ptr[i];

		/* Browsers send the other unusual characters raw in a query. */
		if (c == '"' || c == '#' || c == '<' || c == '>' || c == '\\')
			return false;
		if (c == '%' && !escape_ok(target, i))
			return false;
	}
	return true;
}

/* A name or dotted IPv4 address: no empty label, so no leading, trailing or double dot. */
static bool name_ok(str host)
{
	char before = '.';

	if (host.len == 0 || host.len > URL_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];

		if (c == '.' ? before == '.' : !is_alnum(c) && c != '-' && c != '_')
			return false;
		before = c;
	}
	return before != '.';
}

static bool ipv6_ok(str host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (host.len >= sizeof(text) || memchr(host.ptr, 0, host.len))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = 0;
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* 1 to 5 digits in 1..65535; 0 when malformed. */
static int port_value(str digits)
{
	int port = 0;

	if (digits.len == 0 || digits.len > 5)
		return 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return 0;
		port = port * 10 + (digits.ptr[i] - '0');
	}
	return port <= 65535 ? port : 0;
}

bool url_split_authority(str authority, str *ret_host, bool *ret_is_ipv6, int *ret_port)
{
	bool is_ipv6 = authority.len && authority.ptr[0] == '[';
	str host = authority, rest = STR_NONE;
	ptrdiff_t end = str_index(authority, is_ipv6 ? ']' : ':');
	int port = 0;

	if (is_ipv6) {
		if (end < 0)
			return false;
		host = str_of(authority.ptr + 1, (size_t)end - 1);
		rest = str_skip(authority, (size_t)end + 1);
	} else if (end >= 0) {
		host = str_of(authority.ptr, (size_t)end);
		rest = str_skip(authority, (size_t)end);
	}
	if (is_ipv6 ? !ipv6_ok(host) : !name_ok(host))
		return false;
	if (rest.len) {
		if (rest.ptr[0] != ':')
			return false;
		port = port_value(str_skip(rest, 1));
		if (port == 0)
			return false;
	}
	*ret_host = host;
	*ret_is_ipv6 = is_ipv6;
	*ret_port = port;
	return true;
}

static str lower(struct arena *a, str s)
{
	char *p = arena_cstr(a, s);

	for (size_t i = 0; i < s.len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + ('a' - 'A'));
	return str_of(p, s.len);
}

static bool scheme_cut(str *rest, enum url_scheme *ret_scheme)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		str prefix = schemes[i].prefix;

		if (rest->len >= prefix.len &&
		    str_eq_nocase(str_of(rest->ptr, prefix.len), prefix)) {
			*rest = str_skip(*rest, prefix.len);
			*ret_scheme = (enum url_scheme)i;
			return true;
		}
	}
	return false;
}

/* Path and query; an empty path becomes "/". */
static void split_target(struct arena *a, str target, struct url *u)
{
	u->target = target.len && target.ptr[0] == '/' ? arena_dup(a, target)
						       : arena_printf(a, "/%.*s", STRF(target));
	u->query = u->target;
	str_cut(&u->query, '?', &u->path);
}

struct err *url_parse(struct arena *a, str text, struct url *ret_url)
{
	struct url u = { 0 };
	str rest = text, authority, fragment = STR_NONE;
	size_t n = 0;

	if (text.len > URL_MAX)
		return FAIL(a, BAD_REQUEST, "address is longer than %d bytes", URL_MAX);
	if (!is_visible(text))
		return FAIL(a, BAD_REQUEST, "address has a blank or a character that is not ASCII");
	if (!scheme_cut(&rest, &u.scheme))
		return FAIL(a, BAD_REQUEST,
			    "address starts with none of http://, https://, ws://, wss://");
	if (str_index(rest, '#') >= 0) {
		fragment = str_skip(rest, (size_t)str_index(rest, '#') + 1);
		rest.len = (size_t)str_index(rest, '#');
	}
	while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?')
		n++;
	authority = str_of(rest.ptr, n);
	if (str_index(authority, '@') >= 0)
		return FAIL(a, BAD_REQUEST, "address has a user name or password before the host");
	if (!url_split_authority(authority, &u.host, &u.is_ipv6, &u.port))
		return FAIL(a, BAD_REQUEST, "address has no valid host and port: '%.*s'",
			    STRF(authority));
	if (!url_target_ok(str_skip(rest, n)))
		return FAIL(a, BAD_REQUEST, "address on '%.*s' has an invalid path or query",
			    STRF(authority));
	u.host = lower(a, u.host);
	u.port = u.port ? u.port : schemes[u.scheme].port;
	u.fragment = fragment.ptr ? arena_dup(a, fragment) : STR_NONE;
	split_target(a, str_skip(rest, n), &u);
	*ret_url = u;
	return NULL;
}

bool url_is_tls(const struct url *u)
{
	return u->scheme == URL_HTTPS || u->scheme == URL_WSS;
}

bool url_is_ws(const struct url *u)
{
	return u->scheme == URL_WS || u->scheme == URL_WSS;
}

str url_authority(struct arena *a, const struct url *u)
{
	str host = u->is_ipv6 ? arena_printf(a, "[%.*s]", STRF(u->host)) : u->host;

	if (u->port == schemes[u->scheme].port)
		return host;
	return arena_printf(a, "%.*s:%d", STRF(host), u->port);
}

/* The path without its last '/', and for ws(s) without a last "/ws". */
static str base_path(const struct url *u)
{
	str path = u->path;

	if (url_is_ws(u) && str_ends(path, S("/ws")))
		path.len -= 3;
	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	return path;
}

static struct err *broker_address(struct arena *a, str text, struct url *ret_url)
{
	TRY(url_parse(a, text, ret_url));
	if (ret_url->query.ptr || ret_url->fragment.ptr)
		return FAIL(a, BAD_REQUEST, "broker address has a query or fragment");
	return NULL;
}

struct err *url_http_base(struct arena *a, str text, str *ret_base)
{
	struct url u;
	str path;

	TRY(broker_address(a, text, &u));
	path = base_path(&u);
	*ret_base = arena_printf(a, "%s%.*s%.*s", url_is_tls(&u) ? "https://" : "http://",
				 STRF(url_authority(a, &u)), STRF(path));
	return NULL;
}

struct err *url_ws_address(struct arena *a, str text, str *ret_ws)
{
	struct url u;
	str path, end = S("/ws");

	TRY(broker_address(a, text, &u));
	path = base_path(&u);
	if (str_ends(path, end) || (url_is_ws(&u) && u.path.len > 1)) {
		path = u.path;
		end = S("");
	}
	*ret_ws = arena_printf(a, "%s%.*s%.*s%.*s", url_is_tls(&u) ? "wss://" : "ws://",
			       STRF(url_authority(a, &u)), STRF(path), STRF(end));
	return NULL;
}

static struct err *decode(struct arena *a, str text, bool plus_is_space, str *ret_text)
{
	char *out = arena_alloc(a, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%') {
			if (!escape_ok(text, i))
				return FAIL(a, BAD_REQUEST, "escape '%%' without two hex digits");
			c = (char)(hex_value(text.ptr[i + 1]) * 16 + hex_value(text.ptr[i + 2]));
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c == 0)
			return FAIL(a, BAD_REQUEST, "escaped text contains NUL");
		out[n++] = c;
	}
	if (!str_is_utf8(str_of(out, n)))
		return FAIL(a, BAD_REQUEST, "escaped text is not UTF-8");
	*ret_text = str_of(out, n);
	return NULL;
}

struct err *url_decode(struct arena *a, str text, str *ret_text)
{
	return decode(a, text, false, ret_text);
}

struct err *url_decode_form(struct arena *a, str text, str *ret_text)
{
	return decode(a, text, true, ret_text);
}

str url_encode(struct arena *a, str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_array(a, 3, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		u8 c = (u8)text.ptr[i];

		if (is_alnum((char)c) || (c && strchr("-._~", c))) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	return str_of(out, n);
}

bool url_query_next(str *query, str *ret_name, str *ret_value)
{
	str pair;

	while (str_cut(query, '&', &pair)) {
		str value = pair, name;

		if (str_empty(pair))
			continue;
		str_cut(&value, '=', &name);
		*ret_name = name;
		*ret_value = value.ptr ? value : S("");
		return true;
	}
	return false;
}

struct err *url_query_get(struct arena *a, str query, str name, str *ret_value)
{
	str raw_name, raw_value, decoded;

	while (url_query_next(&query, &raw_name, &raw_value)) {
		TRY(url_decode_form(a, raw_name, &decoded));
		if (str_eq(decoded, name))
			return url_decode_form(a, raw_value, ret_value);
	}
	*ret_value = STR_NONE;
	return NULL;
}
