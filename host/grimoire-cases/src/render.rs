//! Renders answers as text that is easy to read and to diff.

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Role, Severity};
use grimoire_domain::ranking::{Candidate, Verdict};
use grimoire_domain::text;

/// Details of a diagnostic that an expectation may list below the headline. Only listed details are compared.
const DETAILS: [&str; 8] = ["type", "kind", "role", "confidence", "test", "context", "frames", "lines"];

/// Renders diagnostics in the form of an expectation: a headline each, followed by the details that the expectation
/// lists for the diagnostic at this position. For a diagnostic without an expectation, the details that are not
/// defaults.
pub(super) fn diagnostics(found: &[Diagnostic], input: &str, expected: &str) -> String {
    let mut asked: Vec<Vec<&str>> = Vec::new();
    for line in expected.lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix(' '), asked.last_mut()) {
            (Some(detail), Some(details)) => details.push(detail.trim()),
            (Some(_), None) => {}
            (None, _) => asked.push(Vec::new()),
        }
    }
    let mut text = String::new();
    for (index, diagnostic) in found.iter().enumerate() {
        text.push_str(&headline(diagnostic));
        text.push('\n');
        let details = match asked.get(index) {
            Some(details) => details.iter().map(|asked| answer(diagnostic, input, asked)).collect(),
            None => worth_asking(diagnostic, input),
        };
        for detail in details {
            text.push_str(&format!("  {detail}\n"));
        }
    }
    text
}

/// `error | rustc | E0382 | src/main.rs:4:5 | borrow of moved value`; `-` stands for an absent value.
fn headline(found: &Diagnostic) -> String {
    let code = found.code.as_deref().unwrap_or("-");
    let place = found.location.as_ref().map_or_else(|| "-".to_owned(), Location::to_string);
    let message = found.message.replace('\n', "\\n");
    shown(&format!("{} | {} | {code} | {place} | {message}", found.severity.as_str(), found.tool))
}

/// The actual value of a detail that an expectation lists, such as `kind: compile`.
fn answer(found: &Diagnostic, input: &str, asked: &str) -> String {
    let (key, wanted) = asked.split_once(": ").unwrap_or((asked.trim_end_matches(':'), ""));
    if key == "context" && found.context.contains(wanted) {
        return asked.to_owned();
    }
    match value(found, input, key) {
        Some(value) => shown(&format!("{key}: {value}")),
        None => format!("{key}: there is no such detail; known are {}", DETAILS.join(", ")),
    }
}

fn worth_asking(found: &Diagnostic, input: &str) -> Vec<String> {
    let role = if found.severity < Severity::Error { Role::Warning } else { Role::Root };
    let is_plain = |key: &str| match key {
        "type" => found.code.as_deref() == Some(found.error_type.as_str()) || found.error_type.is_empty(),
        "kind" => found.kind == Kind::Unknown,
        "role" => found.role == role,
        "confidence" => found.confidence == Confidence::Certain,
        "test" => found.test.is_none(),
        "frames" => found.stack_trace.is_empty(),
        // Long, and mostly a copy of the input.
        "context" => true,
        _ => false,
    };
    let detail = |key: &&str| value(found, input, key).map(|value| shown(&format!("{key}: {value}")));
    DETAILS.iter().filter(|key| !is_plain(key)).filter_map(detail).collect()
}

fn value(found: &Diagnostic, input: &str, key: &str) -> Option<String> {
    Some(match key {
        "type" => found.error_type.clone(),
        "kind" => found.kind.as_str().to_owned(),
        "role" => found.role.as_str().to_owned(),
        "confidence" => found.confidence.as_str().to_owned(),
        "test" => found.test.clone().unwrap_or_else(|| "-".to_owned()),
        "context" => found.context.lines().next().unwrap_or_default().to_owned(),
        "frames" => found.stack_trace.len().to_string(),
        "lines" => {
            let line_of = |offset: u64| {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(input.len());
                memchr::memchr_iter(b'\n', &input.as_bytes()[..offset]).count() + 1
            };
            format!("{}-{}", line_of(found.span.start), line_of(found.span.end))
        }
        _ => return None,
    })
}

/// Renders verdicts with their reasons, best first, with four decimals.
pub(super) fn verdicts(verdicts: &[Verdict], candidates: &[Candidate]) -> String {
    let mut order: Vec<&Verdict> = verdicts.iter().collect();
    order.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.candidate.cmp(&other.candidate)));
    let mut text = String::new();
    for verdict in order {
        let title = candidates.get(verdict.candidate).map_or("?", |candidate| &candidate.spell.fields.title);
        let shown_or_not = if verdict.shown { "shown" } else { "-" };
        text.push_str(&shown(&format!("{:.4} | {shown_or_not} | {title}", verdict.score)));
        text.push('\n');
        for reason in &verdict.reasons {
            text.push_str(&shown(&format!("  {} {:+.4}: {}", reason.signal, reason.weight, reason.detail)));
            text.push('\n');
        }
    }
    text
}

/// Renders the similarity of every two texts, by their numbers from 1.
pub(super) fn similarities(vectors: &[Vec<f32>]) -> String {
    let mut text = String::new();
    for (place, left) in vectors.iter().enumerate() {
        for (other, right) in vectors.iter().enumerate().skip(place + 1) {
            let similarity: f32 = left.iter().zip(right).map(|(left, right)| left * right).sum();
            // Without the sign of a zero.
            let similarity = if similarity.abs() < 0.000_05 { 0.0 } else { similarity };
            text.push_str(&format!("{} | {} | {similarity:.4}\n", place + 1, other + 1));
        }
    }
    text
}

/// Makes a text one line that is safe to display.
fn shown(line: &str) -> String {
    text::displayable(line).replace('\n', " ").trim_end().to_owned()
}
