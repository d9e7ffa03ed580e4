"""The commands, grouped as the manual groups them; each module declares its own."""
