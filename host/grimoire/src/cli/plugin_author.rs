//! The subcommands of `grimoire plugin` for authors.

mod build;
mod cases;
mod learn;
mod look;
mod measure;
mod new;
mod replay;
mod sign;
mod subject;

use clap::Subcommand;

use crate::config::Overrides;
use crate::exit::Exit;

/// The subcommands for authors.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a plugin that builds, runs and passes its cases, as a starting point.
    New(new::NewArguments),
    /// Write the contract of a world into a folder.
    Wit(new::WitArguments),
    /// Build the plugin in a folder with the language's own toolchain, and make a component of it.
    Build(build::Arguments),
    /// Check a component as a server does before it runs one: world, imports, size, manifest, first instance.
    Check(look::CheckArguments),
    /// Show the properties of a component and the metadata in it.
    Inspect(look::InspectArguments),
    /// Make a key that signs components, readable by its owner only.
    Keygen(sign::KeyArguments),
    /// Sign a component, so that servers which trust the key run it.
    Sign(sign::SignArguments),
    /// Propose the configuration that finds the errors of a tool without a plugin, from a log with a few marked lines.
    Learn(learn::Arguments),
    /// Compare a plugin's answers with the cases in its folder.
    Test(cases::Arguments),
    /// Ask a plugin recorded cases, and compare its answers and its time with what was recorded, or with another build.
    Replay(replay::Arguments),
    /// Measure a call: time, instructions, memory; with two components, compare them.
    Bench(measure::BenchArguments),
    /// Test a plugin with empty, huge and hostile inputs.
    Conformance(measure::ConformanceArguments),
}

/// Runs the command.
pub(super) async fn run(command: Command, overrides: &Overrides) -> anyhow::Result<Exit> {
    match command {
        Command::New(arguments) => new::run(&arguments),
        Command::Wit(arguments) => new::write_contract(&arguments),
        Command::Build(arguments) => build::run(arguments).await,
        Command::Check(arguments) => look::check(arguments).await,
        Command::Inspect(arguments) => look::inspect(&arguments, overrides),
        Command::Keygen(arguments) => sign::generate(&arguments),
        Command::Sign(arguments) => sign::sign(&arguments),
        Command::Learn(arguments) => learn::run(arguments, overrides).await,
        Command::Test(arguments) => cases::run(arguments).await,
        Command::Replay(arguments) => replay::run(arguments).await,
        Command::Bench(arguments) => measure::bench(arguments).await,
        Command::Conformance(arguments) => measure::conformance(arguments).await,
    }
}
