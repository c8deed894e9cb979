/*
 * api_pass.c - state, memory and skills of a mesh: asked of its broker, whose answer or refusal
 * is passed on. Nothing is kept here.
 */
#include "daemon/api_call.h"

#include "proto/skill.h"

enum { PASS_MS = 5000 };

/* What brokers take; their rows are not ours yet. */
#define KEY_ARGS(F, T) \
	F(T, str, key, REQ, 0, 0, "name of the entry") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(get_state, KEY_ARGS);

#define SET_ARGS(F, T) \
	F(T, str, key, REQ, 0, 0, "name of the entry") \
	F(T, any, value, REQ, 0, 0, "any JSON") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(set_state, SET_ARGS);

#define NO_ARGS(F, T) F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(list_state, NO_ARGS);

#define REMEMBER_ARGS(F, T) \
	F(T, str, content, REQ, 0, 0, "the text") \
	F(T, strs, tags, OPT, 0, 0, "words to find it by") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(remember, REMEMBER_ARGS);

#define RECALL_ARGS(F, T) \
	F(T, str, query, REQ, 0, 0, "words to look for") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(recall, RECALL_ARGS);

#define FORGET_ARGS(F, T) \
	F(T, str, memoryId, REQ, 0, 0, "of remember") \
	F(T, str, _reqId, OPT, 0, 0, "echo")
JSON_ARGS(forget, FORGET_ARGS);

/* One question, of one mesh. */
struct pass {
	str slug;
	void (*answer)(struct api_call *c, const struct json *reply);
};

static void on_reply(void *arg, const struct err *e, const struct json *reply)
{
	struct api_call *c = arg;
	struct pass *p = c->state;

	if (e)
		api_fail(c, e);
	else
		p->answer(c, reply);
}

static struct err *pass_on(struct api_call *c, str mesh, const char *type,
			   const struct json_field *fields, const void *args,
			   void (*answer)(struct api_call *c, const struct json *reply))
{
	struct pass *p = NEW(c->arena, struct pass);
	struct mesh *m;

	TRY(api_mesh(c, mesh, &m));
	*p = (struct pass){ .slug = arena_dup(c->arena, m->slug), .answer = answer };
	c->state = p;
	meshes_ask(c->daemon->meshes, m, type, fields, args, PASS_MS, on_reply, c);
	return NULL;
}

static str pass_slug(const struct api_call *c)
{
	return ((const struct pass *)c->state)->slug;
}

/* The members of an object that is no frame's own business, into the object that is open. */
static void put_members(struct json_out *j, const struct json *obj)
{
	for (const struct json *m = obj ? obj->first : NULL; m; m = m->next) {
		if (str_eq(m->key, S("type")) || str_eq(m->key, S("_reqId")))
			continue;
		json_key(j, m->key);
		json_value(j, m);
	}
}

static void put_object(struct api_call *c, const char *key, const struct json *obj)
{
	json_key(&c->json, str_from(key));
	json_obj(&c->json);
	put_members(&c->json, obj);
	json_put_str(&c->json, "mesh", pass_slug(c));
	json_obj_end(&c->json);
}

/* The rows of the first of the names that the reply has: brokers differ. */
static void put_rows(struct api_call *c, const char *key, const struct json *reply,
		     const char *name, const char *other)
{
	const struct json *list = json_get(reply, str_from(name));
	struct json_out *j = api_ok(c);

	if (!list && other)
		list = json_get(reply, str_from(other));
	json_key(j, str_from(key));
	json_arr(j);
	for (const struct json *row = list ? list->first : NULL; row; row = row->next) {
		json_obj(j);
		put_members(j, row);
		json_put_str(j, "mesh", pass_slug(c));
		json_obj_end(j);
	}
	json_arr_end(j);
	api_done(c, 200);
}

/* State. */

static void state_answer(struct api_call *c, const struct json *reply)
{
	const struct json *value = json_get(reply, S("value"));

	if (!value || value->type == JSON_NULL) {
		api_fail(c, err_word(FAIL(c->arena, NOT_FOUND, "no such entry in the mesh's state"),
				     S("state_not_found")));
		return;
	}
	api_ok(c);
	put_object(c, "state", reply);
	api_done(c, 200);
}

static void entries_answer(struct api_call *c, const struct json *reply)
{
	put_rows(c, "entries", reply, "entries", NULL);
}

static struct err *state_run(struct api_call *c)
{
	const struct local_key_args *in = c->args;
	struct get_state_args one = { .key = in->key };
	struct list_state_args all = { 0 };

	if (str_empty(in->key))
		return pass_on(c, in->mesh, "list_state", list_state_fields, &all, entries_answer);
	return pass_on(c, in->mesh, "get_state", get_state_fields, &one, state_answer);
}

static void set_answer(struct api_call *c, const struct json *reply)
{
	const struct local_set_args *in = c->args;
	struct json_out *j = api_ok(c);

	json_put_str(j, "key", in->key);
	json_put_str(j, "mesh", pass_slug(c));
	api_done(c, 200);
}

/* A reference broker does not answer what changes something. */
static struct err *tell_on(struct api_call *c, str mesh, const char *type,
			   const struct json_field *fields, const void *args,
			   void (*answer)(struct api_call *c, const struct json *reply))
{
	struct mesh *m;
	struct link *l;

	TRY(api_mesh(c, mesh, &m));
	l = m->member ? route_link(m->member) : NULL;
	if (!l || !link_is_ready(l) || link_has_challenge(l))
		return pass_on(c, mesh, type, fields, args, answer);
	c->state = NEW(c->arena, struct pass);
	((struct pass *)c->state)->slug = arena_dup(c->arena, m->slug);
	if (!link_tell(l, type, fields, args))
		return FAIL(c->arena, TRY_AGAIN, "the broker is not connected");
	answer(c, NULL);
	return NULL;
}

static struct err *set_run(struct api_call *c)
{
	const struct local_set_args *in = c->args;
	struct set_state_args args = { .key = in->key, .value = in->value };

	return tell_on(c, in->mesh, "set_state", set_state_fields, &args, set_answer);
}

/* Memory. */

static void matches_answer(struct api_call *c, const struct json *reply)
{
	put_rows(c, "matches", reply, "memories", "matches");
}

static struct err *recall_run(struct api_call *c)
{
	const struct local_recall_args *in = c->args;
	struct recall_args args = { .query = in->q.ptr ? in->q : S("") };

	return pass_on(c, in->mesh, "recall", recall_fields, &args, matches_answer);
}

static void stored_answer(struct api_call *c, const struct json *reply)
{
	str id = json_get_str(reply, S("id"));
	struct json_out *j = api_ok(c);

	json_put_str(j, "id", str_empty(id) ? json_get_str(reply, S("memoryId")) : id);
	json_put_str(j, "mesh", pass_slug(c));
	api_done(c, 200);
}

static struct err *remember_run(struct api_call *c)
{
	const struct local_remember_args *in = c->args;
	struct remember_args args = { .content = in->content, .tags = in->tags };

	return pass_on(c, in->mesh, "remember", remember_fields, &args, stored_answer);
}

static void forgotten_answer(struct api_call *c, const struct json *reply)
{
	struct json_out *j = api_ok(c);

	json_put_str(j, "id", c->param);
	json_put_str(j, "mesh", pass_slug(c));
	api_done(c, 200);
}

static struct err *forget_run(struct api_call *c)
{
	const struct local_mesh_args *in = c->args;
	struct forget_args args = { .memoryId = c->param };

	return tell_on(c, in->mesh, "forget", forget_fields, &args, forgotten_answer);
}

/* Skills. */

static void skills_answer(struct api_call *c, const struct json *reply)
{
	put_rows(c, "skills", reply, "skills", NULL);
}

static struct err *skills_run(struct api_call *c)
{
	const struct local_skills_args *in = c->args;
	struct list_skills_args args = { .query = in->query };

	return pass_on(c, in->mesh, "list_skills", list_skills_fields, &args, skills_answer);
}

static struct err *no_skill(struct api_call *c)
{
	return err_word(FAIL(c->arena, NOT_FOUND, "no skill '%.*s' in mesh '%.*s'", STRF(c->param),
			     STRF(pass_slug(c))),
			S("skill_not_found"));
}

static void skill_answer(struct api_call *c, const struct json *reply)
{
	const struct json *skill = json_get(reply, S("skill"));

	if (!skill || skill->type != JSON_OBJ) {
		api_fail(c, no_skill(c));
		return;
	}
	api_ok(c);
	put_object(c, "skill", skill);
	api_done(c, 200);
}

static struct err *skill_run(struct api_call *c)
{
	const struct local_mesh_args *in = c->args;
	struct get_skill_args args = { .name = c->param };

	return pass_on(c, in->mesh, "get_skill", get_skill_fields, &args, skill_answer);
}

static void shared_answer(struct api_call *c, const struct json *reply)
{
	json_put_str(api_ok(c), "name", json_get_str(reply, S("name")));
	json_put_str(&c->json, "action", json_get_str(reply, S("action")));
	json_put_str(&c->json, "mesh", pass_slug(c));
	api_done(c, 200);
}

static struct err *share_run(struct api_call *c)
{
	const struct local_skill_args *in = c->args;
	struct share_skill_args args = { .name = in->name,
					 .description = in->description,
					 .instructions = in->instructions,
					 .tags = in->tags,
					 .manifest = in->manifest };

	return pass_on(c, in->mesh, "share_skill", share_skill_fields, &args, shared_answer);
}

static void removed_answer(struct api_call *c, const struct json *reply)
{
	if (str_eq(json_get_str(reply, S("action")), S("removed")))
		shared_answer(c, reply);
	else
		api_fail(c, no_skill(c));
}

static struct err *remove_run(struct api_call *c)
{
	const struct local_mesh_args *in = c->args;
	struct remove_skill_args args = { .name = c->param };

	return pass_on(c, in->mesh, "remove_skill", remove_skill_fields, &args, removed_answer);
}

#define ARGS(id) local_##id##_fields, sizeof(struct local_##id##_args)

const struct api_route api_pass_routes[] = {
	{ "GET", "/v1/state", ARGS(key), 0, API_ANYONE, state_run, "An entry of the mesh's state, or all." },
	{ "POST", "/v1/state", ARGS(set), 256 << 10, API_ANYONE, set_run, "Sets an entry." },
	{ "GET", "/v1/memory", ARGS(recall), 0, API_ANYONE, recall_run, "Looks in the mesh's memory." },
	{ "POST", "/v1/memory", ARGS(remember), 256 << 10, API_ANYONE, remember_run, "Remembers a text." },
	{ "DELETE", "/v1/memory/<id>", ARGS(mesh), 0, API_ANYONE, forget_run, "Forgets it." },
	{ "GET", "/v1/skills", ARGS(skills), 0, API_ANYONE, skills_run, "The skills of a mesh." },
	{ "GET", "/v1/skills/<name>", ARGS(mesh), 0, API_ANYONE, skill_run, "One skill, with its text." },
	{ "POST", "/v1/skills", ARGS(skill), 512 << 10, API_ANYONE, share_run, "Shares a skill." },
	{ "DELETE", "/v1/skills/<name>", ARGS(mesh), 0, API_ANYONE, remove_run, "Removes one." },
	{ 0 }
};
