# The park's images for both platforms, each with its provenance and an inventory of what is in it, Debian's packages
# included: docker buildx bake -f deploy/docker-bake.hcl; with --push, REGISTRY=registry.example/park/ and VERSION they go where they are served from.
# ./scripts/pin-images renews the digest.
variable "REGISTRY" { default = "" }
variable "VERSION" { default = "local" }
variable "PYTHON" { default = "python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b" }

group "default" { targets = ["ingester", "simulator", "tools", "park"] }

target "_image" {
  context    = "."
  dockerfile = "deploy/Dockerfile"
  args       = { PYTHON = PYTHON }
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=provenance,mode=max", "type=sbom"]
}

target "ingester" {
  inherits = ["_image"]
  target   = "ingester"
  tags     = ["${REGISTRY}sensing-park-ingester:${VERSION}"]
}

target "simulator" {
  inherits = ["_image"]
  target   = "simulator"
  tags     = ["${REGISTRY}sensing-park-simulator:${VERSION}"]
}

target "tools" {
  inherits = ["_image"]
  target   = "tools"
  tags     = ["${REGISTRY}sensing-park-tools:${VERSION}"]
}

target "park" {
  inherits = ["_image"]
  target   = "park"
  tags     = ["${REGISTRY}sensing-park:${VERSION}"]
}
