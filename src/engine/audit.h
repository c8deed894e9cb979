/*
 * audit.h - what is worth remembering of who did what to a mesh: one function, so that one
 * place decides where it is kept. Today that is the log.
 */
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H

#include "engine/state.h"

/* action: "apikey_created"; subject: what it was done to, an id. No secrets, no bodies. */
void audit(const struct mesh *m, const struct member *actor, const char *action, str subject);

#endif
