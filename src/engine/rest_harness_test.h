/*
 * rest_harness_test.h - a program with an API key, for the engine's tests of REST.
 *
 *   str key = api_key(alice, "'send','read'", "");
 *   ask(h, "peers", key, "{}", "");
 *   expect_answer(h, 200, "{'peers':[{}]}");
 */
#ifndef ENGINE_REST_HARNESS_TEST_H
#define ENGINE_REST_HARNESS_TEST_H

#include "crypto/apikey.h"
#include "engine/bearer.h"
#include "engine/harness_test.h"
#include "engine/rest.h"

/* more: further members of apikey_create, with a comma in front. */
static inline str api_key(struct peer *p, const char *caps, const char *more)
{
	const struct json *made;

	say(p, "{'type':'apikey_create','label':'x','capabilities':[%s]%s}", caps, more);
	made = expect(p, "{'type':'apikey_created'}");
	return arena_dup(p->place->house->a, json_get_str(made, S("secret")));
}

static inline struct event *rest_event(struct house *h, const char *name, str key, str given, str body)
{
	struct event *ev = event_new(EVENT_CALL, (struct conn_ref){ 0, ++h->slots, 2 }, body, given);

	ev->op = op_find(str_from(name), OP_REST);
	assert_non_null(ev->op);
	if (key.len)
		assert_ok(bearer_take(h->a, arena_printf(h->a, "Bearer %.*s", STRF(key)), &ev->proof));
	memcpy(ev->address, h->address, sizeof(ev->address));
	return ev;
}

/* given: what path, query and headers say; body: JSON or empty. ' for ". Returns the status. */
static inline int ask(struct house *h, const char *name, str key, const char *given, const char *body)
{
	h->n_answers = 0;
	submit(h, rest_event(h, name, key, text(h->a, "%s", given), text(h->a, "%s", body)));
	return h->n_answers ? h->answers[h->n_answers - 1].status : 0;
}

#endif
