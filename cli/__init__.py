"""The ``biaac`` command, one file per noun. It asks rooms through their protocols and objects; nobody imports it."""
