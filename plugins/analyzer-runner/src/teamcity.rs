//! TeamCity's service messages and closing lines.
//!
//! ```text
//! ##teamcity[buildProblem description='the till is locked' identity='till']
//! ##teamcity[testFailed name='TillTest.opens' message='expected 1' details='…']
//! Process exited with code 1 (Step: Count (Command Line))
//! ```

use crate::text::Text;
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Needle};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    service(line).or_else(|| closing(line))
}

fn service(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("##teamcity[");
    let (_, rest) = SIGN.split_among(line.characters, line.whole)?;
    let inner = rest.strip_suffix(']')?;
    let (name, _) = inner.split_once(' ')?;
    match name {
        "buildProblem" => {
            let message = field(inner, "description")?;
            Some(line.found("teamcity", "build-problem", Kind::Unknown, &message))
        }
        "testFailed" => {
            let test = field(inner, "name")?;
            let message = field(inner, "message").filter(|message| !message.trim().is_empty());
            let details = field(inner, "details").unwrap_or_default();
            let message = message.unwrap_or_else(|| details.lines().next().unwrap_or(&test).to_owned());
            Some(Diagnostic {
                test: Some(test),
                context: details,
                ..line.found("teamcity", "test", Kind::Test, &message)
            })
        }
        "message"
            if field(inner, "status").is_some_and(|status| status == "ERROR" || status == "FAILURE") =>
        {
            let message = field(inner, "text")?;
            Some(line.found("teamcity", "message", Kind::Unknown, &message))
        }
        _ => None,
    }
}

/// The value of `name='…'`, in which `|` escapes the next character.
fn field(inner: &str, name: &str) -> Option<String> {
    let at = inner.find(&format!(" {name}='"))? + name.len() + 3;
    let mut value = String::new();
    let mut characters = inner[at..].chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => return Some(value),
            '|' => match characters.next()? {
                'n' => value.push('\n'),
                'r' => {}
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

/// `Process exited with code 1 (Step: Count (Command Line))`.
fn closing(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("Process exited with code ")?;
    let code = rest.split([' ', '.']).next()?;
    let failed =
        code != "0" && !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    failed.then(|| Diagnostic {
        role: Role::Summary,
        ..line.found("teamcity", "exit", Kind::Unknown, line.bare)
    })
}
