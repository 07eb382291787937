"""The long form of the proof that nothing is lost; its short forms are in tests/end_to_end.

python -m bench.soak kills --kills 30 --rate 1000 [--store duckdb]
python -m bench.soak away --away 10m --rate 2000 [--store duckdb]
python -m bench.soak ends --rounds 20 [--store duckdb]
python -m bench.soak poison
python -m bench.soak fuzz --payloads 1000000 [--store duckdb]
python -m bench.soak hostile
python -m bench.soak ready --times 3
python -m bench.soak commands --commands 10000 --rate 100 --kills 20
scripts/test-cluster --faults 20 --rate 1800
"""
