dnl SM_LIB_PSL: libpsl, which knows the top-level domains
dnl (Debian: libpsl-dev; the package publicsuffix keeps its list fresh).
AC_DEFUN([SM_LIB_PSL], [
	PKG_CHECK_MODULES([PSL], [libpsl >= 0.20], [],
	    [AC_MSG_ERROR([libpsl 0.20 or later not found: install libpsl-dev])])
])
