//! Finds messages of CI systems themselves: lost runners, time limits, refused actions, tokens,
//! caches, artifacts, and errors of the files that describe pipelines.
//!
//! | system | input |
//! | --- | --- |
//! | GitHub Actions | runners, time and disk, missing, deprecated or refused actions, token permissions, inputs, workflow files, caches, artifacts, setup of languages, deployments |
//! | GitLab | the end of a job, runners, images, artifacts, `.gitlab-ci.yml` |
//! | Jenkins | agents, steps, credentials, sandbox, scripts that do not compile |
//! | Azure Pipelines, Travis, CircleCI, Buildkite, Bitbucket, AppVeyor, Drone, CodeBuild, Netlify, Cirrus, Read the Docs | time, memory, output, agents, configuration, closing lines |
//! | TeamCity | service messages, closing lines |
//!
//! Nearly all of them are single sentences: tables of prefixes, with words that must follow. A sentence
//! that only says that something failed is a summary.
#![deny(unsafe_code)]

mod azure;
mod blocks;
mod github;
mod gitlab;
mod jenkins;
mod services;
mod teamcity;
mod text;
mod workflow;

use grimoire_plugin_sdk::recognise::phrase::{self, Phrase, Phrases};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use text::Text;

/// Recognisers of single lines: the first that accepts a line reports it.
const SINGLES: [fn(&Text<'_>) -> Option<Diagnostic>; 6] =
    [workflow::read, github::read, gitlab::read, jenkins::read, services::read, teamcity::read];

const TABLES: &[&[Phrase]] = &[github::ROWS, gitlab::ROWS, jenkins::ROWS, services::ROWS];

/// All phrases.
static PHRASES: Phrases<{ phrase::count(TABLES) }> = Phrases::new(TABLES);

/// The maximum number of blanks before a phrase, as in a ticket that quotes it. Deeper lines belong to something else.
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
    const TOOLS: &'static [&'static str] = &[
        "appveyor",
        "azure-pipelines",
        "bitbucket",
        "buildkite",
        "circleci",
        "codebuild",
        "github-actions",
        "gitlab",
        "jenkins",
        "teamcity",
        "travis",
    ];

    /// Jenkins lists every step that it knows.
    const LINE_LIMIT: usize = 64 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        if line.marker == Some(Marker::Debug) {
            out.extend(azure::read(&Text::new(line)));
            return;
        }
        // A marker may encode several lines; the first one contains the phrase.
        let text = Text::new(line);
        if text.whole.is_empty() {
            self.config.finish(out);
            return;
        }
        if self.config.line(&text, out) {
            return;
        }
        let phrase = || PHRASES.read(text.bare, text.level).filter(|_| text.indent <= INDENT);
        let found =
            SINGLES.iter().find_map(|read| read(&text)).or_else(|| phrase().map(|found| text.at(found)));
        out.extend(found);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.config.finish(out);
    }
}
