"""What the end-to-end tests share: the lab, raw SMTP, messages, clients."""
