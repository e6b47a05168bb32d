"""What every server has in it."""

PASSWORD = "s3cret'\"\\ word"

# Address, then the identities that may use it.
ROWS = {
    "alice@example.org": ["alice@example.org"],
    "sales@example.org": ["alice@example.org", "bob@example.org"],
    "m\u00fcller@example.org": ["bob@example.org"],
    "o'hara@example.org": ["bob@example.org"],
    "star*@example.org": ["bob@example.org"],
    "@example.net": ["dave@example.net"],
    "@.sub.example.net": ["dave@example.net"],
    "back\\slash@example.org": ["bob@example.org"],
    "(paren)@example.org": ["bob@example.org"],
    "100%@example.org": ["bob@example.org"],
}

# Her row is a certificate, made for each run.
CAROL = "carol@example.com"

# More than an answer may have.
LONG = "long@example.org"
LONG_VALUE = "x" * 1000
LONG_COUNT = 100
