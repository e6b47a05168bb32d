/*
 * privileges.c - see privileges.h.
 *
 * Capabilities by the system call: libcap would be one more library for it.
 */
#include <config.h>	/* initgroups(), syscall() */

#include "system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"

int
privileges_find(const char *user, const char *group,
    struct privileges *privileges_r, char **error_r)
{
	struct privileges p = { NULL, (uid_t)-1, (gid_t)-1 };

	if (user[0] != '\0') {
		const struct passwd *found = getpwnam(user);

		if (found == NULL)
			return fault(error_r, "there is no user \"%s\"",
			    user);
		p = (struct privileges){ user, found->pw_uid, found->pw_gid };
	}
	if (group[0] != '\0') {
		const struct group *found = getgrnam(group);

		if (found == NULL)
			return fault(error_r, "there is no group \"%s\"",
			    group);
		p.group = found->gr_gid;
	}
	*privileges_r = p;
	return 0;
}

static int
become(const struct privileges *p, char **error_r)
{
	if (p->name != NULL && initgroups(p->name, p->group) != 0)
		return fault(error_r, "initgroups %s: %s", p->name,
		    strerror(errno));
	if (p->group != (gid_t)-1 && setgid(p->group) != 0)
		return fault(error_r, "setgid: %s", strerror(errno));
	if (p->user != (uid_t)-1 && p->user != 0 &&
	    (setuid(p->user) != 0 || setuid(0) == 0))
		return fault(error_r, "cannot become user %s", p->name);
	return 0;
}

/* What no program that we run could have. Wants the right to say so. */
static void
empty_bounding_set(void)
{
	for (unsigned long cap = 0;
	    prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int
drop_capabilities(char **error_r)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* A unit that gives us none need not allow us to drop them. */
	if (syscall(SYS_capget, &header, have) == 0 &&
	    memcmp(have, none, sizeof(none)) == 0)
		return 0;
	if (syscall(SYS_capset, &header, none) != 0)
		return fault(error_r, "cannot drop capabilities: %s",
		    strerror(errno));
	return 0;
}

int
privileges_drop(const struct privileges *privileges, char **error_r)
{
	bool will_be_root = privileges->user == 0 ||
	    privileges->user == (uid_t)-1;

	if (geteuid() == 0) {
		if (!will_be_root)
			empty_bounding_set();
		if (become(privileges, error_r) != 0)
			return -1;
	}
	if (geteuid() != 0 && drop_capabilities(error_r) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fault(error_r, "no_new_privs: %s", strerror(errno));
	return 0;
}
