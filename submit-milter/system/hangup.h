/*
 * hangup - the end of connections that others made to our sockets.
 */
#ifndef SUBMIT_SYSTEM_HANGUP_H
#define SUBMIT_SYSTEM_HANGUP_H

/*
 * Whoever reads from a connection to a socket that this process listens on
 * sees its end; what is written still arrives. For the end of the process,
 * when its threads are to come to their end and the library that owns the
 * connections has no call for it. Any thread; connections that are made
 * meanwhile may be missed.
 */
void hangup_accepted(void);

#endif
