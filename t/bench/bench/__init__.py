"""Measures submit-milter against OpenDKIM; see ../README."""
