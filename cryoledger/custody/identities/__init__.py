"""Who is behind a code, and narratives: encrypted per subject, outside the ledger."""
