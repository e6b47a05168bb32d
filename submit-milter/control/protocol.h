/*
 * protocol - what submitctl and the daemon say to each other.
 *
 * Over a UNIX socket, one request a connection: a line with a verb and,
 * after a blank, its arguments. The answer is a line with one JSON object;
 * "ok" tells whether it was done, "error" why not. Lines end in LF.
 */
#ifndef SUBMIT_CONTROL_PROTOCOL_H
#define SUBMIT_CONTROL_PROTOCOL_H

#define CONTROL_REQUEST_MOST 1024u	/* octets, LF included */
#define CONTROL_REPLY_MOST (4u << 20)

/* Milliseconds that a client has for its request, and for its answer. */
#define CONTROL_PATIENCE 5000

#endif
