//! The kind of failure, from the messages of tools that report failures of all kinds.

use grimoire_plugin_sdk::{
    Kind,
    text::{Characters, Needle},
};

/// Signs of a kind, the more specific kinds first.
static SIGNS: &[(Needle, Kind)] = &[
    (Needle::new("o space left on device"), Kind::Resource),
    (Needle::new("uota exceeded"), Kind::Resource),
    (Needle::new("QuotaExceeded"), Kind::Resource),
    (Needle::new("LimitExceeded"), Kind::Resource),
    (Needle::new("annot allocate memory"), Kind::Resource),
    (Needle::new("ut of memory"), Kind::Resource),
    (Needle::new("rate limit"), Kind::Resource),
    (Needle::new("toomanyrequests"), Kind::Resource),
    (Needle::new("TOOMANYREQUESTS"), Kind::Resource),
    (Needle::new("Too Many Requests"), Kind::Resource),
    (Needle::new("no such host"), Kind::Network),
    (Needle::new("dial tcp"), Kind::Network),
    (Needle::new("onnection refused"), Kind::Network),
    (Needle::new("onnection reset"), Kind::Network),
    (Needle::new("onnection timed out"), Kind::Network),
    (Needle::new("onnection closed"), Kind::Network),
    (Needle::new("i/o timeout"), Kind::Network),
    (Needle::new("TLS handshake"), Kind::Network),
    (Needle::new("x509: "), Kind::Network),
    (Needle::new("ould not resolve host"), Kind::Network),
    (Needle::new("emporary failure"), Kind::Network),
    (Needle::new("etwork is unreachable"), Kind::Network),
    (Needle::new("Bad Gateway"), Kind::Network),
    (Needle::new("Service Unavailable"), Kind::Network),
    (Needle::new("Gateway Time"), Kind::Network),
    (Needle::new("nternal Server Error"), Kind::Network),
    (Needle::new("unexpected EOF"), Kind::Network),
    (Needle::new("onnect to the host"), Kind::Network),
    (Needle::new("ccess denied"), Kind::Permission),
    (Needle::new("ccess Denied"), Kind::Permission),
    (Needle::new("AccessDenied"), Kind::Permission),
    (Needle::new("Unauthorized"), Kind::Permission),
    (Needle::new("unauthorized"), Kind::Permission),
    (Needle::new("uthorizationFailed"), Kind::Permission),
    (Needle::new("ot authorized"), Kind::Permission),
    (Needle::new("Forbidden"), Kind::Permission),
    (Needle::new("forbidden"), Kind::Permission),
    (Needle::new("ermission denied"), Kind::Permission),
    (Needle::new("PERMISSION_DENIED"), Kind::Permission),
    (Needle::new("uthentication"), Kind::Permission),
    (Needle::new("redentials"), Kind::Permission),
    (Needle::new("denied: "), Kind::Permission),
    (Needle::new("deadline exceeded"), Kind::Timeout),
    (Needle::new("imed out"), Kind::Timeout),
    (Needle::new("imeout"), Kind::Timeout),
];

/// The kind indicated by the words of a message, or the given one.
pub(crate) fn of(message: &str, otherwise: Kind) -> Kind {
    let characters = Characters::of(message);
    SIGNS
        .iter()
        .find(|(sign, _)| sign.find_among(characters, message).is_some())
        .map_or(otherwise, |(_, kind)| *kind)
}
