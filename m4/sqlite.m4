dnl SM_LIB_SQLITE: SQLite, for tables of type sqlite
dnl (Debian: libsqlite3-dev).
AC_DEFUN([SM_LIB_SQLITE], [
	SM_OPTIONAL([sqlite], [SQLITE], [sqlite tables], [
		PKG_CHECK_MODULES([SQLITE], [sqlite3 >= 3.15], [sm_have=yes], [sm_have=no])
	])
])
