dnl SM_LIB_CDB: TinyCDB, for tables of type cdb
dnl (Debian: libcdb-dev).
AC_DEFUN([SM_LIB_CDB], [
	SM_OPTIONAL([cdb], [CDB], [cdb tables], [
		PKG_CHECK_MODULES([CDB], [libcdb >= 0.78], [sm_have=yes], [sm_have=no])
	])
])
