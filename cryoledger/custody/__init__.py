"""The one write path, and what a station keeps: keys, secrets, the remembered head, the clock."""
