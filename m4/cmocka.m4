dnl SM_LIB_CMOCKA: the unit test library (Debian: libcmocka-dev). Only
dnl "make check" needs it; without it "make check" says so and fails.
AC_DEFUN([SM_LIB_CMOCKA], [
	PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1], [sm_have_cmocka=yes],
	    [sm_have_cmocka=no])
	AM_CONDITIONAL([HAVE_CMOCKA], [test "$sm_have_cmocka" = yes])
])
