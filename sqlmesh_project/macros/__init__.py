"""Macros of the models; whatever differs between engines stands here and in config.py."""
