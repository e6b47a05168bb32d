dnl SM_LIB_MILTER: Sendmail's libmilter (Debian: libmilter-dev). It comes
dnl without a pkg-config file. smfi_setsymlist needs version 8.14 or later.
AC_DEFUN([SM_LIB_MILTER], [
	sm_save_libs=$LIBS
	LIBS="-lmilter $LIBS"
	AC_CHECK_HEADER([libmilter/mfapi.h], [],
	    [AC_MSG_ERROR([libmilter/mfapi.h not found: install libmilter-dev])])
	AC_MSG_CHECKING([for smfi_setsymlist in libmilter])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <libmilter/mfapi.h>]],
	    [[return smfi_setsymlist((SMFICTX *)0, 0, (char *)0);]])],
	    [AC_MSG_RESULT([yes])],
	    [AC_MSG_RESULT([no])
	     AC_MSG_ERROR([libmilter 8.14 or later is needed])])
	LIBS=$sm_save_libs
	AC_SUBST([MILTER_LIBS], [-lmilter])
])
