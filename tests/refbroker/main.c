/*
 * refbroker - runs the fake on a free port, which it prints, until SIGTERM.
 */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/ids.h"
#include "crypto/encode.h"
#include "crypto/hello.h"
#include "crypto/invite.h"
#include "crypto/secret.h"
#include "refbroker/fake.h"

enum { TOKEN_LIFE_S = 3600, ROOT_BYTES = 32 };

static void on_upgrade(void *arg, struct server_request *rq, struct ws_answer *answer)
{
	struct fake *f = arg;
	struct http_header *h = NEW(rq->arena, struct http_header);

	if (!f->flaws.challenge)
		return;
	f->challenge = hello_challenge(f->arena, &random_system);
	*h = (struct http_header){ S("Claudemesh-Challenge"), f->challenge };
	answer->headers = h;
	answer->n_headers = 1;
}

static void on_open(void *arg UNUSED, struct ws_conn *c UNUSED, struct server_request *rq UNUSED)
{
}

static void on_message(void *arg, struct ws_conn *c, str message, bool is_text UNUSED)
{
	struct fake *f = arg;

	buf_add(&f->log, message);
	buf_add(&f->log, S("\n"));
	frame_take(f, c, arena_dup(f->arena, message));
}

static void on_close(void *arg UNUSED, struct ws_conn *c, const struct ws_end *end UNUSED)
{
	struct presence *p = ws_conn_user(c);

	if (p && p->conn == c)
		p->conn = NULL;
}

static const struct server_app app = {
	.on_request = http_request,
	.on_upgrade = on_upgrade,
	.on_ws_open = on_open,
	.on_ws_message = on_message,
	.on_ws_close = on_close,
	.ws_path = "/ws",
};

static void on_signal(void *arg, int signum UNUSED)
{
	loop_stop(((struct fake *)arg)->loop);
}

static struct err *make_mesh(struct fake *f)
{
	u8 root[ROOT_BYTES];
	str signature;
	struct invite_v1 v1 = {
		.mesh_slug = S("team"),
		.broker_url = arena_printf(f->arena, "ws://127.0.0.1:%d/ws", server_port(f->sv)),
		.expires_s = clock_ms(&clock_real) / 1000 + TOKEN_LIFE_S,
		.role = S("member"),
	};

	sign_pair_new(&f->owner);
	random_fill(&random_system, root, sizeof(root));
	f->mesh_id = id_random(f->arena, &random_system);
	v1.mesh_id = f->mesh_id;
	v1.mesh_root_key = base64url_encode(f->arena, str_of(root, sizeof(root)));
	v1.owner_pubkey = sign_pair_pubkey(f->arena, &f->owner);
	TRY(invite_v1_sign(f->arena, &v1, &f->owner, &signature));
	f->token = invite_v1_token(f->arena, &v1, signature);
	return NULL;
}

static struct err *serve(struct fake *f)
{
	struct loop_signal *term;

	if (!crypto_start())
		return FAIL(f->arena, INTERNAL, "no randomness");
	TRY(loop_new(f->arena, &f->loop));
	f->sv = server_new(f->loop, &app, f, &server_limits_default);
	TRY(server_listen(f->arena, f->sv, S("127.0.0.1"), 0, NULL));
	TRY(make_mesh(f));
	f->again = loop_timer_new(f->loop, queue_again, f);
	TRY(loop_signal_new(f->arena, f->loop, SIGTERM, on_signal, f, &term));
	printf("%d\n", server_port(f->sv));
	fflush(stdout);
	loop_run(f->loop);
	loop_signal_free(term);
	loop_timer_free(f->again);
	server_free(f->sv);
	loop_free(f->loop);
	return NULL;
}

int main(void)
{
	struct fake f = { .arena = arena_new(), .log = buf_make(LOG_BYTES_MAX) };
	struct err *e = serve(&f);

	if (e)
		fprintf(stderr, "%.*s\n", STRF(e->text));
	buf_done(&f.log);
	arena_free(f.arena);
	return e ? 1 : 0;
}
