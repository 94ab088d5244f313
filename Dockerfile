# Builds the server from source and runs it as an unprivileged user. The build takes about a quarter of an hour on two cores.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package shale-server && strip target/release/shale

FROM debian:bookworm-slim
RUN groupadd --system --gid 5432 shale \
    && useradd --system --uid 5432 --gid shale --home-dir /var/lib/shale --create-home shale
COPY --from=build /source/target/release/shale /usr/local/bin/shale
USER shale
VOLUME /var/lib/shale
EXPOSE 5432 8000
ENV SHALE_DATA_DIR=/var/lib/shale/data \
    SHALE_PG_LISTEN=0.0.0.0:5432 \
    SHALE_DYNAMODB_LISTEN=0.0.0.0:8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000 && printf "GET /health HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3 | grep -q " 200 "'
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/shale"]
CMD ["serve"]
