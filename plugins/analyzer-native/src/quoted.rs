//! Compilers that quote the file: Arm's, TI's, IAR's, IBM's, Oracle's.
//!
//! ```text
//! "src/pot.c", line 12: Error:  #20: identifier "watr" is undefined
//! "src/pot.c",12  Error[Pe020]: identifier "watr" is undefined
//! "src/pot.c", line 12.3: 1506-045 (S) Undeclared identifier watr.
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, text::leading_number};

/// Reads one line.
pub(crate) fn line(view: &View<'_>, inbox: &mut Inbox) {
    if let Some(found) = read(view.text) {
        inbox.push(Diagnostic { span: view.span, context: view.text.to_owned(), ..found });
    }
}

fn read(text: &str) -> Option<Diagnostic> {
    let (path, rest) = text.strip_prefix('"')?.split_once("\",")?;
    if !names::is_native_source(path) || path.len() > 500 {
        return None;
    }
    let rest = rest.trim_start();
    let (line, rest) = leading_number(rest.strip_prefix("line ").unwrap_or(rest))?;
    let (column, rest) = match rest.strip_prefix('.').and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let rest = rest.trim_start_matches(':').trim_start();
    let (severity, code, message) = described(rest)?;
    (!message.is_empty()).then(|| Diagnostic {
        tool: "cc".to_owned(),
        error_type: code.unwrap_or("compile").to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        severity,
        kind: Kind::Compile,
        location: Some(Location::at(path, line, column)),
        ..Diagnostic::default()
    })
}

/// Severity, code and message in the orders of these compilers.
fn described(rest: &str) -> Option<(Severity, Option<&str>, &str)> {
    for (word, severity) in [
        ("fatal error", Severity::Error),
        ("Fatal Error", Severity::Error),
        ("error", Severity::Error),
        ("Error", Severity::Error),
        ("warning", Severity::Warning),
        ("Warning", Severity::Warning),
    ] {
        let Some(rest) = rest.strip_prefix(word) else { continue };
        // `Error[Pe020]: x`, `error #20: x`, `Error:  #20: x`, `error: x`
        if let Some((code, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            return Some((severity, Some(code), message.trim()));
        }
        let rest = rest.trim_start_matches([':', ' ']);
        if let Some((code, message)) = rest.strip_prefix('#').and_then(|rest| rest.split_once(": ")) {
            return Some((severity, Some(code), message.trim()));
        }
        return Some((severity, None, rest.trim()));
    }
    // `1506-045 (S) x`
    let (code, rest) = rest.split_once(' ')?;
    let (level, message) = rest.strip_prefix('(')?.split_once(") ")?;
    let severity = match level {
        "S" | "E" | "U" => Severity::Error,
        "W" => Severity::Warning,
        "I" => Severity::Info,
        _ => return None,
    };
    let numbered = code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && code.contains('-');
    numbered.then_some((severity, Some(code), message.trim()))
}
