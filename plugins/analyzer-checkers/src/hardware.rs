//! One-line reports of tools for hardware languages.
//!
//! | tool | form |
//! | --- | --- |
//! | Verilator | `%Error-UNUSED: brew.v:14:9: message` |
//! | ModelSim, Questa | `** Error: brew.vhd(14): (vcom-1136) message`, `** Error: (vlog-2730) brew.v(14): message` |
//! | Vivado | `ERROR: [Synth 8-2715] message [/repo/brew.v:35]` |
//! | Incisive | `ncvlog: *E,EXPIDN (brew.v,14\|20): message` |
//! | Quartus | `Error (10170): message at brew.v(14) near text "x" File: /repo/brew.v Line: 14` |

use crate::finding::severity;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Severity,
    recognise::panel::{Seen, single, typed},
    text::{place_at_start, place_in_parentheses},
};

/// Reads a line.
pub(crate) fn read(line: &Seen<'_>) -> Option<Diagnostic> {
    match line.start.as_bytes().first()? {
        b'%' | b'[' => verilator(line),
        b'*' => modelsim(line),
        b'E' | b'W' | b'C' => vivado(line).or_else(|| quartus(line)),
        _ => incisive(line),
    }
}

/// An error of a compiler or a build tool.
fn compiled(
    tool: &str,
    severity: Severity,
    code: &str,
    message: &str,
    location: Option<Location>,
    line: &Seen<'_>,
) -> Diagnostic {
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    typed(Diagnostic { severity, code, location, ..single(tool, Kind::Compile, message, line) })
}

fn verilator(line: &Seen<'_>) -> Option<Diagnostic> {
    // The simulated time precedes the message: `[400000] `.
    let timed = line.start.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let text = match timed {
        Some((time, rest)) if time.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line.start,
    };
    let (word, rest) = text.strip_prefix('%')?.split_once(": ")?;
    let (word, code) = word.split_once('-').unwrap_or((word, ""));
    let place = place_at_start(rest)?;
    let found = compiled("verilator", severity(word)?, code, place.rest, Some(place.location()), line);
    // The simulation stopped because of an error that was reported before.
    let role = if place.rest.trim() == "Verilog $stop" { Role::Consequence } else { found.role };
    Some(Diagnostic { role, ..found })
}

fn modelsim(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.strip_prefix("** ")?.split_once(": ")?;
    let severity = severity(word.split(' ').next()?)?;
    // `[2] ` is the number of the check.
    let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(rest, |(_, rest)| rest);
    let code = |text: &'_ str| -> Option<(usize, usize)> {
        let end = text.strip_prefix('(')?.find(") ")?;
        let is_code = text[1..=end].contains('-') && !text[1..=end].contains(' ');
        is_code.then_some((end + 1, end + 3))
    };
    let (before, rest) = match code(rest) {
        Some((end, next)) => (&rest[1..end], &rest[next..]),
        None => ("", rest),
    };
    let place = place_in_parentheses(rest)?;
    let message = place.rest.trim_start();
    // The code may precede the location, follow it, or follow the nearby text.
    let (inner, message) = match message.find("(v").and_then(|at| Some((at, code(&message[at..])?))) {
        Some((at, (end, next))) => {
            (&message[at + 1..at + end], format!("{}{}", &message[..at], &message[at + next..]))
        }
        None => ("", message.to_owned()),
    };
    let code = if before.is_empty() { inner } else { before };
    Some(compiled("modelsim", severity, code, &message, Some(place.location()), line))
}

fn vivado(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.split_once(": [")?;
    let severity = match word {
        "ERROR" => Severity::Error,
        "WARNING" | "CRITICAL WARNING" => Severity::Warning,
        _ => return None,
    };
    let (code, message) = rest.split_once("] ")?;
    let (tool, number) = code.rsplit_once(' ')?;
    let is_code = number.contains('-')
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && tool.starts_with(|c: char| c.is_ascii_uppercase());
    if !is_code {
        return None;
    }
    let at_end = message.trim_end().strip_suffix(']').and_then(|message| message.rsplit_once('['));
    let placed = at_end.and_then(|(message, inner)| {
        Some((message, place_at_start(inner).filter(|place| place.rest.is_empty())?.location()))
    });
    let (message, location) = match placed {
        Some((message, location)) => (message, Some(location)),
        None => (message, None),
    };
    let found = compiled("vivado", severity, code, message, location, line);
    // A module that could not be built because of it, and the failed command.
    let follows = matches!(code, "Synth 8-6156" | "Common 17-69" | "Common 17-39" | "Vivado 12-4473");
    Some(Diagnostic { role: if follows { Role::Consequence } else { found.role }, ..found })
}

fn quartus(line: &Seen<'_>) -> Option<Diagnostic> {
    let (word, rest) = line.start.split_once(" (")?;
    let (code, message) = rest.split_once("): ")?;
    if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Some((message, place)) = message.rsplit_once(" File: ")
        && let Some((path, number)) = place.rsplit_once(" Line: ")
        && let Ok(number) = number.trim().parse()
    {
        let location = Location::at(path, number, None);
        return Some(compiled("quartus", severity(word)?, code, message, Some(location), line));
    }
    None
}

fn incisive(line: &Seen<'_>) -> Option<Diagnostic> {
    let (program, rest) = line.start.split_once(": *")?;
    let (letter, rest) = rest.split_once(',')?;
    let (code, rest) = rest.split_once(" (")?;
    let (place, message) = rest.split_once("): ")?;
    let (path, place) = place.rsplit_once(',')?;
    let (number, column) = place.split_once('|')?;
    let location = Location::at(path, number.trim().parse().ok()?, column.trim().parse().ok());
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| Some(compiled(program, severity(letter)?, code, message, Some(location), line)))?
}
