//! Scores found errors against expected ones.
//!
//! There are two levels, each with one-to-one matching. *Location*: the same file name (where one is
//! expected) and the same line. *Full*: that, and the message has at least 60 % of the expected
//! words. An expectation without a line is matched by its message alone. Further findings are wrong
//! only in exhaustive cases, and only if they have a line, are not notes, and do not repeat something
//! expected.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::{Case, Expected, Found};

/// The minimum share of the expected words that a message must contain.
const ENOUGH_WORDS: f64 = 0.6;
/// Severities that are never wrong to report.
const NOTES: [&str; 4] = ["note", "info", "help", "hint"];

/// Counts of one or several cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) cases: usize,
    pub(super) perfect: usize,
    pub(super) expected: usize,
    pub(super) located: usize,
    pub(super) right_location: usize,
    pub(super) right_full: usize,
    pub(super) wrong_location: usize,
    pub(super) wrong_full: usize,
    pub(super) code: Share,
    pub(super) column: Share,
    pub(super) severity: Share,
}

/// Number of correct results among all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) all: usize,
    pub(super) right: usize,
}

impl Share {
    fn count(&mut self, right: bool) {
        self.all += 1;
        self.right += usize::from(right);
    }

    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.right += other.right;
    }
}

impl Row {
    pub(super) fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.perfect += other.perfect;
        self.expected += other.expected;
        self.located += other.located;
        self.right_location += other.right_location;
        self.right_full += other.right_full;
        self.wrong_location += other.wrong_location;
        self.wrong_full += other.wrong_full;
        self.code.add(other.code);
        self.column.add(other.column);
        self.severity.add(other.severity);
    }
}

/// A possible match of an expectation with a finding.
struct Pair {
    located: bool,
    full: bool,
    same_column: bool,
    share: f64,
    want: usize,
    got: usize,
}

/// Compares the findings in one case with the expectations.
pub(super) fn score_case(case: &Case, found: &[Found]) -> Row {
    let wanted = &case.expected;
    let mut row = Row {
        cases: 1,
        expected: wanted.len(),
        located: wanted.iter().filter(|want| has_line(want)).count(),
        ..Row::default()
    };
    let mut pairs = possible_pairs(wanted, found);
    // A stable sort: the first of equal pairs counts.
    pairs.sort_by(|left, right| {
        let key = |pair: &Pair| (pair.full, pair.same_column);
        key(right).cmp(&key(left)).then(right.share.partial_cmp(&left.share).unwrap_or(Ordering::Equal))
    });
    let mut used_wanted = HashSet::new();
    let mut used_found = HashSet::new();
    let mut full = HashSet::new();
    for pair in pairs {
        if used_wanted.contains(&pair.want) || used_found.contains(&pair.got) {
            continue;
        }
        used_wanted.insert(pair.want);
        used_found.insert(pair.got);
        row.right_location += usize::from(pair.located);
        row.right_full += usize::from(pair.full);
        if pair.full {
            full.insert(pair.got);
        }
        let (want, got) = (&wanted[pair.want], &found[pair.got]);
        if let Some(code) = want.code.as_deref().filter(|code| !code.is_empty()) {
            row.code.count(plain_code(code) == plain_code(got.code.as_deref().unwrap_or_default()));
        }
        if let Some(severity) = want.severity.as_deref().filter(|severity| !severity.is_empty()) {
            row.severity.count(severity == got.severity.to_lowercase());
        }
        if let Some(column) = want.column.filter(|&column| column != 0) {
            row.column.count(got.column == Some(column));
        }
    }
    if case.exhaustive {
        for (index, got) in found.iter().enumerate() {
            if got.line.is_none() || NOTES.contains(&got.severity.to_lowercase().as_str()) {
                continue;
            }
            if used_found.contains(&index) {
                row.wrong_full += usize::from(!full.contains(&index));
            } else if !wanted.iter().any(|want| has_line(want) && same_place(want, got)) {
                row.wrong_location += 1;
                row.wrong_full += 1;
            }
        }
    }
    let all_found = used_wanted.len() == wanted.len() && row.right_full == wanted.len();
    row.perfect = usize::from(all_found && row.wrong_full == 0);
    row
}

fn possible_pairs(wanted: &[Expected], found: &[Found]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (want_index, want) in wanted.iter().enumerate() {
        for (got_index, got) in found.iter().enumerate() {
            let share = overlap(want.message_substring.as_deref().unwrap_or_default(), &got.message);
            let full = share >= ENOUGH_WORDS;
            let located = has_line(want);
            let possible = if located { same_place(want, got) } else { full };
            if possible {
                let wants_column = want.column.is_some_and(|column| column != 0);
                let same_column = located && wants_column && got.column == want.column;
                pairs.push(Pair { located, full, same_column, share, want: want_index, got: got_index });
            }
        }
    }
    pairs
}

fn has_line(want: &Expected) -> bool {
    want.line.is_some_and(|line| line != 0)
}

fn same_place(want: &Expected, got: &Found) -> bool {
    let file = want.file.as_deref().unwrap_or_default();
    got.line == want.line
        && (file.is_empty() || file_name(got.file.as_deref().unwrap_or_default()) == file_name(file))
}

/// The last component of a path in either style.
fn file_name(path: &str) -> String {
    path.trim().rsplit(['\\', '/']).next().unwrap_or_default().to_lowercase()
}

/// The share of the expected words that a message contains; 1 if nothing is expected or the message
/// contains the whole text.
fn overlap(want: &str, got: &str) -> f64 {
    if want.is_empty() || flat(got).contains(&flat(want)) {
        return 1.0;
    }
    let wanted = words(want);
    if wanted.is_empty() {
        return 0.0;
    }
    let got = words(got);
    wanted.intersection(&got).count() as f64 / wanted.len() as f64
}

/// Lower case, with each run of white space replaced by one space.
fn flat(text: &str) -> String {
    let is_space = |character: char| character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character);
    let mut flat = String::with_capacity(text.len());
    for character in text.chars() {
        if !is_space(character) {
            flat.push(character);
        } else if !flat.ends_with(' ') {
            flat.push(' ');
        }
    }
    flat.to_lowercase()
}

fn words(text: &str) -> HashSet<String> {
    let is_word = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_' | '$');
    let lower = text.to_lowercase();
    lower.split(|character| !is_word(character)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A code without the differences between tools: letter case, `-` or `_`, and the prefixes
/// `clippy::` and, before a number, `TS`.
fn plain_code(code: &str) -> String {
    let code = code.to_lowercase();
    let number =
        code.strip_prefix("ts").filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    code.strip_prefix("clippy::").or(number).unwrap_or(&code).replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(file: &str, line: i64, message: &str) -> Expected {
        Expected {
            file: Some(file.to_owned()),
            line: Some(line),
            message_substring: Some(message.to_owned()),
            ..Expected::default()
        }
    }

    fn found(file: &str, line: i64, message: &str) -> Found {
        Found {
            file: Some(file.to_owned()),
            line: Some(line),
            message: message.to_owned(),
            severity: "error".to_owned(),
            ..Found::default()
        }
    }

    fn case(expected: Vec<Expected>) -> Case {
        Case { id: String::new(), tool: String::new(), exhaustive: true, log_text: String::new(), expected }
    }

    #[test]
    fn the_same_place_with_another_message_is_right_by_location_only() {
        let case = case(vec![expected("src/lib.rs", 3, "use of moved value")]);
        let row = score_case(&case, &[found("C:\\src\\LIB.rs", 3, "something else entirely")]);
        assert_eq!((row.right_location, row.right_full, row.wrong_location, row.wrong_full), (1, 0, 0, 1));
        let row = score_case(&case, &[found("lib.rs", 3, "error: Use of  MOVED value: `x`")]);
        assert_eq!((row.right_full, row.wrong_full, row.perfect), (1, 0, 1));
    }

    #[test]
    fn each_expectation_is_matched_once_and_repetitions_are_not_wrong() {
        let case = case(vec![expected("a.c", 1, "bad thing")]);
        let row = score_case(&case, &[found("a.c", 1, "bad thing"), found("a.c", 1, "bad thing again")]);
        assert_eq!((row.right_full, row.wrong_location, row.perfect), (1, 0, 1));
        let row = score_case(&case, &[found("a.c", 1, "bad thing"), found("a.c", 2, "bad thing")]);
        assert_eq!((row.wrong_location, row.wrong_full, row.perfect), (1, 1, 0));
        let note = Found { severity: "hint".to_owned(), ..found("a.c", 2, "note") };
        assert_eq!(score_case(&case, &[found("a.c", 1, "bad thing"), note]).perfect, 1);
    }

    #[test]
    fn fields_are_compared_where_they_are_expected() {
        let want = Expected {
            column: Some(7),
            code: Some("clippy::needless_return".to_owned()),
            severity: Some("warning".to_owned()),
            ..expected("a.rs", 1, "unneeded")
        };
        let got = Found {
            column: Some(7),
            code: Some("needless-return".to_owned()),
            ..found("a.rs", 1, "unneeded")
        };
        let row = score_case(&case(vec![want]), &[got]);
        let share = |all, right| Share { all, right };
        assert_eq!((row.column, row.code, row.severity), (share(1, 1), share(1, 1), share(1, 0)));
        assert_eq!(plain_code("TS2304"), plain_code("2304"));
        assert_ne!(plain_code("tsx"), plain_code("x"));
    }

    #[test]
    fn an_expectation_without_a_line_is_matched_by_its_message() {
        let want =
            Expected { message_substring: Some("cannot find module foo".to_owned()), ..Expected::default() };
        let row = score_case(&case(vec![want]), &[found("x.js", 4, "Error: cannot find module 'foo'")]);
        assert_eq!((row.located, row.right_location, row.right_full, row.wrong_full), (0, 0, 1, 0));
    }
}
