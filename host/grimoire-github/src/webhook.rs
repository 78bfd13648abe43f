//! Webhook requests: verifying signatures and reading payloads.

mod lenient;
mod model;
mod payload;
#[cfg(test)]
mod payload_tests;
mod report;
mod signature;

use grimoire_domain::event::WebhookEvent;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::github::WebhookGate;
use secrecy::{ExposeSecret, SecretString};

pub use payload::parse;

/// Verifies the signatures of webhook requests and reads their payloads.
#[derive(Debug)]
pub struct Gate {
    /// `None` if the operator turned verification off.
    secrets: Option<Vec<SecretString>>,
}

impl Gate {
    /// A gate that accepts requests signed with any of `secrets`; there are several during a rotation.
    ///
    /// Fails with `Invalid` if there is no secret, or an empty one, with which anybody could sign.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, PortError> {
        if secrets.is_empty() {
            return Err(PortError::new(ErrorKind::Invalid, "at least one webhook secret is needed"));
        }
        if secrets.iter().any(|secret| secret.expose_secret().is_empty()) {
            return Err(PortError::new(ErrorKind::Invalid, "a webhook secret must not be empty"));
        }
        Ok(Self { secrets: Some(secrets) })
    }

    /// A gate without verification, for trials on loopback. The caller must make sure that nobody
    /// else can reach the service.
    pub fn insecure() -> Self {
        Self { secrets: None }
    }
}

impl WebhookGate for Gate {
    fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<(), PortError> {
        let Some(secrets) = &self.secrets else { return Ok(()) };
        if signature.is_some_and(|signature| signature::is_valid(secrets, body, signature)) {
            return Ok(());
        }
        // The same response for a missing, a malformed and a wrong signature, so that a forger learns nothing.
        Err(PortError::new(ErrorKind::Unauthenticated, "the request is not signed with a configured secret"))
    }

    fn needs_signature(&self) -> bool {
        self.secrets.is_some()
    }

    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
        parse(event, body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    #[test]
    fn a_gate_needs_a_secret_that_is_one() {
        assert_eq!(Gate::new(Vec::new()).unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(Gate::new(vec!["good".into(), "".into()]).unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn every_refusal_reads_the_same() {
        let gate = Gate::new(vec!["one".into()]).unwrap();
        let refused = |signature| {
            let error = gate.verify(b"{}", signature).unwrap_err();
            (error.kind(), error.to_string())
        };
        let wrong = format!("sha256={}", "0".repeat(64));
        assert_eq!(refused(None), refused(Some("sha1=00")));
        assert_eq!(refused(None), refused(Some(&wrong)));
        assert_eq!(refused(None).0, ErrorKind::Unauthenticated);
    }

    #[test]
    fn the_insecure_gate_lets_everything_through() {
        Gate::insecure().verify(b"anything", None).unwrap();
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", Gate::new(vec!["hunter2".into()]).unwrap());
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
