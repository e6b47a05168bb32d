dnl SM_LIB_PGSQL: the client of PostgreSQL, for tables of type pgsql
dnl (Debian: libpq-dev).
AC_DEFUN([SM_LIB_PGSQL], [
	SM_OPTIONAL([pgsql], [PGSQL], [pgsql tables], [
		PKG_CHECK_MODULES([PGSQL], [libpq >= 11], [sm_have=yes], [sm_have=no])
	])
])
