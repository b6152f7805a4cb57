"""The whole real data set on more than one gateway: minutes, so not in ``make test``."""
