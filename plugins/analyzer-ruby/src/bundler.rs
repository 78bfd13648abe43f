//! Sentences of Bundler and RubyGems. None of them begins with `error`.

use crate::sentence::{
    Reach::{Block, Indented, Paragraph, Wrapped},
    Sentence, Sentences,
};
use grimoire_plugin_sdk::Kind::{Configuration, Dependency, Network, Permission};

/// Bundler's errors.
pub(crate) fn bundler() -> Sentences {
    Sentences::new("bundler", BUNDLER).after(&[
        "bundler: failed to load command: ",
        "Bundler::GemNotFound: ",
        "Bundler::GemspecError: ",
        "Bundler::SolveFailure: ",
        "Bundler::VersionConflict: ",
        "Bundler::ProductionError: ",
        "Gem::LoadError: ",
        "Gem::InstallError: ",
        "Gem::RemoteFetcher::FetchError: ",
        "[!] ",
    ])
}

const BUNDLER: &[Sentence] = &[
    // Missing items.
    Sentence::new("Could not find gem '*", Dependency, "gem-not-found").reaches(Wrapped),
    Sentence::new("Could not find * in any of the sources*", Dependency, "gem-not-found").reaches(Wrapped),
    Sentence::new("Could not find * in locally installed gems*", Dependency, "gem-not-found"),
    Sentence::new("Could not find * in cached gems or installed locally*", Dependency, "gem-not-found"),
    Sentence::new("Could not find * in rubygems repository *", Dependency, "gem-not-found").reaches(Wrapped),
    Sentence::new("Could not find gems matching *", Dependency, "gem-not-found").reaches(Wrapped),
    Sentence::new("Could not find 'bundler' (*", Dependency, "bundler-version").reaches(Paragraph),
    Sentence::new("You must use Bundler * or greater with this lockfile.", Dependency, "bundler-version"),
    Sentence::new("Your bundle is locked to *", Dependency, "gem-not-found").reaches(Wrapped),
    Sentence::new("Bundler could not find compatible versions for gem *", Dependency, "version-conflict")
        .reaches(Block),
    Sentence::new("Bundler found conflicting requirements for *", Dependency, "version-conflict")
        .reaches(Block),
    Sentence::new("The bundle currently has * locked at *", Dependency, "version-conflict").reaches(Wrapped),
    Sentence::new("Your bundle only supports platforms *", Dependency, "platform")
        .reaches(Wrapped)
        .until("Error: "),
    Sentence::new("Unable to find a spec satisfying *", Dependency, "gem-not-found").reaches(Wrapped),
    // Versions of Ruby.
    Sentence::new("Your Ruby version is *, but your Gemfile specified *", Dependency, "ruby-version"),
    Sentence::new("Your Ruby patchlevel is *, but your Gemfile specified *", Dependency, "ruby-version"),
    Sentence::new("Your Ruby engine is *, but your Gemfile specified *", Dependency, "ruby-version"),
    Sentence::new("* requires ruby version *, which is incompatible with *", Dependency, "ruby-version")
        .reaches(Wrapped),
    Sentence::new(
        "* requires rubygems version *, which is incompatible with *",
        Dependency,
        "rubygems-version",
    )
    .reaches(Wrapped),
    // The lock file.
    Sentence::new(
        "You are trying to install in deployment mode after changing",
        Dependency,
        "frozen-lockfile",
    )
    .reaches(Wrapped)
    .then(&["You have "]),
    Sentence::new("The dependencies in your gemfile changed, *", Dependency, "frozen-lockfile")
        .reaches(Wrapped)
        .then(&["You have "]),
    Sentence::new("The gemspecs for path gems changed, *", Dependency, "frozen-lockfile")
        .reaches(Wrapped)
        .then(&["You have "]),
    Sentence::new("The list of sources changed, *", Dependency, "frozen-lockfile")
        .reaches(Wrapped)
        .then(&["You have "]),
    Sentence::new("* because frozen mode is set", Dependency, "frozen-lockfile")
        .reaches(Wrapped)
        .then(&["You have "]),
    Sentence::new("Your lockfile is missing *", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("Your lockfile does not satisfy dependencies of *", Dependency, "lockfile")
        .reaches(Wrapped),
    Sentence::new("Your lockfile is unreadable*", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("Your lockfile has an empty *", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("Your Gemfile.lock contains merge conflicts*", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("The deployment setting requires a lockfile*", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("The --deployment flag requires a *", Dependency, "lockfile").reaches(Wrapped),
    Sentence::new("Bundler found mismatched checksums*", Dependency, "checksum").reaches(Wrapped),
    Sentence::new("The checksum of * does not match *", Dependency, "checksum").reaches(Wrapped),
    Sentence::new(
        "Downloading * revealed dependencies not in the API or the lockfile *",
        Dependency,
        "lockfile",
    )
    .reaches(Wrapped),
    // The Gemfile.
    Sentence::new("There was an error parsing `*", Configuration, "gemfile").reaches(Wrapped),
    Sentence::new("There was an error while loading `*", Configuration, "gemspec").reaches(Wrapped),
    Sentence::new("You cannot specify the same gem twice *", Configuration, "gemfile").reaches(Wrapped),
    Sentence::new("Could not locate Gemfile*", Configuration, "gemfile"),
    Sentence::new("The path `*` does not exist.", Configuration, "path"),
    Sentence::new("The gemspec for * is not valid*", Configuration, "gemspec").reaches(Wrapped),
    Sentence::new(
        "You have already activated *, but your Gemfile requires *",
        Dependency,
        "already-activated",
    )
    .reaches(Wrapped),
    Sentence::new("bundler: command not found: *", Configuration, "command-not-found"),
    // Network and rights.
    Sentence::new("Could not reach host *", Network, "network"),
    Sentence::new("Could not fetch specs from *", Network, "network"),
    Sentence::new("Could not verify the SSL certificate for *", Network, "certificate").reaches(Wrapped),
    Sentence::new("Network error while fetching *", Network, "network"),
    Sentence::new("There was an error while trying to * `*", Permission, "file-permission").reaches(Wrapped),
    Sentence::new("Authentication is required for *", Permission, "authentication").reaches(Wrapped),
    Sentence::new("Bad username or password for *", Permission, "authentication").reaches(Wrapped),
    Sentence::new("Access token could not be authenticated for *", Permission, "authentication"),
    Sentence::new("Git error: command `*", Dependency, "git").reaches(Paragraph),
    Sentence::new("The git source * is not yet checked out*", Dependency, "git").reaches(Wrapped),
    Sentence::new("Revision * does not exist in the repository *", Dependency, "git").reaches(Wrapped),
    Sentence::new("The current Ruby ABI *", Dependency, "ruby-version").reaches(Wrapped),
    Sentence::new(
        "An error occurred while installing *, and Bundler cannot continue*",
        Dependency,
        "install",
    )
    .consequence(),
    Sentence::new("An error occurred while installing *, and", Dependency, "install")
        .reaches(Wrapped)
        .consequence(),
];

/// RubyGems' sentences after `ERROR:`.
pub(crate) fn rubygems() -> Sentences {
    Sentences::new("rubygems", RUBYGEMS).only_after(&["ERROR:  ", "ERROR: "])
}

const RUBYGEMS: &[Sentence] = &[
    Sentence::new("Could not find a valid gem *", Dependency, "gem-not-found"),
    Sentence::new("Error installing *", Dependency, "install").reaches(Indented),
    Sentence::new("While executing gem ... (*", Dependency, "gem").reaches(Indented),
    Sentence::new("Loading command: *", Dependency, "gem").reaches(Indented),
    Sentence::new("Can't use --version w/ multiple gems*", Configuration, "gem"),
    Sentence::new("Unknown command *", Configuration, "gem"),
    Sentence::new("Invalid gemspec in *", Configuration, "gemspec"),
    Sentence::new("Gem * not found*", Dependency, "gem-not-found"),
    Sentence::new("Could not find a * gem *", Dependency, "gem-not-found"),
];
