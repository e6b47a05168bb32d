dnl SM_C11: the compiler must speak C11 with atomics.
AC_DEFUN([SM_C11], [
	AC_CACHE_CHECK([whether $CC speaks C11 with atomics], [sm_cv_c11], [
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <stdatomic.h>
#if __STDC_VERSION__ < 201112L
#error older than C11
#endif
]], [[atomic_size_t n; atomic_init(&n, 0); return (int)atomic_load(&n);]])],
		    [sm_cv_c11=yes], [sm_cv_c11=no])])
	AS_IF([test "$sm_cv_c11" != yes],
	    [AC_MSG_ERROR([a C11 compiler with <stdatomic.h> is needed])])
])
