//! One-line findings, in tool-specific formats.
//!
//! | tool | form |
//! | --- | --- |
//! | JSHint, JSCS, jsonlint | `a.js: line 14, col 20, message (W033)` |
//! | Nagelfar | `a.tcl: Line  14: E message` |
//! | fish | `a.fish (line 14): message` |
//! | D-Scanner | `a.d(14:8)[warn]: message` |
//! | Odin | `a.odin(14:9) Syntax Error: message` |
//! | gawk, luac, llc, opt | `gawk: a.awk:14: message` |
//! | Jsonnet | `STATIC ERROR: a.jsonnet:14:6-12: message` |
//! | atools | `MC:[AL29]:APKBUILD:7:message` |
//! | cfn-lint | `a.yaml:14:5:14:12:E3002:message` |
//! | statix | `a.nix>14:3:W:3:message` |
//! | checkmake | `Makefile:11:minphony:message` |
//! | Phan | `a.php:14 PhanUndeclaredMethod message` |
//! | cspell | `a.md:14:7 - Unknown word (kettel)` |
//! | sql-lint | `a.sql:14 [sql-lint: rule] message` |
//! | unimport | `a.py at 14:1 message` |
//! | Qt | `Error: a.qml:14:5 - message` |
//! | Elvis | `a.erl:14:line_length:message` |
//! | Flex | `a.as(14): col: 20 Error: message` |
//! | oelint-adv | `a.bb:14:error:rule:message` |
//! | PHP_CodeSniffer's CSV | `"a.php",14,3,error,"message",Rule,5,1` |
//! | luacheck | `    a.lua:14:9: (W113) message` |
//! | Reek, flawfinder | `a.rb:14: RuleName: message`, `a.c:14:2:  [4] (buffer) message` |

use crate::finding::{compile, lint, number_before, severity};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity,
    recognise::panel::Seen,
    text::{Beginnings, Needle, extension, leading_number, looks_like_path, place_at_start, trailing_group},
};

/// A literal that all lines of a format contain, and the format.
type Form = (Needle, fn(&Seen<'_>) -> Option<Diagnostic>);

/// The formats; those that begin with a location come first.
static FORMS: [Form; 27] = [
    (Needle::new(": line "), line_and_column),
    (Needle::new(": Line "), nagelfar),
    (Needle::new("(line "), in_parentheses),
    (Needle::new(")["), in_parentheses),
    (Needle::new(".odin("), in_parentheses),
    (Needle::new(":[AL"), atools),
    (Needle::new(".nix>"), statix),
    (Needle::new(".py at "), unimport),
    (Needle::new(".qml:"), qml),
    (Needle::new("): col: "), flex),
    (Needle::new("\","), csv),
    (Needle::new(":E"), ranged),
    (Needle::new(":W"), ranged),
    (Needle::new(" Phan"), after_place),
    (Needle::new("[sql-lint"), after_place),
    (Needle::new("sonnet:"), after_place),
    (Needle::new(".erl:"), after_place),
    (Needle::new(".hrl:"), after_place),
    (Needle::new(".rb:"), after_place),
    (Needle::new(".spec:"), after_place),
    (Needle::new("] ("), after_place),
    (Needle::new(".lua:"), after_place),
    (Needle::new("oelint."), after_place),
    (Needle::new("Unknown word"), after_place),
    (Needle::new("minphony"), after_place),
    (Needle::new("phonydeclared"), after_place),
    (Needle::new("maxbodylength"), after_place),
];

/// Reads a line.
pub(crate) fn read(line: &Seen<'_>) -> Option<Diagnostic> {
    if !line.characters.may_have_digits() {
        return None;
    }
    let found = FORMS.iter().find_map(|(needle, form)| {
        needle.find_among(line.characters, line.start)?;
        form(line)
    });
    found.or_else(|| program_first(line))
}

/// `a.js: line 14, col 20, message (W033)`; ESLint's compact format is read by another analyzer.
fn line_and_column(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(": line ")?;
    let (number, rest) = number_before(rest, ", col ")?;
    let (column, rest) = number_before(rest, ", ")?;
    let is_compact = rest.split_once(" - ").is_some_and(|(word, _)| severity(word).is_some());
    if !looks_like_path(path) || is_compact {
        return None;
    }
    let (message, code) = trailing_group(rest.trim_end_matches('.'), '(', ')')
        .filter(|(_, code)| code.len() == 4 && code.starts_with(['W', 'E', 'I']))
        .unwrap_or((rest, ""));
    let tool = match extension(path) {
        "json" => "jsonlint",
        _ => "jshint",
    };
    let severity = code.get(..1).and_then(severity).unwrap_or_default();
    Some(lint(tool, severity, code, message, Location::at(path, number, Some(column)), line))
}

/// `a.tcl: Line  14: E message`.
fn nagelfar(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(": Line ")?;
    let (number, rest) = number_before(rest, ": ")?;
    let (letter, message) = rest.split_once(' ')?;
    looks_like_path(path).then(|| {
        Some(lint("nagelfar", severity(letter)?, "", message, Location::at(path, number, None), line))
    })?
}

/// `a.fish (line 14): message`, `a.d(14:8)[warn]: message`, `a.odin(14:9) Syntax Error: message`.
fn in_parentheses(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once('(')?;
    let path = path.trim_end();
    if let Some(rest) = rest.strip_prefix("line ") {
        let (number, message) = number_before(rest, "): ")?;
        let location = Location::at(path, number, None);
        return (extension(path) == "fish").then(|| compile("fish", message, location, line));
    }
    let (number, rest) = number_before(rest, ":")?;
    let (column, rest) = number_before(rest, ")")?;
    let location = Location::at(path, number, Some(column));
    match extension(path) {
        "d" | "di" => {
            let (word, message) = rest.strip_prefix('[')?.split_once("]: ")?;
            Some(lint("dscanner", severity(word)?, "", message, location, line))
        }
        "odin" => {
            let (word, message) = rest.trim_start().split_once(": ")?;
            matches!(word, "Error" | "Syntax Error").then(|| compile("odin", message, location, line))
        }
        _ => None,
    }
}

/// Programs that print their own name before a location.
static PROGRAMS: Beginnings = Beginnings::new(&[
    "gawk: ",
    "awk: ",
    "mawk: ",
    "luac: ",
    "luajit: ",
    "llc: ",
    "lli: ",
    "opt: ",
    "bison: ",
    "STATIC ERROR: ",
]);

/// `gawk: a.awk:14: message`, `llc: a.ll:14:12: error: message`.
fn program_first(line: &Seen<'_>) -> Option<Diagnostic> {
    PROGRAMS.begin(line.start).then_some(())?;
    let (program, rest) = line.start.split_once(": ")?;
    let place = place_at_start(rest)?;
    let message = place.rest.trim_start();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = message.trim_start_matches(['^', ' ', '\t']);
    // gawk prints the source first, and the message on the next line.
    if message.is_empty()
        || program == "gawk"
            && place.rest.starts_with([' ', '\t'])
            && !place.rest.contains('^')
            && !place.rest.contains("fatal: ")
    {
        return None;
    }
    let tool = if program == "STATIC ERROR" { "jsonnet" } else { program };
    Some(compile(tool, message, place.location(), line))
}

/// `MC:[AL29]:APKBUILD:7:message`; the letters give the severity and the certainty.
fn atools(line: &Seen<'_>) -> Option<Diagnostic> {
    let (letters, rest) = line.start.split_once(":[")?;
    let (code, rest) = rest.split_once("]:")?;
    let (path, rest) = rest.split_once(':')?;
    let (number, message) = number_before(rest, ":")?;
    let severity = match letters.as_bytes() {
        [b'S' | b'I', b'C' | b'P'] => Severity::Error,
        [b'M' | b'T', b'C' | b'P'] => Severity::Warning,
        _ => return None,
    };
    code.starts_with("AL")
        .then(|| lint("apkbuild-lint", severity, code, message, Location::at(path, number, None), line))
}

/// `a.yaml:14:5:14:12:E3002:message`.
fn ranged(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(':').filter(|(path, _)| looks_like_path(path))?;
    let (number, rest) = number_before(rest, ":")?;
    let (column, rest) = number_before(rest, ":")?;
    let (_, rest) = number_before(rest, ":")?;
    let (_, rest) = number_before(rest, ":")?;
    let (code, message) = rest.split_once(':')?;
    let severity = severity(code.get(..1)?)?;
    Some(lint("cfn-lint", severity, code, message, Location::at(path, number, Some(column)), line))
}

/// `a.nix>14:3:W:3:message`.
fn statix(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(".nix>")?;
    let (number, rest) = number_before(rest, ":")?;
    let (column, rest) = number_before(rest, ":")?;
    let mut cells = rest.splitn(3, ':');
    let (letter, code, message) = (cells.next()?, cells.next()?, cells.next()?);
    let place = Location::at(&format!("{path}.nix"), number, Some(column));
    Some(lint("statix", severity(letter)?, code, message, place, line))
}

/// Text after an ordinary location that names its rule in a tool-specific way.
fn after_place(line: &Seen<'_>) -> Option<Diagnostic> {
    let place = place_at_start(line.start)?;
    let rest = place.rest.trim_start();
    let location = place.location();
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match extension(place.path) {
        "php" if rest.starts_with("Phan") => {
            let (code, message) = rest.split_once(' ')?;
            is_name(code).then(|| lint("phan", Severity::Error, code, message, location, line))
        }
        "sql" => {
            let (rule, message) = rest.strip_prefix("[sql-lint: ")?.split_once("] ")?;
            Some(lint("sql-lint", Severity::Error, rule, message, location, line))
        }
        "jsonnet" | "libsonnet" if !place.rest.is_empty() => {
            Some(lint("jsonnet-lint", Severity::Error, "", rest, location, line))
        }
        "erl" | "hrl" => {
            let (rule, message) = rest.split_once(':')?;
            let is_rule = rule.contains('_') && is_name(rule) && place.column.is_none();
            is_rule.then(|| lint("elvis", Severity::Error, rule, message, location, line))
        }
        "rb" | "rake" if place.column.is_none() => {
            let (rule, message) = rest.split_once(": ")?;
            let is_smell = rule.starts_with(|c: char| c.is_ascii_uppercase())
                && rule.chars().filter(char::is_ascii_uppercase).count() > 1
                && rule.chars().any(|c| c.is_ascii_lowercase())
                && is_name(rule)
                && !rule.ends_with("Error");
            is_smell.then(|| lint("reek", Severity::Warning, rule, message, location, line))
        }
        "spec" => {
            let (letter, rest) = rest.split_once(": ")?;
            let (code, message) = rest.split_once(' ').unwrap_or((rest, rest));
            Some(lint("rpmlint", severity(letter)?, code, message, location, line))
        }
        "c" | "h" | "cpp" | "cc" | "hpp" | "cxx" => {
            // `[4] (buffer) strcpy:Does not check …`: the risk level and its category.
            let (level, rest) = number_before(rest.strip_prefix('[')?, "] (")?;
            let (class, message) = rest.split_once(") ")?;
            let severity = if level >= 4 { Severity::Error } else { Severity::Warning };
            Some(lint("flawfinder", severity, class, message, location, line))
        }
        "lua" if line.indent == 4 => {
            let (code, message) =
                rest.strip_prefix('(').and_then(|rest| rest.split_once(") ")).unwrap_or(("", rest));
            let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
            (!place.rest.is_empty()).then(|| lint("luacheck", severity, code, message, location, line))
        }
        "bb" | "bbappend" | "bbclass" => {
            let (word, rest) = rest.split_once(':')?;
            let (rule, message) = rest.split_once(':')?;
            rule.starts_with("oelint.")
                .then(|| Some(lint("oelint-adv", severity(word)?, rule, message, location, line)))?
        }
        _ => {
            if let Some(message) =
                rest.strip_prefix("- ").filter(|message| message.starts_with("Unknown word"))
            {
                return Some(lint("cspell", Severity::Error, "", message, location, line));
            }
            let (rule, message) = rest.split_once(':')?;
            matches!(
                rule,
                "minphony" | "phonydeclared" | "maxbodylength" | "timestampexpanded" | "uniquetargets"
            )
            .then(|| lint("checkmake", Severity::Error, rule, message, location, line))
        }
    }
}

/// `a.py at 14:1 message`.
fn unimport(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.split_once(".py at ")?;
    let (number, rest) = number_before(rest, ":")?;
    let (column, message) = number_before(rest, " ")?;
    let location = Location::at(&format!("{path}.py"), number, Some(column));
    (!path.contains(' ')).then(|| lint("unimport", Severity::Error, "", message, location, line))
}

/// `Error: a.qml:14:5 - message` of qmlformat.
fn qml(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.split_once(": ")?;
    let place = place_at_start(rest).filter(|place| extension(place.path) == "qml")?;
    let message = place.rest.trim_start_matches([' ', '-', ':']);
    let (message, code) = trailing_group(message, '[', ']').unwrap_or((message, ""));
    Some(lint("qmllint", severity(word)?, code, message, place.location(), line))
}

/// `a.as(14): col: 20 Error: message`.
fn flex(line: &Seen<'_>) -> Option<Diagnostic> {
    let (place, rest) = line.start.split_once("): col: ")?;
    let (path, number) = place.rsplit_once('(')?;
    let path = path.rsplit("] ").next().unwrap_or(path);
    let (column, rest) = leading_number(rest)?;
    let (word, message) = rest.trim_start().split_once(": ")?;
    let severity = severity(word)?;
    let location = Location::at(path, number.parse().ok()?, Some(column));
    Some(Diagnostic { severity, ..compile("mxmlc", message, location, line) })
}

/// `"a.php",14,3,error,"message",Rule,5,1`, PHP_CodeSniffer's table format.
fn csv(line: &Seen<'_>) -> Option<Diagnostic> {
    let (path, rest) = line.start.strip_prefix('"')?.split_once("\",")?;
    let (number, rest) = number_before(rest, ",")?;
    let (column, rest) = number_before(rest, ",")?;
    let (word, rest) = rest.split_once(",\"")?;
    let (message, rest) = rest.split_once("\",")?;
    let rule = rest.split(',').next()?;
    Some(lint("phpcs", severity(word)?, rule, message, Location::at(path, number, Some(column)), line))
}
