dnl SM_LIB_UNBOUND: questions to the DNS, for submitctl dkim
dnl (Debian: libunbound-dev). Not by pkg-config: Debian's file wants to know
dnl of libraries that only a static libunbound needs.
AC_DEFUN([SM_LIB_UNBOUND], [
	SM_OPTIONAL([unbound], [UNBOUND], [questions to the DNS], [
		AC_CHECK_HEADER([unbound.h],
		    [AC_CHECK_LIB([unbound], [ub_resolve_async],
		        [sm_have=yes
		        UNBOUND_LIBS=-lunbound])])
	])
	AC_SUBST([UNBOUND_LIBS])
])
