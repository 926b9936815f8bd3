# docker build --target gateway -t celmood-gateway .
# docker build --target trainer -t celmood-trainer .

FROM python:3.11-slim-bookworm AS base
ENV ORT_DISABLE_TELEMETRY=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1
RUN useradd --create-home --uid 10001 celmood
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./


FROM base AS trainer
# skia links against these three; it draws without a display.
RUN apt-get update \
    && apt-get install --no-install-recommends --yes libegl1 libexpat1 libgl1 \
    && rm -rf /var/lib/apt/lists/*
RUN pip install -c constraints.txt ".[export]"
COPY contract contract
COPY engines engines
COPY faces faces
COPY trainer trainer
COPY export export
USER celmood
ENTRYPOINT ["python", "-m", "trainer"]


# No torch. Last, so that it is what a build without --target makes.
FROM base AS gateway
RUN pip install -c constraints.txt ".[serve,triton]"
COPY contract contract
COPY engines engines
COPY faces faces
COPY serving serving
COPY model_repository model_repository
USER celmood
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "serving", "--host", "0.0.0.0"]
