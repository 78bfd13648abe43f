//! Findings in rows below the name of their file.
//!
//! ```text
//! app/templates/tea.hbs
//!   14:4  error  Attribute style is not allowed  no-inline-styles
//!
//! docs/tea.md
//!   14:3-14:10  warning  Incorrect indent  list-item-indent  remark-lint
//!
//! templates/tea.html
//! ──────────
//! H025 14:4 Tag seems to be an orphan. <div class="kettle">
//!
//!    /repo/site/tea.html
//!       L14 |<div id=tea>
//!                 ^ The value of attribute [ id ] must be in double quotes. (attr-value-double-quotes)
//!
//! + tests/brew.robot
//! E: 14, 0: Keyword is missing documentation (RequireKeywordDocumentation)
//!
//! # src/brew.erl [FAIL]
//!   - line_length (https://github.com/…)
//!     - Line 14 is too long. It has 130 characters.
//!
//! src/brew.erl
//! Line 20 Column 5: The call kettle:fill("tea") breaks the contract
//!
//! In README.md
//! =============
//! "was poured" may be passive voice on line 14 at column 7
//! ```

use crate::finding::{lint, severity, tool_of};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity,
    recognise::panel::{Reader, Seen},
    text::{extension, leading_number, looks_like_path, place_at_start, trailing_group},
};

/// Maximum number of lines between a heading, or a finding, and the next finding.
const LEFT: u8 = 40;

/// Reads the rows of one file after another.
#[derive(Debug, Default)]
pub(crate) struct BelowFile {
    heading: Option<Heading>,
    left: u8,
}

/// The heading that the rows below belong to.
#[derive(Debug)]
struct Heading {
    path: String,
    form: Form,
    /// Facts from earlier rows about the next one: HTMLHint's line, Elvis' rule.
    line: u32,
    rule: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A path alone.
    Path,
    /// `+ path` of rflint.
    Plus,
    /// `# path [FAIL]` of Elvis.
    Elvis,
    /// `fecs  INFO  path (2 problems)`.
    Fecs,
    /// `In path` of write-good.
    Prose,
}

impl Reader for BelowFile {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.heading = None;
        }
        if line.start.is_empty() {
            return;
        }
        if let Some(heading) = &mut self.heading
            && let Some(found) = row(heading, line)
        {
            out.push(found);
            self.left = LEFT;
            return;
        }
        if let Some((path, form)) = heading(line) {
            self.heading = Some(Heading { path: path.to_owned(), form, line: 0, rule: String::new() });
            self.left = LEFT;
        } else if line.indent == 0 && line.start.starts_with(|c: char| c.is_ascii_lowercase()) {
            self.heading = None;
        }
    }
}

fn heading<'a>(line: &Seen<'a>) -> Option<(&'a str, Form)> {
    let start = line.start;
    let path = |text: &'a str| {
        (text.len() < 400 && text.contains(['.', '/']) && !text.contains(' ') && looks_like_path(text))
            .then_some(text)
    };
    if let Some(rest) = start.strip_prefix("+ ") {
        return path(rest).filter(|rest| is_robot(rest)).map(|rest| (rest, Form::Plus));
    }
    if let Some(rest) = start.strip_prefix("# ") {
        return path(rest.strip_suffix(" [FAIL]")?).map(|rest| (rest, Form::Elvis));
    }
    if let Some(rest) = start.strip_prefix("fecs ") {
        let (rest, count) = rest.trim_start().strip_prefix("INFO")?.trim().rsplit_once(" (")?;
        return count.ends_with(')').then(|| path(rest))?.map(|rest| (rest, Form::Fecs));
    }
    if let Some(rest) = start.strip_prefix("In ") {
        return path(rest).map(|rest| (rest, Form::Prose));
    }
    (line.indent < 4).then(|| path(start))?.map(|path| (path, Form::Path))
}

fn is_robot(path: &str) -> bool {
    matches!(extension(path), "robot" | "resource" | "tsv")
}

fn row(heading: &mut Heading, line: &Seen<'_>) -> Option<Diagnostic> {
    match heading.form {
        Form::Path => stylish(&heading.path, line)
            .or_else(|| dialyzer(&heading.path, line))
            .or_else(|| djlint(&heading.path, line))
            .or_else(|| htmlhint(heading, line)),
        Form::Plus => rflint(&heading.path, line),
        Form::Elvis => elvis(heading, line),
        Form::Fecs => fecs(&heading.path, line),
        Form::Prose => prose(&heading.path, line),
    }
}

/// Files whose rows are read by other analyzers.
fn is_others(path: &str) -> bool {
    matches!(
        extension(path),
        "js" | "jsx"
            | "ts"
            | "tsx"
            | "mjs"
            | "cjs"
            | "mts"
            | "cts"
            | "vue"
            | "svelte"
            | "css"
            | "yml"
            | "yaml"
    )
}

/// `14:4  error  message  rule`, `14:3-14:10  warning  message  rule  plugin`, `14:3 message.  rule`.
fn stylish(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    if is_others(path) {
        return None;
    }
    // textlint marks findings that it can fix.
    let start = line.start.strip_prefix("✓").unwrap_or(line.start).trim_start();
    let (number, rest) = leading_number(start)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ':' | '-'));
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let rest = rest.strip_prefix("✓").unwrap_or(rest).trim_start();
    let (severity, rest) = match rest.split_once([' ', '\t']) {
        Some((word, after)) if word.len() > 1 || !word.is_ascii() => match severity(word) {
            Some(severity) => (severity, after.trim_start()),
            None => (Severity::Error, rest),
        },
        _ => (Severity::Error, rest),
    };
    let mut cells = rest.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let message = cells.next()?;
    let rule = cells.next().filter(|rule| !rule.contains(' '))?;
    // Vale's rules are read by another analyzer.
    if rule.contains('.') && rule.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let tool = match cells.next() {
        Some(plugin) if plugin.starts_with("retext-") => "alex",
        Some(plugin) if plugin.starts_with("remark-") => "remark-lint",
        _ if path.strip_suffix(".md").is_some() && rule.starts_with("MD") => "markdownlint",
        _ => tool_of(path),
    };
    Some(lint(tool, severity, rule, message, Location::at(path, number, Some(column)), line))
}

/// `Line 20 Column 5: message`, Rebar3's output for Dialyzer.
fn dialyzer(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    if !matches!(extension(path), "erl" | "hrl") {
        return None;
    }
    let (number, rest) = leading_number(line.start.strip_prefix("Line ")?)?;
    let (column, rest) = leading_number(rest.strip_prefix(" Column ")?)?;
    let place = Location::at(path, number, Some(column));
    Some(lint("dialyzer", Severity::Error, "", rest.strip_prefix(": ")?, place, line))
}

/// `H025 14:4 message`.
fn djlint(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    let (code, rest) = line.start.split_once(' ')?;
    let digits = code.strip_prefix(['H', 'T', 'D', 'F', 'N'])?;
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(':')?)?;
    let place = Location::at(path, number, Some(column));
    Some(lint("djlint", Severity::Error, code, rest.strip_prefix(' ')?, place, line))
}

/// `L14 |source` and below it `^ message (rule)`; the column is where the arrow points.
fn htmlhint(heading: &mut Heading, line: &Seen<'_>) -> Option<Diagnostic> {
    if let Some(rest) = line.start.strip_prefix('L')
        && let Some((number, rest)) = leading_number(rest)
        && rest.starts_with(" |")
    {
        heading.line = number;
        let digits = line.start.len() - rest.len();
        heading.rule = " ".repeat(line.indent + digits + 2);
        return None;
    }
    let rest = line.start.strip_prefix("^ ")?;
    let number = Some(std::mem::take(&mut heading.line)).filter(|&number| number > 0)?;
    let (message, rule) = trailing_group(rest, '(', ')')?;
    let column =
        line.indent.checked_sub(heading.rule.len()).and_then(|column| u32::try_from(column + 1).ok());
    Some(lint("htmlhint", Severity::Error, rule, message, Location::at(&heading.path, number, column), line))
}

/// `E: 14, 0: message (Rule)`.
fn rflint(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    let (letter, rest) = line.start.split_once(": ")?;
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(", ")?)?;
    let (message, rule) = trailing_group(rest.strip_prefix(": ")?, '(', ')')?;
    let place = Location::at(path, number, Some(column));
    Some(lint("rflint", severity(letter)?, rule, message, place, line))
}

/// `- line_length (https://…)` and below it `- Line 14 is too long.`
fn elvis(heading: &mut Heading, line: &Seen<'_>) -> Option<Diagnostic> {
    let rest = line.start.strip_prefix("- ")?;
    let name = rest.split(' ').next().unwrap_or_default();
    let is_rule = name.contains('_') && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_rule && (rest.len() == name.len() || rest[name.len()..].starts_with(" (http")) {
        name.clone_into(&mut heading.rule);
        return None;
    }
    let words = rest.split_once("ine ").map_or("", |(_, after)| after);
    let place = match leading_number(words) {
        Some((number, _)) => Location::at(&heading.path, number, None),
        None => Location::file(&heading.path),
    };
    (!heading.rule.is_empty()).then(|| lint("elvis", Severity::Error, &heading.rule, rest, place, line))
}

/// `fecs ERROR    line 20, col 9: message  (rule)`.
fn fecs(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.strip_prefix("fecs ")?.trim_start().split_once(' ')?;
    let (number, rest) = leading_number(rest.trim_start().strip_prefix("line ")?)?;
    let (column, rest) = leading_number(rest.strip_prefix(", col ")?)?;
    let rest = rest.strip_prefix(": ")?;
    let (message, rule) = trailing_group(rest, '(', ')').unwrap_or((rest, ""));
    Some(lint("fecs", severity(word)?, rule, message, Location::at(path, number, Some(column)), line))
}

/// `"was poured" may be passive voice on line 14 at column 7`.
fn prose(path: &str, line: &Seen<'_>) -> Option<Diagnostic> {
    let (message, rest) = line.start.rsplit_once(" on line ")?;
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = leading_number(rest.strip_prefix(" at column ")?)?;
    let place = Location::at(path, number, Some(column));
    (rest.is_empty() && place_at_start(message).is_none())
        .then(|| lint("write-good", Severity::Warning, "", message, place, line))
}
