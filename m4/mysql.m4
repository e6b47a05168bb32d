dnl SM_LIB_MYSQL: the client of MariaDB and MySQL, for tables of type mysql
dnl (Debian: libmariadb-dev).
AC_DEFUN([SM_LIB_MYSQL], [
	SM_OPTIONAL([mysql], [MYSQL], [mysql tables], [
		PKG_CHECK_MODULES([MYSQL], [libmariadb >= 3.1], [sm_have=yes], [sm_have=no])
	])
])
