/*
 * sha1.h - the digest of the WebSocket handshake (RFC 6455, 4.2.2), and for nothing else: it
 * protects nobody. OpenSSL's would be found only after 3 MB of it are read and set up, which a
 * program without TLS never needs.
 */
#ifndef NET_SHA1_H
#define NET_SHA1_H

#include "base/str.h"

enum { SHA1_BYTES = 20 };

void sha1(str data, u8 ret_digest[SHA1_BYTES]);

#endif
