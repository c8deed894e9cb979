/*
 * harden.h - a process that holds keys: its memory goes into no core file, and no other process
 * of the same user looks into it.
 */
#ifndef BASE_HARDEN_H
#define BASE_HARDEN_H

/* First thing in main(). What the system does not offer is left out. */
void harden_process(void);

#endif
