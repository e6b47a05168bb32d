/*
 * files - names of the files that a message carries.
 *
 * RFC 2183 section 2.3 (filename), RFC 2045 (name of Content-Type), RFC 2231
 * and 2047 undone. Whatever a reader may take for the name of a part counts:
 * a part that is given two names has both. One thread at a time.
 */
#ifndef SUBMIT_POLICY_FILES_H
#define SUBMIT_POLICY_FILES_H

#include "policy/facts.h"

/* For mime_scan_new(): each part's names are added to FACTS. */
struct mime_events files_events(struct facts *facts);

#endif
