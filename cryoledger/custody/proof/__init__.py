"""The vault seen from outside: verification where it lies, signed checkpoints, witnesses."""
