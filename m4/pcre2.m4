dnl SM_LIB_PCRE2: PCRE2, for tables of type pcre
dnl (Debian: libpcre2-dev).
AC_DEFUN([SM_LIB_PCRE2], [
	SM_OPTIONAL([pcre2], [PCRE2], [pcre tables], [
		PKG_CHECK_MODULES([PCRE2], [libpcre2-8 >= 10.30], [sm_have=yes], [sm_have=no])
	])
])
