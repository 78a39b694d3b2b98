# Targets: cpu (default; rules and models on onnxruntime) and gpu (also PyTorch with CUDA, for GLiNER).
#
#   docker build --target cpu -t scrubber:cpu .
#   docker build --target gpu -t scrubber:gpu .
#
# No weights are in an image but our own small model's: mount a folder of others (docs/OPERATIONS.md). Another base:
# --build-arg BASE=...; a Debian with Python 3.11 to 3.13 as python3, its headers, and venv.
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${BASE} AS build
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/scrubber \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=1
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --no-cache-dir uv==${UV_VERSION} \
    && /opt/uv/bin/uv venv /opt/scrubber
ENV PATH=/opt/uv/bin:${PATH}
WORKDIR /src

# What is locked, and a list of it (CycloneDX; the Python packages, the base brings its own).
FROM build AS dependencies-cpu
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-default-groups --no-install-project --extra console --extra tracing \
    && uv export --locked --no-default-groups --no-emit-project --extra console --extra tracing \
       --format cyclonedx1.5 --output-file /opt/scrubber/sbom.cdx.json > /dev/null

FROM build AS dependencies-gpu
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-default-groups --no-install-project --extra console --extra tracing --extra gliner \
    && uv export --locked --no-default-groups --no-emit-project --extra console --extra tracing --extra gliner \
       --format cyclonedx1.5 --output-file /opt/scrubber/sbom.cdx.json > /dev/null

# Our own code apart from them: a new version of it is one small layer. A few steps of it are compiled.
FROM build AS package
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY scrubber scrubber
RUN uv build --wheel --out-dir /wheel \
    && uv pip install --python /opt/scrubber/bin/python --no-deps --target /opt/app /wheel/*.whl

FROM ${BASE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="scrubber" \
      org.opencontainers.image.description="Keeps personal data and secrets out of log pipelines, exactly once, fail closed." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 scrubber \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin scrubber
ENV HOME=/tmp \
    PATH=/opt/app/bin:/opt/scrubber/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/opt/app \
    PYTHONUNBUFFERED=1
USER 10001:10001
STOPSIGNAL SIGTERM
# Alive means: the worker's loops turn. It wants `http: {enabled: true}`; where the file names another port than 9464,
# SCRUBBER_HEALTH_PORT tells this check.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/healthz' % os.environ.get('SCRUBBER_HEALTH_PORT', '9464'), timeout=4)"]
ENTRYPOINT ["scrubber"]
CMD ["run", "--config", "/etc/scrubber/scrubber.yaml"]

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=dependencies-gpu /opt/scrubber /opt/scrubber
COPY --from=package /opt/app /opt/app

FROM runtime AS cpu
COPY --from=dependencies-cpu /opt/scrubber /opt/scrubber
COPY --from=package /opt/app /opt/app
