dnl SM_LIB_LMDB: LMDB, for tables of type lmdb
dnl (Debian: liblmdb-dev).
AC_DEFUN([SM_LIB_LMDB], [
	SM_OPTIONAL([lmdb], [LMDB], [lmdb tables], [
		PKG_CHECK_MODULES([LMDB], [lmdb >= 0.9.20], [sm_have=yes], [sm_have=no])
	])
])
