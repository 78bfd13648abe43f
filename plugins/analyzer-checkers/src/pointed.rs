//! A headline, and below it an arrow with the location, in the style of Rust's compiler.
//!
//! ```text
//! Error: Undeclared identifier.
//!   --> contracts/Kettle.sol:14:9:
//!
//! error: unknown variable: kettle
//!   ┌─ main.typ:14:5
//!
//! [W03] Warning: Assignment instead of inherit
//!     ╭─[./default.nix:14:3]
//! ```

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::{Beginnings, extension, leading_number, place_at_start, trailing_group},
};

/// Maximum number of lines of a wrapped headline.
const WRAPPED: usize = 4;
/// Maximum number of lines of one finding.
const LINES: usize = 40;

/// Reads headlines and arrows.
#[derive(Debug, Default)]
pub(crate) struct Pointed {
    open: Option<Draft>,
}

static HEADS: Beginnings = Beginnings::new(&[
    "error",
    "Error",
    "warning",
    "Warning",
    "TypeError",
    "DeclarationError",
    "ParserError",
    "SyntaxError",
    "×",
    "⚠",
    "[",
]);
static ARROWS: Beginnings = Beginnings::new(&["--> ", "┌─ ", "╭─[", "╭▸ ", ",-["]);

impl Pointed {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| draft.found.location.is_some()).map(Draft::done));
    }
}

impl Reader for Pointed {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            if draft.found.location.is_none() {
                if let Some((path, location)) = arrow(line.start) {
                    let is_typo = draft.found.message.contains("` should be `");
                    let Some(tool) = is_typo.then_some("typos").or_else(|| tool(path)) else {
                        self.open = None;
                        return;
                    };
                    tool.clone_into(&mut draft.found.tool);
                    draft.found.location = Some(location);
                    draft.take(line);
                    return;
                }
                if !line.start.is_empty() && draft.lines() < WRAPPED && headline(line).is_none() {
                    draft.take(line);
                    draft.go_on(line.start);
                    return;
                }
            } else if draft.lines() < LINES && is_source(line.start) {
                draft.take(line);
                return;
            }
            self.close(out);
        }
        self.open = headline(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// `error: message`, `error[E01]: message`, `[W03] Warning: message`, `Error (7576): message`, `× message`.
fn headline(line: &Seen<'_>) -> Option<Draft> {
    if !HEADS.begin(line.start) {
        return None;
    }
    let mut draft = Draft::new("", Kind::Compile, line);
    let mut start = line.start;
    if let Some((code, rest)) = start.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        draft.found.code = Some(code.to_owned());
        start = rest;
    }
    let (severity, message) = if let Some(rest) = start.strip_prefix("× ") {
        (Severity::Error, rest)
    } else if let Some(rest) = start.strip_prefix("⚠ ") {
        (Severity::Warning, rest)
    } else {
        let (word, message) = start.split_once(": ")?;
        let (word, code) =
            trailing_group(word, '[', ']').or_else(|| trailing_group(word, '(', ')')).unwrap_or((word, ""));
        if !code.is_empty() {
            draft.found.code = Some(code.to_owned());
        }
        match word {
            "warning" | "Warning" => (Severity::Warning, message),
            "error" | "Error" => (Severity::Error, message),
            name if name.ends_with("Error") && name.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                name.clone_into(&mut draft.found.error_type);
                (Severity::Error, message)
            }
            _ => return None,
        }
    };
    draft.found.severity = severity;
    draft.say(message);
    Some(draft)
}

fn arrow(start: &str) -> Option<(&str, grimoire_plugin_sdk::Location)> {
    let at = ARROWS.position(start)?;
    let rest = start.trim_start_matches(['-', '>', ' ', '┌', '─', '╭', '[', '▸', ',']);
    let rest = if at >= 2 { rest.split(']').next().unwrap_or(rest) } else { rest };
    let place = place_at_start(rest.trim()).filter(|place| place.rest.is_empty())?;
    Some((place.path, place.location()))
}

/// The tool for these files; files of families with their own analyzers have none here.
fn tool(path: &str) -> Option<&'static str> {
    Some(match extension(path) {
        "sol" => "solc",
        "lua" => "selene",
        "prisma" => "prisma",
        "move" => "move",
        "sw" => "forc",
        "nr" => "nargo",
        "ak" => "aiken",
        "typ" => "typst",
        "cairo" => "scarb",
        "pkl" => "pkl",
        "nix" => "statix",
        "slint" => "slint",
        "graphql" | "gql" => "graphql",
        "wit" => "wit",
        "kdl" => "kdl",
        "toml" => "taplo",
        "nu" => "nu",
        "roc" => "roc",
        "fe" => "fe",
        "circom" => "circom",
        "leo" => "leo",
        "vy" => "vyper",
        "cue" => "cue",
        "smithy" => "smithy",
        "yml" | "yaml" => "yaml",
        "gd" => "gdscript",
        _ => return None,
    })
}

/// A line of source, or a remark beside it.
fn is_source(start: &str) -> bool {
    start.starts_with(['|', '│', '·', '=', '╰', '─', '└', '^', '!', ':'])
        || leading_number(start).is_some_and(|(_, rest)| rest.trim_start().starts_with(['|', '│']))
}
