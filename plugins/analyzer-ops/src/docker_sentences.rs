//! One-sentence errors of Docker, Compose, Podman and registries.

use grimoire_plugin_sdk::Kind;
use grimoire_plugin_sdk::recognise::phrase::Phrase;

const fn docker(kind: Kind, error_type: &'static str, start: &'static str) -> Phrase {
    Phrase::new("docker", error_type, kind, start)
}

const fn compose(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("docker-compose", "compose", kind, start)
}

const fn podman(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("podman", "podman", kind, start)
}

const fn kaniko(start: &'static str) -> Phrase {
    Phrase::new("kaniko", "build", Configuration, start)
}

use Kind::{Configuration, Dependency, Infrastructure, Network, Permission, Resource};

pub(crate) const ROWS: &[Phrase] = &[
    // The daemon.
    docker(Infrastructure, "daemon", "Cannot connect to the Docker daemon at "),
    docker(Infrastructure, "daemon", "Cannot connect to the Docker daemon."),
    docker(Infrastructure, "daemon", "docker: Cannot connect to the Docker daemon"),
    docker(Infrastructure, "daemon", "error during connect: "),
    docker(Infrastructure, "container", "hcsshim::"),
    docker(Infrastructure, "console", "failed to get console mode for "),
    docker(Permission, "daemon", "Got permission denied while trying to connect to the Docker daemon"),
    docker(Permission, "daemon", "permission denied while trying to connect to the Docker daemon"),
    docker(Configuration, "daemon", "Error response from daemon: "),
    docker(Configuration, "daemon", "docker: Error response from daemon: "),
    docker(Infrastructure, "daemon", "failed to connect to the docker API at "),
    // Swarm, whose client prints only the daemon's message.
    docker(Configuration, "swarm", "this node is not a swarm manager"),
    docker(Configuration, "swarm", "This node is not a swarm manager"),
    docker(Configuration, "swarm", "failed to create service "),
    docker(Configuration, "swarm", "failed to update service "),
    docker(Configuration, "swarm", "failed to create network "),
    // Registries.
    docker(Permission, "registry", "denied: "),
    // The daemon's log of errors that the client repeats.
    docker(Permission, "registry", "Upload failed: ").with("denied: ").summary(),
    docker(Permission, "registry", "Attempting next endpoint for push after error: ").summary(),
    docker(Permission, "registry", "unauthorized: "),
    docker(Permission, "registry", "no basic auth credentials"),
    docker(Permission, "registry", "error from registry: "),
    docker(Permission, "registry", "Cannot perform an interactive login from a non TTY device"),
    docker(Permission, "registry", "Cannot perform an interactive login from a non-TTY device"),
    docker(Permission, "registry", "Must provide --username with --password-stdin"),
    docker(Permission, "registry", "Error saving credentials: "),
    docker(Permission, "registry", "pull access denied for "),
    docker(Permission, "registry", "Username and password required"),
    docker(Resource, "registry", "toomanyrequests: "),
    docker(Dependency, "registry", "manifest for ").with(" not found"),
    docker(Dependency, "registry", "manifest unknown"),
    docker(Dependency, "registry", "no matching manifest for "),
    docker(Dependency, "registry", "name unknown: "),
    docker(Network, "registry", "received unexpected HTTP status: "),
    docker(Network, "registry", "unexpected status from "),
    docker(Network, "registry", "error parsing HTTP ").with("response body"),
    docker(Network, "registry", "error pulling image configuration: "),
    docker(Resource, "storage", "failed to register layer: "),
    docker(Dependency, "registry", "An image does not exist locally with the tag: ").consequence(),
    docker(Dependency, "registry", "failed to copy: httpReadSeeker: "),
    // Command lines and contexts.
    docker(Configuration, "usage", "invalid argument ").with("invalid reference format"),
    docker(Configuration, "usage", "invalid tag "),
    docker(Configuration, "usage", "docker: invalid reference format"),
    docker(Configuration, "usage", "invalid reference format"),
    docker(Configuration, "usage", "\"docker ").with(" requires "),
    docker(Configuration, "usage", "docker: '").with("' is not a docker command"),
    docker(Configuration, "build", "unable to prepare context: "),
    docker(Configuration, "build", "resolve : lstat ").with("no such file or directory"),
    docker(Configuration, "build", "COPY failed: "),
    // Of any program in Go.
    Phrase::new("log", "no-such-file", Configuration, "lstat ").with(": no such file or directory"),
    Phrase::new("log", "no-such-file", Configuration, "stat ").with(": no such file or directory"),
    Phrase::new("log", "no-such-file", Configuration, "open ").with(": no such file or directory"),
    Phrase::new("log", "permission-denied", Permission, "open ").with(": permission denied"),
    docker(Configuration, "build", "ADD failed: "),
    docker(Configuration, "build", "Dockerfile parse error line "),
    docker(Configuration, "build", "failed to read dockerfile: "),
    docker(Configuration, "build", "multiple platforms feature is currently not supported for docker driver"),
    docker(Configuration, "build", "Multi-platform build is not supported for the docker driver"),
    docker(Configuration, "build", "Cache export is not supported for the docker driver"),
    docker(Configuration, "build", "no builder ").with(" found"),
    // Compose.
    compose(Configuration, "The Compose file '"),
    compose(Configuration, "Version in \"").with(" is unsupported"),
    compose(Configuration, "validating ").with(".y"),
    compose(Configuration, "service \"").with("invalid compose project"),
    compose(Configuration, "service \"").with("didn't complete successfully"),
    compose(Configuration, "no configuration file provided: not found"),
    compose(Configuration, "no such service: "),
    compose(Configuration, "env file ").with(" not found"),
    compose(Configuration, "dependency failed to start: "),
    compose(Configuration, "container ").with(" is unhealthy"),
    compose(Configuration, "for ").with("  Cannot start service "),
    compose(Configuration, "for ").with("  Container \"").said_to_be_an_error(),
    // Podman and related tools.
    podman(Configuration, "building at STEP \"").summary(),
    podman(Configuration, "error building at STEP \"").summary(),
    podman(Dependency, "initializing source docker://"),
    podman(Configuration, "error running container: ").with(" error from "),
    podman(Configuration, "error running container: ").summary(),
    podman(Configuration, "OCI runtime error: "),
    podman(Permission, "sd-bus call: "),
    // Kaniko.
    kaniko("error building image: "),
    kaniko("error pushing image: "),
    kaniko("error resolving source context: "),
    kaniko("error checking push permissions -- "),
    kaniko("kaniko should only be run inside of a container"),
];
