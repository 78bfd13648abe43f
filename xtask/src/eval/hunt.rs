//! `cargo xtask eval hunt`: small logs of kinds that failed once, each with an expert's expectations.
//!
//! `NAME.log` is the input of `grimoire match`, `NAME.expect.json` says what the output must and must not
//! contain. The real program runs on a data folder with its starter spellbook, which it indexes only once.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::data::print;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the cases.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The program to test. By default the one built beside this one (`cargo build -p grimoire`).
    #[arg(long, value_name = "PATH")]
    grimoire: Option<PathBuf>,
    /// Only cases whose name contains this text.
    #[arg(value_name = "TEXT")]
    only: Option<String>,
}

/// The expectations for a log. Absent fields are not checked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expectation {
    /// The tool of the diagnostic that matches the first of `errors`; alternatives separated by `|`.
    tool: Option<String>,
    errors: Vec<Wanted>,
    /// Must not occur in any message, path, code or type, nor in the title of a shown spell.
    must_not_contain: Vec<String>,
    /// Absent: no spell is shown. `optional: …`: not checked. Else the first title has one of `spell_contains`.
    spell_expected: Option<String>,
    spell_contains: Vec<String>,
    /// The message of the first error in the text output.
    first_in_text: Option<String>,
    /// Must occur exactly once in the text output.
    once_in_text: Option<String>,
}

/// A diagnostic that must be found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    message_contains: Option<String>,
    /// The end of the path.
    path: Option<String>,
    line: Option<u64>,
    code: Option<String>,
    error_type: Option<String>,
}

/// Runs every case and prints the problems; fails if there are any.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let program = Program::find(arguments.grimoire.as_deref())?;
    let mut logs: Vec<PathBuf> = std::fs::read_dir(&arguments.data)
        .with_context(|| format!("{} cannot be read", arguments.data.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    logs.retain(|path| path.extension() == Some(OsStr::new("log")));
    if let Some(only) = &arguments.only {
        logs.retain(|path| path.to_string_lossy().contains(only.as_str()));
    }
    logs.sort();
    ensure!(
        !logs.is_empty(),
        "{} has no such case: NAME.log with NAME.expect.json",
        arguments.data.display()
    );
    let mut failed = 0;
    for log in &logs {
        let name = log.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let faults = judge(&program, log).with_context(|| name.clone())?;
        failed += usize::from(!faults.is_empty());
        let mut text = format!("{}  {name}\n", if faults.is_empty() { "passed" } else { "FAILED" });
        for fault in faults {
            let _ = writeln!(text, "          {fault}");
        }
        print(&text)?;
    }
    print(&format!("\n{} of {} passed\n", logs.len() - failed, logs.len()))?;
    ensure!(failed == 0, "{failed} cases failed");
    Ok(())
}

/// The program under test, with its own data folder.
struct Program {
    path: PathBuf,
    data: tempfile::TempDir,
}

impl Program {
    fn find(path: Option<&Path>) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => {
                std::env::current_exe()?.with_file_name(format!("grimoire{}", std::env::consts::EXE_SUFFIX))
            }
        };
        if !path.is_file() {
            bail!(
                "{} does not exist: `cargo build -p grimoire` makes it, --grimoire names another",
                path.display()
            );
        }
        let program = Self { path, data: tempfile::tempdir()? };
        program.run(["spells", "import", "starter"].map(OsStr::new))?;
        Ok(program)
    }

    fn answer(&self, log: &Path, format: &str) -> anyhow::Result<String> {
        self.run([OsStr::new("match"), OsStr::new("--format"), OsStr::new(format), log.as_os_str()])
    }

    /// Runs a command on the data folder; returns its standard output.
    fn run<const N: usize>(&self, arguments: [&OsStr; N]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.path);
        let output = command.arg("--data").arg(self.data.path()).args(arguments).output()?;
        let code = output.status.code().unwrap_or(i32::MAX);
        ensure!(code < 64, "exit {code}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The problems of the answer for one log.
fn judge(program: &Program, log: &Path) -> anyhow::Result<Vec<String>> {
    let path = log.with_extension("expect.json");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let expected: Expectation =
        serde_json::from_str(&text).with_context(|| format!("{} is no expectation", path.display()))?;
    let answer: Value = serde_json::from_str(&program.answer(log, "json")?)?;
    let entries = answer["errors"].as_array().context("the answer has no list of errors")?;
    let mut faults = Vec::new();
    let met = judge_errors(&expected, entries, &mut faults);
    judge_noise(&expected, entries, &mut faults);
    judge_spells(&expected, entries, &met, &mut faults);
    if expected.first_in_text.is_some() || expected.once_in_text.is_some() {
        judge_text(&expected, &program.answer(log, "text")?, &mut faults);
    }
    Ok(faults)
}

/// The entries that matched an expectation.
fn judge_errors<'e>(
    expected: &Expectation,
    entries: &'e [Value],
    faults: &mut Vec<String>,
) -> Vec<&'e Value> {
    let mut met = Vec::new();
    for (number, wanted) in expected.errors.iter().enumerate() {
        let hits: Vec<&Value> =
            entries.iter().filter(|entry| wanted.is_met_by(&entry["diagnostic"])).collect();
        if hits.is_empty() {
            let found: Vec<String> =
                entries.iter().take(3).map(|entry| headline(&entry["diagnostic"])).collect();
            faults.push(format!("no diagnostic for {wanted:?}; found: {}", found.join("; ")));
        } else if number == 0
            && let Some(tools) = &expected.tool
        {
            let fits = |entry: &&Value| tools.split('|').any(|tool| same(&entry["diagnostic"]["tool"], tool));
            if !hits.iter().any(fits) {
                faults.push(format!("the tool is {}, not {tools}", hits[0]["diagnostic"]["tool"]));
            }
        }
        met.extend(hits);
    }
    met
}

fn judge_noise(expected: &Expectation, entries: &[Value], faults: &mut Vec<String>) {
    for text in &expected.must_not_contain {
        let in_diagnostic = |entry: &Value| {
            let found = &entry["diagnostic"];
            [&found["message"], &found["location"]["path"], &found["code"], &found["error_type"]]
                .into_iter()
                .any(|field| has(field, text))
        };
        if entries.iter().any(in_diagnostic) {
            faults.push(format!("a diagnostic says {text:?}"));
        }
        if entries.iter().flat_map(spells).any(|spell| has(&spell["title"], text)) {
            faults.push(format!("a spell says {text:?}"));
        }
    }
}

fn judge_spells(expected: &Expectation, entries: &[Value], met: &[&Value], faults: &mut Vec<String>) {
    match expected.spell_expected.as_deref() {
        None => {
            if let Some(spell) = entries.iter().flat_map(spells).next() {
                faults.push(format!("no spell should be shown, but {} is", spell["title"]));
            }
        }
        Some(expected) if expected.starts_with("optional") => {}
        Some(wanted) => {
            let first: Vec<&Value> =
                met.iter().filter_map(|entry| spells(entry).next()).map(|spell| &spell["title"]).collect();
            let fits = |title: &&Value| expected.spell_contains.iter().any(|text| has(title, text));
            if !first.iter().any(fits) {
                faults.push(format!("expected {wanted}; first shown: {first:?}"));
            }
        }
    }
}

fn judge_text(expected: &Expectation, text: &str, faults: &mut Vec<String>) {
    let lower = text.to_lowercase();
    if let Some(first) = &expected.first_in_text {
        let head: Vec<&str> = lower.lines().take(6).collect();
        if !head.join("\n").contains(&first.to_lowercase()) {
            faults.push(format!("the text output does not begin with {first:?}"));
        }
    }
    if let Some(once) = &expected.once_in_text {
        let times = lower.matches(&once.to_lowercase()).count();
        if times != 1 {
            faults.push(format!("{once:?} stands {times} times in the text output"));
        }
    }
}

impl Wanted {
    fn is_met_by(&self, found: &Value) -> bool {
        let path = found["location"]["path"].as_str().unwrap_or_default().to_lowercase();
        let equal = |wanted: &Option<String>, field: &str| {
            wanted.as_deref().is_none_or(|wanted| same(&found[field], wanted))
        };
        self.message_contains.as_deref().is_none_or(|text| has(&found["message"], text))
            && self.path.as_deref().is_none_or(|wanted| path.ends_with(&wanted.to_lowercase()))
            && self.line.is_none_or(|line| found["location"]["line"].as_u64() == Some(line))
            && equal(&self.code, "code")
            && equal(&self.error_type, "error_type")
    }
}

fn spells(entry: &Value) -> impl Iterator<Item = &Value> {
    entry["spells"].as_array().into_iter().flatten()
}

fn headline(found: &Value) -> String {
    format!("{}: {}", found["tool"].as_str().unwrap_or_default(), found["message"])
}

/// Returns true if a field contains a text, ignoring letter case.
fn has(field: &Value, text: &str) -> bool {
    field.as_str().is_some_and(|field| field.to_lowercase().contains(&text.to_lowercase()))
}

/// Returns true if a field equals a text, ignoring letter case.
fn same(field: &Value, text: &str) -> bool {
    field.as_str().unwrap_or_default().eq_ignore_ascii_case(text)
}
