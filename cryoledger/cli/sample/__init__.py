"""The sample clinic of `cryoledger demo`: its people, its stock, and one dose's story from donor to patient."""
