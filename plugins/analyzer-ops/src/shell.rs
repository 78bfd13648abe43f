//! Shell messages: a missing program, an invalid script, a program ended by a signal.
//!
//! ```text
//! ./build.sh: line 3: till: command not found
//! /bin/sh: 1: till: not found
//! bash: till: command not found
//! zsh: command not found: till
//! /src/run.sh: line 9: TOKEN: unbound variable
//! ./build.sh: line 12:  4711 Killed                  ./till
//! 'till' is not recognized as an internal or external command,
//! ```
//!
//! The location is in the user's script: there is none for the shell itself and for scripts written by a CI system.

use crate::{text::Text, translations};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location, Role, path,
    text::{Needle, extension, leading_number, looks_like_path},
};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    script(line)
        .or_else(|| shell(line))
        .or_else(|| windows(line))
        .or_else(|| signal(line))
        .or_else(|| path(line))
        .or_else(|| suggestion(line))
}

/// The meaning of a shell's message.
struct ShellError {
    error_type: &'static str,
    kind: Kind,
}

/// Messages of shells, by their ends and starts.
fn said(message: &str) -> Option<ShellError> {
    let ends: [(&str, &'static str, Kind); 16] = [
        ("command not found", "command-not-found", Kind::Configuration),
        (": not found", "command-not-found", Kind::Configuration),
        (": No such file or directory", "no-such-file", Kind::Configuration),
        (": no such file or directory", "no-such-file", Kind::Configuration),
        ("ermission denied", "permission-denied", Kind::Permission),
        ("unbound variable", "unbound-variable", Kind::Configuration),
        ("parameter not set", "unbound-variable", Kind::Configuration),
        ("parameter null or not set", "unbound-variable", Kind::Configuration),
        ("Exec format error", "exec-format", Kind::Configuration),
        ("exec format error", "exec-format", Kind::Configuration),
        ("Is a directory", "is-a-directory", Kind::Configuration),
        ("Not a directory", "not-a-directory", Kind::Configuration),
        ("ad substitution", "bad-substitution", Kind::Configuration),
        ("readonly variable", "readonly-variable", Kind::Configuration),
        ("No space left on device", "no-space", Kind::Resource),
        ("Argument list too long", "argument-list", Kind::Resource),
    ];
    if let Some((_, error_type, kind)) = ends.iter().find(|(end, ..)| message.ends_with(end)) {
        return Some(ShellError { error_type, kind: *kind });
    }
    if let Some(error_type) = translations::ending(message) {
        let is_denied = error_type == "permission-denied";
        let kind = if is_denied { Kind::Permission } else { Kind::Configuration };
        return Some(ShellError { error_type, kind });
    }
    let holds: [(&str, &'static str, Kind); 22] = [
        ("syntax error", "syntax", Kind::Compile),
        ("Syntax error", "syntax", Kind::Compile),
        ("unexpected EOF while looking for", "syntax", Kind::Compile),
        ("unexpected token", "syntax", Kind::Compile),
        ("conditional binary operator expected", "syntax", Kind::Compile),
        ("missing `]'", "syntax", Kind::Compile),
        ("unary operator expected", "syntax", Kind::Configuration),
        ("binary operator expected", "syntax", Kind::Configuration),
        ("integer expression expected", "syntax", Kind::Configuration),
        ("Illegal number: ", "syntax", Kind::Configuration),
        // dash's `[`.
        (": unexpected operator", "syntax", Kind::Configuration),
        (": argument expected", "syntax", Kind::Configuration),
        ("value too great for base", "syntax", Kind::Configuration),
        ("division by 0", "syntax", Kind::Configuration),
        ("not a valid identifier", "syntax", Kind::Compile),
        ("Illegal option", "illegal-option", Kind::Configuration),
        ("invalid option", "illegal-option", Kind::Configuration),
        ("bad interpreter", "bad-interpreter", Kind::Configuration),
        ("Bad substitution", "bad-substitution", Kind::Configuration),
        ("too many arguments", "arguments", Kind::Configuration),
        ("cannot create ", "no-such-file", Kind::Configuration),
        ("cannot open ", "no-such-file", Kind::Configuration),
    ];
    holds
        .iter()
        .find(|(part, ..)| message.contains(part))
        .map(|(_, error_type, kind)| ShellError { error_type, kind: *kind })
}

fn diagnostic(line: &Text<'_>, said: &ShellError, message: &str, location: Option<Location>) -> Diagnostic {
    Diagnostic { location, ..line.found("shell", said.error_type, said.kind, message) }
}

/// `./build.sh: line 3: message`, `/bin/sh: 1: message`.
fn script(line: &Text<'_>) -> Option<Diagnostic> {
    let (name, rest) = line.head?;
    // A number follows the name, or a word and a number.
    if !line.characters.may_have_digits() || line.indent > 12 {
        return None;
    }
    // A job and a step in columns may precede the script.
    let name = name.rsplit("  ").next().unwrap_or(name).trim();
    if name.is_empty() || name.len() > 300 || name.contains(['(', '[', '"', '=', '<']) {
        return None;
    }
    let (number, message) = numbered(rest)?;
    let said = said(message)?;
    let is_line = translations::after_line(rest).is_some();
    // Only `[` of a shell, a program without an extension, writes like that.
    let is_test = message.starts_with("[: ") && extension(name).is_empty();
    if !is_line && !is_shell(name) && !has_script_name(name) && !is_test {
        return None;
    }
    if name.contains(' ') && !(is_line && looks_like_path(name)) {
        return None;
    }
    // `eval: line 3: ` and the like come between the name and the message.
    let own = !is_shell(name) && !is_written_by_ci(name) && looks_like_path(name) && path::is_own(name);
    let location = own.then(|| Location::at(name, number, None));
    Some(diagnostic(line, &said, message, location))
}

/// `line 3: message`, `3: message`; also with an inner name: `eval: line 3: message`.
fn numbered(rest: &str) -> Option<(u32, &str)> {
    let rest = rest.strip_prefix("eval: ").unwrap_or(rest);
    let rest = translations::after_line(rest).unwrap_or(rest);
    let (number, rest) = leading_number(rest)?;
    // French has a space before the colon, Chinese its own.
    let rest = rest.trim_start_matches([' ', '行']);
    let message = rest.strip_prefix(": ").or_else(|| rest.strip_prefix('：'))?.trim();
    (message.len() >= 4).then_some((number, message))
}

/// Returns true for the name of a shell or of a program that runs another.
pub(crate) fn runs(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or_default();
    is_shell(name)
        || matches!(
            base,
            "env"
                | "sudo"
                | "xargs"
                | "nohup"
                | "timeout"
                | "time"
                | "exec"
                | "nice"
                | "su"
                | "fish"
                | "chroot"
        )
}

/// Returns true for the name of a shell.
fn is_shell(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or_default();
    let base = base.strip_prefix('-').unwrap_or(base);
    let base = base.strip_suffix(".exe").unwrap_or(base);
    matches!(base, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "busybox")
}

pub(crate) fn has_script_name(name: &str) -> bool {
    [".sh", ".bash", ".zsh", ".ksh", ".command"].iter().any(|end| name.ends_with(end))
        || name.ends_with("/gradlew")
        || name.ends_with("/mvnw")
        || name.ends_with("/configure")
        || name.ends_with("step_script")
        || name.ends_with("entrypoint")
}

/// Returns true if a script is one that a CI system generates from a step, or a part of the system.
fn is_written_by_ci(name: &str) -> bool {
    const PARTS: [&str; 8] = [
        "/_temp/",
        "\\_temp\\",
        "/durable-",
        "/step_script",
        "/hudson",
        "/jenkins",
        "/_work/_temp/",
        "/__w/_temp/",
    ];
    const STARTS: [&str; 6] = ["/usr/", "/bin/", "/opt/", "/tmp/", "/scripts-", "/etc/"];
    PARTS.iter().any(|part| name.contains(part)) || STARTS.iter().any(|start| name.starts_with(start))
}

/// `bash: till: command not found`, `sh: till: not found`, `zsh: command not found: till`,
/// `/usr/bin/env: ‘node’: No such file or directory`, `sudo: till: command not found`.
fn shell(line: &Text<'_>) -> Option<Diagnostic> {
    let (name, message) = line.head?;
    if name.len() > 120 || name.contains(' ') {
        return None;
    }
    if !runs(name) {
        return None;
    }
    let base = name.rsplit('/').next().unwrap_or_default();
    let message = message.trim();
    let said = match message {
        _ if message.starts_with("command not found: ") || message.starts_with("Unknown command") => {
            Some(ShellError { error_type: "command-not-found", kind: Kind::Configuration })
        }
        _ if message.starts_with("no matches found: ") => {
            Some(ShellError { error_type: "no-such-file", kind: Kind::Configuration })
        }
        _ if base == "sudo"
            && (message.starts_with("a terminal is required")
                || message.starts_with("no tty present")
                || message.starts_with("a password is required")) =>
        {
            Some(ShellError { error_type: "sudo", kind: Kind::Permission })
        }
        _ => said(message),
    }?;
    Some(diagnostic(line, &said, message, None))
}

/// `C:/tools/till.exe: No such file or directory`: the shell's name may be missing.
fn path(line: &Text<'_>) -> Option<Diagnostic> {
    let (name, message) = line.head?;
    let is_path = name.contains('/') && !name.contains(' ') && looks_like_path(name);
    let known = is_of_path(message);
    let said = said(&format!("{name}: {message}")).filter(|_| is_path && known && line.indent <= 4)?;
    Some(Diagnostic { confidence: Confidence::Likely, ..diagnostic(line, &said, line.text, None) })
}

/// Returns true for messages printed for a path without further details.
pub(crate) fn is_of_path(message: &str) -> bool {
    matches!(message, "No such file or directory" | "Permission denied" | "command not found" | "not found")
}

/// `Command 'till' not found, but can be installed with:` of Ubuntu.
fn suggestion(line: &Text<'_>) -> Option<Diagnostic> {
    let (name, rest) = line.text.strip_prefix("Command '")?.split_once('\'')?;
    let known = rest.starts_with(" not found, ") && !name.is_empty();
    let said = ShellError { error_type: "command-not-found", kind: Kind::Configuration };
    known.then(|| diagnostic(line, &said, &format!("{name}: command not found"), None))
}

/// Windows' messages about a missing program.
fn windows(line: &Text<'_>) -> Option<Diagnostic> {
    static UNEXPECTED: Needle = Needle::new(" was unexpected at this time.");
    let text = line.text;
    if translations::is_not_recognized(line.characters, text) {
        let said = ShellError { error_type: "command-not-found", kind: Kind::Configuration };
        return Some(diagnostic(line, &said, text.trim_end_matches(','), None));
    }
    if UNEXPECTED.find_among(line.characters, text).is_some_and(|at| at < 40) {
        let said = ShellError { error_type: "syntax", kind: Kind::Compile };
        return Some(diagnostic(line, &said, text, None));
    }
    let known = [
        "The system cannot find the path specified.",
        "The system cannot find the file specified.",
        "The filename, directory name, or volume label syntax is incorrect.",
    ];
    (text.starts_with("The ") && known.contains(&text)).then(|| {
        diagnostic(line, &ShellError { error_type: "no-such-file", kind: Kind::Configuration }, text, None)
    })
}

/// `Killed`, `./run.sh: line 12:  4711 Segmentation fault      (core dumped) ./till`.
fn signal(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGNALS: [(Needle, &str, Kind); 10] = [
        (Needle::new("Terminated"), "terminated", Kind::Infrastructure),
        (Needle::new("Killed"), "killed", Kind::Resource),
        (Needle::new("Segmentation fault"), "segmentation-fault", Kind::Crash),
        (Needle::new("Aborted (core dumped)"), "aborted", Kind::Crash),
        (Needle::new("Bus error"), "bus-error", Kind::Crash),
        (Needle::new("Trace/BPT trap"), "trap", Kind::Crash),
        (Needle::new("Trace/breakpoint trap"), "trap", Kind::Crash),
        (Needle::new("Abort trap"), "aborted", Kind::Crash),
        (Needle::new("Illegal instruction"), "illegal-instruction", Kind::Crash),
        (Needle::new("Floating point exception"), "floating-point", Kind::Crash),
    ];
    let text = line.text;
    let (at, sign, error_type, kind) = SIGNALS.iter().find_map(|(sign, error_type, kind)| {
        sign.find_among(line.characters, text).map(|at| (at, sign, *error_type, *kind))
    })?;
    if at == 0 {
        // The word alone, or with the note about the core dump.
        let rest = text[sign.text().len()..].trim();
        // macOS adds the number of the signal.
        let rest = rest.strip_prefix(": ").and_then(leading_number).map_or(rest, |(_, rest)| rest.trim());
        let alone = rest.is_empty() || rest == "(core dumped)";
        // A program that aborts gives the reason before.
        let role = if matches!(error_type, "aborted" | "terminated") { Role::Summary } else { Role::Root };
        return alone.then(|| Diagnostic { role, ..line.found("shell", error_type, kind, text) });
    }
    // The shell's location and a process number may precede it.
    let (before, _) = text.split_at(at);
    let (place, process) = before.trim_end().rsplit_once(": ")?;
    let (_, after) = leading_number(process.trim())?;
    let (name, number) = place.rsplit_once(": line ")?;
    let (number, rest) = leading_number(number)?;
    // Travis ends the program that it let wait, after it said why.
    if !after.is_empty() || !rest.is_empty() || text.contains("travis_jigger") {
        return None;
    }
    let own = !is_shell(name) && !is_written_by_ci(name) && looks_like_path(name);
    let message = text[at..].split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Diagnostic {
        location: own.then(|| Location::at(name, number, None)),
        ..line.found("shell", error_type, kind, &message)
    })
}
