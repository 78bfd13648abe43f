//! Behat: the failed step of a scenario, in the pretty format and in the list of failed steps; and Infection.
//!
//! ```text
//!   Scenario: Two cups              # features/pot.feature:6
//!     Then the pot holds 2 cups     # FeatureContext::thePotHolds()
//!       Failed asserting that 1 matches expected 2.
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{Sentence, Sentences},
    trace,
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Test},
    Location, Role,
    text::{leading_number, place_at_start},
};

/// Maximum number of message lines.
const LINES: usize = 24;

/// Reads failed steps.
#[derive(Debug, Default)]
pub(crate) struct Behat {
    scenario: Option<(String, Option<Location>)>,
    open: Option<(Draft, usize, usize)>,
}

fn is_step(start: &str) -> bool {
    ["Given ", "When ", "Then ", "And ", "But ", "* "].iter().any(|word| start.starts_with(word))
}

impl Behat {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, _, said)) = self.open.take() else { return };
        let found = &mut draft.found;
        // Output of a step is not a failure: a failure is an assertion's, or ends in its type.
        let last = found.message.lines().next_back().unwrap_or_default();
        let typed = last
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once(" ("))
            .and_then(|(message, name)| Some((message.len(), trace::class(name)?.to_owned())));
        let failed = typed.is_some()
            || found.message.starts_with("Failed asserting")
            || ["Notice: ", "Warning: ", "Fatal error: ", "User Notice: "]
                .iter()
                .any(|word| found.message.starts_with(word));
        if said == 0 || !failed {
            return;
        }
        if let Some((length, name)) = typed {
            let cut = found.message.len() - last.len() + length;
            found.message.truncate(cut);
            found.error_type = name;
        } else {
            "assertion".clone_into(&mut found.error_type);
        }
        out.push(draft.done());
    }
}

impl Reader for Behat {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, indent, said)) = &mut self.open {
            let goes_on = line.indent > *indent && !start.is_empty() && !is_step(start) && *said < LINES;
            if goes_on {
                if !start.starts_with(['|', '│']) && !start.starts_with("\"\"\"") {
                    draft.say(start);
                    *said += 1;
                }
                draft.take(line);
                return;
            }
            self.close(out);
        }
        let text = start.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        for word in ["Scenario: ", "Scenario Outline: ", "Example: "] {
            if let Some(name) = text.strip_prefix(word) {
                let (name, place) = name.split_once(" # ").unwrap_or((name, ""));
                let place = place_at_start(place.trim()).map(|place| place.location());
                self.scenario = Some((name.trim().to_owned(), place));
                return;
            }
        }
        if is_step(start)
            && let Some((_, place)) = start.rsplit_once(" # ")
            && (place.contains("::") || place.contains(".feature:"))
            && let Some((name, scenario)) = &self.scenario
        {
            let mut draft = Draft::new("behat", Test, line);
            draft.found.test = Some(name.clone());
            let own = place_at_start(place.trim()).map(|place| place.location());
            draft.found.location = own.or_else(|| scenario.clone());
            self.open = Some((draft, line.indent, 0));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.scenario = None;
    }
}

/// The list of failed scenarios, which matters only if nothing else was found.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    open: Option<Draft>,
}

impl Reader for Summary {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let listed = line.start.contains(".feature:");
        let counted = leading_number(line.start)
            .is_some_and(|(_, rest)| rest.starts_with(" scenario") && rest.contains(" failed)"));
        if let Some(draft) = &mut self.open {
            if listed || counted || line.start.is_empty() {
                if draft.found.location.is_none() && listed {
                    draft.found.location = place_at_start(line.start).map(|place| place.location());
                }
                draft.take(line);
                return;
            }
            self.finish(out);
        }
        if line.start == "--- Failed scenarios:" || counted {
            let mut draft = Draft::new("behat", Test, line);
            draft.say(line.start.trim_matches(['-', ' ', ':']));
            draft.found.role = Role::Summary;
            "failed-scenarios".clone_into(&mut draft.found.error_type);
            self.open = Some(draft);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// Infection's sentences, and PHPUnit's about itself.
pub(crate) fn sentences() -> Sentences {
    Sentences::new("infection", INFECTION)
}

const INFECTION: &[Sentence] = &[
    Sentence::new("The minimum required * percentage should be *, but actual is *", Test, "minimum-msi"),
    Sentence::new(
        "Project tests must be in a passing state before running Infection.*",
        Test,
        "initial-tests",
    )
    .summary(),
];

/// PHPUnit's errors at the start.
pub(crate) fn phpunit() -> Sentences {
    Sentences::new("phpunit", PHPUNIT)
}

const PHPUNIT: &[Sentence] = &[
    Sentence::new("No tests executed!", Kind::Configuration, "no-tests"),
    Sentence::new("Cannot open file \"*\".", Kind::Configuration, "file-not-found"),
    Sentence::new("Test file \"*\" not found", Kind::Configuration, "file-not-found"),
    Sentence::new("Test directory \"*\" not found", Kind::Configuration, "file-not-found"),
    Sentence::new("Could not read \"*\".", Kind::Configuration, "configuration"),
    Sentence::new("Class * could not be found in *", Kind::Configuration, "class-not-found"),
    Sentence::new("Error in bootstrap script: *", Kind::Crash, "bootstrap"),
    Sentence::new("PHPUnit requires the *", Kind::Dependency, "extension"),
    Sentence::new("This version of PHPUnit requires PHP *", Kind::Dependency, "php-version"),
    Sentence::new("This version of PHPUnit is supported on PHP *", Kind::Dependency, "php-version"),
    Sentence::new("Premature end of PHP process when running *", Test, "process"),
];
