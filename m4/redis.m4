dnl SM_LIB_REDIS: the client of Redis, for tables of type redis
dnl (Debian: libhiredis-dev).
AC_DEFUN([SM_LIB_REDIS], [
	SM_OPTIONAL([redis], [REDIS], [redis tables], [
		PKG_CHECK_MODULES([REDIS], [hiredis >= 0.14], [sm_have=yes], [sm_have=no])
	])
])
