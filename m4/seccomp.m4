dnl SM_LIB_SECCOMP: libseccomp, for the filter of system calls
dnl (Debian: libseccomp-dev). Sanitizers make calls of their own, so that
dnl their builds go without.
AC_DEFUN([SM_LIB_SECCOMP], [
	AS_CASE(["$CFLAGS"], [*-fsanitize=*], [
		AC_DEFINE([MISSING_SECCOMP],
		    ["sanitizers need more system calls"],
		    [Why there is no seccomp filter, if so.])
		SECCOMP_CFLAGS=
		SECCOMP_LIBS=
		AC_SUBST([SECCOMP_CFLAGS])
		AC_SUBST([SECCOMP_LIBS])
	], [
		SM_OPTIONAL([seccomp], [SECCOMP],
		    [a filter of system calls], [
			PKG_CHECK_MODULES([SECCOMP], [libseccomp >= 2.4],
			    [sm_have=yes], [sm_have=no])
		])
	])
])
