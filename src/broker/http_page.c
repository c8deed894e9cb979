/*
 * http_page.c - the page behind a link.
 *
 * The secret of a link is its fragment, which a browser never sends; the page cannot show it
 * and needs no script.
 */
#include "broker/http.h"

#include "broker/http_answer.h"

enum { PAGE_BYTES_MAX = 4096 };
