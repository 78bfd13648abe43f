//! A finding with its code, and its location on the next line.
//!
//! ```text
//! E3012 Property Resources/Kettle/Properties/Size should be of type Integer
//! template.yaml:22:7
//!
//! [204] Lines should be no longer than 160 chars
//! states/brew.sls:14
//!
//! ERROR: trailing whitespace
//! #20: FILE: drivers/tea/brew.c:20:
//!
//!   ⚠  https://revive.run/r#exported  exported function Pour should have comment
//!   brew.go:14:1
//!
//! [E] E003 Indent not multiple of 4: '  echo "tea"'
//!  - deploy.sh : L14
//! ```

use crate::finding::{lint, severity};
use grimoire_plugin_sdk::{
    Diagnostic, Location, Severity,
    recognise::panel::{Reader, Seen},
    text::{extension, leading_number, looks_like_path, place_at_start},
};

/// Reads the pairs of lines.
#[derive(Debug, Default)]
pub(crate) struct AbovePlace {
    open: Option<Diagnostic>,
}

impl Reader for AbovePlace {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(mut found) = self.open.take()
            && let Some((location, tool)) = place(line.start)
        {
            found.location = Some(location);
            found.tool = if found.tool.is_empty() { tool.to_owned() } else { found.tool };
            found.span = found.span.to(line.span);
            if !found.tool.is_empty() {
                out.push(found);
            }
            return;
        }
        self.open = headline(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }
}

fn headline(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    let nowhere = Location::file("");
    if let Some((inner, rest)) = start.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        if inner.len() == 3 && inner.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(lint("", Severity::Error, inner, rest, nowhere, line));
        }
        if matches!(inner, "E" | "W") {
            let (code, message) = rest.split_once(' ')?;
            return is_code(code, 3)
                .then(|| lint("bashate", severity(inner).unwrap_or_default(), code, message, nowhere, line));
        }
        return None;
    }
    if let Some((mark, rest)) = start.split_once("  https://revive.run/r#") {
        let (rule, message) = rest.split_once("  ")?;
        return Some(lint("revive", severity(mark.trim()).unwrap_or_default(), rule, message, nowhere, line));
    }
    if let Some((word, message)) =
        start.split_once(": ").filter(|(word, _)| matches!(*word, "ERROR" | "WARNING" | "CHECK"))
    {
        return Some(lint("", severity(word).unwrap_or(Severity::Info), "", message, nowhere, line));
    }
    let (code, message) = start.split_once(' ')?;
    let severity = severity(code.get(..1)?)?;
    is_code(code, 4).then(|| lint("cfn-lint", severity, code, message, nowhere, line))
}

fn is_code(code: &str, digits: usize) -> bool {
    code.strip_prefix(['E', 'W', 'I'])
        .is_some_and(|rest| rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A location without a message, and the tool for such files.
fn place(start: &str) -> Option<(Location, &'static str)> {
    if let Some((path, rest)) = start.strip_prefix("- ").and_then(|rest| rest.split_once(" : L")) {
        let (number, "") = leading_number(rest)? else { return None };
        return looks_like_path(path).then(|| (Location::at(path, number, None), ""));
    }
    if let Some((_, path)) = start.strip_prefix('#').and_then(|rest| rest.split_once(": FILE: ")) {
        let place = place_at_start(path)?;
        return Some((place.location(), "checkpatch"));
    }
    let place = place_at_start(start).filter(|place| place.rest.is_empty())?;
    let tool = match extension(place.path) {
        "sls" | "jinja" | "j2" => "salt-lint",
        "yml" | "yaml" => "ansible-lint",
        _ => "",
    };
    Some((place.location(), tool))
}
