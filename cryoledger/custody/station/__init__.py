"""What a station keeps for itself: its folder, the head it remembers, its printers; and how a further one joins."""
