"""The lab: a whole mail system on loopback, for one command. See ../README."""
