"""Folders that a newcomer might add, put into a copy of the project by tests/end_to_end/test_new_store_and_codec.py."""
