//! Scanners of infrastructure and secrets: Checkov, tfsec, Trivy, Grype, Snyk, gitleaks, TruffleHog.
//!
//! ```text
//! Check: CKV_AWS_20: "S3 Bucket has an ACL defined which allows public READ access."
//!         FAILED for resource: aws_s3_bucket.till
//!         File: /main.tf:1-10
//!
//! Result #1 HIGH Bucket has no logging
//! ────────────
//!   main.tf:1-4
//!          ID aws-s3-enable-bucket-logging
//!
//! AVD-DS-0002 (HIGH): Specify at least 1 USER command in Dockerfile with non-root user as argument
//!
//! RuleID:      aws-access-token
//! File:        src/till.py
//! Line:        12
//! ```

use crate::{
    kinds,
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity, Span,
    text::{Beginnings, Needle, leading_number, looks_like_path, place_at_start},
};

/// Maximum number of lines of one finding.
const LINES: u32 = 60;

/// Reads findings of several lines.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    open: Option<Finding>,
}

/// A finding whose lines name its fields.
#[derive(Debug, Default)]
struct Finding {
    tool: &'static str,
    code: String,
    message: String,
    path: String,
    line: u32,
    is_failed: bool,
    severity: Severity,
    lines: u32,
    context: String,
    span: Span,
}

impl Recogniser for Scan {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(finding) = &mut self.open {
            let begins_next = start(line).is_some();
            if !begins_next && finding.take(line) {
                return;
            }
            self.finish(sink);
        }
        self.open = start(line);
    }

    fn finish(&mut self, sink: &mut Sink) {
        if let Some(found) = self.open.take().and_then(Finding::finish) {
            sink.block(found);
        }
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|finding| finding.span.start)
    }
}

fn start(line: &Text<'_>) -> Option<Finding> {
    static STARTS: Beginnings =
        Beginnings::new(&["Check: CKV", "Result #", "Finding: ", "Detector Type: ", "✗ "]);
    let text = line.text;
    let begun = |tool, code: &str, message: &str, severity, is_failed| Finding {
        tool,
        code: code.to_owned(),
        message: message.trim().trim_matches('"').to_owned(),
        severity,
        is_failed,
        span: line.span,
        context: text.to_owned(),
        ..Finding::default()
    };
    match STARTS.position(text) {
        Some(0) => {
            let (code, message) = text["Check: ".len()..].split_once(": ")?;
            Some(begun("checkov", code, message, Severity::Error, false))
        }
        Some(1) => {
            let (_, rest) = leading_number(&text["Result #".len()..])?;
            let (level, message) = rest.trim_start().split_once(' ')?;
            let severity = level_of(level)?;
            Some(begun("tfsec", "", message, severity, true))
        }
        Some(2) => Some(begun("gitleaks", "", "", Severity::Error, true)),
        Some(3) => {
            let name = &text["Detector Type: ".len()..];
            Some(begun("trufflehog", name, &format!("Found a secret: {name}"), Severity::Error, true))
        }
        Some(4) => {
            // `✗ High severity vulnerability found in till`, `✗ Prototype Pollution [High Severity][https://…]`.
            let message = &text["✗ ".len()..].trim();
            let lower = message.to_ascii_lowercase();
            let at = lower.find("severity")?;
            let level = lower[..at].rsplit([' ', '[']).find(|word| !word.is_empty())?;
            let severity = level_of(&level.to_ascii_uppercase())?;
            Some(begun("snyk", "", message, severity, true))
        }
        _ => None,
    }
}

fn level_of(word: &str) -> Option<Severity> {
    Some(match word {
        "CRITICAL" | "HIGH" => Severity::Error,
        "MEDIUM" | "LOW" => Severity::Warning,
        _ => return None,
    })
}

impl Finding {
    fn take(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        self.lines += 1;
        let taken = self.lines <= LINES
            && match self.tool {
                "checkov" => self.checkov(text),
                "tfsec" => self.tfsec(text),
                "gitleaks" => self.gitleaks(text),
                "trufflehog" => self.trufflehog(text),
                _ => self.snyk(text),
            };
        if taken && !text.is_empty() {
            self.context.push('\n');
            self.context.push_str(grimoire_plugin_sdk::text::cut(text, 400));
            self.span = self.span.to(line.span);
        }
        taken
    }

    fn checkov(&mut self, text: &str) -> bool {
        if let Some(resource) = text.strip_prefix("FAILED for resource: ") {
            self.is_failed = true;
            self.message = format!("{} ({resource})", self.message);
        } else if let Some(place) = text.strip_prefix("File: ") {
            let (path, range) = place.rsplit_once(':').unwrap_or((place, ""));
            path.trim_start_matches('/').clone_into(&mut self.path);
            self.line = leading_number(range).map_or(0, |(line, _)| line);
        } else {
            return text.starts_with("Guide: ")
                || text.starts_with("Severity: ")
                || text.is_empty() && self.path.is_empty();
        }
        true
    }

    fn tfsec(&mut self, text: &str) -> bool {
        if let Some(code) = text.strip_prefix("ID ") {
            code.trim().clone_into(&mut self.code);
            return true;
        }
        if self.path.is_empty()
            && let Some(place) = place_at_start(text.split('-').next().unwrap_or(text))
        {
            place.path.clone_into(&mut self.path);
            self.line = place.line;
        }
        // The text after the rule is advice.
        self.code.is_empty()
    }

    fn gitleaks(&mut self, text: &str) -> bool {
        let Some((name, value)) = text.split_once(':') else { return text.is_empty() && self.lines < 3 };
        let value = value.trim();
        match name {
            "RuleID" => {
                value.clone_into(&mut self.code);
                self.message = format!("{value}: a secret was found");
            }
            "File" => value.clone_into(&mut self.path),
            "Line" => self.line = value.parse().unwrap_or_default(),
            "Secret" | "Entropy" | "Commit" | "Author" | "Email" | "Date" | "Fingerprint" | "Tags"
            | "Link" => {}
            _ => return false,
        }
        true
    }

    fn trufflehog(&mut self, text: &str) -> bool {
        let Some((name, value)) = text.split_once(": ") else { return false };
        match name {
            "File" => value.trim().clone_into(&mut self.path),
            "Line" => self.line = value.trim().parse().unwrap_or_default(),
            _ => return name.len() <= 20 && name.starts_with(|c: char| c.is_ascii_uppercase()),
        }
        true
    }

    fn snyk(&mut self, text: &str) -> bool {
        if let Some(title) = text.strip_prefix("Description: ") {
            self.message = format!("{}: {title}", self.message);
        } else if let Some(info) = text.strip_prefix("Info: ") {
            info.rsplit('/').next().unwrap_or_default().clone_into(&mut self.code);
        } else if let Some(place) = text.strip_prefix("Path: ") {
            let (path, rest) = place.split_once(", line ").unwrap_or((place, ""));
            if looks_like_path(path) {
                path.clone_into(&mut self.path);
                self.line = leading_number(rest).map_or(0, |(line, _)| line);
            }
        } else {
            return text.starts_with("Introduced through: ")
                || text.starts_with("From: ")
                || text.starts_with("ID: ");
        }
        true
    }

    fn finish(self) -> Option<Diagnostic> {
        if !self.is_failed || self.message.is_empty() {
            return None;
        }
        let location = (!self.path.is_empty()).then(|| Location::at(&self.path, self.line, None));
        // A one-line headline, without the fields of every finding, is another tool's.
        if matches!(self.tool, "tfsec" | "gitleaks") && location.is_none() {
            return None;
        }
        let error_type = if self.code.is_empty() { "finding" } else { &self.code };
        let mut diagnostic =
            found(self.tool, error_type, Kind::Lint, &self.message, &self.context, self.span);
        diagnostic.code = Some(self.code).filter(|code| !code.is_empty());
        diagnostic.location = location;
        diagnostic.severity = self.severity;
        Some(diagnostic)
    }
}

/// One-line rows: Trivy's misconfigurations and tables, Grype's, and summaries.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    misconfiguration(line).or_else(|| table(line)).or_else(|| logged(line))
}

/// `FATAL<tab>Fatal error<tab>message`, `ERROR<tab>[vulndb] message<tab>repo="…" err="reason"`: Trivy's own log.
fn logged(line: &Text<'_>) -> Option<Diagnostic> {
    static CAUSE: Needle = Needle::new(" err=\"");
    let (level, rest) = line.text.split_once('\t')?;
    let fatal = match level {
        "FATAL" => true,
        "ERROR" => false,
        _ => return None,
    };
    if fatal {
        let message = rest.trim_start_matches("Fatal error").trim();
        // The failed source and the reason are named before.
        let follows = message.contains("failed to download artifact from any source");
        let kind = kinds::of(message, Kind::Configuration);
        let role = if follows { Role::Summary } else { Role::Root };
        let is_trivys = rest.starts_with("Fatal error") || line.line.contains("trivy");
        return is_trivys.then(|| Diagnostic { role, ..line.found("trivy", "fatal", kind, message) });
    }
    let (component, rest) = rest.strip_prefix('[')?.split_once("] ")?;
    let (what, fields) = rest.split_once('\t').unwrap_or((rest, ""));
    let message = match CAUSE.split(fields) {
        Some((_, cause)) => format!("{what}: {}", cause.trim_end_matches('"')),
        None => what.to_owned(),
    };
    Some(line.found("trivy", component, kinds::of(&message, Kind::Configuration), &message))
}

/// `AVD-DS-0002 (HIGH): message`, `DS002 (HIGH): message`.
fn misconfiguration(line: &Text<'_>) -> Option<Diagnostic> {
    let end = code_end(line.text)?;
    let (code, rest) = line.text.split_at(end);
    let (level, message) = rest.strip_prefix(" (")?.split_once("): ")?;
    let severity = level_of(level)?;
    Some(Diagnostic {
        code: Some(code.to_owned()),
        severity,
        ..line.found("trivy", code, Kind::Lint, message)
    })
}

/// Returns true if a line starts with a code and a parenthesis.
pub(crate) fn is_code(text: &str) -> bool {
    code_end(text).is_some_and(|end| text[end..].starts_with(" ("))
}

/// The end of a code such as `AVD-DS-0002` at the start.
fn code_end(text: &str) -> Option<usize> {
    let part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-';
    let end = text.bytes().take(32).take_while(part).count();
    (end >= 4 && text.as_bytes()[end - 1].is_ascii_digit()).then_some(end)
}

/// A row with a vulnerability, in Trivy's box or in Grype's columns.
fn table(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGNS: [Needle; 2] = [Needle::new("CVE-"), Needle::new("GHSA-")];
    let text = line.line.trim();
    SIGNS.iter().find(|sign| sign.find_among(line.characters, text).is_some())?;
    let cells: Vec<&str> = if text.starts_with('│') {
        text.split('│').map(str::trim).filter(|cell| !cell.is_empty()).collect()
    } else {
        text.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    };
    let at = cells
        .iter()
        .position(|cell| (cell.starts_with("CVE-") || cell.starts_with("GHSA-")) && !cell.contains(' '))?;
    let level = cells.iter().find_map(|cell| level_of(&cell.to_ascii_uppercase()))?;
    if cells.len() < 4 {
        return None;
    }
    let code = cells[at];
    let is_trivy = text.starts_with('│');
    // In Trivy's tables the cells of one package are merged, so that its name may be missing.
    let package = if is_trivy && at == 0 { "" } else { cells[0] };
    let title = cells.last().filter(|_| is_trivy).copied().unwrap_or_default();
    let message = format!("{package} {code} {title}");
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Diagnostic {
        code: Some(code.to_owned()),
        severity: level,
        ..line.found(if is_trivy { "trivy" } else { "grype" }, code, Kind::Lint, &message)
    })
}
