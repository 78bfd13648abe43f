//! The kind of failure of an error, by its code, its type and its words.

use grimoire_plugin_sdk::Kind;

/// Codes of package managers, the runtime and the system.
const CODES: &[(&str, Kind)] = &[
    ("ERESOLVE", Kind::Dependency),
    ("ETARGET", Kind::Dependency),
    ("E404", Kind::Dependency),
    ("EINTEGRITY", Kind::Dependency),
    ("EUSAGE", Kind::Dependency),
    ("EBADENGINE", Kind::Dependency),
    ("ENOTSUP", Kind::Dependency),
    ("EBADPLATFORM", Kind::Dependency),
    ("EPEERINVALID", Kind::Dependency),
    ("EMISSINGARG", Kind::Configuration),
    ("MODULE_NOT_FOUND", Kind::Dependency),
    ("ERR_MODULE_NOT_FOUND", Kind::Dependency),
    ("E401", Kind::Permission),
    ("E403", Kind::Permission),
    ("ENEEDAUTH", Kind::Permission),
    ("EOTP", Kind::Permission),
    ("EACCES", Kind::Permission),
    ("EPERM", Kind::Permission),
    ("ECONNREFUSED", Kind::Network),
    ("ECONNRESET", Kind::Network),
    ("ECONNABORTED", Kind::Network),
    ("ENOTFOUND", Kind::Network),
    ("EAI_AGAIN", Kind::Network),
    ("EHOSTUNREACH", Kind::Network),
    ("ENETUNREACH", Kind::Network),
    ("EPIPE", Kind::Network),
    ("ERR_SOCKET_TIMEOUT", Kind::Network),
    ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", Kind::Network),
    ("SELF_SIGNED_CERT_IN_CHAIN", Kind::Network),
    ("CERT_HAS_EXPIRED", Kind::Network),
    ("FETCH_ERROR", Kind::Network),
    ("E500", Kind::Network),
    ("E502", Kind::Network),
    ("E503", Kind::Network),
    ("ETIMEDOUT", Kind::Timeout),
    ("ESOCKETTIMEDOUT", Kind::Timeout),
    ("ENOSPC", Kind::Resource),
    ("ENOMEM", Kind::Resource),
    ("EMFILE", Kind::Resource),
    ("ERR_WORKER_OUT_OF_MEMORY", Kind::Resource),
    ("EADDRINUSE", Kind::Configuration),
    ("ENOENT", Kind::Configuration),
    ("EJSONPARSE", Kind::Configuration),
    ("ERR_REQUIRE_ESM", Kind::Configuration),
    ("ERR_UNKNOWN_FILE_EXTENSION", Kind::Configuration),
    ("ERR_UNSUPPORTED_DIR_IMPORT", Kind::Configuration),
    ("ERR_PACKAGE_PATH_NOT_EXPORTED", Kind::Configuration),
    ("ERR_OSSL_EVP_UNSUPPORTED", Kind::Configuration),
];

/// Words that indicate a kind if there is no code.
const WORDS: &[(&str, Kind)] = &[
    ("Cannot find module", Kind::Dependency),
    ("Cannot find package", Kind::Dependency),
    ("heap out of memory", Kind::Resource),
    ("JavaScript heap", Kind::Resource),
    ("no space left on device", Kind::Resource),
    ("EADDRINUSE", Kind::Configuration),
    ("ECONNREFUSED", Kind::Network),
    ("ECONNRESET", Kind::Network),
    ("ENOTFOUND", Kind::Network),
    ("EAI_AGAIN", Kind::Network),
    ("socket hang up", Kind::Network),
    ("fetch failed", Kind::Network),
    ("ETIMEDOUT", Kind::Timeout),
    ("ENOSPC", Kind::Resource),
    ("EACCES", Kind::Permission),
    ("permission denied", Kind::Permission),
    ("digital envelope routines", Kind::Configuration),
];

/// The kind of failure that a code means.
pub(crate) fn of_code(code: &str) -> Option<Kind> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
}

/// The kind of failure indicated by words alone.
pub(crate) fn by_words(message: &str) -> Option<Kind> {
    WORDS.iter().find(|(word, _)| message.contains(word)).map(|(_, kind)| *kind)
}

/// The kind of failure of an uncaught exception.
pub(crate) fn of_exception(error_type: &str, code: Option<&str>, message: &str) -> Kind {
    if error_type == "SyntaxError" {
        return Kind::Compile;
    }
    if error_type.contains("Config") {
        return Kind::Configuration;
    }
    code.and_then(of_code).or_else(|| by_words(message)).unwrap_or(Kind::Crash)
}

/// `Error: listen EADDRINUSE: address already in use`: the system's code in a message.
pub(crate) fn system_code(message: &str) -> Option<&str> {
    let words = message.lines().next()?.split(' ').skip(1).take(4);
    words.map(|word| word.trim_end_matches([':', ','])).find(|word| {
        word.len() >= 5
            && word.starts_with('E')
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    })
}
