/*
 * launch.h - launching an agent from elsewhere than `claudemesh launch`.
 */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "cli/cli.h"

/* As `claudemesh launch --join LINK`; an empty link: as `claudemesh launch`. */
struct err *launch_with(struct cli *c, str link) MUST_CHECK;

#endif
