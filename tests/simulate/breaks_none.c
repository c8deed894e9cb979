#include "simulate/breaks.h"

bool break_start(const char *name UNUSED)
{
	return false;
}

void break_reset(void)
{
}
