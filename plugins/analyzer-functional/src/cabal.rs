//! Cabal and Stack: solvers and sentences.
//!
//! ```text
//! Error: [Cabal-7107]
//! Could not resolve dependencies:
//! [__0] trying: pot-0.1.0.0 (user goal)
//! [__1] rejecting: base-4.18.0.0/installed-4.18.0.0 (conflict: pot => base<4.18)
//! [__1] fail (backjumping, conflict set: base, pot)
//!
//! In the dependencies for pot-0.1.0.0:
//!   * lid needed, but no version is in the Stack configuration (latest matching version is 1.0).
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{
        Reach::{Block, Indented, Wrapped},
        Sentence, Sentences,
    },
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{Compile, Configuration, Dependency, Test, Unknown},
    Role,
    text::Needle,
};

/// Maximum number of lines of a solver's report.
const LINES: usize = 400;

/// Reads Cabal's solver.
#[derive(Debug, Default)]
pub(crate) struct Solver {
    code: Option<String>,
    /// The text below a code.
    coded: Option<Draft>,
    open: Option<(Draft, Vec<String>)>,
}

/// Beginnings of entries in a report.
const ENTRIES: [&str; 6] =
    ["trying: ", "next goal: ", "rejecting: ", "skipping: ", "fail (", "unknown package: "];
/// Beginnings of lines after a report.
const ENDS: [&str; 4] = ["After searching", "Backjump limit", "Note: ", "Try running"];

/// Removes all versions but the first that an entry lists.
fn shortened(reason: &str) -> String {
    match (reason.split_once(", "), reason.rfind(" (")) {
        (Some((first, _)), Some(at)) if reason.len() > 160 && at > first.len() => {
            format!("{first}, …{}", &reason[at..])
        }
        _ => reason.to_owned(),
    }
}

/// How informative a line of the report is.
fn weight(text: &str) -> u8 {
    if text.starts_with("unknown package") || text.contains("not found in the pkg-config") {
        4
    } else if text.starts_with("rejecting: ") && text.contains("(conflict: ") {
        3
    } else if text.starts_with("rejecting: ") {
        2
    } else {
        u8::from(text.starts_with("fail "))
    }
}

impl Solver {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, reasons)) = self.open.take() else { return };
        let best = reasons.iter().map(|reason| weight(reason)).max().unwrap_or(0);
        draft.say("Could not resolve dependencies:");
        for reason in reasons.iter().filter(|reason| weight(reason) == best && best > 0).take(3) {
            draft.say(&shortened(reason));
        }
        "version-solving".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}

impl Reader for Solver {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static RESOLVE: Needle = Needle::new("Could not resolve dependencies:");
        let start = line.start;
        if let Some((draft, reasons)) = &mut self.open {
            let text = start
                .strip_prefix("[__")
                .and_then(|rest| rest.split_once("] "))
                .map_or(start, |(_, text)| text);
            if ENTRIES.iter().any(|word| text.starts_with(word)) {
                draft.take(line);
                if reasons.len() < LINES {
                    reasons.push(text.to_owned());
                }
                return;
            }
            // A wrapped entry.
            let ends = start.is_empty() || ENDS.iter().any(|word| start.starts_with(word));
            if !ends && draft.lines() < LINES && !reasons.is_empty() {
                if let Some(last) = reasons.last_mut().filter(|last| last.len() < 4096) {
                    last.push(' ');
                    last.push_str(start);
                }
                draft.take(line);
                return;
            }
            if start.starts_with("After searching") {
                draft.take(line);
            }
            self.close(out);
        }
        if let Some(mut draft) = self.coded.take() {
            // The message below a code is wrapped; the solver's is read further below.
            if !start.is_empty() && draft.lines() < 12 && RESOLVE.find_among(line.characters, start).is_none()
            {
                draft.take(line);
                draft.go_on(start);
                self.coded = Some(draft);
                return;
            }
            self.code.clone_from(&draft.found.code);
            if !draft.found.message.is_empty() {
                if draft.found.message.starts_with("Failed to build ") {
                    draft.found.role = Role::Consequence;
                    draft.found.kind = Compile;
                }
                out.push(draft.done());
            }
        }
        if let Some(code) = start.strip_prefix("Error: [Cabal-").and_then(|rest| rest.strip_suffix(']')) {
            let mut draft = Draft::new("cabal", Dependency, line);
            draft.found.code = Some(format!("Cabal-{code}"));
            self.coded = Some(draft);
            return;
        }
        if let Some(before) = RESOLVE.split_among(line.characters, start).map(|(before, _)| before) {
            let program = before.trim().trim_start_matches("Error:").trim_start();
            let known = program.is_empty() || program.starts_with("cabal") && program.ends_with(':');
            if known {
                let mut draft = Draft::new("cabal", Dependency, line);
                draft.found.code = self.code.take();
                self.open = Some((draft, Vec::new()));
            }
        }
        self.code = None;
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since()).or_else(|| self.coded.as_ref().map(Draft::since))
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        out.extend(self.coded.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
        self.code = None;
    }
}

/// Cabal's sentences.
pub(crate) fn cabal() -> Sentences {
    Sentences::new("cabal", CABAL).only_after(&["Error: cabal: ", "cabal: ", "Error: Setup: ", "Setup: "])
}

const CABAL: &[Sentence] = &[
    Sentence::new("Failed to build *", Compile, "build").reaches(Wrapped).consequence(),
    Sentence::new("Some packages failed to build*", Compile, "build").consequence(),
    Sentence::new("Tests failed for *", Test, "tests").summary(),
    Sentence::new("There is no package named '*'*", Dependency, "package-not-found").reaches(Wrapped),
    Sentence::new("Unknown package \"*\"*", Dependency, "package-not-found").reaches(Wrapped),
    Sentence::new("Missing dependenc* on a foreign librar*", Dependency, "foreign-library").reaches(Block),
    Sentence::new("Encountered missing or private dependencies:*", Dependency, "missing-dependencies")
        .reaches(Wrapped),
    Sentence::new("The program '*' version * is required but *", Dependency, "program").reaches(Wrapped),
    Sentence::new("The program '*' is required but it could not be found*", Dependency, "program")
        .reaches(Wrapped),
    Sentence::new(
        "The pkg-config package '*' * is required but it could not be found*",
        Dependency,
        "pkg-config",
    )
    .reaches(Wrapped),
    Sentence::new("Cannot find the program '*'*", Configuration, "program").reaches(Wrapped),
    Sentence::new("Errors encountered when parsing cabal file *", Configuration, "cabal-file").reaches(Block),
    Sentence::new("Failed parsing \"*", Configuration, "cabal-file"),
    Sentence::new("Cannot test * because *", Configuration, "target").reaches(Wrapped),
    Sentence::new("Cannot build * because *", Configuration, "target").reaches(Wrapped),
    Sentence::new("Unknown target '*", Configuration, "target").reaches(Wrapped),
    Sentence::new(
        "No cabal.project file or cabal file matching the default glob *",
        Configuration,
        "project",
    )
    .reaches(Wrapped),
    Sentence::new("The following packages are broken *", Dependency, "broken").reaches(Wrapped),
    Sentence::new("can't find source for * in *", Configuration, "source"),
];

/// Sentences of a package's setup program, whatever its name: they are wrapped.
pub(crate) fn setup() -> Sentences {
    Sentences::new("cabal", SETUP)
}

const SETUP: &[Sentence] = &[Sentence::new("setup-*: Missing dependenc*", Dependency, "foreign-library")
    .reaches(Wrapped)
    .until("This problem can ")];

/// Stack's sentences.
pub(crate) fn stack() -> Sentences {
    Sentences::new("stack", STACK).after(&["Error: ", "--  ", "-- ", "- ", "* "])
}

const STACK: &[Sentence] = &[
    Sentence::new("While building package * using:", Compile, "build").reaches(Block).consequence(),
    Sentence::new("Received ExitFailure * when running", Unknown, "command")
        .then(&["Raw command: ", "Run from: "])
        .aside(),
    Sentence::new("Test suite failure for package *", Test, "tests").reaches(Block).summary(),
    Sentence::new("Could not parse '*stack*.yaml*", Configuration, "configuration").reaches(Block),
    Sentence::new("No compiler found, expected *", Dependency, "compiler").reaches(Wrapped),
    Sentence::new("Unable to parse cabal file *", Configuration, "cabal-file").reaches(Block),
    Sentence::new("The following packages are missing from *", Dependency, "package-not-found")
        .reaches(Indented),
    Sentence::new("Error parsing targets: *", Configuration, "target")
        .reaches(Wrapped)
        .until("Perhaps you need"),
    Sentence::new("Error parsing target(s)*", Configuration, "target").reaches(Block),
    Sentence::new("In order to build this project, you need a newer version *", Dependency, "stack-version"),
];

/// Stack's plan: `In the dependencies for pot-0.1.0.0:` and the entries below it.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    open: Option<(Draft, bool)>,
}

impl Reader for Plan {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if start.starts_with("In the dependencies for ") {
            self.finish(out);
            let draft = Draft::new("stack", Dependency, line);
            self.open = Some((draft, start.ends_with(':')));
            return;
        }
        let Some((draft, headed)) = &mut self.open else { return };
        let ends = start.is_empty()
            || draft.lines() > 60
            || start.starts_with("needed ")
            || start.starts_with("The above ")
            || start.starts_with("Some different approaches")
            || line.indent == 0;
        if ends {
            draft.take(line);
            return self.finish(out);
        }
        draft.take(line);
        if !*headed {
            *headed = start.ends_with(':');
            return;
        }
        match start.strip_prefix("* ") {
            Some(entry) => draft.say(entry),
            None if start.contains(" needed, but ")
                || start.contains(" does not match ")
                || start.contains(" must match ") =>
            {
                draft.say(start);
            }
            None => draft.go_on(start),
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, _)) = self.open.take() else { return };
        if draft.found.message.is_empty() {
            return;
        }
        "build-plan".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}
