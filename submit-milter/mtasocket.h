/*
 * mtasocket - libmilter's end of the MTA's connections, made quick.
 *
 * libmilter reads each command of the MTA by five system calls, and hands
 * connections to its threads by a count of idle ones that is out of date.
 * This reads ahead, so that what came together costs one system call, and
 * hands one connection on at a time, so that whoever has to wait (for the
 * disk, a directory, DNS) holds up nobody else. What libmilter sees stays
 * what poll(2) and read(2) promise.
 *
 * Works by taking the place of functions of the C library that libmilter calls
 * (see mtasocket.c); where that does not happen all is as it was.
 */
#ifndef SUBMIT_MTASOCKET_H
#define SUBMIT_MTASOCKET_H

/*
 * The command that this thread was given last: SMFIC_* of the milter
 * protocol. In a callback it is the one that the callback is for. '\0' when
 * libmilter does not read by us.
 */
char mtasocket_command(void);

#endif
