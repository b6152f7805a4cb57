# Every container of the stack, one target each:
#
#   docker build --target transform|cache|ingestion|superset .
#   docker build --target connector --build-arg CONNECTOR=web_shop .     a folder of connections/sources/
#
# A target's environment is built from the committed lock in a stage of its own, so uv and whatever built a package
# stay behind; the image is Python, that environment, and the folders the deployable may import (.importlinter).
# Layers go from what changes seldom to what changes daily.

# Debian 12 without a compiler; the digest is of all platforms, as the Docker Official Images list it for 3.11.16
# (github.com/docker-library/repo-info, September 2026). To move: tag and digest together.
ARG BASE=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# checkov:skip=CKV_DOCKER_7:the tag, and the digest, stand in ARG BASE
FROM ${BASE} AS uv
# Bytecode is compiled here: a container cannot write it, and without it every cold start pays seconds.
ENV UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_COMPILE_BYTECODE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_NO_CACHE=1
WORKDIR /build
COPY bin/uv bin/uv.txt bin/
RUN bin/uv --version

FROM uv AS locked
COPY pyproject.toml uv.lock ./

# What every image starts from. Nobody there can write, but for /tmp (memory on Cloud Run), nor install: pip leaves.
FROM ${BASE} AS runtime
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin biaac \
 && rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip* \
 && mkdir /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
WORKDIR /app
USER 10001:10001
# Cloud Run does not read it: start-up and liveness probes are in terraform/.
HEALTHCHECK NONE


FROM locked AS transform-files
RUN bin/uv sync --frozen --no-default-groups --group transform
COPY biaac /app/biaac
COPY connections/*.yaml /app/connections/
COPY transform /app/transform
COPY company.yaml /app/
COPY sqlmesh_project /app/sqlmesh_project
# unchecked: nothing in an image changes, so nobody compares source and bytecode at every import
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app

FROM runtime AS transform
ENV SQLMESH_CACHE_DIR=/tmp/sqlmesh
COPY --from=transform-files /opt/venv /opt/venv
COPY --from=transform-files /app /app
ENTRYPOINT ["python", "-m", "transform.job"]


FROM locked AS cache-files
RUN bin/uv sync --frozen --no-default-groups --group cache
COPY biaac /app/biaac
COPY cache_service /app/cache_service
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app

FROM runtime AS cache
ENV CACHE_HOST=0.0.0.0 \
    CACHE_DIRECTORY=/tmp/cache
COPY --from=cache-files /opt/venv /opt/venv
COPY --from=cache-files /app /app
EXPOSE 8080
ENTRYPOINT ["python", "-m", "cache_service", "--port", "8080"]


# The Airbyte API in front of the sync jobs, and what those jobs run.
FROM locked AS ingestion-files
RUN bin/uv sync --frozen --no-default-groups --group ingestion
COPY biaac /app/biaac
COPY ingestion /app/ingestion
COPY connections/*.yaml /app/connections/
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app

FROM runtime AS ingestion
COPY --from=ingestion-files /opt/venv /opt/venv
COPY --from=ingestion-files /app /app
EXPOSE 8080
ENTRYPOINT ["gunicorn", "--bind", "0.0.0.0:8080", "--threads", "8", "ingestion.api:app"]


# A connector runs in an environment of its own: its pins are nobody else's.
FROM uv AS connector-files
ARG CONNECTOR
COPY connections/sources/${CONNECTOR} connections/sources/${CONNECTOR}
# sources/web_shop is the program source-web-shop (biaac/connections.py: Source.program)
# hadolint ignore=DL4006
RUN UV_PROJECT_ENVIRONMENT=/opt/connectors/source-$(echo ${CONNECTOR} | tr _ -) \
    bin/uv sync --frozen --no-editable --project connections/sources/${CONNECTOR}

FROM runtime AS connector
ENV CONNECTORS_DIR=/opt/connectors
COPY --from=ingestion-files /opt/venv /opt/venv
COPY --from=connector-files /opt/connectors /opt/connectors
COPY --from=ingestion-files /app /app
ENTRYPOINT ["python", "-m", "ingestion.sync"]


# Superset finds our engine by an entry point, so superset/ is a package, installed in place: /app/superset.
FROM uv AS superset-files
WORKDIR /app
COPY superset/pyproject.toml superset/uv.lock superset/
COPY superset/plugin superset/plugin
COPY superset/charts superset/charts
COPY superset/compiler superset/compiler
COPY superset/reconciler superset/reconciler
RUN /build/bin/uv sync --frozen --project superset
# 68 MB that no process of ours reads: example data, sources of translations, a browser's driver for other systems.
RUN find /opt/venv/lib/python3.11/site-packages/superset/examples -name '*.parquet' -delete \
 && find /opt/venv/lib/python3.11/site-packages/superset/translations -name '*.po' -delete \
 && find /opt/venv/lib/python3.11/site-packages/selenium/webdriver/common/macos -delete \
 && find /opt/venv/lib/python3.11/site-packages/selenium/webdriver/common/windows -delete
COPY superset superset
COPY biaac biaac
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app

FROM runtime AS superset
ENV SUPERSET_STATE_DIR=/tmp/superset
COPY --from=superset-files /opt/venv /opt/venv
COPY --from=superset-files /app /app
EXPOSE 8080
ENTRYPOINT ["gunicorn", "-c", "superset/gunicorn_conf.py", "--bind", "0.0.0.0:8080", "superset.app:create_app()"]
