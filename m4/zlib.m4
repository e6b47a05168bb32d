dnl SM_LIB_ZLIB: zlib, for records in the store and rotated files
dnl (Debian: zlib1g-dev).
AC_DEFUN([SM_LIB_ZLIB], [
	PKG_CHECK_MODULES([ZLIB], [zlib >= 1.2.3], [],
	    [AC_MSG_ERROR([zlib not found: install zlib1g-dev])])
])
