/*
 * uid - names for connections and transactions that never come again.
 *
 * 48 bits of time and 80 random ones in 26 characters of Crockford's
 * base 32: sorted by time, safe in a header field, a file name or a log.
 * Any thread.
 */
#ifndef SUBMIT_BASE_UID_H
#define SUBMIT_BASE_UID_H

#include <stdint.h>

#define UID_SIZE 27

/*
 * Makes one for NOW_MS, milliseconds since 1970. 0, or -1 when the system
 * has no random octets to give.
 */
int uid_make(int64_t now_ms, char uid_r[UID_SIZE])
    __attribute__((warn_unused_result));

#endif
