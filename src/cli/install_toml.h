/*
 * install_toml.h - may a table be added at the end of a TOML file? A reader of lines, which
 * knows keys and headers and passes over values: enough to leave a file alone that could not
 * be read any more otherwise.
 */
#ifndef CLI_INSTALL_TOML_H
#define CLI_INSTALL_TOML_H

#include "base/arena.h"
#include "base/str.h"

enum toml_place {
	TOML_FREE,            /* [TABLE.NAME] can be added at the end */
	TOML_TAKEN,           /* it is there, in one of the ways to write it */
	TOML_CLOSED,          /* TABLE is written so that nothing can be added: TABLE = {...} */
};

enum toml_place toml_look(struct arena *a, str text, const char *table, const char *name);

#endif
