"""Dashboards as code: from short files to Superset's own objects.

    files.py    what a person writes              checks.py   is it true of this release
    charts.py   a chart's parameters in Superset  queries.py  the queries a browser will send for it
    compile.py  files + release -> bundle         layout.py   where things stand, and the filters
    store.py    Superset made equal to a bundle   warm.py     every query of a bundle answered once

Only ``store`` and ``warm`` need Superset; the rest also runs in the command line's environment.
"""
