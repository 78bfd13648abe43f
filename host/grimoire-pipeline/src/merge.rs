//! Merges the reports of several analyzers about one defect into one diagnostic.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Role, Severity, Span};

/// A defect with its number of occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedDiagnostic {
    /// The most specific diagnostic of the defect, at its first occurrence.
    pub diagnostic: Diagnostic,
    /// Number of occurrences; from 1.
    pub count: u32,
    /// The name of the analyzer that reported it.
    pub plugin: String,
}

/// Merges the findings of several analyzers, in the order of the artifact:
///
/// 1. Where spans of two analyzers overlap, the more specific diagnostic is kept.
/// 2. Equal diagnostics at several offsets become one with a count.
/// 3. Where two analyzers report the same location with a similar message, as when a build tool
///    repeats a compiler's message, the more specific one is kept.
/// 4. An error without a location whose message is contained in another's adds nothing and is dropped.
pub(crate) fn merge(findings: Vec<(String, Vec<Diagnostic>)>) -> Vec<CountedDiagnostic> {
    merge_with(Vec::new(), findings)
}

/// Merges findings into others that are already merged.
pub(crate) fn merge_with(
    merged: Vec<CountedDiagnostic>,
    findings: Vec<(String, Vec<Diagnostic>)>,
) -> Vec<CountedDiagnostic> {
    let more = findings.into_iter().flat_map(|(plugin, diagnostics)| {
        let counted = move |diagnostic| CountedDiagnostic { diagnostic, count: 1, plugin: plugin.clone() };
        diagnostics.into_iter().map(counted)
    });
    let entry = |found| Entry { found, absorbed: false };
    let mut entries: Vec<Entry> = merged.into_iter().chain(more).map(entry).collect();
    sort_by_place(&mut entries);
    absorb_overlaps(&mut entries);
    entries.retain(|entry| !entry.absorbed);
    count_repeats(&mut entries);
    absorb_same_places(&mut entries);
    absorb_same_words(&mut entries);
    entries.into_iter().filter(|entry| !entry.absorbed).map(|entry| entry.found).collect()
}

/// Two diagnostics with equal identities report the same defect.
pub(crate) type Identity =
    (String, String, Option<String>, Severity, String, Option<String>, Option<Location>);

/// The identity of a diagnostic: everything but its offset in the artifact and its context.
pub(crate) fn identity(diagnostic: &Diagnostic) -> Identity {
    let Diagnostic { tool, error_type, code, severity, message, test, location, .. } = diagnostic;
    (
        tool.clone(),
        error_type.clone(),
        code.clone(),
        *severity,
        message.clone(),
        test.clone(),
        location.clone(),
    )
}

struct Entry {
    found: CountedDiagnostic,
    absorbed: bool,
}

impl Entry {
    fn span(&self) -> Span {
        self.found.diagnostic.span
    }
}

fn sort_by_place(entries: &mut [Entry]) {
    // A stable sort keeps an analyzer's order for equal spans.
    entries.sort_by(|left, right| {
        (left.span().start, left.span().end, &left.found.plugin).cmp(&(
            right.span().start,
            right.span().end,
            &right.found.plugin,
        ))
    });
}

/// How specific a diagnostic is, most important part first: the analyzer's confidence, the severity, code,
/// line, stack, type, column, and how much of the artifact it covers.
type Specificity = (Confidence, bool, u32, u64);

fn specificity(diagnostic: &Diagnostic) -> Specificity {
    let start = diagnostic.location.as_ref().and_then(|location| location.start);
    let points = [
        (diagnostic.code.is_some(), 8),
        (start.is_some(), 4),
        (!diagnostic.stack_trace.is_empty(), 3),
        (!diagnostic.error_type.is_empty(), 2),
        (start.is_some_and(|start| start.column.is_some()), 1),
    ];
    let total = points.iter().filter(|(holds, _)| *holds).map(|(_, points)| points).sum();
    let width = diagnostic.span.end.saturating_sub(diagnostic.span.start);
    (diagnostic.confidence, diagnostic.severity >= Severity::Error, total, width)
}

/// Returns true if a failed test in a report quotes the other diagnostic: the report contains the test's output.
fn quotes(report: &Diagnostic, quoted: &Diagnostic) -> bool {
    let (outer, inner) = (report.span, quoted.span);
    let encloses = outer.start <= inner.start && inner.end <= outer.end && outer != inner;
    encloses
        && report.test.is_some()
        && quoted.test.is_none()
        // Linters print a file as a test, together with their findings in it.
        && quoted.kind != Kind::Lint
        && report.severity >= Severity::Error
        && report.confidence >= quoted.confidence
}

/// Marks the less specific of two diagnostics as absorbed by the other; the first one wins a tie.
fn absorb(entries: &mut [Entry], left: usize, right: usize) {
    let [one, other] = [&entries[left].found.diagnostic, &entries[right].found.diagnostic];
    let wins = quotes(one, other) || !quotes(other, one) && specificity(one) >= specificity(other);
    let (winner, loser) = if wins { (left, right) } else { (right, left) };
    entries[loser].absorbed = true;
    let count = entries[loser].found.count;
    // A more confident analyzer may have left out the location on purpose: frames of tools are not locations.
    let is_surer = entries[winner].found.diagnostic.confidence > entries[loser].found.diagnostic.confidence;
    let place = entries[loser].found.diagnostic.location.clone().filter(|_| !is_surer);
    let facts = std::mem::take(&mut entries[loser].found.diagnostic.facts);
    let kept = &mut entries[winner].found;
    kept.count = kept.count.max(count);
    kept.diagnostic.add_facts(&facts);
    kept.diagnostic.location = kept.diagnostic.location.take().or(place);
}

fn absorb_overlaps(entries: &mut [Entry]) {
    for left in 0..entries.len() {
        for right in left + 1..entries.len() {
            if entries[right].span().start >= entries[left].span().end {
                break; // Sorted by start: none of the rest overlaps.
            }
            if entries[left].absorbed {
                break;
            }
            let empty = entries[right].span().start == entries[right].span().end;
            let same_plugin = entries[left].found.plugin == entries[right].found.plugin;
            if !empty
                && !same_plugin
                && !entries[right].absorbed
                && about_one_thing(&entries[left], &entries[right])
            {
                absorb(entries, left, right);
            }
        }
    }
}

/// Returns true if two overlapping diagnostics report the same defect. A summary or consequence often
/// spans more than its cause: the two count as one only if they begin with the same line.
///
/// Findings of a one-line report all have the same span: their locations distinguish them.
fn about_one_thing(left: &Entry, right: &Entry) -> bool {
    if left.span() == right.span() && lines_differ(&left.found.diagnostic, &right.found.diagnostic) {
        return false;
    }
    let is_root = |entry: &Entry| matches!(entry.found.diagnostic.role, Role::Root | Role::Warning);
    is_root(left) == is_root(right) || left.span().start == right.span().start
}

fn lines_differ(left: &Diagnostic, right: &Diagnostic) -> bool {
    let line = |diagnostic: &Diagnostic| diagnostic.location.as_ref().and_then(|location| location.start);
    matches!((line(left), line(right)), (Some(one), Some(other)) if one.line != other.line)
}

fn count_repeats(entries: &mut Vec<Entry>) {
    let mut first: HashMap<Identity, usize> = HashMap::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match first.get(&identity(&entry.found.diagnostic)) {
            Some(&index) => {
                let count = &mut kept[index].found.count;
                *count = count.saturating_add(entry.found.count);
            }
            None => {
                first.insert(identity(&entry.found.diagnostic), kept.len());
                kept.push(entry);
            }
        }
    }
    *entries = kept;
}

fn absorb_same_places(entries: &mut [Entry]) {
    let mut places: BTreeMap<(String, u32), Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(location) = &entry.found.diagnostic.location
            && let Some(start) = location.start
        {
            let name = location.path.rsplit('/').next().unwrap_or_default().to_owned();
            places.entry((name, start.line)).or_default().push(index);
        }
    }
    for group in places.values() {
        for (position, &left) in group.iter().enumerate() {
            for &right in &group[position + 1..] {
                let (one, other) = (&entries[left], &entries[right]);
                let twice = one.found.plugin != other.found.plugin
                    && !one.absorbed
                    && !other.absorbed
                    && same_place(&one.found.diagnostic, &other.found.diagnostic)
                    && similar(&one.found.diagnostic.message, &other.found.diagnostic.message);
                if twice {
                    absorb(entries, left, right);
                }
            }
        }
    }
}

/// Minimum length in bytes of a message that is searched in others: shorter ones are found by chance.
const MESSAGE_OF_NOTE: usize = 16;
/// Maximum number of errors that are compared by their words; in longer lists a repetition does little harm.
const COMPARED: usize = 300;

fn absorb_same_words(entries: &mut [Entry]) {
    let is_error = |entry: &Entry| !entry.absorbed && entry.found.diagnostic.severity >= Severity::Error;
    let errors: Vec<usize> = (0..entries.len()).filter(|&at| is_error(&entries[at])).take(COMPARED).collect();
    let words: Vec<String> = errors.iter().map(|&at| flat(&entries[at].found.diagnostic.message)).collect();
    for (one, &loser) in errors.iter().enumerate() {
        if words[one].len() < MESSAGE_OF_NOTE || entries[loser].found.diagnostic.location.is_some() {
            continue;
        }
        let winner = (0..errors.len()).find(|&other| {
            let entry = &entries[errors[other]];
            let (winner, loser) = (&entry.found.diagnostic, &entries[loser].found.diagnostic);
            other != one
                && !entry.absorbed
                // A diagnostic that only quotes a cause does not replace it, and two tests are two defects.
                && (winner.role == Role::Root || loser.role != Role::Root)
                && (winner.test == loser.test || loser.test.is_none())
                && words[other].contains(&words[one])
                // Of two similar messages, the longer one is kept, else the first.
                && (words[other].len() > words[one].len()
                    || (specificity(winner), one) > (specificity(loser), other))
                && winner.confidence >= loser.confidence
        });
        if let Some(winner) = winner {
            entries[loser].absorbed = true;
            let again = entries[loser].found.count;
            let count = &mut entries[errors[winner]].found.count;
            *count = count.saturating_add(again);
        }
    }
}

/// The words separated by single spaces.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns true if two diagnostics have the same location. One tool may print an absolute path and
/// another a relative one; the column may be missing.
pub(crate) fn same_place(left: &Diagnostic, right: &Diagnostic) -> bool {
    let (Some(left), Some(right)) = (&left.location, &right.location) else { return false };
    let (Some(one), Some(other)) = (left.start, right.start) else { return false };
    let columns = match (one.column, other.column) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    one.line == other.line && columns && same_file(&left.path, &right.path)
}

pub(crate) fn same_file(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim_start_matches("./"), right.trim_start_matches("./"));
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    long.strip_suffix(short)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || short.starts_with('/'))
}

/// Returns true if the other message contains at least three fifths of the shorter one's words.
pub(crate) fn similar(left: &str, right: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (left, right) = (words(left), words(right));
    let shared = left.intersection(&right).count();
    let shorter = left.len().min(right.len());
    shorter > 0 && shared * 5 >= shorter * 3
}
