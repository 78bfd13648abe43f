//! behave and Robot Framework: one diagnostic per failing scenario or test.
//!
//! ```text
//!   Scenario: total    # features/basket.feature:2
//!     When it breaks   # features/steps/basket.py:4 0.001s
//!       Assertion Failed: expected 1 got 2
//!
//! Total Is Right                                                        | FAIL |
//! 1 != 2
//! ```

use grimoire_plugin_sdk::text::{place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Span};

use crate::found::finding;

/// Maximum number of scenarios and tests that are remembered.
const REMEMBERED: usize = 2_000;

/// Recognises the reports of both.
#[derive(Default)]
pub(crate) struct Suites {
    scenario: Option<(String, Location)>,
    step: Option<Location>,
    /// Reported scenarios, by location.
    told: Vec<Location>,
    /// Inside `Failing scenarios:`.
    list: bool,
    /// A Robot test that failed; its message follows.
    test: Option<(String, Vec<String>, Span)>,
}

impl Suites {
    /// Reads a line; returns true if it belongs to a failing scenario or test.
    pub(crate) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let trimmed = trim(text);
        self.robot(text, trimmed, span, out) || self.behave(text, trimmed, span, out)
    }

    /// The running scenario, for tracebacks in its steps.
    pub(crate) fn scenario(&mut self) -> Option<(String, Location)> {
        let (name, place) = self.scenario.clone()?;
        self.tell(&place);
        Some((name, place))
    }

    fn tell(&mut self, place: &Location) {
        if self.told.len() < REMEMBERED {
            self.told.push(place.clone());
        }
    }

    fn behave(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if self.list {
            let place = place_at_start(trimmed).filter(|place| place.path.ends_with(".feature"));
            self.list = place.is_some();
            if let Some(place) = place {
                let location = place.location();
                if !self.told.contains(&location) {
                    let mut found = finding(
                        "behave",
                        "scenario",
                        Kind::Test,
                        &format!("Scenario failed: {}", place.rest.trim()),
                        span,
                    );
                    found.test = Some(format!("{}:{}", place.path, place.line));
                    found.location = Some(location);
                    out.push(found);
                }
                return true;
            }
        }
        if matches!(trimmed, "Failing scenarios:" | "Errored scenarios:") {
            self.list = true;
            self.scenario = None;
            return true;
        }
        if trimmed.ends_with(|c: char| c.is_ascii_digit() || c == 's')
            && text.starts_with("  ")
            && let Some((said, place)) = trimmed.rsplit_once("# ")
            && let Some(place) = place_at_start(place)
        {
            if said.starts_with("Scenario") {
                self.scenario = Some((said.trim().to_owned(), place.location()));
                self.step = None;
            } else if self.scenario.is_some() {
                self.step = Some(place.location());
            }
            return false;
        }
        let message =
            trimmed.strip_prefix("ASSERT FAILED: ").or_else(|| trimmed.strip_prefix("Assertion Failed: "));
        if let Some(message) = message
            && let Some((name, place)) = self.scenario()
        {
            let mut found = finding("behave", "AssertionError", Kind::Test, message, span);
            found.location = self.step.clone().or(Some(place.clone()));
            found.test = Some(format!("{}:{}", place.path, place.line().unwrap_or(0)));
            found.context = format!("{name}\n{trimmed}");
            out.push(found);
            return true;
        }
        false
    }

    fn robot(&mut self, text: &str, trimmed: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((name, mut lines, start)) = self.test.take() {
            let is_rule = trimmed.starts_with("----------") || trimmed.starts_with("==========");
            let total =
                lines.first().is_some_and(|line| line.contains(" passed, ") && line.contains(" failed"));
            if is_rule || lines.len() == 20 {
                if !total && !lines.is_empty() {
                    let mut found = finding("robot", "failure", Kind::Test, &lines.join("\n"), start);
                    found.test = Some(name);
                    out.push(found);
                }
                return is_rule;
            }
            if !trimmed.is_empty() {
                lines.push(trimmed.to_owned());
            }
            self.test = Some((name, lines, start.to(span)));
            return true;
        }
        if let Some(name) = text.strip_suffix("| FAIL |") {
            self.test = Some((name.split(" :: ").next().unwrap_or(name).trim().to_owned(), Vec::new(), span));
            return true;
        }
        false
    }
}
