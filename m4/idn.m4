dnl SM_LIB_IDN: libidn2 (IDNA2008) and libunistring (NFC, case folding);
dnl Debian: libidn2-dev, libunistring-dev. The latter has no pkg-config file.
AC_DEFUN([SM_LIB_IDN], [
	PKG_CHECK_MODULES([IDN2], [libidn2 >= 2.0], [],
	    [AC_MSG_ERROR([libidn2 2.0 or later not found: install libidn2-dev])])
	AC_CHECK_HEADER([uninorm.h], [],
	    [AC_MSG_ERROR([uninorm.h not found: install libunistring-dev])])
	AC_SUBST([UNISTRING_LIBS], [-lunistring])
])
