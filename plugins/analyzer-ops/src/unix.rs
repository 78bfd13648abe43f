//! Unix programs: `NAME: error message`, the loader of shared libraries, jq, gpg.
//!
//! ```text
//! cp: cannot stat 'till': No such file or directory
//! tar: till.tar.gz: Cannot open: No such file or directory
//! jq: error (at <stdin>:0): Cannot iterate over null (null)
//! ./till: error while loading shared libraries: libcoin.so.2: cannot open shared object file
//! ```
//!
//! Scripts often continue after such a line, so that it is only likely to be an error. A message without
//! a known ending is not read.

use crate::{kinds, text::Text, translations};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Role, Severity, text::Needle};
use std::borrow::Cow;

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    loader(line).or_else(|| program(line)).or_else(|| glib(line))
}

/// `(flatpak-builder:25933): flatpak-builder-ERROR **: 22:18:05.038: message`, GLib's message when it ends a program.
fn glib(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("ERROR **: ");
    let (head, message) = SIGN.split_among(line.characters, line.text)?;
    let (program, domain) = head.strip_prefix('(')?.split_once("): ")?;
    let (program, number) = program.rsplit_once(':')?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) || domain.contains(' ') {
        return None;
    }
    let is_clock =
        |clock: &str| clock.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    let message =
        message.split_once(": ").filter(|(clock, _)| is_clock(clock)).map_or(message, |(_, rest)| rest);
    let found = line.found(program, "glib", kinds::of(message, Kind::Crash), message);
    Some(Diagnostic { severity: Severity::Fatal, ..found })
}

pub(crate) const ROWS: &[Phrase] = &[
    Phrase::new("jq", "jq", Kind::Configuration, "jq: error"),
    Phrase::new("jq", "jq", Kind::Configuration, "jq: parse error"),
    Phrase::new("jq", "jq", Kind::Configuration, "parse error: Invalid ").with("at line "),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: no valid OpenPGP data found"),
    Phrase::new("gpg", "gpg", Kind::Network, "gpg: keyserver receive failed: "),
    Phrase::new("gpg", "gpg", Kind::Dependency, "gpg: BAD signature from "),
    Phrase::new("selenium", "session", Kind::Infrastructure, "SessionNotCreatedError: session not created"),
    Phrase::new("selenium", "session", Kind::Infrastructure, "WebDriverError: session not created"),
    Phrase::new("selenium", "session", Kind::Infrastructure, "session not created: "),
    // An earlier line says which key is missing.
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: signing failed: No secret key").consequence(),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: signing failed: "),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: no default secret key: "),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: skipped \"").with("ecret key"),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: ").with("clearsign failed: ").consequence(),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: decryption failed: "),
    Phrase::new("gpg", "gpg", Kind::Configuration, "gpg: can't open "),
    Phrase::new("unzip", "unzip", Kind::Configuration, "End-of-central-directory signature not found"),
    Phrase::new("openssl", "openssl", Kind::Configuration, "unable to load ").with("Private Key"),
    Phrase::new("systemd", "service", Kind::Infrastructure, "Failed to start ").with(".service: "),
    Phrase::new("systemd", "service", Kind::Infrastructure, "Job for ").with(" failed because "),
    Phrase::new("systemd", "service", Kind::Infrastructure, "System has not been booted with systemd"),
    Phrase::new("shell", "no-space", Kind::Resource, "No space left on device"),
];

/// `cp: cannot stat 'till': No such file or directory`.
fn program(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGNS: [Needle; 24] = [
        Needle::new("o such file or directory"),
        Needle::new("ermission denied"),
        Needle::new("cannot "),
        Needle::new("Cannot "),
        Needle::new("can't "),
        Needle::new("an't "),
        Needle::new("s a directory"),
        Needle::new("ot a directory"),
        Needle::new("ile exists"),
        Needle::new("o space left on device"),
        Needle::new("ead-only file system"),
        Needle::new("peration not permitted"),
        Needle::new("missing operand"),
        Needle::new("irectory not empty"),
        Needle::new("evice or resource busy"),
        Needle::new("not in gzip format"),
        Needle::new("nexpected end of file"),
        Needle::new("nexpected EOF"),
        Needle::new("rgument list too long"),
        Needle::new("nvalid argument"),
        Needle::new("unterminated "),
        Needle::new("undefined label"),
        Needle::new("syntax error"),
        Needle::new("does not exist"),
    ];
    static USAGE: [Needle; 6] = [
        Needle::new("nvalid option"),
        Needle::new("llegal option"),
        Needle::new("nrecognized option"),
        Needle::new("nknown option"),
        Needle::new("missing operand"),
        Needle::new("extra operand"),
    ];
    static CLOSES: [Needle; 3] = [
        Needle::new("Exiting with failure status due to previous errors"),
        Needle::new("Error is not recoverable: exiting now"),
        Needle::new("Child returned status "),
    ];
    if line.indent > 4 || line.is_mild() {
        return None;
    }
    let text = line.text;
    let (name, message) = line.head?;
    if !is_program(name) {
        return None;
    }
    let closes = CLOSES.iter().any(|sign| sign.is_in(message));
    let is_usage = USAGE.iter().any(|sign| sign.is_in(message));
    let is_known = closes
        || is_usage
        || SIGNS.iter().any(|sign| sign.find_among(line.characters, message).is_some())
        || translations::ending(message).is_some();
    if !is_known {
        return None;
    }
    let kind = kinds::of(message, Kind::Configuration);
    let role = match name {
        _ if closes => Role::Consequence,
        // Another system's program: no script expects that.
        _ if is_usage => Role::Root,
        // Queries and clean-up in scripts are expected to fail at times.
        "cat" | "du" | "find" | "grep" | "kill" | "ls" | "readlink" | "realpath" | "rm" | "rmdir"
        | "stat" | "test" | "umount" => Role::Summary,
        _ => Role::Root,
    };
    Some(Diagnostic { confidence: Confidence::Likely, role, ..line.found(name, "file", kind, text) })
}

/// The programs that scripts call most often.
pub(crate) fn is_program(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "ar",
        "awk",
        "base64",
        "basename",
        "bzip2",
        "cat",
        "cd",
        "chgrp",
        "chmod",
        "chown",
        "cksum",
        "cmp",
        "cp",
        "cpio",
        "crontab",
        "cut",
        "date",
        "dd",
        "df",
        "diff",
        "dirname",
        "du",
        "find",
        "getopt",
        "grep",
        "groupadd",
        "gunzip",
        "gzip",
        "hdiutil",
        "head",
        "install",
        "jar",
        "kill",
        "ldconfig",
        "ln",
        "ls",
        "md5sum",
        "mkdir",
        "mknod",
        "mktemp",
        "mount",
        "mv",
        "nc",
        "patch",
        "ping",
        "pushd",
        "readlink",
        "realpath",
        "rm",
        "rmdir",
        "sed",
        "seq",
        "sha256sum",
        "sort",
        "source",
        "split",
        "stat",
        "tail",
        "tar",
        "tee",
        "test",
        "touch",
        "tr",
        "umount",
        "unxz",
        "unzip",
        "useradd",
        "usermod",
        "wc",
        "xz",
        "yq",
        "zip",
        "zstd",
    ];
    (2..=9).contains(&name.len()) && NAMES.binary_search(&name).is_ok()
}

/// The loader of shared libraries, and the kernel's messages about files that it cannot run.
fn loader(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGNS: [Needle; 7] = [
        Needle::new("error while loading shared libraries: "),
        Needle::new("' not found (required by "),
        Needle::new("Library not loaded: "),
        Needle::new("exec user process caused"),
        Needle::new(": exec format error"),
        Needle::new("executable file not found in $PATH"),
        Needle::new("executable file not found in %PATH%"),
    ];
    let text = line.text;
    let at = SIGNS.iter().position(|sign| sign.find_among(line.characters, text).is_some())?;
    let (tool, error_type, kind) = match at {
        0 | 1 => ("ld.so", "library", Kind::Dependency),
        2 if text.starts_with("dyld") => ("dyld", "library", Kind::Dependency),
        2 => return None,
        3 | 4 => ("exec", "exec-format", Kind::Configuration),
        _ => ("exec", "command-not-found", Kind::Configuration),
    };
    // Only a whole line, not words in prose: it starts with a path or name.
    let message = logged_error(line.bare).unwrap_or(Cow::Borrowed(line.bare));
    (text.len() < 1000 && line.indent <= 8).then(|| line.found(tool, error_type, kind, &message))
}

/// The field that holds the error in a line of a logger: `… level=warning msg="…" error="exec: \"till\": …" name=…`.
fn logged_error(text: &str) -> Option<Cow<'_, str>> {
    static ERRORS: [Needle; 2] = [Needle::new(" error=\""), Needle::new(" err=\"")];
    let (before, rest) = ERRORS.iter().find_map(|sign| sign.split(text))?;
    if !before.contains("level=") {
        return None;
    }
    let bytes = rest.as_bytes();
    let end = (0..bytes.len()).find(|&at| bytes[at] == b'"' && (at == 0 || bytes[at - 1] != b'\\'))?;
    Some(Cow::Owned(rest[..end].replace("\\\"", "\"")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found() {
        for name in ["ar", "cp", "tar", "zstd"] {
            assert!(super::is_program(name), "{name}");
        }
        assert!(!super::is_program("till"));
    }
}
