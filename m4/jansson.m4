dnl SM_LIB_JANSSON: jansson, which writes audit records (Debian: libjansson-dev).
AC_DEFUN([SM_LIB_JANSSON], [
	PKG_CHECK_MODULES([JANSSON], [jansson >= 2.10], [],
	    [AC_MSG_ERROR([jansson 2.10 or later not found: install libjansson-dev])])
])
