dnl SM_HARDENING: flags that make a fault of ours harder to abuse, each only
dnl where the compiler has it. Sanitizer builds switch it off with
dnl --disable-hardening (_FORTIFY_SOURCE hides overflows from them).
AC_DEFUN([SM_TRY_CFLAG], [
	AS_VAR_PUSHDEF([sm_var], [sm_cv_flag_$1])
	AC_CACHE_CHECK([whether $CC takes $1], [sm_var], [
		sm_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror $1"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		    [AS_VAR_SET([sm_var], [yes])], [AS_VAR_SET([sm_var], [no])])
		CFLAGS=$sm_save_cflags])
	AS_VAR_IF([sm_var], [yes], [SM_HARDENING_CFLAGS="$SM_HARDENING_CFLAGS $1"])
	AS_VAR_POPDEF([sm_var])
])
AC_DEFUN([SM_HARDENING], [
	AC_ARG_ENABLE([hardening], [AS_HELP_STRING([--disable-hardening],
	    [do not add stack protector, fortify and PIE flags])],
	    [], [enable_hardening=yes])
	SM_HARDENING_CFLAGS=
	AS_IF([test "$enable_hardening" = yes], [
		SM_TRY_CFLAG([-fstack-protector-strong])
		SM_TRY_CFLAG([-fstack-clash-protection])
		SM_TRY_CFLAG([-fcf-protection])
		AS_CASE([" $CFLAGS $CPPFLAGS "],
		    [*" -O0 "*|*_FORTIFY_SOURCE*], [],
		    [SM_TRY_CFLAG([-D_FORTIFY_SOURCE=2])])
	])
	AC_SUBST([SM_HARDENING_CFLAGS])
])
