# docker build -t audio-search .
# docker run -p 45678:45678 -v "$PWD/sounds:/sounds:ro" -v audio-search:/workspace audio-search
FROM python:3.13-slim

WORKDIR /app
COPY requirements-milvus.txt ./
RUN pip install --no-cache-dir --requirement requirements-milvus.txt

COPY app.py flow.yml flow-cluster.yml flow-milvus.yml pyproject.toml README.md LICENSE ./
COPY audio_search audio_search
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
COPY executors executors
COPY models models
COPY scripts/download_model.py scripts/download_model.sh scripts/verify_model.py scripts/
COPY toy-data toy-data

# Inside a container the network is the container's own; who reaches it is decided by `docker run`.
ENV AUDIO_SEARCH_HOST=0.0.0.0 \
    AUDIO_SEARCH_WORKSPACE=/workspace \
    AUDIO_SEARCH_ROOTS=/sounds:/app
RUN useradd --system --create-home sounds && mkdir /workspace /sounds && chown sounds /workspace
USER sounds
VOLUME /workspace
EXPOSE 45678
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:45678/health/ready')"
CMD ["python", "app.py", "serve"]
