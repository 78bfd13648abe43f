//! The terminal: standard output and standard error, verbosity, colours and width.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, ValueEnum};
use grimoire_domain::text::is_displayable;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::inert::harmless;

/// How much a command prints besides its answer. Global options.
#[derive(Debug, clap::Args)]
pub(crate) struct Verbosity {
    /// Print only the answer and errors.
    #[arg(long, short, global = true, conflicts_with = "verbose", display_order = 101)]
    quiet: bool,
    /// Print progress too; twice: also the log lines of a service.
    #[arg(long, short, global = true, action = ArgAction::Count, display_order = 101)]
    verbose: u8,
    /// When to use colours.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        display_order = 101
    )]
    color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Also in a pipe or file.
    Always,
    /// Nowhere.
    Never,
}

/// 0 with `--quiet`, 1 by default, one more for each `--verbose`. Global, like the terminal.
static LEVEL: AtomicU8 = AtomicU8::new(1);

impl Verbosity {
    /// Applies the options to the whole process.
    pub(crate) fn apply(&self) {
        LEVEL.store(if self.quiet { 0 } else { 1 + self.verbose.min(2) }, Ordering::Relaxed);
        let choice = match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Returns true if log lines are wanted too.
pub(crate) fn wants_log() -> bool {
    LEVEL.load(Ordering::Relaxed) > 2
}

/// Prints a note on standard error, unless `--quiet` was given.
pub(crate) fn note(text: impl Display) {
    if LEVEL.load(Ordering::Relaxed) > 0 {
        say(text);
    }
}

/// Like [`note`], but only with `--verbose`.
pub(crate) fn detail(text: impl Display) {
    if LEVEL.load(Ordering::Relaxed) > 1 {
        say(text);
    }
}

/// Reports why the command failed, even with `--quiet`.
pub(crate) fn complain(text: impl Display) {
    say(text);
}

fn say(text: impl Display) {
    // It names files and quotes other programs.
    let text = harmless(&format!("grimoire: {text}"));
    // A closed standard error cannot be reported.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Standard output was closed by a reader that needs no more: `grimoire match | head`.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct OutputClosed;

/// Standard output. After its reader has gone, writing fails with [`OutputClosed`], which ends the command quietly.
pub(crate) struct Output(AutoStream<io::StdoutLock<'static>>);

/// Prints a document as JSON. JSON itself escapes only characters below a space; characters that control a terminal or
/// reorder text are escaped too, which changes no value.
pub(crate) fn write_json(document: &impl Serialize) -> anyhow::Result<()> {
    let mut escaped = String::new();
    for character in serde_json::to_string_pretty(document)?.chars() {
        if is_displayable(character) {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    let mut output = output();
    writeln!(output, "{escaped}")?;
    output.flush()?;
    Ok(())
}

/// Standard output for one answer.
pub(crate) fn output() -> Output {
    Output(AutoStream::auto(io::stdout().lock()))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(closed)
    }
}

fn closed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe { io::Error::other(OutputClosed) } else { error }
}

/// Returns true if an error was caused by a closed standard output.
pub(crate) fn is_closed_output(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause.is::<OutputClosed>()
            || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<OutputClosed>)
    })
}

/// The width of the terminal at standard output; `None` if it is not a terminal, because other readers wrap by
/// themselves.
pub(crate) fn width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns))
}

/// A progress bar on a terminal, nothing elsewhere.
pub(crate) fn progress_bar(total: u64, what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() || LEVEL.load(Ordering::Relaxed) == 0 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what)
}

/// How long work may take before the user is told about it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Waits for `work`; if it takes longer than half a second, prints what is being waited for.
pub(crate) async fn announced<T>(work: impl Future<Output = T>, what: &str) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
        return done;
    }
    // A service has a log, whose lines a program may read.
    if tracing::enabled!(tracing::Level::INFO) {
        tracing::info!("{what}");
    } else {
        note(what);
    }
    work.await
}
