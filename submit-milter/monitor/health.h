/*
 * health - whether the daemon can do its work, in a few lines.
 *
 * What makes it refuse all mail is a fault; what its administrator should
 * look at is a warning. Any thread.
 */
#ifndef SUBMIT_MONITOR_HEALTH_H
#define SUBMIT_MONITOR_HEALTH_H

#include <stdbool.h>

#include "base/sbuf.h"
#include "runtime.h"

/* "ok", or "fault: ..." lines; then "warning: ..." lines. True: ok. */
bool monitor_health(struct runtime *runtime, struct sbuf *out);

#endif
