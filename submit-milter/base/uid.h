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
#define UID_OCTETS 16

/*
 * Makes one for NOW_MS, milliseconds since 1970. 0, or -1 when the system
 * has no random octets to give.
 */
int uid_make(int64_t now_ms, char uid_r[UID_SIZE])
    __attribute__((warn_unused_result));

/* The 128 bits of it: time, then random ones. 0; or -1: UID is none. */
int uid_pack(const char *uid, unsigned char octets_r[UID_OCTETS])
    __attribute__((warn_unused_result));
void uid_unpack(const unsigned char octets[UID_OCTETS],
    char uid_r[UID_SIZE]);

/* The time in it, milliseconds since 1970. */
int64_t uid_time_ms(const unsigned char octets[UID_OCTETS]);

#endif
