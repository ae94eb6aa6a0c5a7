# syntax=docker/dockerfile:1

# Builds egresslint from this source. Images of releases hold the program of the
# archives instead: .github/release/Dockerfile.

# The build runs on the builder's own platform and cross-compiles: Go needs no
# emulator for that.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags='-s -w' -o /out/egresslint ./cmd/egresslint

FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="egresslint" \
      org.opencontainers.image.description="Find the line that stops a pod's packet, for Alibaba Cloud ACK" \
      org.opencontainers.image.source="https://github.com/egresslint/egresslint" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/egresslint /usr/local/bin/egresslint
# The number, because a cluster that refuses root cannot tell who a name is.
USER 65532:65532
# Mount the repository here, read-only is enough:
#   docker run --rm -v "$PWD:/work:ro" IMAGE
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/egresslint"]
