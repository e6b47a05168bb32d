dnl SM_LIB_DB: Berkeley DB, for tables of types hash and btree (Debian:
dnl libdb-dev). It has no pkg-config file.
AC_DEFUN([SM_LIB_DB], [
	SM_OPTIONAL([db], [DB], [hash and btree tables (Berkeley DB)], [
		sm_save_LIBS=$LIBS
		LIBS="-ldb $LIBS"
		AC_MSG_CHECKING([for Berkeley DB 5 or later])
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <db.h>
#if DB_VERSION_MAJOR < 5
#error "too old"
#endif
]], [[DB *db; return db_create(&db, 0, 0);]])],
		    [sm_have=yes], [sm_have=no])
		AC_MSG_RESULT([$sm_have])
		LIBS=$sm_save_LIBS
		AS_IF([test "$sm_have" = yes], [DB_LIBS=-ldb])
	])
	AC_SUBST([DB_LIBS])
])
