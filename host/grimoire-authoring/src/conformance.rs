//! Tests a plugin with inputs that authors rarely think of: empty, huge and hostile ones. A plugin passes if it answers
//! each of them within its limits, with an answer that the host accepts, and with the same answer when it is called
//! again.

use std::time::{Duration, Instant};

use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::Candidate;
use grimoire_domain::spell::{SpellFields, ValidSpell};
use grimoire_ports::PortError;
use grimoire_ports::plugins::embedder::{MAX_TEXT_BYTES, MAX_TEXTS};

use crate::cases::{Case, Input, candidate, spell};
use crate::manifest::World;
use crate::workbench::{Answer, MatcherInput, Workbench};

/// The result of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The input, in a few words.
    pub input: String,
    /// The reason why the plugin does not pass; `None` if it passes.
    pub problem: Option<String>,
    /// How long the first answer took.
    pub took: Duration,
}

/// Gives a plugin every input. The cases are part of the inputs, because an analyzer is tested only by text that it
/// recognises.
///
/// # Errors
///
/// If the host cannot run the plugin.
pub async fn run(bench: &Workbench, cases: &[Case]) -> Result<Vec<Finding>, PortError> {
    match bench.world() {
        World::Analyzer => analyzer(bench, cases).await,
        World::Matcher => matcher(bench, cases).await,
        World::Embedder => embedder(bench, cases).await,
    }
}

/// Inputs for analyzers, smallest first.
pub(crate) fn artifacts(cases: &[Case]) -> Vec<(String, Vec<u8>)> {
    let mut known = Vec::new();
    for case in cases {
        if let Input::Artifact { text, .. } = &case.input {
            known.extend_from_slice(text.as_bytes());
            known.push(b'\n');
        }
    }
    let repeated = |piece: &[u8], bytes: usize| -> Vec<u8> {
        piece.iter().copied().cycle().take(if piece.is_empty() { 0 } else { bytes }).collect()
    };
    let with_known = |bytes: &[u8]| [&known[..], bytes, &known[..]].concat();
    let without_line_ends: Vec<u8> = known.iter().copied().filter(|byte| *byte != b'\n').collect();
    // Every eighth byte is changed: almost valid input.
    let damaged = known.iter().enumerate().map(|(at, byte)| if at % 8 == 7 { byte ^ 0x15 } else { *byte });
    let emoji = "error: 🫖🧉 größe 日本語 👩‍👩‍👧 e\u{301}\n";
    let colours = "\u{1b}[31merror\u{1b}[0m: \u{1b}]0;title\u{7} \u{202e}gnirts\u{2066} \u{0}\u{8}\r\n";
    vec![
        ("nothing".to_owned(), Vec::new()),
        ("one line end".to_owned(), b"\n".to_vec()),
        ("one byte".to_owned(), b"x".to_vec()),
        (
            "its cases, cut off in the middle of a line".to_owned(),
            known[..known.len() - known.len() / 3].to_vec(),
        ),
        ("its cases without line ends".to_owned(), without_line_ends.clone()),
        ("its cases with every eighth byte damaged".to_owned(), damaged.collect()),
        (
            "every possible byte, 4 KiB".to_owned(),
            with_known(&(0..=255).cycle().take(4096).collect::<Vec<u8>>()),
        ),
        ("no UTF-8".to_owned(), with_known(&repeated(b"error: \xff\xfe\xc3\x28 \xed\xa0\x80\n", 64 << 10))),
        ("emoji and other scripts, 256 KiB".to_owned(), with_known(&repeated(emoji.as_bytes(), 256 << 10))),
        (
            "colours, controls and reordering, 256 KiB".to_owned(),
            with_known(&repeated(colours.as_bytes(), 256 << 10)),
        ),
        ("brackets, 256 KiB on one line".to_owned(), with_known(&repeated(b"([{<\"'`", 256 << 10))),
        ("blanks, 1 MiB on one line".to_owned(), with_known(&repeated(b" \t", 1 << 20))),
        ("empty lines, 1 MiB".to_owned(), with_known(&repeated(b"\n", 1 << 20))),
        ("its cases repeated, 8 MiB".to_owned(), repeated(&known, 8 << 20)),
        ("its cases on one line of 8 MiB".to_owned(), repeated(&without_line_ends, 8 << 20)),
    ]
}

async fn analyzer(bench: &Workbench, cases: &[Case]) -> Result<Vec<Finding>, PortError> {
    let kind = cases
        .iter()
        .find_map(|case| match case.input {
            Input::Artifact { kind, .. } => Some(kind),
            Input::Error(_) | Input::Texts(_) => None,
        })
        .unwrap_or(ArtifactKind::Log);
    let mut findings = Vec::new();
    for (input, bytes) in artifacts(cases) {
        let started = Instant::now();
        let first = bench.analyze(kind, &bytes).await?;
        let took = started.elapsed();
        let again = bench.analyze(kind, &bytes).await?;
        findings.push(Finding { input, problem: problem(&first, &again), took });
    }
    Ok(findings)
}

/// Inputs for matchers.
pub(crate) fn questions(cases: &[Case]) -> Vec<(String, MatcherInput)> {
    let known = cases.iter().find_map(|case| match &case.input {
        Input::Error(input) if !input.candidates.is_empty() => Some((**input).clone()),
        _ => None,
    });
    let error = known.as_ref().map_or_else(plain_error, |input| input.error.clone());
    let fields = |number: usize| SpellFields {
        title: format!("Spell {number}"),
        description: "Why it happens.".to_owned(),
        error_type: "error".to_owned(),
        error_pattern: format!("pattern {number} of many"),
        solution_code: "fix it".to_owned(),
        ..SpellFields::default()
    };
    let of = |error: &Diagnostic, fields: Vec<SpellFields>| MatcherInput {
        error: error.clone(),
        candidates: (1..).zip(fields).map(|(id, fields)| unchecked_candidate(error, id, fields)).collect(),
    };
    let long = |text: &str, bytes: usize| text.chars().cycle().take(bytes / 4).collect::<String>();
    let mut strange = plain_error();
    "🫖 größe 日本語 👩‍👩‍👧 e\u{301} \u{1b}[31m\u{202e}x\u{0}".clone_into(&mut strange.message);
    strange.context.clone_from(&strange.message);
    let mut large = plain_error();
    large.message = long("moved value: `x` ", 8 << 10);
    large.context = long("let y = (x[0]); // ", 16 << 10);
    let texts = |number: usize| SpellFields {
        description: long("a long explanation of it ", 60_000),
        solution_code: long("let y = x.clone();\n", 60_000),
        tags: (0..20).map(|tag| format!("tag-{number}-{tag}")).collect(),
        ..fields(number)
    };
    let with_pattern = |pattern: &str| SpellFields { error_pattern: pattern.to_owned(), ..fields(1) };
    let mut questions = vec![
        ("no spells".to_owned(), of(&error, Vec::new())),
        ("an error without words".to_owned(), of(&empty_error(), vec![fields(1), fields(2)])),
        ("one spell twice".to_owned(), of(&error, vec![fields(1), fields(1)])),
        ("a pattern that is not an expression".to_owned(), of(&error, vec![with_pattern("(unclosed [")])),
        ("a pattern that matches nothing".to_owned(), of(&error, vec![with_pattern(r"[^\s\S]")])),
        ("emoji, other scripts, controls".to_owned(), of(&strange, vec![fields(1), fields(2)])),
        ("an error of the largest size".to_owned(), of(&large, (1..=20).map(fields).collect())),
        ("64 spells with long texts".to_owned(), of(&error, (1..=64).map(texts).collect())),
        ("10,000 spells".to_owned(), of(&error, (1..=10_000).map(fields).collect())),
    ];
    if let Some(known) = known {
        questions.insert(0, ("the first of its cases".to_owned(), known));
    }
    questions
}

/// A candidate with fields that no new spell may have: a spellbook may contain older spells.
fn unchecked_candidate(error: &Diagnostic, id: u64, fields: SpellFields) -> Candidate {
    candidate(error, spell(id, ValidSpell::from_store(fields)), 1.0 / id as f64)
}

fn plain_error() -> Diagnostic {
    Diagnostic {
        tool: "rustc".to_owned(),
        error_type: "E0382".to_owned(),
        code: Some("E0382".to_owned()),
        message: "borrow of moved value: `x`".to_owned(),
        ..Diagnostic::default()
    }
}

fn empty_error() -> Diagnostic {
    Diagnostic { tool: "-".to_owned(), message: "-".to_owned(), ..Diagnostic::default() }
}

async fn matcher(bench: &Workbench, cases: &[Case]) -> Result<Vec<Finding>, PortError> {
    let mut findings = Vec::new();
    for (input, question) in questions(cases) {
        let started = Instant::now();
        let first = bench.score(&question).await;
        let took = started.elapsed();
        let again = bench.score(&question).await;
        findings.push(Finding { input, problem: problem(&first, &again), took });
    }
    Ok(findings)
}

/// Inputs for embedders.
pub(crate) fn texts(cases: &[Case]) -> Vec<(String, Vec<String>)> {
    let known = cases.iter().find_map(|case| match &case.input {
        Input::Texts(texts) => Some(texts.clone()),
        _ => None,
    });
    let known = known.unwrap_or_else(|| vec!["borrow of moved value: `x`".to_owned()]);
    let filled = |piece: &str| piece.chars().cycle().take(MAX_TEXT_BYTES / 4).collect::<String>();
    let long = |number: usize| filled(&format!("{number} borrow of moved value: `x` "));
    vec![
        ("the texts of its first case".to_owned(), known),
        ("an empty text".to_owned(), vec![String::new()]),
        ("blanks and line ends".to_owned(), vec![" \n\t ".to_owned(), filled(" \n")]),
        (
            "emoji, other scripts, controls".to_owned(),
            vec![filled("🫖 größe 日本語 👩‍👩‍👧 e\u{301} \u{1b}[31m\u{202e}x\u{0}")],
        ),
        ("one word of the largest size".to_owned(), vec!["x".repeat(MAX_TEXT_BYTES)]),
        ("64 long texts".to_owned(), (1..=MAX_TEXTS).map(long).collect()),
    ]
}

async fn embedder(bench: &Workbench, cases: &[Case]) -> Result<Vec<Finding>, PortError> {
    let mut findings = Vec::new();
    for (input, texts) in texts(cases) {
        let started = Instant::now();
        let first = bench.embed(&texts).await;
        let took = started.elapsed();
        // The last one alone, to whose vector the others must not matter.
        let alone = bench.embed(&texts[texts.len() - 1..]).await;
        let again = bench.embed(&texts).await;
        let depends = match (&first, &alone) {
            (Ok(together), Ok(alone)) if together.last() != alone.last() => {
                Some("gave another vector for a text beside others than for the text alone".to_owned())
            }
            _ => None,
        };
        findings.push(Finding { input, problem: problem(&first, &again).or(depends), took });
    }
    Ok(findings)
}

/// The reason why two answers to the same question are not acceptable.
fn problem<T: PartialEq>(first: &Answer<T>, again: &Answer<T>) -> Option<String> {
    match (first, again) {
        (Ok(first), Ok(again)) if first == again => None,
        (Ok(_), Ok(_)) => {
            Some("gave another answer when called again: it must depend on its input alone".to_owned())
        }
        // Refusing to read such an input is an answer, too.
        (Err(problem), Err(_)) if problem.reason == FailureReason::Unsupported => None,
        (Err(problem), _) | (_, Err(problem)) => Some(format!("{}: {}", problem.reason, problem.detail)),
    }
}
