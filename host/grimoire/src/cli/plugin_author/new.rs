//! `grimoire plugin new` and `grimoire plugin wit`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use grimoire_authoring::template::{self, Sdk};
use grimoire_authoring::{Language, World};

use crate::console;
use crate::exit::Exit;

/// The worlds on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WorldName {
    /// Reads logs, reports and diffs, and returns the errors in them.
    Analyzer,
    /// Scores spells for one error.
    Matcher,
    /// Turns texts into vectors.
    Embedder,
}

impl From<WorldName> for World {
    fn from(name: WorldName) -> Self {
        match name {
            WorldName::Analyzer => Self::Analyzer,
            WorldName::Matcher => Self::Matcher,
            WorldName::Embedder => Self::Embedder,
        }
    }
}

/// The languages on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LanguageName {
    /// The fastest and smallest components; needs cargo.
    Rust,
    /// 18 MB with its interpreter; needs componentize-py.
    Python,
    /// 1 MB with its interpreter; needs componentize-qjs.
    #[value(name = "javascript", alias = "js")]
    JavaScript,
    /// Needs zig or the WASI SDK.
    C,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::Rust => Self::Rust,
            LanguageName::Python => Self::Python,
            LanguageName::JavaScript => Self::JavaScript,
            LanguageName::C => Self::C,
        }
    }
}

/// The arguments of `grimoire plugin new`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NewArguments {
    /// The plugin's name: lower-case letters, digits and hyphens, such as `tea-errors`.
    name: String,
    /// The world that it implements.
    #[arg(long, value_enum)]
    world: WorldName,
    /// The language that it is written in.
    #[arg(long = "lang", value_enum, value_name = "LANGUAGE", visible_alias = "language")]
    language: LanguageName,
    /// The folder to create; by default one with the plugin's name.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Where a Rust plugin gets the SDK: a checkout of Grimoire, or the address of its repository. By default the
    /// checkout that contains the plugin, else the repository.
    #[arg(long, value_name = "PLACE")]
    sdk: Option<String>,
}

/// The arguments of `grimoire plugin wit`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct WitArguments {
    /// The world whose contract is written.
    #[arg(value_enum)]
    world: WorldName,
    /// The folder to write it to: new or empty.
    folder: PathBuf,
}

/// Runs `grimoire plugin new`.
pub(super) fn run(arguments: &NewArguments) -> anyhow::Result<Exit> {
    let folder = arguments.folder.clone().unwrap_or_else(|| PathBuf::from(&arguments.name));
    let language = Language::from(arguments.language);
    let sdk = match &arguments.sdk {
        Some(place) => Sdk::of(place),
        None => Sdk::near(
            folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        ),
    };
    let files = template::files(&arguments.name, arguments.world.into(), language, &sdk)?;
    template::create(&folder, &files)?;
    let mut output = console::output();
    for (path, _) in &files {
        writeln!(output, "{}", folder.join(path).display())?;
    }
    writeln!(output, "\nNext, in {}:\n  {}", folder.display(), template::setup(language))?;
    writeln!(output, "  grimoire plugin build\n  grimoire plugin test")?;
    output.flush()?;
    Ok(Exit::Ok)
}

/// Runs `grimoire plugin wit`.
pub(super) fn write_contract(arguments: &WitArguments) -> anyhow::Result<Exit> {
    let files = template::contract(arguments.world.into());
    template::create(&arguments.folder, &files)?;
    let mut output = console::output();
    for (path, _) in &files {
        writeln!(output, "{}", arguments.folder.join(path).display())?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}
