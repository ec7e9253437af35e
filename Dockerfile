# The daemon in an image that holds nothing else: no shell, no package, no user but its own.
#
#   docker build -t vouchsafed .
#   docker run --rm -p 8080:8080 --read-only --cap-drop ALL --env-file vouchsafe.env \
#     -v /etc/vouchsafe/master.key:/run/secrets/master.key:ro -e VOUCHSAFE_MASTER_KEY_FILE=/run/secrets/master.key vouchsafed
#
# It needs PostgreSQL and Redis elsewhere: the embedded stores are not in it. Commands are run the same
# way: docker run … vouchsafed migrate, … vouchsafed check.
#
# Health: there is no HEALTHCHECK, since nothing in the image could ask. Let whatever runs the container
# ask GET /healthz (alive: start it anew if not) and GET /readyz (send it requests only when 200), and
# give it 40 seconds to drain after SIGTERM.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY cmd cmd
COPY config config
COPY gateway gateway
COPY retail retail
COPY webshop webshop
# Static and without paths of this machine. The tag leaves out an encoding that gin brings and nobody uses.
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "-s -w" -o /out/vouchsafed ./cmd/vouchsafed

FROM scratch
# Authorities for the certificates of mail servers, shops and databases. Time zones are in the program.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/vouchsafed /vouchsafed
USER 65532:65532
# All addresses, since the container's own loopback is nobody's. Publish it to a proxy with TLS.
ENV VOUCHSAFE_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/vouchsafed"]
CMD ["serve"]
