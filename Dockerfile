# docker build --target gateway -t celmood-gateway .
# docker build --target trainer -t celmood-trainer .
# docker build --target triton -t celmood-triton .

ARG PYTHON=3.11.14-slim-bookworm
ARG TRITON=24.10-py3


FROM python:${PYTHON} AS base
ENV ORT_DISABLE_TELEMETRY=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1
RUN useradd --create-home --uid 10001 --user-group celmood
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./


FROM base AS trainer
# skia links against these three; it draws without a display.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes libegl1 libexpat1 libgl1 \
    && rm -rf /var/lib/apt/lists/*
RUN pip install -c constraints.txt ".[export]"
COPY contract contract
COPY engines engines
COPY faces faces
COPY trainer trainer
COPY export export
USER 10001:10001
# Nothing listens here; a trainer that is stuck is seen in its log.
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "trainer"]


# The models are in the image, so that a tag is a state of the whole.
FROM nvcr.io/nvidia/tritonserver:${TRITON} AS triton
COPY --chown=1000:1000 model_repository /models
# Engines of TensorRT: a volume that is mounted here belongs to the user who writes into it.
RUN install --directory --owner=1000 --group=1000 /tmp/celmood-tensorrt
USER 1000:1000
EXPOSE 8000 8001 8002
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s CMD \
    ["curl", "--fail", "--silent", "--max-time", "2", "http://127.0.0.1:8000/v2/health/ready"]
# The server itself is the process, so that signals reach it; the gateway tells of broken models.
ENTRYPOINT ["tritonserver", "--model-repository=/models", "--exit-on-error=false"]
CMD ["--cache-config=local,size=268435456", "--exit-timeout-secs=30"]


# No torch. Last, so that it is what a build without --target makes.
FROM base AS gateway
RUN pip install -c constraints.txt ".[serve,triton,otel,redis,postgres]"
COPY contract contract
COPY engines engines
COPY faces faces
COPY serving serving
COPY model_repository model_repository
# Its user may not write here, so that it would be compiled at each start.
RUN python -m compileall -q contract engines faces serving
ENV CELMOOD_LOG=json \
    CELMOOD_ACCESS_LOG=true
# A volume that is mounted here belongs to the user who writes into it.
RUN install --directory --owner=10001 --group=10001 /var/lib/celmood
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "serving", "--host", "0.0.0.0"]
