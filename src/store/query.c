#include "store/query.h"

_Static_assert(QUERY_COUNT <= DB_SLOT_MAX - 2, "raise DB_SLOT_MAX (the driver uses two slots)");

const struct db_query store_queries[QUERY_COUNT] = {
#define Q(name, binds, columns, sql) { #name, Q_##name, binds, columns, sql },
#include "store/queries.def"
#undef Q
};
