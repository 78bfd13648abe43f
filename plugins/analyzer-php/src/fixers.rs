//! Tools that list the files they would change: PHP CS Fixer, Easy Coding Standard, Rector, Pint.
//!
//! ```text
//!    1) src/Pot.php (braces, no_unused_imports)
//!       ---------- begin diff ----------
//!       ----------- end diff -----------
//! Found 1 of 10 files that can be fixed in 0.120 seconds
//! ```
//!
//! The list is the same after the files were changed: only the last sentence shows a failure.

use crate::{
    panel::{Draft, Reader, Seen, single, typed},
    trace,
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location,
    text::{leading_number, place_at_start},
};

/// Maximum number of listed files.
const FILES: usize = 256;

/// Reads lists of files.
#[derive(Debug, Default)]
pub(crate) struct Fixers {
    files: Vec<Draft>,
    in_difference: bool,
    in_rules: bool,
}

/// `1) src/Pot.php (braces, no_unused_imports)`, `1) src/Pot.php:12`.
fn item(line: &Seen<'_>) -> Option<(Location, String)> {
    let (_, rest) = leading_number(line.start)?;
    let rest = rest.strip_prefix(") ")?;
    let (path, rules) = match rest.strip_suffix(')').and_then(|rest| rest.split_once(" (")) {
        Some((path, rules)) => (path, rules.to_owned()),
        None => (rest, String::new()),
    };
    let location = place_at_start(path).filter(|place| place.rest.is_empty());
    let location = location.map_or_else(|| Location::file(path), |place| place.location());
    (trace::is_php(&location.path) && !path.contains(' ')).then_some((location, rules))
}

/// Returns true if the files would only be changed.
fn verdict(start: &str) -> Option<(bool, &'static str)> {
    let has = |text: &str| start.contains(text);
    if has(" that can be fixed in ") || start.starts_with("Checked all files in ") {
        Some((true, "php-cs-fixer"))
    } else if has(" would have been changed (dry-run) by Rector")
        || has(" would have changed (dry-run) by Rector")
    {
        Some((true, "rector"))
    } else if has("errors that need to be fixed")
        || has(" fixable! Just add \"--fix\"")
        || has(" fixable with \"--fix\"")
    {
        Some((true, "ecs"))
    } else if start.starts_with("Fixed ") && has(" in ") && has(" seconds")
        || has(" been changed by Rector")
        || has(" changed by Rector")
    {
        Some((false, ""))
    } else {
        None
    }
}

impl Fixers {
    fn flush(&mut self, tool: Option<&str>, out: &mut Vec<Diagnostic>) {
        self.in_difference = false;
        self.in_rules = false;
        for mut draft in self.files.drain(..) {
            let found = &mut draft.found;
            match tool {
                Some(tool) => tool.clone_into(&mut found.tool),
                None => found.confidence = Confidence::Likely,
            }
            found.message = if found.message.is_empty() {
                "The file would be changed".to_owned()
            } else {
                format!("The file would be changed by {}", found.message)
            };
            "style".clone_into(&mut found.error_type);
            out.push(draft.done());
        }
    }
}

impl Reader for Fixers {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if start.starts_with("-----") {
            if start.ends_with("begin diff ----------") {
                self.in_difference = true;
            } else if start.ends_with("end diff -----------") || start.ends_with("end diff ----------") {
                self.in_difference = false;
            }
            return;
        }
        if self.in_difference {
            return;
        }
        if let Some((location, rules)) = item(line) {
            self.in_rules = false;
            if self.files.len() < FILES {
                let mut draft = Draft::new("php-cs-fixer", Kind::Lint, line);
                draft.found.location = Some(location);
                draft.found.code =
                    Some(rules.clone()).filter(|rules| !rules.is_empty() && !rules.contains(','));
                draft.say(&rules);
                self.files.push(draft);
            }
            return;
        }
        if self.files.is_empty() {
            return;
        }
        if matches!(start, "Applied rules:" | "Applied checkers:") {
            self.in_rules = true;
        } else if let Some(rule) = start.strip_prefix("* ").filter(|_| self.in_rules)
            && let Some(draft) = self.files.last_mut()
        {
            let rule = rule.split(' ').next().unwrap_or(rule);
            draft.found.code = draft.found.message.is_empty().then(|| rule.to_owned());
            let comma = if draft.found.message.is_empty() { "" } else { ", " };
            draft.found.message.push_str(comma);
            draft.found.message.push_str(rule);
        } else if let Some((failed, tool)) = verdict(start) {
            if failed {
                self.flush(Some(tool), out);
            } else {
                self.files.clear();
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        // Without the last sentence, only the difference shows that the list is one of these.
        self.files.retain(|draft| draft.found.code.is_some() || draft.found.message.contains(", "));
        self.flush(None, out);
    }
}

/// Pint: `⨯ app/Models/Pot.php   no_unused_imports, ordered_imports`.
pub(crate) fn pint(line: &Seen<'_>) -> Option<Diagnostic> {
    let rest = line.start.strip_prefix('⨯')?.trim_start();
    let (path, rules) = rest.split_once(' ')?;
    let rules = rules.trim();
    let named = rules.split(", ").all(|rule| {
        !rule.is_empty() && rule.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'/'))
    });
    if !named || !trace::is_php(path.trim_end_matches('.')) {
        return None;
    }
    let mut found = single("pint", Kind::Lint, &format!("The file would be changed by {rules}"), line);
    found.code = (!rules.contains(',')).then(|| rules.to_owned());
    found.location = Some(Location::file(path));
    "style".clone_into(&mut found.error_type);
    Some(typed(found))
}
