"""Dashboards as code: from short files to Superset's objects, without Superset.

    files.py     dashboards/*.yaml and datasets/*.yaml    filters.py  the filters of a dashboard
    catalog.py   the tables and metrics they speak of     checks.py   whether what they name is there
    compile.py   files + catalog -> bundle                bundle.py   all that Superset shall hold, without ids
    layout.py    a dashboard in Superset's JSON           queries.py  the queries a browser will send
    trust.py     the chart about the data behind a page

Chart kinds are in ``charts/``; ``reconciler/`` makes Superset equal to a bundle.
"""
