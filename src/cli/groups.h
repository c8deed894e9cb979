/*
 * groups.h - the value of --groups, as commands take it: "dev:lead,@ops".
 */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "cli/cli.h"
#include "proto/group.h"

enum { GROUPS_GIVEN_MAX = 32 };

/* BAD_REQUEST for a group without a name and for too many. Present unless nothing was given. */
struct err *groups_read(struct cli *c, str text, struct group_list *ret) MUST_CHECK;
/* "@dev:lead, @ops" */
str groups_text(struct arena *a, const struct group_list *groups);

#endif
