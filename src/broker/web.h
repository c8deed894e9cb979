/*
 * web.h - the web page, as it stands in the program (tools/build-web).
 *
 * The first file is the index, at "/"; it names the others, whose names hold a hash of what is
 * in them, so that a browser may keep them for ever. Loop thread only, but for the data.
 */
#ifndef BROKER_WEB_H
#define BROKER_WEB_H

#include "base/str.h"

struct http;
struct server_request;

struct web_file {
	str path, type, etag;
	bool immutable;
	str gzip, plain;      /* plain: empty for a large file, which is sent compressed only */
};

extern const struct web_file web_files[];
extern const size_t n_web_files;

/* Handlers of routes: the index, and a file that it names. */
void web_index(struct http *h, struct server_request *rq, str param);
void web_asset(struct http *h, struct server_request *rq, str param);

#endif
