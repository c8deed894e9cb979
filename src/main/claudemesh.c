/*
 * claudemesh.c - the user's one command. Everything is in src/cli.
 */
#include "base/harden.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
	harden_process();
	return cli_main(argc, argv);
}
