/*
 * expose - all metrics of a daemon, as text in Prometheus' format.
 *
 * What the runtime counts, what its parts say of themselves, and what the
 * system knows of the process. Any thread.
 */
#ifndef SUBMIT_MONITOR_EXPOSE_H
#define SUBMIT_MONITOR_EXPOSE_H

#include "base/sbuf.h"
#include "runtime.h"

/* Most octets of it. */
#define EXPOSE_MOST (2u << 20)

void monitor_expose(struct runtime *runtime, struct sbuf *out);

#endif
