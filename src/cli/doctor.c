/*
 * doctor.c - `doctor` looks at the whole path from here to the broker, `status` at less.
 */
#include "cli/commands.h"
#include "cli/doctor.h"

#include <stdarg.h>

static const char *const finding_words[] = { "ok", "warn", "fail", "skip" };

void doctor_heading(struct doctor *d, const char *fmt, ...)
{
	bool is_first = true;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* The title ends with a blank line of its own. */
	for (size_t i = 0; i <= FINDING_SKIP; i++)
		is_first = is_first && !d->counts[i];
	if (!is_first)
		out_end(&d->c->out);
	out_span(&d->c->out, TONE_BOLD, "  %s", text);
	out_end(&d->c->out);
}

static void tell_json(struct doctor *d, enum finding f, const char *what, i64 us, str detail, str remedy)
{
	struct json_out *j = &d->c->out.json_out;

	json_obj(j);
	json_put_str(j, "mesh", d->mesh);
	json_put_str(j, "check", str_from(what));
	json_put_str(j, "state", str_from(finding_words[f]));
	if (us >= 0)
		json_put_int(j, "us", us);
	json_put_str(j, "detail", str_empty(detail) ? STR_NONE : detail);
	json_put_str(j, "remedy", str_empty(remedy) ? STR_NONE : remedy);
	json_obj_end(j);
}

void doctor_tell(struct doctor *d, enum finding f, const char *what, str detail, str remedy)
{
	static const struct {
		const char *sign;
		enum tone tone;
	} signs[] = { { "✔", TONE_GREEN }, { "⚠", TONE_YELLOW }, { "✘", TONE_RED }, { "·", TONE_DIM } };
	struct output *o = &d->c->out;

	d->counts[f]++;
	if (o->json) {
		tell_json(d, f, what, -1, detail, remedy);
		return;
	}
	if (o->quiet && (f == FINDING_OK || f == FINDING_SKIP))
		return;
	out_span(o, signs[f].tone, "  %s", signs[f].sign);
	out_span(o, TONE_PLAIN, " %s", what);
	if (!str_empty(detail))
		out_span(o, TONE_DIM, " (%.*s)", STRF(detail));
	out_end(o);
	if (!str_empty(remedy)) {
		out_span(o, TONE_DIM, "    → %.*s", STRF(remedy));
		out_end(o);
	}
}

void doctor_tell_timed(struct doctor *d, const char *what, i64 us, str detail)
{
	str text = arena_printf(d->c->arena, "%.*s, %.1f ms", STRF(detail), (double)us / 1000);

	if (!d->c->out.json) {
		doctor_tell(d, FINDING_OK, what, text, STR_NONE);
		return;
	}
	d->counts[FINDING_OK]++;
	tell_json(d, FINDING_OK, what, us, detail, STR_NONE);
}

/* Told while it goes on, for somebody who waits. */
static void flush(struct doctor *d)
{
	if (!d->c->out.json && out_flush(&d->c->out, d->c->arena))
		return;
	out_busy(&d->c->out, "looking");
}

void doctor_begin(struct doctor *d, struct cli *c)
{
	*d = (struct doctor){ .c = c };
	if (c->out.json) {
		out_json(&c->out);
		out_json_list(&c->out, "checks");
	}
}

struct err *doctor_end(struct doctor *d)
{
	struct cli *c = d->c;
	size_t failed = d->counts[FINDING_FAIL], warned = d->counts[FINDING_WARN];

	if (c->out.json)
		out_json_list_end(&c->out);
	out_end(&c->out);
	if (failed)
		return err_word(FAIL(c->arena, CANCELLED, "%zu of %zu checks failed", failed,
				     failed + warned + d->counts[FINDING_OK]),
				S("checks_failed"));
	if (c->out.json)
		out_json_end(&c->out);
	else if (warned)
		out_warn(&c->out, STR_NONE, "it works; %zu %s to look at", warned,
			 warned == 1 ? "thing" : "things");
	else
		out_ok(&c->out, STR_NONE, "all is well");
	return NULL;
}

static struct err *each_mesh(struct doctor *d)
{
	struct cli *c = d->c;
	const struct config_mesh_args *only = NULL;

	if (!str_empty(c->global.mesh))
		TRY(config_find_mesh(c->arena, &d->config, c->global.mesh, &only));
	for (size_t i = 0; i < d->config.meshes.n; i++) {
		const struct config_mesh_args *mesh = &d->config.meshes.items[i];

		if (only && mesh != only)
			continue;
		d->mesh = mesh->slug;
		doctor_heading(d, "%.*s · %.*s", STRF(mesh->slug), STRF(mesh->brokerUrl));
		flush(d);
		doctor_mesh(d, mesh);
		flush(d);
	}
	d->mesh = STR_NONE;
	return NULL;
}

static struct err *doctor_run(struct cli *c, const void *flags UNUSED)
{
	struct doctor d;

	doctor_begin(&d, c);
	TRY(context_client(c, &d.client));
	out_section(&c->out, "doctor (v%s)", CLAUDEMESH_VERSION);
	if (doctor_files(&d))
		TRY(each_mesh(&d));
	doctor_heading(&d, "this machine");
	doctor_local(&d);
	return doctor_end(&d);
}

static struct err *status_run(struct cli *c, const void *flags UNUSED)
{
	struct doctor d;

	doctor_begin(&d, c);
	TRY(context_client(c, &d.client));
	out_section(&c->out, "status (v%s)", CLAUDEMESH_VERSION);
	if (doctor_files(&d))
		TRY(each_mesh(&d));
	return doctor_end(&d);
}

const struct command doctor_command = {
	.name = "doctor",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = doctor_run,
	.doc = "Looks at the whole path to the broker and tells what to mend.",
	.more = "Files and their modes, keys, the policy; for each mesh the name, connection,\n"
		"encryption, greeting, a question and the clocks; the daemon and the agent\n"
		"programs. Status 1 if something fails.",
	.fields = "mesh check state detail remedy",
};

const struct command status_command = {
	.name = "status",
	.arguments = "",
	.group = GROUP_SETUP,
	COMMAND_FREE,
	.run = status_run,
	.doc = "Tells whether your files are right and each broker answers.",
	.more = "Status 1 if not. 'claudemesh doctor' looks at more; 'claudemesh status set'\n"
		"sets what others see.",
	.fields = "mesh check state detail remedy",
};
