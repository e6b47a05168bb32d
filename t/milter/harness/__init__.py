"""What the milter tests share: an MTA's end of the protocol, and a daemon."""
