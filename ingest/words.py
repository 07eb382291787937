"""The words of `/readyz`, one line a trouble; docs/operating.md says what each asks for.

What stands in braces differs from time to time.
"""

NOT_CONNECTED = "the broker is not connected"
RETRY = "retry: {error}"
HOLD = "hold: {error}"
WAITING = "the oldest message has been waiting for {seconds:.0f} s"
DROPPED = "the broker dropped {count} messages {seconds:.0f} s ago, which can have been for this ingester"
STOPPED = "this process was stopped for {seconds:.0f} s; the broker has not answered since"
SILENT_WORKER = "worker {name} has not reported for {seconds:.0f} s"

READYZ = (NOT_CONNECTED, RETRY, HOLD, WAITING, DROPPED, STOPPED, SILENT_WORKER)
