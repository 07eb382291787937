"""Commands at a gateway: it decides, remembers on disk and answers; what came of them is what models are given."""
