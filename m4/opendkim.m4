dnl SM_LIB_OPENDKIM: opendkim, which signs messages (Debian: libopendkim-dev).
AC_DEFUN([SM_LIB_OPENDKIM], [
	PKG_CHECK_MODULES([OPENDKIM], [opendkim >= 2.10], [],
	    [AC_MSG_ERROR([opendkim 2.10 or later not found: install libopendkim-dev])])
])
