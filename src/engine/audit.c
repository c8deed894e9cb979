#include "engine/audit.h"

#include "base/log.h"

void audit(const struct mesh *m, const struct member *actor, const char *action, str subject)
{
	log_info("audit", LOG_S("action", str_from(action)), LOG_S("mesh", str_from(m->id)),
		 LOG_S("actor", str_from(actor->id)), LOG_S("subject", subject));
}
