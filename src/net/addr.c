#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void from_ipv4(struct addr *out, const u8 ip[4])
{
	out->is_loopback = ip[0] == 127;
	out->group[10] = out->group[11] = 0xff;
	memcpy(out->group + 12, ip, 4);
	inet_ntop(AF_INET, ip, out->text, sizeof(out->text));
}

static void from_ipv6(struct addr *out, const struct in6_addr *ip)
{
	if (IN6_IS_ADDR_V4MAPPED(ip)) {
		from_ipv4(out, ip->s6_addr + 12);
		return;
	}
	out->is_loopback = IN6_IS_ADDR_LOOPBACK(ip);
	memcpy(out->group, ip->s6_addr, out->is_loopback ? 16 : 8);
	inet_ntop(AF_INET6, ip, out->text, sizeof(out->text));
}

struct addr addr_from(const struct sockaddr *sa)
{
	struct addr out = { .text = "?", .uid = -1, .pid = -1 };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&v4, sa, sizeof(v4));
		out.port = ntohs(v4.sin_port);
		from_ipv4(&out, (const u8 *)&v4.sin_addr);
		break;
	case AF_INET6:
		memcpy(&v6, sa, sizeof(v6));
		out.port = ntohs(v6.sin6_port);
		from_ipv6(&out, &v6.sin6_addr);
		break;
	case AF_UNIX:
		out.is_unix = true;
		memcpy(out.text, "unix", 5);
		break;
	default: break;
	}
	return out;
}

str addr_str(struct arena *a, const struct addr *addr)
{
	if (addr->is_unix)
		return arena_dup(a, S("unix"));
	if (strchr(addr->text, ':'))
		return arena_printf(a, "[%s]:%d", addr->text, addr->port);
	return arena_printf(a, "%s:%d", addr->text, addr->port);
}
