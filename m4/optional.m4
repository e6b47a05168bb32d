dnl SM_OPTIONAL(NAME, VARIABLE, WHAT, CHECK): a library that brings WHAT.
dnl --with-NAME wants it, --without-NAME does not, else it is used if it is
dnl there. CHECK sets sm_have to yes. HAVE_VARIABLE is 1, or else
dnl MISSING_VARIABLE tells why not.
AC_DEFUN([SM_OPTIONAL], [
	AC_ARG_WITH([$1],
	    [AS_HELP_STRING([--without-$1], [build without $3])],
	    [], [with_$1=auto])
	sm_have=no
	AS_IF([test "$with_$1" = no], [sm_missing="it was configured --without-$1"],
	    [sm_missing="configure found no $1"
	    $4])
	AS_IF([test "$sm_have" = yes],
	    [AC_DEFINE([HAVE_$2], [1], [Define to 1 for $3.])],
	    [test "$with_$1" = yes],
	    [AC_MSG_ERROR([$1 not found, which --with-$1 wants])])
	AC_DEFINE_UNQUOTED([MISSING_$2], ["$sm_missing"],
	    [Why there is no $1, if so.])
])
