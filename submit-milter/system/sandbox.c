/*
 * sandbox.c - see sandbox.h.
 */
#include <config.h>

#include "system/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

#ifdef HAVE_SECCOMP

#include <seccomp.h>

#define CALL(name) #name,
#define FATAL(name)
static const char *const allowed[] = {
#include "system/syscalls.def"
};
#undef CALL
#undef FATAL

#define CALL(name)
#define FATAL(name) #name,
static const char *const fatal[] = {
#include "system/syscalls.def"
};
#undef CALL
#undef FATAL

const char *
sandbox_missing(void)
{
	return NULL;
}

const char *
sandbox_library(char text[32])
{
	const struct scmp_version *v = seccomp_version();

	(void)snprintf(text, 32, "libseccomp %u.%u.%u", v->major, v->minor,
	    v->micro);
	return text;
}

/* Calls that this machine does not know are left out. 0 or an errno. */
static int
add_rules(scmp_filter_ctx filter, uint32_t action, const char *const *names,
    size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			status = seccomp_rule_add(filter, action, number, 0);
		if (status == -EDOM || status == -EEXIST)
			status = 0;
	}
	return -status;
}

#if defined(__s390__) || defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/*
 * Threads, no processes. What clone3() is to do no filter can see; see
 * hide_clone3(). 0 or an errno.
 */
static int
add_threads(scmp_filter_ctx filter)
{
	int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
	    SCMP_SYS(clone), 1, SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ,
	    CLONE_THREAD, CLONE_THREAD));

	if (status == 0)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(clone3), 0);
	return -status;
}

/*
 * There is no clone3(): libc takes clone() then. It asks anew for each thread,
 * and who is told no by the filter below stands in the log of the kernel;
 * hence one of its own, without a log. 0 or an errno.
 */
static int
hide_clone3(scmp_filter_ctx filter)
{
	int status = -seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
	    SCMP_SYS(clone3), 0);

	if (status == 0)
		status = -seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	return status;
}

/* 0 or an errno. */
static int
fill(scmp_filter_ctx filter)
{
	int status = add_rules(filter, SCMP_ACT_ALLOW, allowed,
	    sizeof(allowed) / sizeof(allowed[0]));

	if (status == 0)
		status = add_threads(filter);
	if (status == 0)
		status = add_rules(filter, SCMP_ACT_KILL_PROCESS, fatal,
		    sizeof(fatal) / sizeof(fatal[0]));
	/* Threads of libraries are there already. */
	if (status == 0)
		status = -seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Older kernels cannot log. */
	if (status == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	return status;
}

/* What MAKE makes is in force. 0 or an errno. */
static int
load(uint32_t otherwise, int (*make)(scmp_filter_ctx))
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int status = filter == NULL ? ENOMEM : make(filter);

	if (status == 0)
		status = -seccomp_load(filter);
	seccomp_release(filter);
	return status;
}

int
sandbox_enter(char **error_r)
{
	int status = load(SCMP_ACT_ALLOW, hide_clone3);

	if (status == 0)
		status = load(SCMP_ACT_ERRNO(EPERM), fill);
	if (status != 0)
		return fault(error_r, "seccomp: %s", strerror(status));
	return 0;
}

#else

const char *
sandbox_missing(void)
{
	return MISSING_SECCOMP;
}

const char *
sandbox_library(char text[32])
{
	(void)text;
	return NULL;
}

int
sandbox_enter(char **error_r)
{
	return fault(error_r, "seccomp: %s", sandbox_missing());
}

#endif
