dnl SM_LIB_CRYPTO: OpenSSL's libcrypto, which holds the private keys
dnl (Debian: libssl-dev).
AC_DEFUN([SM_LIB_CRYPTO], [
	PKG_CHECK_MODULES([CRYPTO], [libcrypto >= 3.0], [],
	    [AC_MSG_ERROR([libcrypto 3.0 or later not found: install libssl-dev])])
])
