//! Finds the errors of kettle, a build tool that exists only here:
//!
//! ```text
//! kettle: error K042 in src/pot.k:12:5: lid is missing
//! ```

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Line, LineAnalyzer, LineScan, Location, Severity, export_analyzer,
};

/// Stateless, because every error is on a line of its own.
#[derive(Default)]
pub struct Kettle;

impl LineAnalyzer for Kettle {
    const TOOLS: &'static [&'static str] = &["kettle"];

    // A log without this word never reaches the plugin.
    const PROBES: &'static [&'static str] = &["kettle:"];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        out.extend(diagnostic(line));
    }

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}

/// The error in a line. The line is already clean: without colours and the clock of a CI service.
fn diagnostic(line: &Line<'_>) -> Option<Diagnostic> {
    let rest = line.text.strip_prefix("kettle: ")?;
    let (severity, rest) = rest.split_once(' ')?;
    let severity = match severity {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return None,
    };
    let (code, rest) = rest.split_once(" in ")?;
    let digits = code.strip_prefix('K')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (place, message) = rest.split_once(": ")?;
    Some(Diagnostic {
        tool: "kettle".to_owned(),
        error_type: code.to_owned(),
        code: Some(code.to_owned()),
        message: message.trim().to_owned(),
        severity,
        kind: Kind::Compile,
        location: Some(location(place)?),
        context: line.text.to_string(),
        span: line.span,
        ..Diagnostic::default()
    })
}

/// `src/pot.k:12:5` or `src/pot.k:12`; lines and columns count from 1.
fn location(place: &str) -> Option<Location> {
    let mut parts = place.split(':');
    let path = parts.next().filter(|path| !path.is_empty())?;
    let line = parts.next()?.parse().ok().filter(|&line| line > 0)?;
    let column = parts.next().map(str::parse).transpose().ok()?.filter(|&column| column > 0);
    parts.next().is_none().then(|| Location::at(path, line, column))
}

/// The scan that the component exports and that the tests run natively.
pub type Scan = LineScan<Kettle>;
export_analyzer!(crate::Scan);
