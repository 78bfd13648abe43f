//! The steps of a CI job and how they ended, read from its log.
//!
//! | system | a step begins with | it failed when |
//! | --- | --- | --- |
//! | GitHub Actions | the header `##[group]Run …` that the runner prints, a new column of `gh run view --log`, `Post job cleanup.` | `##[error]Process completed with exit code N`, or its last line is an `##[error]` |
//! | Azure Pipelines | `##[section]Starting: …` | `##[error]Bash exited with code 'N'`, or any `##[error]` |
//! | GitLab | `section_start:…:NAME` | it was the last one before the closing sections of a job that failed |
//! | Travis | `travis_fold:start:…`, the command after one that ended | `The command "…" exited with N.` |
//! | Buildkite | `~~~ …` | `🚨 Error: The command exited with status N` |
//! | CircleCI | `#!/bin/bash -eo pipefail` | `Exited with code exit status N` |
//! | Jenkins | `[Pipeline] { (…)` | only the whole run is told: `Finished: …` |
//!
//! A step that is neither the last nor has failed has passed: the job went on.

use crate::{Line, Marker};

/// How a step or a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing tells.
    #[default]
    Unknown,
    /// It passed: what it printed is no error of the run.
    Passed,
    /// It failed.
    Failed,
}

/// One step: from its header to the next one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// As the header has it; empty for what stands before the first one.
    pub name: String,
    /// Offset of its first byte.
    pub start: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// The steps of a log, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// At least one, the first from offset 0 on.
    pub steps: Vec<Step>,
    /// How the whole run ended, as far as its log tells.
    pub run: Outcome,
}

impl Outline {
    /// The step that an offset lies in.
    pub fn step_at(&self, offset: u64) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.start <= offset);
        self.steps.get(after.checked_sub(1)?)
    }

    /// How the step that an offset lies in ended.
    pub fn outcome_at(&self, offset: u64) -> Outcome {
        match self.run {
            Outcome::Passed => Outcome::Passed,
            _ => self.step_at(offset).map_or(Outcome::Unknown, |step| step.outcome),
        }
    }
}

/// Steps of one log at most; what comes later counts to the last one.
const MOST_STEPS: usize = 10_000;
/// Bytes of a step's name at most.
const MOST_NAME: usize = 200;

/// Reads the steps of a log, line by line.
#[derive(Debug, Default)]
pub struct Steps {
    seen: Vec<Seen>,
    /// Where the last header began that the runner may have printed.
    header: Option<(u64, String)>,
    /// Steps are told by columns, so that headers are not asked.
    by_columns: bool,
    /// The system says that no more steps come.
    closed: bool,
    /// Said of the whole run.
    run: Outcome,
    /// GitLab: the step that a failed job failed in.
    last_script: Option<usize>,
    /// Travis: the line before ended a command.
    command_ended: bool,
}

/// A step as far as it was read.
#[derive(Debug, Default)]
struct Seen {
    step: Step,
    /// It has an `##[error]` that names no file.
    has_error: bool,
    /// Its last line is an `##[error]`.
    ends_with_error: bool,
    /// It runs whatever happened before: it tells nothing about the others.
    closing: bool,
    /// The next step begins only when this one passed.
    in_sequence: bool,
}

impl Steps {
    /// Takes the next line.
    pub fn line(&mut self, line: &Line<'_>) {
        if self.seen.is_empty() {
            self.seen.push(Seen::default());
        }
        self.boundary(line);
        let text: &str = &line.text;
        let Some(seen) = self.seen.last_mut() else { return };
        if line.marker == Some(Marker::Error) {
            seen.has_error |= line.properties.is_empty();
            seen.ends_with_error = true;
        } else if line.marker.is_none() && !line.echoed && !text.trim().is_empty() {
            // Headers of groups belong to what comes next.
            seen.ends_with_error = false;
        }
        if let Some(outcome) = outcome_of_step(line.marker, text) {
            // The first word counts: a step that failed may clean up behind itself.
            if seen.step.outcome == Outcome::Unknown {
                seen.step.outcome = outcome;
            }
            self.command_ended = text.starts_with("The command ");
        }
        if let Some(outcome) = outcome_of_run(text) {
            self.run = outcome;
        }
    }

    /// How many steps have begun.
    pub fn count(&self) -> usize {
        self.seen.len()
    }

    /// Begins a step where a line says so.
    fn boundary(&mut self, line: &Line<'_>) {
        let start = line.span.start;
        let text: &str = &line.text;
        if let Some(column) = line.column {
            if !self.by_columns || self.seen.last().is_some_and(|seen| seen.step.name != column) {
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
                        self.last_script.get_or_insert(self.seen.len() - 1);
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
        if self.seen.len() < MOST_STEPS {
            let name = crate::cut(name, MOST_NAME).to_owned();
            let step = Step { name, start, outcome: Outcome::Unknown };
            self.seen.push(Seen { step, closing, in_sequence, ..Seen::default() });
        }
    }

    /// The log has ended: its steps and how they ended.
    pub fn finish(mut self) -> Outline {
        if self.run == Outcome::Failed
            && let Some(seen) = self.last_script.and_then(|script| self.seen.get_mut(script))
        {
            seen.step.outcome = Outcome::Failed;
        }
        let last = self.seen.len().saturating_sub(1);
        for at in 0..self.seen.len() {
            let goes_on = at < last && self.seen[at + 1].in_sequence;
            let before_closing = goes_on && self.seen[at + 1].closing;
            let seen = &mut self.seen[at];
            if seen.step.outcome != Outcome::Unknown || !(goes_on || at == last && self.closed) {
                continue;
            }
            seen.step.outcome = if seen.ends_with_error || seen.has_error && before_closing {
                Outcome::Failed
            } else {
                Outcome::Passed
            };
        }
        let has_failed = self.seen.iter().any(|seen| seen.step.outcome == Outcome::Failed);
        let all_passed = self.closed && self.seen.iter().all(|seen| seen.step.outcome == Outcome::Passed);
        let run = match self.run {
            Outcome::Unknown if has_failed => Outcome::Failed,
            Outcome::Unknown if all_passed => Outcome::Passed,
            told => told,
        };
        Outline { steps: self.seen.into_iter().map(|seen| seen.step).collect(), run }
    }
}

/// Steps that run whatever happened: they clean up, and follow a failure as well as a success.
fn is_closing(name: &str) -> bool {
    name.starts_with("Post ")
        || name.starts_with("Complete job")
        || name.starts_with("Finalize ")
        || name.starts_with("after_script")
        || name.starts_with("cleanup_")
        || name.starts_with("archive_cache")
        || name.starts_with("upload_artifacts")
}

/// What a line says about the step that it stands in.
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

/// What a line says about the whole run.
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
