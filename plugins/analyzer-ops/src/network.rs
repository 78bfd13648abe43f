//! Failures of names, connections and certificates that any program may report in the words of its library.
//!
//! Such words also occur in warnings and before retries, so that a line is only likely to be an error; it
//! is read only if no more specific recogniser knows it and it is marked as an error.

use crate::text::Text;
use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, text::Needle};

/// Signs, and the error types that they indicate.
static SIGNS: [(Needle, &str); 22] = [
    (Needle::new("x509: certificate"), "tls"),
    (Needle::new("tls: failed to verify certificate"), "tls"),
    (Needle::new("SSL certificate problem"), "tls"),
    (Needle::new("certificate verify failed"), "tls"),
    (Needle::new("unable to get local issuer certificate"), "tls"),
    (Needle::new("self signed certificate"), "tls"),
    (Needle::new("self-signed certificate"), "tls"),
    (Needle::new("certificate has expired"), "tls"),
    (Needle::new("PKIX path building failed"), "tls"),
    (Needle::new("The SSL connection could not be established"), "tls"),
    (Needle::new("no such host"), "dns"),
    (Needle::new("server misbehaving"), "dns"),
    (Needle::new("Temporary failure in name resolution"), "dns"),
    (Needle::new("Name or service not known"), "dns"),
    (Needle::new("nodename nor servname provided"), "dns"),
    (Needle::new("Could not resolve host"), "dns"),
    (Needle::new("Couldn't resolve host"), "dns"),
    (Needle::new("The remote name could not be resolved"), "dns"),
    (Needle::new("onnection refused"), "connection"),
    (Needle::new("onnection reset by peer"), "connection"),
    (Needle::new("TLS handshake timeout"), "connection"),
    (Needle::new("i/o timeout"), "connection"),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    if !line.is_error() || line.text.len() > 2000 {
        return None;
    }
    let (_, error_type) =
        SIGNS.iter().find(|(sign, _)| sign.find_among(line.characters, line.text).is_some())?;
    let retries = ["retry", "Retry", "retrying", "trying again", "attempt"];
    if retries.iter().any(|word| line.text.contains(word)) {
        return None;
    }
    Some(Diagnostic {
        confidence: Confidence::Likely,
        ..line.found("network", error_type, Kind::Network, line.bare)
    })
}
