//! Finds what CI systems themselves say: lost runners, time limits, refused actions, tokens, caches,
//! artifacts, and errors of the files that describe pipelines.
//!
//! | system | what is read |
//! | --- | --- |
//! | GitHub Actions | runners, time and disk, actions that are missing, deprecated or refused, token rights, inputs, workflow files, caches, artifacts, setup of languages, deployments |
//! | GitLab | how a job ended, runners, images, artifacts, `.gitlab-ci.yml` |
//! | Jenkins | agents, steps, credentials, sandbox, scripts that do not compile |
//! | Azure Pipelines, Travis, CircleCI, Buildkite, Bitbucket, AppVeyor, Drone, CodeBuild, Netlify, Cirrus, Read the Docs | time, memory, output, agents, configuration, closing lines |
//! | TeamCity | service messages, closing lines |
//!
//! Nearly all of it is one sentence: tables of beginnings, with the words that must follow. A sentence that
//! only says that something failed is a summary.
#![deny(unsafe_code)]

mod blocks;
mod github;
mod gitlab;
mod jenkins;
mod sentences;
mod services;
mod teamcity;
mod text;
mod workflow;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use sentences::{Sentence, Sentences};
use text::Text;

/// What single lines say: the first that knows a line has it.
const SINGLES: [fn(&Text<'_>) -> Option<Diagnostic>; 6] =
    [workflow::read, github::read, gitlab::read, jenkins::read, services::read, teamcity::read];

const TABLES: &[&[Sentence]] = &[github::ROWS, gitlab::ROWS, jenkins::ROWS, services::ROWS];

/// What is one sentence.
static SENTENCES: Sentences<{ sentences::count(TABLES) }> = Sentences::new(TABLES);

/// Blanks before a sentence, as in a ticket that quotes it; what stands further in is of something else.
const INDENT: usize = 8;

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Runner {
    config: blocks::Config,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Runner>;

export_analyzer!(Scan);

impl LineAnalyzer for Runner {
    /// Jenkins names every step that it knows.
    const LINE_LIMIT: usize = 64 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed || line.marker == Some(Marker::Debug) {
            return;
        }
        // What a marker encodes may have several lines; the first one is the sentence.
        let text = Text::new(line);
        if text.whole.is_empty() {
            self.config.finish(out);
            return;
        }
        if self.config.line(&text, out) {
            return;
        }
        let sentence = || SENTENCES.read(&text).filter(|_| text.indent <= INDENT);
        out.extend(SINGLES.iter().find_map(|read| read(&text)).or_else(sentence));
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.config.finish(out);
    }
}
