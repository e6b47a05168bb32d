/*
 * connection - what is left of a connection that never came to MAIL.
 *
 * Scanners, monitors, clients that could not log in: counted, and recorded
 * where audit.connections says so. Any thread.
 */
#ifndef SUBMIT_CONNECTION_H
#define SUBMIT_CONNECTION_H

#include "runtime.h"
#include "transaction.h"

/* PEER has gone, who came at BEGAN_US (microseconds since 1970). */
void connection_end(struct runtime *runtime,
    const struct transaction_peer *peer, int64_t began_us,
    int64_t duration_us);

#endif
