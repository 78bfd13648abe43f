//! Failures wait for the summary, which has their node ids: `tests/test_x.py::Class::test_name`.

use grimoire_plugin_sdk::{Diagnostic, Location, Span};
use std::collections::HashMap;

use crate::finding::is_python;

/// Maximum number of waiting failures; later ones get the id derived from their location.
const MOST: usize = 4_000;

/// A failure that waits for the summary.
struct Waiting {
    found: Diagnostic,
    /// The file of the outermost call.
    path: Option<String>,
    /// `Class.test_name`; empty in the style without names.
    name: String,
    named: bool,
}

/// The failures of one session.
#[derive(Default)]
pub(super) struct Held {
    waiting: Vec<Waiting>,
    by_name: HashMap<String, Vec<usize>>,
    /// Names of failures that were already reported.
    told: HashMap<String, u32>,
}

impl Held {
    pub(super) fn push(
        &mut self,
        name: &str,
        path: Option<&str>,
        found: Diagnostic,
        out: &mut Vec<Diagnostic>,
    ) {
        let waiting = Waiting { found, path: path.map(str::to_owned), name: name.to_owned(), named: false };
        if self.waiting.len() == MOST {
            if self.told.len() < 10 * MOST {
                *self.told.entry(waiting.name.clone()).or_default() += 1;
            }
            out.push(waiting.finish());
            return;
        }
        self.by_name.entry(name.to_owned()).or_default().push(self.waiting.len());
        self.waiting.push(waiting);
    }

    /// Gives an id of the summary to the failure it is about; returns false if there is none.
    pub(super) fn name(&mut self, id: &str, message: &str, span: Span) -> bool {
        let (path, name) = id.split_once("::").unwrap_or((id, ""));
        let plain = if name.is_empty() { path.to_owned() } else { name.replace("::", ".") };
        let candidates = self.by_name.get(&plain).or_else(|| self.by_name.get(""));
        let Some(candidates) = candidates else {
            let told = self.told.get_mut(&plain).filter(|count| **count > 0);
            return told.map(|count| *count -= 1).is_some();
        };
        let is_same = |waiting: &&usize| {
            let waiting = &self.waiting[**waiting];
            !waiting.named
                && waiting
                    .path
                    .as_deref()
                    .is_none_or(|own| own.ends_with(path) || path.ends_with(own.trim_start_matches("./")))
        };
        let is_free = |waiting: &&usize| !self.waiting[**waiting].named;
        // The summary may truncate the message.
        let start = message.trim_end_matches("...");
        let says_it = |waiting: &&usize| {
            is_free(waiting) && !start.is_empty() && self.waiting[**waiting].found.message.starts_with(start)
        };
        let found = candidates
            .iter()
            .find(|waiting| is_same(waiting) && says_it(waiting))
            .or_else(|| candidates.iter().find(says_it))
            .or_else(|| candidates.iter().find(is_same))
            .or_else(|| candidates.iter().find(is_free))
            .copied();
        let Some(found) = found.map(|at| &mut self.waiting[at]) else {
            // The same test failed in both setup and teardown.
            return !candidates.is_empty() && self.by_name.contains_key(&plain);
        };
        found.named = true;
        found.found.test = Some(id.to_owned());
        let no_place = found.found.location.is_none();
        if no_place && !path.contains(' ') {
            found.found.location = Some(Location::file(path));
        }
        if found.found.message.ends_with(" failed") && !message.is_empty() {
            message.clone_into(&mut found.found.message);
            found.found.span = found.found.span.to(span);
        }
        true
    }

    /// Reports all.
    pub(super) fn release(&mut self, out: &mut Vec<Diagnostic>) {
        self.by_name.clear();
        for waiting in std::mem::take(&mut self.waiting) {
            if self.told.len() < 10 * MOST && !waiting.name.is_empty() {
                *self.told.entry(waiting.name.clone()).or_default() += 1;
            }
            out.push(waiting.finish());
        }
    }
}

impl Waiting {
    /// The failure, with an id derived from its location if the summary had none.
    fn finish(mut self) -> Diagnostic {
        if self.found.test.is_none() && !self.name.is_empty() {
            let own = self.path.filter(|path| is_python(path));
            self.found.test = Some(match own {
                _ if is_python(&self.name) => self.name,
                Some(path) => {
                    // Dots in parameters do not separate classes.
                    let (name, parameters) =
                        self.name.split_at(self.name.find('[').unwrap_or(self.name.len()));
                    format!("{path}::{}{parameters}", name.replace('.', "::"))
                }
                None => self.name,
            });
        }
        self.found
    }
}
