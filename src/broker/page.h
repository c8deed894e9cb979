/*
 * page.h - the files of the invite's page, as the build embeds them.
 */
#ifndef BROKER_PAGE_H
#define BROKER_PAGE_H

extern const char page_invite_css[], page_invite_js[];

#endif
