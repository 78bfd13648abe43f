//! The steps of a CI job and their outcomes, read from its log.
//!
//! | system | start of a step | sign of failure |
//! | --- | --- | --- |
//! | GitHub Actions | the runner's header `##[group]Run …`, a new column of `gh run view --log`, `Post job cleanup.` | `##[error]Process completed with exit code N`, or an `##[error]` as the last line |
//! | Azure Pipelines | `##[section]Starting: …` | `##[error]Bash exited with code 'N'`, or any `##[error]` |
//! | GitLab | `section_start:…:NAME` | being the last step before the closing sections of a failed job |
//! | Travis | `travis_fold:start:…`, the command after a finished one | `The command "…" exited with N.` |
//! | Buildkite | `~~~ …` | `🚨 Error: The command exited with status N` |
//! | CircleCI | `#!/bin/bash -eo pipefail` | `Exited with code exit status N` |
//! | Jenkins | `[Pipeline] { (…)` | only for the whole run: `Finished: …` |
//!
//! A step that is not the last and has not failed has passed, because the job continued.

use crate::{Line, Marker, Span};

/// The outcome of a step or a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The log does not tell.
    #[default]
    Unknown,
    /// Passed: its output contains no error of the run.
    Passed,
    /// It failed.
    Failed,
}

/// One step: from its header to the next header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The name in the header; empty for the lines before the first header.
    pub name: String,
    /// Offset of the step's first byte.
    pub start: u64,
    /// The outcome.
    pub outcome: Outcome,
}

/// The steps of a log, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// At least one step; the first begins at offset 0.
    pub steps: Vec<Step>,
    /// The outcome of the whole run, as far as its log tells.
    pub run: Outcome,
}

impl Outline {
    /// The step that contains an offset.
    pub fn step_at(&self, offset: u64) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.start <= offset);
        self.steps.get(after.checked_sub(1)?)
    }

    /// The outcome of the step that contains an offset.
    pub fn outcome_at(&self, offset: u64) -> Outcome {
        match self.run {
            Outcome::Passed => Outcome::Passed,
            _ => self.step_at(offset).map_or(Outcome::Unknown, |step| step.outcome),
        }
    }
}

/// Maximum number of steps of one log; later lines belong to the last one.
const MOST_STEPS: usize = 10_000;
/// Maximum length of a step's name in bytes.
const MOST_NAME: usize = 200;

/// Reads the steps of a log, line by line.
#[derive(Debug, Default)]
pub struct Steps {
    states: Vec<StepState>,
    /// Start and name of the last possible header.
    header: Option<(u64, String)>,
    /// True if columns name the steps, so that headers are ignored.
    by_columns: bool,
    /// True if the CI system says that no more steps follow.
    closed: bool,
    /// The outcome stated for the whole run.
    run: Outcome,
    /// GitLab: the step in which a failed job failed.
    last_script: Option<usize>,
    /// Travis: true if the previous line ended a command.
    command_ended: bool,
}

/// A step as far as it was read.
#[derive(Debug, Default)]
struct StepState {
    step: Step,
    /// True after an `##[error]` that names no file.
    has_error: bool,
    /// True if its last line is an `##[error]`.
    ends_with_error: bool,
    /// True if the step always runs, so that it says nothing about the others.
    closing: bool,
    /// True if the next step begins only when this one passed.
    in_sequence: bool,
}

impl Steps {
    /// Reads the next line.
    pub fn line(&mut self, line: &Line<'_>) {
        if self.states.is_empty() {
            self.states.push(StepState::default());
        }
        self.boundary(line);
        let text: &str = &line.text;
        let Some(state) = self.states.last_mut() else { return };
        if line.marker == Some(Marker::Error) {
            state.has_error |= line.properties.is_empty();
            state.ends_with_error = true;
        } else if line.marker.is_none() && !line.echoed && !text.trim().is_empty() {
            // Group headers belong to the step that follows.
            state.ends_with_error = false;
        }
        if let Some(outcome) = outcome_of_step(line.marker, text) {
            // The first outcome counts: a failed step may clean up afterwards.
            if state.step.outcome == Outcome::Unknown {
                state.step.outcome = outcome;
            }
            self.command_ended = text.starts_with("The command ");
        }
        if let Some(outcome) = outcome_of_run(text) {
            self.run = outcome;
        }
    }

    /// Number of steps that have begun.
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// The span of the step before the present one, if one of its lines reports a failure.
    pub fn ended_badly(&self) -> Option<Span> {
        let [.., before, present] = &self.states[..] else { return None };
        let is_bad = before.has_error || before.ends_with_error || before.step.outcome == Outcome::Failed;
        is_bad.then_some(Span { start: before.step.start, end: present.step.start })
    }

    /// Begins a step if the line is a boundary.
    fn boundary(&mut self, line: &Line<'_>) {
        let start = line.span.start;
        let text: &str = &line.text;
        if let Some(column) = line.column {
            if !self.by_columns || self.states.last().is_some_and(|state| state.step.name != column) {
                self.by_columns = true;
                let closing = is_closing(column);
                self.begin(column, start, closing, true);
            }
            return;
        }
        if line.begins_step {
            if let Some((start, name)) = self.header.take() {
                self.begin(&name, start, false, true);
            }
            return;
        }
        match line.marker {
            Some(Marker::Group) => {
                self.header = Some((start, text.to_owned()));
                return;
            }
            // `##[section]Starting: NAME`.
            Some(Marker::Command) => {
                if let Some(name) = text.strip_prefix("Starting: ") {
                    self.begin(name, start, is_closing(name), true);
                }
                return;
            }
            Some(_) => return,
            None => {}
        }
        match text.as_bytes().first() {
            Some(b'P' | b'C') if text == "Post job cleanup." || text == "Cleaning up orphan processes" => {
                self.closed = true;
                self.begin(text, start, true, true);
            }
            Some(b's') => {
                if let Some(name) = text.strip_prefix("section_start:").and_then(|rest| rest.split_once(':'))
                {
                    let name = name.1.split(['[', ' ']).next().unwrap_or_default();
                    if is_closing(name) {
                        self.last_script.get_or_insert(self.states.len() - 1);
                    }
                    self.begin(name, start, is_closing(name), true);
                }
            }
            Some(b't') => {
                if let Some(name) = text.strip_prefix("travis_fold:start:") {
                    self.begin(name, start, false, false);
                }
            }
            Some(b'[') => {
                if let Some(name) =
                    text.strip_prefix("[Pipeline] { (").and_then(|rest| rest.strip_suffix(')'))
                {
                    self.begin(name, start, false, false);
                }
            }
            Some(b'~') => {
                if let Some(name) = text.strip_prefix("~~~ ") {
                    self.begin(name, start, false, true);
                }
            }
            Some(b'#') if text.starts_with("#!/bin/bash -e") || text.starts_with("#!/bin/sh -e") => {
                self.begin(text, start, false, true);
            }
            Some(_) if self.command_ended && !text.starts_with("The command ") => {
                self.begin("", start, false, false);
            }
            _ => {}
        }
    }

    fn begin(&mut self, name: &str, start: u64, closing: bool, in_sequence: bool) {
        self.command_ended = false;
        self.header = None;
        if self.states.len() < MOST_STEPS {
            let name = crate::cut(name, MOST_NAME).to_owned();
            let step = Step { name, start, outcome: Outcome::Unknown };
            self.states.push(StepState { step, closing, in_sequence, ..StepState::default() });
        }
    }

    /// Ends the log, and returns its steps with their outcomes.
    pub fn finish(mut self) -> Outline {
        if self.run == Outcome::Failed
            && let Some(state) = self.last_script.and_then(|script| self.states.get_mut(script))
        {
            state.step.outcome = Outcome::Failed;
        }
        let last = self.states.len().saturating_sub(1);
        for at in 0..self.states.len() {
            let goes_on = at < last && self.states[at + 1].in_sequence;
            let before_closing = goes_on && self.states[at + 1].closing;
            let state = &mut self.states[at];
            if state.step.outcome != Outcome::Unknown || !(goes_on || at == last && self.closed) {
                continue;
            }
            state.step.outcome = if state.ends_with_error || state.has_error && before_closing {
                Outcome::Failed
            } else {
                Outcome::Passed
            };
        }
        let has_failed = self.states.iter().any(|state| state.step.outcome == Outcome::Failed);
        let all_passed = self.closed && self.states.iter().all(|state| state.step.outcome == Outcome::Passed);
        let run = match self.run {
            Outcome::Unknown if has_failed => Outcome::Failed,
            Outcome::Unknown if all_passed => Outcome::Passed,
            told => told,
        };
        Outline { steps: self.states.into_iter().map(|state| state.step).collect(), run }
    }
}

/// Steps that always run: they clean up, after a failure as well as after a success.
fn is_closing(name: &str) -> bool {
    name.starts_with("Post ")
        || name.starts_with("Complete job")
        || name.starts_with("Finalize ")
        || name.starts_with("after_script")
        || name.starts_with("cleanup_")
        || name.starts_with("archive_cache")
        || name.starts_with("upload_artifacts")
}

/// The outcome that a line states for its step.
fn outcome_of_step(marker: Option<Marker>, text: &str) -> Option<Outcome> {
    let code_of = |rest: &str| {
        let rest = rest.trim_start_matches([' ', '\'', '"']);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        (digits > 0).then(|| rest[..digits].bytes().all(|byte| byte == b'0'))
    };
    let of =
        |rest: &str| code_of(rest).map(|is_zero| if is_zero { Outcome::Passed } else { Outcome::Failed });
    if marker == Some(Marker::Error) {
        let exit = text.strip_prefix("Process completed with exit code").or_else(|| {
            let (program, rest) = text.split_once(" exited with code")?;
            (program.len() < 20).then_some(rest)
        });
        return exit.and_then(of);
    }
    match text.as_bytes().first()? {
        b'E' => of(text
            .strip_prefix("Error: Process completed with exit code")
            .or_else(|| text.strip_prefix("Exited with code exit status"))?),
        b'T' => {
            let rest = text.strip_prefix("The command \"")?;
            of(rest.rsplit_once(" exited with").map(|(_, code)| code)?)
        }
        _ => of(text.strip_prefix("🚨 Error: The command exited with status")?),
    }
}

/// The outcome that a line states for the whole run.
fn outcome_of_run(text: &str) -> Option<Outcome> {
    match text.as_bytes().first()? {
        b'F' => match text.strip_prefix("Finished: ")? {
            "SUCCESS" => Some(Outcome::Passed),
            "FAILURE" | "UNSTABLE" | "ABORTED" => Some(Outcome::Failed),
            _ => None,
        },
        b'J' => (text == "Job succeeded").then_some(Outcome::Passed),
        b'E' => text.starts_with("ERROR: Job failed").then_some(Outcome::Failed),
        b'D' => match text.strip_prefix("Done. Your build exited with ")?.trim_end_matches('.') {
            "0" => Some(Outcome::Passed),
            _ => Some(Outcome::Failed),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
