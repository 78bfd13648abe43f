//! kubectl, kustomize, kind, minikube, kubeconform, conftest and kube-linter.
//!
//! ```text
//! Error from server (NotFound): deployments.apps "till" not found
//! error: error validating "till.yaml": error validating data: …
//! The Deployment "till" is invalid: spec.selector: Required value
//! Unable to connect to the server: dial tcp: lookup api.till on 10.0.0.2:53: no such host
//! ❌  Exiting due to GUEST_PROVISION: …
//! till.yaml - Deployment till is invalid: problem validating schema. …
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Needle, leading_number, looks_like_path},
};

const fn kubectl(kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("kubectl", "kubectl", kind, start).at(manifest)
}

use Kind::{Configuration, Infrastructure, Network, Permission, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    kubectl(Network, "Unable to connect to the server: "),
    kubectl(Network, "The connection to the server ").with(" was refused"),
    kubectl(Network, "couldn't get current server API group list: "),
    kubectl(Configuration, "unable to recognize \"").with("no matches for kind"),
    kubectl(Configuration, "resource mapping not found for name: "),
    kubectl(Configuration, "error validating \"").with("error validating data: "),
    kubectl(Configuration, "error parsing ").with("error converting YAML to JSON"),
    kubectl(Configuration, "error when creating \""),
    kubectl(Configuration, "error when applying patch"),
    kubectl(Configuration, "error loading config file \""),
    kubectl(Configuration, "no objects passed to "),
    kubectl(Configuration, "no matching resources found").said_to_be_an_error(),
    kubectl(Configuration, "the server doesn't have a resource type \""),
    kubectl(Configuration, "the path \"").with("\" does not exist"),
    kubectl(Configuration, "no context exists with the name: "),
    kubectl(Configuration, "context \"").with("\" does not exist"),
    kubectl(Configuration, "current-context is not set"),
    kubectl(Configuration, "must specify one of -f and -k"),
    kubectl(Configuration, "exec plugin: invalid apiVersion "),
    kubectl(Permission, "You must be logged in to the server"),
    kubectl(Timeout, "timed out waiting for the condition"),
    kubectl(Timeout, "deployment \"").with("exceeded its progress deadline"),
    kubectl(Timeout, "watch closed before UntilWithoutRetry timeout"),
    kubectl(Configuration, "unable to upgrade connection: "),
    kubectl(Configuration, "unable to forward port because "),
    kubectl(Configuration, "invalid configuration: ").said_to_be_an_error(),
    Phrase::new("kustomize", "kustomize", Configuration, "accumulating resources: "),
    Phrase::new("kustomize", "kustomize", Configuration, "accumulating components: "),
    Phrase::new("kustomize", "kustomize", Configuration, "no matches for Id "),
    Phrase::new("kustomize", "kustomize", Configuration, "unable to find one of 'kustomization.yaml'"),
    Phrase::new("kustomize", "kustomize", Configuration, "invalid Kustomization: "),
    Phrase::new(
        "kustomize",
        "kustomize",
        Configuration,
        "may not add resource with an already registered id",
    ),
    Phrase::new("kind", "cluster", Infrastructure, "failed to create cluster: "),
    Phrase::new("kind", "cluster", Infrastructure, "failed to init node with kubeadm: "),
    Phrase::new("kind", "cluster", Configuration, "no nodes found for cluster "),
    Phrase::new("kind", "cluster", Configuration, "image: \"").with("not present locally"),
    Phrase::new("k3d", "cluster", Infrastructure, "Failed Cluster Start: "),
    Phrase::new("skaffold", "build", Configuration, "build [").with("] failed: "),
    Phrase::new("skaffold", "deploy", Timeout, "deployment/").with(" failed. Error: "),
    Phrase::new("skaffold", "config", Configuration, "parsing skaffold config: "),
    Phrase::new("kubectl", "image", Kind::Dependency, "Failed to pull image \""),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    server(line)
        .or_else(|| minikube(line))
        .or_else(|| conform(line))
        .or_else(|| policy(line))
        .or_else(|| lint(line))
}

/// `Error from server (NotFound): message`, `Error from server: message`.
fn server(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.text.strip_prefix("Error from server").or_else(|| {
        // kubectl may print an `error:` of its own before it.
        line.bare.strip_prefix("Error from server")
    })?;
    let (reason, message) = match rest.strip_prefix(" (") {
        Some(rest) => rest.split_once("): ")?,
        None => ("server", rest.strip_prefix(": ")?),
    };
    let kind = match reason {
        "Forbidden" | "Unauthorized" => Permission,
        "Timeout" | "ServerTimeout" | "GatewayTimeout" => Timeout,
        "InternalError" | "ServiceUnavailable" => Infrastructure,
        _ => kinds::of(message, Configuration),
    };
    Some(Diagnostic { location: manifest(message), ..line.found("kubectl", reason, kind, message) })
}

/// The file in `error when creating "till.yaml": …`, `error parsing till.yaml: … line 3: …`.
fn manifest(message: &str) -> Option<Location> {
    static QUOTED: [Needle; 5] = [
        Needle::new("when creating \""),
        Needle::new("recognize \""),
        Needle::new("error validating \""),
        Needle::new(" from \""),
        Needle::new("when applying patch:\n"),
    ];
    static PARSING: Needle = Needle::new("error parsing ");
    static LINE: Needle = Needle::new("yaml: line ");
    if let Some((_, rest)) = PARSING.split(message) {
        let (path, rest) = rest.split_once(": ")?;
        let line = LINE.split(rest).and_then(|(_, rest)| leading_number(rest)).map_or(0, |(line, _)| line);
        return looks_like_path(path).then(|| Location::at(path, line, None));
    }
    let (_, rest) = QUOTED.iter().find_map(|sign| sign.split(message))?;
    let (path, _) = rest.split_once('"')?;
    (looks_like_path(path) && !matches!(path, "-" | "STDIN")).then(|| Location::file(path))
}

/// `❌  Exiting due to GUEST_PROVISION: message`.
fn minikube(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("Exiting due to ");
    let (before, rest) = SIGN.split_among(line.characters, line.text)?;
    let (code, message) = rest.split_once(": ")?;
    let good = before.len() <= 8
        && code.contains('_')
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !good {
        return None;
    }
    let kind = kinds::of(message, Infrastructure);
    Some(Diagnostic { code: Some(code.to_owned()), ..line.found("minikube", code, kind, message) })
}

/// `till.yaml - Deployment till is invalid: problem validating schema. …`,
/// `till.yaml - Till till failed validation: could not find schema for Till`.
fn conform(line: &Text<'_>) -> Option<Diagnostic> {
    static INVALID: Needle = Needle::new(" is invalid: problem validating schema");
    static FAILED: Needle = Needle::new(" failed validation: ");
    static DIVIDER: Needle = Needle::new(" - ");
    let is_one = INVALID.find_among(line.characters, line.text).is_some()
        || FAILED.find_among(line.characters, line.text).is_some();
    if !is_one {
        return None;
    }
    let (path, message) = DIVIDER.split(line.text)?;
    if !(looks_like_path(path) || path == "stdin") {
        return None;
    }
    let location = looks_like_path(path).then(|| Location::file(path));
    Some(Diagnostic { location, ..line.found("kubeconform", "schema", Configuration, message) })
}

/// `FAIL - till.yaml - main - Containers must not run as root` of conftest.
fn policy(line: &Text<'_>) -> Option<Diagnostic> {
    let (severity, rest) = if let Some(rest) = line.text.strip_prefix("FAIL - ") {
        (Severity::Error, rest)
    } else {
        (Severity::Warning, line.text.strip_prefix("WARN - ")?)
    };
    let (path, rest) = rest.split_once(" - ")?;
    if !looks_like_path(path) {
        return None;
    }
    let (namespace, message) = match rest.split_once(" - ") {
        Some((namespace, message)) if !namespace.contains(' ') => (namespace, message),
        _ => ("policy", rest),
    };
    Some(Diagnostic {
        severity,
        location: Some(Location::file(path)),
        ..line.found("conftest", namespace, Kind::Lint, message)
    })
}

/// `till.yaml: (object: default/till apps/v1, Kind=Deployment) message (check: run-as-non-root, …)`.
fn lint(line: &Text<'_>) -> Option<Diagnostic> {
    static OBJECT: Needle = Needle::new(": (object: ");
    static CHECK: Needle = Needle::new(" (check: ");
    let (path, rest) = OBJECT.split_among(line.characters, line.text)?;
    let (_, rest) = rest.split_once(") ")?;
    let (message, rest) = CHECK.split(rest)?;
    let code = rest.split([',', ')']).next()?;
    Some(Diagnostic {
        code: Some(code.to_owned()),
        location: Some(Location::file(path)),
        ..line.found("kube-linter", code, Kind::Lint, message)
    })
}

/// `The Deployment "till" is invalid: …`, with the causes on the line or as a list below it.
#[derive(Debug)]
pub(crate) struct Invalid {
    message: String,
    causes: String,
    text: String,
    span: Span,
}

impl Block for Invalid {
    fn start(line: &Text<'_>) -> Option<Self> {
        static SIGN: Needle = Needle::new("\" is invalid");
        let (before, _) = SIGN.split_among(line.characters, line.bare)?;
        let kind = before.strip_prefix("The ")?.split_once(" \"")?.0;
        kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.').then(|| Self {
            message: line.bare.trim_end_matches([':', ' ']).to_owned(),
            causes: String::new(),
            text: line.line.to_owned(),
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let Some(cause) = line.text.strip_prefix("* ") else { return false };
        if self.causes.len() > 4000 {
            return false;
        }
        self.causes.push_str(if self.causes.is_empty() { "" } else { "; " });
        self.causes.push_str(cause);
        self.text.push('\n');
        self.text.push_str(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(self, sink: &mut Sink) {
        let message =
            if self.causes.is_empty() { self.message } else { format!("{}: {}", self.message, self.causes) };
        sink.block(found("kubectl", "Invalid", Configuration, &message, &self.text, self.span));
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
