//! Classifies an exception by its type and message.

use grimoire_plugin_sdk::Kind;

use crate::found::last_part;

/// Words in messages that say more than the exception's type.
const WORDS: &[(&str, Kind)] = &[
    ("No space left on device", Kind::Resource),
    ("Cannot allocate memory", Kind::Resource),
    ("Too many open files", Kind::Resource),
    ("Disk quota exceeded", Kind::Resource),
    ("Connection refused", Kind::Network),
    ("Connection reset", Kind::Network),
    ("Connection aborted", Kind::Network),
    ("connection broken", Kind::Network),
    ("CONNECTION FAILED", Kind::Network),
    ("Name or service not known", Kind::Network),
    ("Temporary failure in name resolution", Kind::Network),
    ("Network is unreachable", Kind::Network),
    ("Max retries exceeded", Kind::Network),
    ("getaddrinfo failed", Kind::Network),
    ("Read timed out", Kind::Network),
    ("dns error", Kind::Network),
    ("error sending request", Kind::Network),
    ("operation timed out", Kind::Network),
    ("502 ", Kind::Network),
    ("503 ", Kind::Network),
    ("504 ", Kind::Network),
    ("CERTIFICATE_VERIFY_FAILED", Kind::Network),
    ("401 ", Kind::Permission),
    ("403 ", Kind::Permission),
    ("Permission denied", Kind::Permission),
];

/// The kind of failure according to the words alone.
pub(crate) fn by_words(message: &str) -> Option<Kind> {
    WORDS.iter().find(|(word, _)| message.contains(word)).map(|(_, kind)| *kind)
}

/// The kind of failure of an uncaught exception.
pub(crate) fn of_exception(error_type: &str, message: &str) -> Kind {
    let name = last_part(error_type);
    let by_name = match name {
        "SyntaxError" | "IndentationError" | "TabError" => Some(Kind::Compile),
        "ModuleNotFoundError"
        | "DistributionNotFound"
        | "PackageNotFoundError"
        | "VersionConflict"
        | "SolverProblemError" => Some(Kind::Dependency),
        "MemoryError" | "OutOfMemoryError" => Some(Kind::Resource),
        "PermissionError" => Some(Kind::Permission),
        "TimeoutError" | "timeout" | "TimeoutExpired" | "ReadTimeout" | "ConnectTimeout" => {
            Some(Kind::Timeout)
        }
        "ConnectionError"
        | "ConnectionRefusedError"
        | "ConnectionResetError"
        | "ConnectError"
        | "gaierror"
        | "URLError"
        | "SSLError"
        | "ProxyError"
        | "NewConnectionError"
        | "MaxRetryError" => Some(Kind::Network),
        "ImproperlyConfigured" | "FileNotFoundError" | "ConfigError" | "ConfigurationError" => {
            Some(Kind::Configuration)
        }
        _ => None,
    };
    by_name.or_else(|| by_words(message)).unwrap_or(Kind::Crash)
}
