# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# What `grimoire --version` calls its commit: the repository itself is not part of the build.
ARG GRIMOIRE_COMMIT
# With the toolchain that the image has: the file rust-toolchain.toml also asks for tools that no build needs.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    RUSTUP_TOOLCHAIN=$RUST_VERSION cargo build --profile dist --locked --package grimoire && cp target/dist/grimoire /grimoire

# Holds the C library and the certificates, and neither a shell nor a package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /grimoire /usr/local/bin/grimoire
COPY --chown=nonroot:nonroot --from=build /source/docker/data /data
# Compiled plugins: kept beside the data, never in it.
COPY --chown=nonroot:nonroot --from=build /source/docker/data /cache
VOLUME /data /cache
ENV API_HOST=0.0.0.0 GRIMOIRE_STORAGE_FOLDER=/data XDG_CACHE_HOME=/cache APP_ENV=production
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/usr/local/bin/grimoire", "health"]
ENTRYPOINT ["/usr/local/bin/grimoire"]
CMD ["serve"]
