dnl SM_LIB_SQLITE: SQLite, for the store of audit records and for tables of
dnl type sqlite (Debian: libsqlite3-dev).
AC_DEFUN([SM_LIB_SQLITE], [
	PKG_CHECK_MODULES([SQLITE], [sqlite3 >= 3.24], [],
	    [AC_MSG_ERROR([SQLite 3.24 or later not found: install libsqlite3-dev])])
])
