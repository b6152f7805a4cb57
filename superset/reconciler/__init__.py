"""Superset made equal to a bundle (``compiler/``), in Superset's own environment.

reconcile.py  what both jobs do: compile, write, warm     store.py  writes to Superset's database what differs
warm.py       answers every query of a bundle once           remembered.py  the files that a release was checked with
candidate.py  whether the files fit a release that readers do not see yet; without Superset
"""
