dnl SM_LIB_CONFIG: libconfig, which reads the configuration (Debian: libconfig-dev).
AC_DEFUN([SM_LIB_CONFIG], [
	PKG_CHECK_MODULES([LIBCONFIG], [libconfig >= 1.5], [],
	    [AC_MSG_ERROR([libconfig 1.5 or later not found: install libconfig-dev])])
])
