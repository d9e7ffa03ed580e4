"""The desks: what each workspace of the station shows, read from one snapshot of the vault.

One module reads each desk's view: frozen data, bounded however large the vault is, and no rule of custody. Why a vial
may not be used is asked of the rulebook, in the words of its refusal. The modules import no Textual.
"""
