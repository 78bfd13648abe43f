//! Quality checks of projects: knip's unused and missing items, size limits, circular imports.
//!
//! ```text
//! Unused files (1)
//! src/lid.js
//! Unresolved imports (1)
//! ./jar  src/pot.js:1:19
//!
//!   Package size limit has exceeded by 1.2 kB
//! ```

use grimoire_plugin_sdk::text::{leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::{failure, is_script};

/// Maximum number of lines in a list of circles.
const CIRCLES: u32 = 400;

/// Recognises these demands.
#[derive(Default)]
pub(crate) struct Gates {
    /// The meaning of the lines below one of knip's titles.
    section: Option<(&'static str, u32)>,
    /// Number of lines in which circular imports are listed.
    circles: u32,
    /// A size exceeds its limit; the numbers follow.
    size: Option<(Diagnostic, u32)>,
}

/// Titles of knip's sections, with the problem of their entries.
const SECTIONS: &[(&str, &str)] = &[
    ("Unused files (", "Unused file"),
    ("Unused dependencies (", "Unused dependency"),
    ("Unused devDependencies (", "Unused devDependency"),
    ("Referenced optional peerDependencies (", "Referenced optional peerDependency"),
    ("Unlisted dependencies (", "Unlisted dependency"),
    ("Unlisted binaries (", "Unlisted binary"),
    ("Unresolved imports (", "Unresolved import"),
    ("Unused exports (", "Unused export"),
    ("Unused exported types (", "Unused exported type"),
    ("Unused exported enum members (", "Unused exported enum member"),
    ("Duplicate exports (", "Duplicate export"),
    ("Unused catalog entries (", "Unused catalog entry"),
];

impl Gates {
    /// Reads a line; returns true if it belongs to such a check.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        if let Some((mut found, left)) = self.size.take() {
            if trimmed.starts_with("Size limit:") || trimmed.starts_with("Size:") {
                found.message.push('\n');
                found.message.push_str(trimmed);
                found.span = found.span.to(span);
            }
            if left > 1 && !trimmed.is_empty() {
                self.size = Some((found, left - 1));
                return true;
            }
            out.push(found);
        }
        // All of them begin with one of these letters.
        let may_be = trimmed.starts_with(['U', 'R', 'D']);
        let title = SECTIONS.iter().find(|(title, _)| may_be && trimmed.starts_with(title));
        if let Some((title, what)) = title
            && let Some((count, rest)) = leading_number(&trimmed[title.len()..])
            && rest == ")"
        {
            self.section = Some((what, count));
            return true;
        }
        if let Some((what, left)) = self.section.take()
            && left > 0
            && !trimmed.is_empty()
        {
            out.push(unused(what, trimmed, span));
            self.section = Some((what, left - 1));
            return true;
        }
        if trimmed.starts_with("Package size limit has exceeded by ") {
            self.size = Some((failure("size-limit", "size", Kind::Lint, trimmed, span), 3));
            return true;
        }
        if let Some(rest) = trimmed.strip_prefix("FAIL ")
            && rest.contains(" > maxSize ")
        {
            out.push(failure("bundlesize", "size", Kind::Lint, rest.trim(), span));
            return true;
        }
        self.circle(trimmed, span, out)
    }

    /// `✖ Found 1 circular dependency!`, then `1) a.js > b.js`.
    fn circle(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if text.starts_with("✖ Found ") && text.contains(" circular dependenc") {
            self.circles = CIRCLES;
            return true;
        }
        if self.circles == 0 {
            return false;
        }
        self.circles -= 1;
        let Some((_, rest)) = leading_number(text) else { return false };
        let Some(chain) = rest.strip_prefix(") ").filter(|chain| chain.contains(" > ")) else { return false };
        let mut found = failure(
            "madge",
            "circular-dependency",
            Kind::Lint,
            &format!("Circular dependency: {chain}"),
            span,
        );
        found.location = chain.split(" > ").next().filter(|path| is_script(path)).map(Location::file);
        out.push(found);
        true
    }
}

/// `./jar  src/pot.js:1:19`, `lodash  package.json`, `src/lid.js`.
fn unused(what: &str, row: &str, span: Span) -> Diagnostic {
    let (name, place) = row
        .split_once("  ")
        .map_or((row, row), |(name, rest)| (name, rest.rsplit("  ").next().unwrap_or(rest).trim()));
    let mut found =
        failure("knip", &what.to_lowercase().replace(' ', "-"), Kind::Lint, &format!("{what}: {name}"), span);
    found.location = place_at_start(place)
        .map(|place| place.location())
        .or_else(|| (place.contains('.') && !place.contains(' ')).then(|| Location::file(place)));
    found
}
