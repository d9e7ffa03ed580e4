"""Copies of the vault, the way back, and the epoch that opens over what was lost."""
