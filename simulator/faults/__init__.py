"""What goes wrong with sensors, on purpose and with the truth beside it: faults wrap clean readings.

A fault is a pure function of (seed, rule, device, week of its onset), so that any window, process and order finds the
same ones; the clean twin is the same selection without. `schedule` says which there are, `classes` what each does to a
column of values, `faulty` puts both into readings, and `labels` says what is true.
"""
