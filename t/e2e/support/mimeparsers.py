"""What two MIME parsers that know nothing of each other find in a message.

Each gives the decoded content of every part without parts, in order. Line
ends at the end do not count: mail servers end the last line.
"""

import email

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402

GMime.init()


def by_email(octets):
    """Python's own."""
    parts = email.message_from_bytes(octets).walk()
    return [
        p.get_payload(decode=True).rstrip(b"\r\n") for p in parts if not p.is_multipart()
    ]


def by_gmime(octets):
    """GMime, of which mail programs are made."""
    stream = GMime.StreamMem.new_with_buffer(octets)
    message = GMime.Parser.new_with_stream(stream).construct_message(None)
    found = []
    parts = GMime.PartIter.new(message)
    while parts.is_valid():
        part = parts.get_current()
        if isinstance(part, GMime.Part):
            content = GMime.StreamMem.new()
            if part.get_content() is not None:
                part.get_content().write_to_stream(content)
            kind = part.get_content_type().get_mime_type() if part.get_content_type() else None
            found.append((kind, bytes(content.get_byte_array() or b"").rstrip(b"\r\n")))
        if not parts.next():
            break
    return found
