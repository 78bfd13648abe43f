//! Derives the kind of failure from a message.

use crate::Kind;

/// The kind of failure that the words of a message suggest, if any.
pub fn kind_of(message: &str) -> Kind {
    const KINDS: &[(Kind, &[&str])] = &[
        (
            Kind::Resource,
            &["No space left", "out of memory", "Out of memory", "heap out of memory", "Killed", "quota"],
        ),
        (Kind::Timeout, &["timed out", "imed out", "timeout", "deadline exceeded", "maximum execution time"]),
        (
            Kind::Network,
            &[
                "Could not resolve host",
                "name resolution",
                "Connection refused",
                "connection refused",
                "Connection reset",
                "connection reset",
                "ECONNRE",
                "ETIMEDOUT",
                "EAI_AGAIN",
                "ENOTFOUND",
                "TLS handshake",
                "502 Bad Gateway",
                "503 Service",
                "504 Gateway",
                "returned error: 5",
                "returned error : 5",
                "network",
            ],
        ),
        (
            Kind::Permission,
            &[
                "ermission denied",
                "ccess denied",
                "nauthorized",
                "orbidden",
                "not accessible",
                "authentication",
                "denied",
            ],
        ),
        (
            Kind::Configuration,
            &["command not found", "No such file", "not recognized as", "nknown option", "nvalid option"],
        ),
    ];
    KINDS
        .iter()
        .find(|(_, texts)| texts.iter().any(|text| message.contains(text)))
        .map_or(Kind::Unknown, |(kind, _)| *kind)
}
