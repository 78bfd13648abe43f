//! One-line findings whose location is among or after the words.
//!
//! | tool | form |
//! | --- | --- |
//! | Foodcritic | `FC002: message: recipes/default.rb:14` |
//! | Puppet | `Error: message (file: /a.pp, line: 14, column: 5)` |
//! | Less | `ParseError: message in a.less on line 14, column 1:` |
//! | OpenSCAD | `ERROR: message in file "a.scad", line 14: message` |
//! | Graphviz | `Error: a.gv: syntax error in line 4 near '-'` |
//! | glslang | `ERROR: 0:20: message`, `ERROR: a.frag:14: message` |
//! | tidy, gitlint | `line 14 column 3 - Warning: message`, `1: T1 message`, of standard input |
//! | rpmlint | `a.spec: E: no-binary` |
//! | ACUCOBOL, NAG, Sun C, Green Hills | `"a.c", line 14 (col. 9): error #20: message`, `Error: a.f90, line 14: message` |
//! | TASKING | `ctc E208: ["a.c" 20/7] message` |
//! | puppet-lint | `a.pp - WARNING: message on line 14` |
//! | SpotBugs | `M D NP: message  At A.java:[line 14]` |
//! | Drafter | `error: (2)  message; line 4, column 1 - line 4, column 20`, of standard input |

use crate::finding::{STANDARD_INPUT, compile, lint, number_before, severity};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity,
    recognise::panel::Seen,
    text::{Needle, extension, leading_number, looks_like_path, place_at_end, place_at_start},
};

/// A literal that all lines of a format contain, and the format.
type Form = (Needle, fn(&Seen<'_>) -> Option<Diagnostic>);

/// The forms.
static FORMS: [Form; 17] = [
    (Needle::new("FC0"), foodcritic),
    (Needle::new(", line: "), puppet),
    (Needle::new(".pp:"), puppet),
    (Needle::new(" on line "), in_file),
    (Needle::new(" in file "), in_file),
    (Needle::new(" in line "), graphviz),
    (Needle::new(": 0:"), glslang),
    (Needle::new("; line "), drafter),
    (Needle::new(" column "), tidy),
    (Needle::new(": T"), gitlint),
    (Needle::new(": B"), gitlint),
    (Needle::new(": UC"), gitlint),
    (Needle::new(".spec: "), rpmlint),
    (Needle::new(", line "), comma_line),
    (Needle::new(": [\""), tasking),
    (Needle::new(" on line "), puppet_lint),
    (Needle::new(":[line"), spotbugs),
];

/// Reads a line.
pub(crate) fn read(line: &Seen<'_>) -> Option<Diagnostic> {
    FORMS.iter().find_map(|(needle, form)| {
        needle.find_among(line.characters, line.start)?;
        form(line)
    })
}

/// `FC002: message: recipes/default.rb:14`.
fn foodcritic(line: &Seen<'_>) -> Option<Diagnostic> {
    let (code, rest) = line.start.split_once(": ").filter(|(code, _)| code.starts_with("FC"))?;
    let place = place_at_end(rest)?;
    let message = place.rest.trim_end_matches(':');
    Some(lint("foodcritic", Severity::Warning, code, message, place.location(), line))
}

/// `Error: message (file: /a.pp, line: 14, column: 5)`, `err: message at /a.pp:14`.
fn puppet(line: &Seen<'_>) -> Option<Diagnostic> {
    if let Some((message, rest)) = line.start.rsplit_once(" (file: ")
        && let Some((path, rest)) = rest.split_once(", line: ")
        && let Some((number, rest)) = leading_number(rest)
    {
        let column = rest.strip_prefix(", column: ").and_then(leading_number).map(|(column, _)| column);
        let message = message.strip_prefix("Error: ").unwrap_or(message);
        return Some(compile("puppet", message, Location::at(path, number, column), line));
    }
    let message = line.start.strip_prefix("err: ").or_else(|| line.start.strip_prefix("Error: "))?;
    let (message, at) = message.rsplit_once(" at ")?;
    let place = place_at_start(at).filter(|place| place.rest.is_empty() && extension(place.path) == "pp")?;
    Some(compile("puppet", message, place.location(), line))
}

/// `ParseError: message in a.less on line 14, column 1:`, `message in file "a.scad", line 14: message`.
fn in_file(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    if let Some((head, rest)) = start.rsplit_once(" on line ")
        && let Some((number, rest)) = leading_number(rest)
        && let Some((column, _)) = rest.strip_prefix(", column ").and_then(leading_number)
        && let Some((message, path)) = head.rsplit_once(" in ")
        && let Some((kind, message)) = message.split_once(": ").filter(|(kind, _)| kind.ends_with("Error"))
    {
        let mut found = compile("less", message, Location::at(path, number, Some(column)), line);
        kind.clone_into(&mut found.error_type);
        return Some(found);
    }
    let (head, rest) = start.split_once(" in file ")?;
    let (path, rest) = rest.split_once(", line ")?;
    let path = path.trim_matches('"');
    let (number, rest) = leading_number(rest)?;
    let (word, head) = head.split_once(": ")?;
    let message = rest.strip_prefix(": ").map_or_else(|| head.to_owned(), |rest| format!("{head}: {rest}"));
    let severity = severity(word)?;
    (extension(path) == "scad").then(|| Diagnostic {
        severity,
        ..compile("openscad", &message, Location::at(path, number, None), line)
    })
}

/// `Error: a.gv: syntax error in line 4 near '-'`.
fn graphviz(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, message) = line.start.strip_prefix("Error: ")?.split_once(": ")?;
    let (_, rest) = message.split_once(" in line ")?;
    let (number, _) = leading_number(rest)?;
    matches!(extension(path), "gv" | "dot" | "")
        .then(|| compile("graphviz", message, Location::at(path, number, None), line))
}

/// `ERROR: 0:20: message`: the number of the source in place of a name.
fn glslang(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.split_once(": ")?;
    let severity = matches!(word, "ERROR" | "WARNING").then(|| severity(word))??;
    let (_, rest) = number_before(rest, ":")?;
    let (number, message) = number_before(rest, ": ")?;
    let location = Location::at(STANDARD_INPUT, number, None);
    message.starts_with('\'').then(|| Diagnostic { severity, ..compile("glslang", message, location, line) })
}

/// `error: (2)  message; line 4, column 1 - line 4, column 20`, for standard input.
fn drafter(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.split_once(": (")?;
    let (code, rest) = rest.split_once(") ")?;
    let (message, place) = rest.rsplit_once("; line ")?;
    let (number, rest) = leading_number(place)?;
    let (column, _) = leading_number(rest.strip_prefix(", column ")?)?;
    let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
    let location = Location::at(STANDARD_INPUT, number, Some(column));
    is_code.then(|| lint("drafter", severity(word).unwrap_or_default(), code, message, location, line))
}

/// `line 14 column 3 - Warning: message`.
fn tidy(line: &Seen<'_>) -> Option<Diagnostic> {
    let (number, rest) = number_before(line.start.strip_prefix("line ")?, " column ")?;
    let (column, rest) = number_before(rest, " - ")?;
    let (word, message) = rest.split_once(": ")?;
    let location = Location::at(STANDARD_INPUT, number, Some(column));
    Some(lint("tidy", severity(word)?, "", message, location, line))
}

/// `1: T1 Title exceeds max length (90>72): "add a very long title"`, for a commit message.
fn gitlint(line: &Seen<'_>) -> Option<Diagnostic> {
    let (number, rest) = number_before(line.start, ": ")?;
    let (code, message) = rest.split_once(' ')?;
    let digits = ["UC", "UB", "T", "B", "M"].iter().find_map(|class| code.strip_prefix(class))?;
    let is_code = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let location = Location::at(STANDARD_INPUT, number, None);
    is_code.then(|| lint("gitlint", Severity::Error, code, message, location, line))
}

/// `a.spec: E: no-binary`: about the package as a whole.
fn rpmlint(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(": ")?;
    let (letter, rest) = rest.split_once(": ").filter(|(letter, _)| matches!(*letter, "E" | "W"))?;
    let code = rest.split(' ').next().unwrap_or(rest);
    (extension(path) == "spec" && code.contains('-'))
        .then(|| Some(lint("rpmlint", severity(letter)?, code, rest, Location::file(path), line)))?
}

/// `"a.c", line 14 (col. 9): error #20: message`, `Error: a.f90, line 14: message`, `a.cpy, line 20: Error: message`.
fn comma_line(line: &Seen<'_>) -> Option<Diagnostic> {
    let (head, rest) = line.start.split_once(", line ")?;
    let (word, path) = head.split_once(": ").unwrap_or(("", head));
    let path = path.trim_matches('"');
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = match rest.strip_prefix(" (col. ").and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest.strip_prefix(')')?),
        None => (None, rest),
    };
    let rest = rest.strip_prefix(": ")?;
    // The table of compilers has `error (dcc:1525): ` and `cc0223: {D} error: `.
    let is_code = |first: &str| !first.contains(' ') && first.contains(|c: char| c.is_ascii_digit());
    if rest.split_once(": ").is_some_and(|(first, _)| first.ends_with(')') || is_code(first)) {
        return None;
    }
    let after = rest.split_once(": ").and_then(|(first, message)| {
        let (word, code) = first.split_once(" #").unwrap_or((first, ""));
        Some((severity(word)?, code, message))
    });
    let (severity, code, message) = match after {
        Some(after) => after,
        None if word.is_empty() => (Severity::Error, "", rest),
        None => (severity(word)?, "", rest),
    };
    let tool = match extension(path).to_ascii_lowercase().as_str() {
        "cpy" | "cbl" | "cob" => "acucobol",
        "f" | "f90" | "f95" => "nagfor",
        _ => "cc",
    };
    looks_like_path(path).then(|| {
        let found = compile(tool, message, Location::at(path, number, column), line);
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        Diagnostic { severity, error_type: code.clone().unwrap_or(found.error_type), code, ..found }
    })
}

/// `ctc E208: ["a.c" 20/7] message`.
fn tasking(line: &Seen<'_>) -> Option<Diagnostic> {
    let (head, rest) = line.start.split_once(": [\"")?;
    let (program, code) = head.split_once(' ')?;
    let (path, rest) = rest.split_once("\" ")?;
    let (number, rest) = leading_number(rest)?;
    let (column, rest) = match rest.strip_prefix('/').and_then(leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let severity = severity(code.get(..1)?)?;
    let found = compile(program, rest.strip_prefix("] ")?, Location::at(path, number, column), line);
    Some(Diagnostic { severity, code: Some(code.to_owned()), error_type: code.to_owned(), ..found })
}

/// `a.pp - WARNING: message on line 14 col 3`, `ERROR: message on line 14`.
fn puppet_lint(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(" - ").unwrap_or((STANDARD_INPUT, line.start));
    let (word, rest) = rest.split_once(": ").filter(|(word, _)| matches!(*word, "WARNING" | "ERROR"))?;
    let (message, rest) = rest.rsplit_once(" on line ")?;
    let (number, rest) = leading_number(rest)?;
    let column = rest.strip_prefix(" col ").and_then(leading_number).map(|(column, _)| column);
    let is_end = rest.is_empty() || column.is_some();
    let known = path == STANDARD_INPUT || extension(path) == "pp";
    (is_end && known).then(|| {
        Some(lint("puppet-lint", severity(word)?, "", message, Location::at(path, number, column), line))
    })?
}

/// `M D NP: message  At A.java:[line 14]`: a warning, because most builds continue.
fn spotbugs(line: &Seen<'_>) -> Option<Diagnostic> {
    let (head, rest) = line.start.split_once(": ")?;
    let mut words = head.split(' ');
    let (priority, class, code) = (words.next()?, words.next()?, words.next()?);
    let is_head = matches!(priority, "H" | "M" | "L") && class.len() == 1 && words.next().is_none();
    let (message, place) = rest.rsplit_once("  ")?;
    let (path, place) = place.split_once(":[line")?;
    let path = path.rsplit(' ').next()?;
    let (number, _) = leading_number(place.trim_start_matches(['s', ' ']))?;
    is_head
        .then(|| lint("spotbugs", Severity::Warning, code, message, Location::at(path, number, None), line))
}
