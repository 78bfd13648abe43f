//! Findings of Clang's analyzer in a property list, where each value follows its key.

use crate::xml::Element;
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span};

/// Reads the findings of a property list. Returns false if the document is none.
pub(crate) fn read(root: &Element, span: Span, out: &mut Vec<Diagnostic>) -> bool {
    if root.name != "plist" {
        return false;
    }
    if let Some(list) = root.child("dict")
        && let Some(findings) = value(list, "diagnostics")
    {
        let files: Vec<&str> = value(list, "files")
            .iter()
            .flat_map(|files| &files.children)
            .map(|file| file.text.trim())
            .collect();
        out.extend(findings.children.iter().filter_map(|found| finding(found, &files, span)));
    }
    true
}

/// The value that follows a key.
fn value<'e>(list: &'e Element, key: &str) -> Option<&'e Element> {
    let at = list.children.iter().position(|child| child.name == "key" && child.text.trim() == key)?;
    list.children.get(at + 1)
}

fn finding(found: &Element, files: &[&str], span: Span) -> Option<Diagnostic> {
    let text = |key: &str| value(found, key).map(|value| value.text.trim()).filter(|text| !text.is_empty());
    let place = value(found, "location")?;
    let number = |key: &str| value(place, key)?.text.trim().parse::<u32>().ok();
    let path = files.get(usize::try_from(number("file")?).ok()?)?;
    let code = text("check_name").map(str::to_owned);
    Some(Diagnostic {
        tool: "clang".to_owned(),
        error_type: code
            .clone()
            .or_else(|| Some(text("type")?.to_owned()))
            .unwrap_or_else(|| "finding".to_owned()),
        code,
        message: text("description")?.to_owned(),
        severity: Severity::Warning,
        kind: Kind::Lint,
        location: Some(Location::at(path, number("line")?, number("col"))),
        span,
        ..Diagnostic::default()
    })
}
