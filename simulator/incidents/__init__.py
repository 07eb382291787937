"""Named incidents for operators to find: a few devices of their own, in which something goes wrong at a drawn moment.

`scenes` says which there are, `cast` who is hit and when, `tricks` what delivery does to readings, `staged` puts it all
into readings, `answer` tells the truth, and `replay` publishes.
"""
