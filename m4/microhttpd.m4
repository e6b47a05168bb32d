dnl SM_LIB_MICROHTTPD: libmicrohttpd, for metrics by HTTP
dnl (Debian: libmicrohttpd-dev).
AC_DEFUN([SM_LIB_MICROHTTPD], [
	SM_OPTIONAL([microhttpd], [MICROHTTPD], [metrics by HTTP], [
		PKG_CHECK_MODULES([MICROHTTPD], [libmicrohttpd >= 0.9.71],
		    [sm_have=yes], [sm_have=no])
	])
])
