"""What goes wrong on the way from a device to the broker, on purpose and with the truth beside it.

A delivery fault befalls all of a device, never two at once, as purely as a sensor's fault: by (seed, rule, device or
site, week of its onset), and by device and time which readings it befalls while it lasts. `rules` says what can be
asked for, `classes` what each does, `schedule` when, `fates` what becomes of readings, `outbox` when they are
delivered, `sending` in which bytes, `delivered` what is stored of them, `ledger` what a receiver must have counted.
"""
