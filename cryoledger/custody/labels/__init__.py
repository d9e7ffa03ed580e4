"""What stands on a label, the codes that a site's vials carry, and the record of what was printed."""
