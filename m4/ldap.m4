dnl SM_LIB_LDAP: OpenLDAP's client, for tables of type ldap
dnl (Debian: libldap-dev).
AC_DEFUN([SM_LIB_LDAP], [
	SM_OPTIONAL([ldap], [LDAP], [ldap tables], [
		PKG_CHECK_MODULES([LDAP], [ldap lber], [sm_have=yes], [sm_have=no])
	])
])
