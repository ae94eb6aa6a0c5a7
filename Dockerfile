# syntax=docker/dockerfile:1

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
COPY --from=build /out/egresslint /usr/local/bin/egresslint
# Mount the repository here, read-only is enough:
#   docker run --rm -v "$PWD:/work:ro" IMAGE
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/egresslint"]
