//! Finds reports of Ruby programs, tests and tools in a log, and those of Perl and Lua, which are too few for
//! separate analyzers.
//!
//! | file | input |
//! | --- | --- |
//! | `exception` | uncaught exceptions, with their causes |
//! | `syntax` | syntax errors of all parsers |
//! | `rake` | aborted tasks of Rake, Rails and Capistrano |
//! | `rspec`, `minitest`, `testunit`, `cucumber` | failed tests and their summaries |
//! | `bundler`, `solving`, `native` | Bundler and RubyGems: sentences, the version solver, native extensions |
//! | `rails` | sentences of Rails and Jekyll |
//! | `perl` | `Test::More`, `prove`, cpanm |
//! | `busted` | Lua's test runner |
//! | `rubocop`, `lint` | RuboCop; Sorbet, Steep, Brakeman, reek, ERB Lint, HAML-Lint, bundler-audit |
#![deny(unsafe_code)]

mod bundler;
mod busted;
mod cucumber;
mod exception;
mod lint;
mod minitest;
mod native;
mod perl;
mod rails;
mod rake;
mod rspec;
mod rubocop;
mod syntax;
mod testunit;
mod trace;

use grimoire_plugin_sdk::recognise::{panel, sentence, solving};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};
use panel::{Lines, Panel};

/// The analyzer: see the crate's documentation.
pub struct Ruby(Panel);

impl Default for Ruby {
    fn default() -> Self {
        Self(Panel::new(vec![
            Box::<rspec::Rspec>::default(),
            Box::<minitest::Minitest>::default(),
            Box::<testunit::TestUnit>::default(),
            Box::<cucumber::Cucumber>::default(),
            Box::<busted::Busted>::default(),
            Box::<perl::Checks>::default(),
            Box::<syntax::Syntax>::default(),
            Box::<rake::Rake>::default(),
            Box::<native::Native>::default(),
            Box::new(Lines(native::rvm)),
            Box::new(solving::Solving::new("bundler", "version solving has failed.", |_| true)),
            Box::new(bundler::bundler()),
            Box::new(bundler::rubygems()),
            Box::new(perl::cpanm()),
            Box::<rubocop::Rubocop>::default(),
            Box::new(Lines(lint::sorbet)),
            Box::<lint::Steep>::default(),
            Box::<lint::Fields>::default(),
            Box::new(Lines(lint::tabs)),
            Box::<lint::Reek>::default(),
            Box::new(Lines(lint::haml)),
            Box::<lint::ErbLint>::default(),
            Box::new(Lines(rails::page)),
            Box::new(rails::rails()),
            Box::new(rails::jekyll()),
            Box::<exception::Exceptions>::default(),
            Box::<exception::Reported>::default(),
            Box::new(Lines(rspec::coverage)),
            Box::<rspec::Summary>::default(),
            Box::<perl::Prove>::default(),
            Box::<cucumber::Summary>::default(),
            Box::new(Lines(minitest::summary)),
            Box::new(Lines(lint::summary)),
        ]))
    }
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Ruby>;

export_analyzer!(Scan);

impl LineAnalyzer for Ruby {
    const TOOLS: &'static [&'static str] = &[
        "brakeman",
        "bundler",
        "bundler-audit",
        "busted",
        "cpanm",
        "cucumber",
        "erb_lint",
        "fastlane",
        "haml-lint",
        "jekyll",
        "minitest",
        "perl",
        "rails",
        "rake",
        "reek",
        "rspec",
        "rubocop",
        "ruby",
        "rubygems",
        "rvm",
        "simplecov",
        "sorbet",
        "standard",
        "steep",
        "test-unit",
    ];

    const PROBES: &'static [&'static str] = &[
        ".rb:",
        "Gemfile",
        "undler",
        "RubyGems",
        "rubygems",
        "gem ",
        "aborted!",
        "Failure/Error:",
        "rspec",
        "RSpec",
        "inspected,",
        "srb.help",
        "Diagnostic ID",
        "Brakeman",
        "reek",
        "erb:",
        "Liquid",
        "jekyll",
        "Jekyll",
        ".feature:",
        ".rake:",
        ".gemspec",
        "Rakefile",
        "Rails",
        "rails",
        "srb",
        "rubocop",
        "RuboCop",
        "Your bundle",
        "bundle exec",
        "bundle install",
        "bundle:",
        "SimpleCov",
        "minimum coverage",
        "HTML-Proofer",
        "assertions",
        "Minitest",
        ".haml:",
        ".slim:",
        ".scss:",
        "smells",
        "version solving has failed",
        "Ruby",
        "Layout/",
        "Lint/",
        "Style/",
        "installed gems",
        "to define constant",
        "MASTER_KEY",
        "outside of examples",
        "Category: ",
        "CVE: ",
        "<unknown>",
        "Failed test",
        "(Wstat: ",
        "! Installing ",
        "! Configure failed",
        "! Couldn't find module",
        ".lua @ ",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.0.line(line, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.0.finish(out);
    }
}
