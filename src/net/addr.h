/*
 * addr.h - the two ends of a connection, as values.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include "base/arena.h"

struct addr {
	char text[48];        /* "127.0.0.1", "::1", "unix"; NUL-terminated */
	int port;             /* 0 for a Unix socket */
	bool is_loopback;     /* 127/8, ::1, or those in IPv6 clothes; a Unix socket is not */
	bool is_unix;
	i64 uid, pid;         /* of the process at a Unix socket's other end; -1: not known */
	u8 group[16];         /* whom limits per address count together: IPv4 whole, IPv6 by /64 */
};

struct sockaddr;

/* Fills in an address from the kernel's form; an unknown family gives "?". */
struct addr addr_from(const struct sockaddr *sa);
/* "127.0.0.1:7900", "[::1]:7900", "unix" */
str addr_str(struct arena *a, const struct addr *addr);

#endif
