dnl SM_LIB_PTHREAD: POSIX threads.
AC_DEFUN([SM_LIB_PTHREAD], [
	AC_SEARCH_LIBS([pthread_create], [pthread], [],
	    [AC_MSG_ERROR([POSIX threads are needed])])
])
