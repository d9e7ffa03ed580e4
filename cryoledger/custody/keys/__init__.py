"""Private keys and secrets at this station: unlocked by PIN, held by one process, kept in files of 0600."""
