/*
 * ws_end.h - how a WebSocket connection ended; the same at both ends.
 */
#ifndef NET_WS_END_H
#define NET_WS_END_H

#include "base/err.h"

struct ws_end {
	int code;             /* of the first close frame, theirs or ours; 1006 without any */
	str reason;           /* its text; valid during the callback */
	bool by_peer;         /* theirs came first */
	bool clean;           /* both close frames were exchanged */
	str cause;            /* a sentence for logs: "connection reset by peer"; empty if clean */
};

#endif
