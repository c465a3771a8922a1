# Stillhere as a container: small, not root, and content with a read-only file system.
# Two volumes: /data holds the database, /keys the master key. Keep their backups apart.

FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/stillhere
ENV PATH=/opt/stillhere/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY dialogs dialogs
COPY migrations migrations
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin stillhere \
 && install -d -m 700 -o stillhere -g stillhere /data /keys
COPY --from=build /opt/stillhere /opt/stillhere
ENV PATH=/opt/stillhere/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STILLHERE_DATABASE_URL=sqlite+aiosqlite:////data/stillhere.db \
    STILLHERE_KEY_FILE=/keys/stillhere.key \
    STILLHERE_CACHE=/data/cache
USER stillhere
WORKDIR /data
VOLUME ["/data", "/keys"]
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 CMD ["stillhere", "health"]
ENTRYPOINT ["stillhere"]
CMD ["run"]
