//! The most that a pattern can cost: shapes that are known to be expensive, each as large as it is accepted, searched in
//! texts that ask the most of them.

use std::time::Instant;

use grimoire_domain::pattern::ErrorPattern;

use super::Bench;
use super::random::Random;
use super::table::{Goal, Row, short};

/// The most text of one error that patterns are searched in.
const TEXT: usize = 64 << 10;

/// A pattern with a number in it that makes it larger.
type Shape = (&'static str, fn(usize) -> String);

/// Shapes whose cost grows with the number: many positions at once, many states, many classes of characters, and products
/// of these.
const SHAPES: [Shape; 14] = [
    ("any, bounded", |n| format!("a[^\\n]{{0,{n}}}\u{e9}z")),
    ("any, bounded, from anywhere", |n| format!("[^\\n]{{0,{n}}}\u{e9}z")),
    ("any, bounded, many classes", |n| format!("(?:[^\\n]{{0,{n}}}\u{e9}z|{})", pairs())),
    ("any, many classes inside", |n| format!("(?:(?:{}|[^\\n]){{0,{n}}}\u{e9}z)", pairs())),
    ("letters, bounded", |n| format!("[a-z0-9 ]{{0,{n}}}\u{e9}z")),
    ("letters, bounded, many classes", |n| format!("(?:[!-~ ]{{0,{n}}}\u{e9}z|{})", pairs())),
    ("the nth before the end", |n| format!("[ab]*a[ab]{{{n}}}z")),
    ("the nth before the end, of all", |n| format!("\\S*a\\S{{{n}}}\u{e9}z")),
    ("words", |n| format!("(?:\\w+ ){{{n}}}\u{e9}z")),
    ("words, bounded", |n| format!("\\w{{0,{n}}}\\W\\w{{0,{n}}}\u{e9}z")),
    ("gaps", |n| format!("x{}\u{e9}z", ".*[a-m].*[n-z]".repeat(n))),
    ("gaps of any length", |n| format!("x{}\u{e9}z", "(?s:.{0,50})[a-y]".repeat(n))),
    ("nested repetitions", |n| format!("(?:(?:[a-z]{{0,{n}}}[0-9]{{0,9}}){{1,9}}x){{1,3}}\u{e9}z")),
    ("without case", |n| format!("(?i)(?:[\\w\u{df}]{{0,{n}}}-){{1,3}}\u{e9}z")),
];

/// An alternative for every two printable characters in a row, which separates all of them into classes.
fn pairs() -> String {
    let printable: Vec<char> = (' '..='~')
        .filter(char::is_ascii_alphanumeric)
        .chain("\u{e9}\u{f1}\u{3b1}\u{4e2d}".chars())
        .collect();
    let pairs: Vec<String> = printable.windows(2).map(|pair| pair.iter().collect()).collect();
    pairs.join("|")
}

/// Measures the row `pattern`.
#[allow(clippy::unnecessary_wraps, reason = "a group of the table")]
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let texts = texts(TEXT);
    let mut figures = Vec::new();
    let mut slowest = (0.0, String::new());
    for _ in 0..bench.rounds {
        let mut most = 0.0_f64;
        for (name, shape) in SHAPES {
            for source in sizes(shape) {
                for (kind, text) in &texts {
                    // Parsed anew, so that compiling counts.
                    let Ok(pattern) = ErrorPattern::parse(&source) else { continue };
                    for turn in ["first", "second"] {
                        let started = Instant::now();
                        std::hint::black_box(pattern.find(text));
                        let took = started.elapsed().as_secs_f64() * 1e3;
                        most = most.max(took);
                        if took > slowest.0 {
                            slowest =
                                (took, format!("{name}, {} bytes, in {kind}, {turn} search", source.len()));
                        }
                    }
                }
            }
        }
        figures.push(most);
    }
    let absolute = format!("slowest: {} ms, {}", short(slowest.0), slowest.1);
    let row = Row::new("pattern", "the most that an accepted pattern costs in 64 KiB", Goal::AtMost(50.0));
    Ok(vec![row.in_unit("ms").with(figures, absolute)])
}

/// The largest accepted pattern of a shape, and smaller ones: the most expensive is not always the largest.
fn sizes(shape: fn(usize) -> String) -> Vec<String> {
    let is_accepted = |number: usize| ErrorPattern::parse(&shape(number)).is_ok();
    let (mut least, mut most) = (1_usize, 32_768);
    while most - least > 1 {
        let middle = least.midpoint(most);
        if is_accepted(middle) { least = middle } else { most = middle }
    }
    [1, 2, 4, 8, 16, 32, 64, 256].map(|part| shape((least / part).max(1))).into()
}

/// Texts by kind.
fn texts(length: usize) -> Vec<(&'static str, String)> {
    let mut random = Random::new(7);
    let mut of = |letters: &str| {
        let letters: Vec<char> = letters.chars().collect();
        let mut text = String::from("x");
        while text.len() < length {
            text.push(*random.pick(&letters));
        }
        text
    };
    let printable: String = (' '..='~').collect();
    let foreign: String =
        ('\u{a1}'..'\u{250}').chain('\u{3b1}'..'\u{3ff}').chain('\u{4e00}'..'\u{4f00}').collect();
    vec![
        ("one letter", of("a")),
        ("two letters", of("ab")),
        ("letters", of("abcdefghijklmnopqrstuvwxyz")),
        ("words", of("abcdefghijklmnopqrstuvwxyz  0123456789")),
        ("all of ASCII", of(&printable)),
        ("other alphabets", of(&foreign)),
        ("everything", of(&format!("{printable}{printable}{foreign}"))),
        ("lines", of(&format!("{printable}\n\n"))),
    ]
}
