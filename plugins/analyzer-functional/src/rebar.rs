//! The sentences of Rebar3, and of rebar before it.

use crate::sentence::{
    Reach::{Indented, Wrapped},
    Sentence, Sentences,
};
use grimoire_plugin_sdk::Kind::{self, Compile, Configuration, Dependency, Lint, Unknown};

/// The sentences of rebar's second generation, which dependencies still bring along.
pub(crate) fn old_rebar() -> Sentences {
    Sentences::new("rebar", OLD_REBAR)
}

const OLD_REBAR: &[Sentence] = &[
    Sentence::new("Dependency not available: *", Dependency, "dependency").reaches(Indented),
    Sentence::new("ERROR: compile failed while processing *: rebar_abort", Compile, "compile").summary(),
];

/// Rebar3's sentences.
pub(crate) fn rebar() -> Sentences {
    Sentences::new("rebar3", REBAR).only_after(&["===> "])
}

const REBAR: &[Sentence] = &[
    Sentence::new("Compiling * failed*", Compile, "compile").consequence(),
    Sentence::new("Failures occurred running tests: *", Kind::Test, "tests").summary(),
    Sentence::new("Error running tests:*", Kind::Test, "tests").reaches(Indented),
    Sentence::new("Hook for * failed!", Unknown, "hook").summary(),
    Sentence::new("Package not found in any repo: *", Dependency, "package-not-found"),
    Sentence::new("Package not found in *", Dependency, "package-not-found"),
    Sentence::new("Failed to fetch and copy dep: *", Dependency, "fetch").reaches(Indented),
    Sentence::new("Failed to update package * from repo *", Kind::Network, "fetch"),
    Sentence::new("Failed to *", Unknown, "error").reaches(Indented),
    Sentence::new("Dependency failure: *", Dependency, "dependency").reaches(Indented),
    Sentence::new("Dependency failure:", Dependency, "dependency").reaches(Indented),
    Sentence::new("Unable to *", Dependency, "error").reaches(Indented),
    Sentence::new("Error: *", Unknown, "error").reaches(Indented),
    Sentence::new("Error in *", Configuration, "error").reaches(Indented),
    Sentence::new("Error reading file *", Configuration, "error").reaches(Indented),
    Sentence::new("Uncaught error in rebar_core. *", Kind::Crash, "rebar3"),
    Sentence::new("Command * not found", Configuration, "command-not-found"),
    Sentence::new("No release *", Configuration, "release"),
    Sentence::new("Warnings occurred running dialyzer: *", Lint, "dialyzer").summary(),
    Sentence::new("sh(*) failed with return code * and the following output:", Unknown, "command")
        .reaches(Wrapped),
    Sentence::new("sh(*)", Unknown, "command").reaches(Wrapped),
];
