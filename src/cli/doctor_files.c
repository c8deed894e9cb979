#include "cli/doctor.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/policy.h"

/* Ours, a directory, closed to others. False: it is not there. */
static bool directory(struct doctor *d)
{
	struct arena *a = d->c->arena;
	const struct paths *p = d->client.paths;
	const char *dir = arena_cstr(a, p->dir);
	struct stat st;

	if (stat(dir, &st) != 0) {
		doctor_tell(d, errno == ENOENT ? FINDING_WARN : FINDING_FAIL, "directory",
			    arena_printf(a, "%s: %s", dir, strerror(errno)),
			    S("claudemesh join LINK, or claudemesh create NAME, makes it"));
		return false;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid())
		doctor_tell(d, FINDING_FAIL, "directory", arena_printf(a, "%s is not a directory of yours", dir),
			    arena_printf(a, "chown %u %s", getuid(), dir));
	else if (st.st_mode & 077)
		doctor_tell(d, FINDING_FAIL, "directory",
			    arena_printf(a, "%s has mode %o: others can look into it", dir, st.st_mode & 07777u),
			    arena_printf(a, "chmod 700 %s", dir));
	else if (access(dir, W_OK) != 0)
		doctor_tell(d, FINDING_FAIL, "directory", arena_printf(a, "%s: %s", dir, strerror(errno)),
			    S("make it writable: keys and settings are kept there"));
	else
		doctor_tell(d, FINDING_OK, "directory", arena_printf(a, "%s", dir), STR_NONE);
	return true;
}

static bool configuration(struct doctor *d)
{
	struct arena *a = d->c->arena;
	const struct paths *p = d->client.paths;
	struct err *e = config_load(a, p, &d->config);

	if (e) {
		doctor_tell(d, FINDING_FAIL, "configuration", e->text,
			    S("mend the file, or 'claudemesh restore BACKUP'"));
		return false;
	}
	if (d->config.meshes.n == 0) {
		doctor_tell(d, FINDING_WARN, "configuration", S("no mesh is joined"),
			    S("claudemesh join LINK, or claudemesh create NAME"));
		return false;
	}
	doctor_tell(d, FINDING_OK, "configuration",
		    arena_printf(a, "%zu %s, mode 0600", d->config.meshes.n,
				 d->config.meshes.n == 1 ? "mesh" : "meshes"),
		    STR_NONE);
	return true;
}

static void keys_of(struct doctor *d, const struct config_mesh_args *mesh)
{
	struct arena *a = d->c->arena;
	const char *what = arena_printf(a, "keys of %.*s", STRF(mesh->slug)).ptr;
	CLEANUP(sign_pair_wipe) struct sign_pair pair = { 0 };
	struct mesh_keys_args keys;
	struct err *e = config_mesh_pair(a, mesh, &pair);

	if (!e)
		e = keys_load(a, d->client.paths, mesh->meshId, &keys);
	if (e)
		doctor_tell(d, FINDING_FAIL, what, e->text, S("claudemesh restore BACKUP, or leave and join again"));
	else if (str_empty(keys.owner_pubkey))
		doctor_tell(d, FINDING_WARN, what,
			    S("the owner's key is not known: the broker alone says who is a member"),
			    S("join again with a link of this claudemesh"));
	else
		doctor_tell(d, FINDING_OK, what,
			    str_empty(keys.owner_secret) ? S("a pair, and the owner's key is known")
							 : S("a pair, and you are the owner"),
			    STR_NONE);
}

static void policy(struct doctor *d)
{
	struct arena *a = d->c->arena;
	struct policy p;
	str path;
	struct err *e = policy_load(d->c, &p, &path);

	if (e)
		doctor_tell(d, FINDING_FAIL, "policy", e->text, S("until it is mended nothing is written"));
	else
		doctor_tell(d, FINDING_OK, "policy",
			    arena_printf(a, "%zu rules, otherwise %s", p.n, decision_words[p.otherwise]), STR_NONE);
}

bool doctor_files(struct doctor *d)
{
	bool joined = directory(d) && configuration(d);

	for (size_t i = 0; joined && i < d->config.meshes.n; i++)
		keys_of(d, &d->config.meshes.items[i]);
	policy(d);
	return joined;
}
