//! A gem whose native extension did not build: RubyGems prints the output of the build, which
//! contains the reason.
//!
//! ```text
//! Gem::Ext::BuildError: ERROR: Failed to build gem native extension.
//!
//!     current directory: /usr/local/bundle/gems/pg-1.5.4/ext
//! /usr/local/bin/ruby extconf.rb
//! checking for pg_config... no
//! *** extconf.rb failed ***
//! …
//! An error occurred while installing pg (1.5.4), and Bundler cannot continue.
//! ```

use crate::panel::{Draft, Reader, Seen, single};
use grimoire_plugin_sdk::{
    Diagnostic, Kind,
    text::{Needle, cut},
};

/// Maximum number of lines of a build.
const LINES: usize = 360;

/// Reads failed builds.
#[derive(Debug, Default)]
pub(crate) struct Native {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    draft: Draft,
    seen: usize,
    /// The line with the reason, and its rank.
    cause: Option<(u8, String)>,
    gem: Option<String>,
    /// The last line that does not belong to the configuration checks.
    before: String,
    /// Number of lines since RubyGems printed the paths of the files.
    after: Option<usize>,
}

/// RVM's words about a gem, after its progress: `#importing gemset global.gems....there was an error installing gem lid`.
pub(crate) fn rvm(line: &Seen<'_>) -> Option<Diagnostic> {
    static SAID: Needle = Needle::new("there was an error installing gem ");
    let at = SAID.find_among(line.characters, line.start)?;
    let mut found = single("rvm", Kind::Dependency, &line.start[at..], line);
    "install".clone_into(&mut found.error_type);
    Some(found)
}

/// How well a line of a build explains the failure; 0 if not at all.
fn weight(start: &str) -> u8 {
    const GOOD: [&str; 23] = [
        ": fatal error: ",
        ": error: ",
        "command not found",
        " is not recognized as ",
        // mini_portile's, about a library that it builds.
        "... ERROR, review '",
        "Can't find the '",
        " is missing",
        "can't find header files",
        "are missing",
        "No package '",
        "cannot find -l",
        "library not found for -l",
        "undefined reference to",
        "You have to install",
        "You need to install",
        "must be installed",
        "Please install ",
        "Please make sure ",
        "requires Ruby version",
        "requires a C++",
        "No such file or directory",
        "ERROR: ",
        "error: linker",
    ];
    const FAIR: [&str; 3] = ["cannot load such file", "Could not find", ": *** No rule to make target "];
    if start.starts_with("checking ") {
        return u8::from(start.ends_with("... no"));
    }
    if start.starts_with("ERROR: Failed to build") || start.starts_with('#') || start.starts_with("-- ") {
        0
    } else if GOOD.iter().any(|sign| start.contains(sign)) || is_raised(start) {
        3
    } else if FAIR.iter().any(|sign| start.contains(sign)) || ends_with_exception(start) {
        2
    } else {
        u8::from(
            // "due to some reason, probably lack of necessary libraries and/or headers", whatever the reason is.
            start.starts_with("Could not create Makefile")
                || start.starts_with("extconf failed")
                || start.starts_with("make failed")
                || start.starts_with("rake failed"),
        )
    }
}

/// Returns true for the message of an uncaught exception: `extconf.rb:10:in '<main>': … (NameError)`.
fn ends_with_exception(start: &str) -> bool {
    let class = start.strip_suffix(')').and_then(|start| Some(start.rsplit_once(" (")?.1));
    class.is_some_and(|class| {
        class.starts_with(|first: char| first.is_ascii_uppercase())
            && class.ends_with("Error")
            && class.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
    })
}

/// Returns true if the script that configures the extension gave up with its own words:
/// ``extconf.rb:6:in `<main>': the lid needs steam``, with or without the exception's class at the end.
fn is_raised(start: &str) -> bool {
    let said =
        start.strip_prefix("extconf.rb:").and_then(|rest| rest.split_once(":in ")?.1.split_once("': "));
    said.is_some_and(|(_, said)| !said.is_empty())
}

/// `(RuntimeError)`: the class of an exception, when its line was wrapped.
fn is_class(start: &str) -> bool {
    start.starts_with('(') && ends_with_exception(&format!("e {start}"))
}

impl Block {
    /// Uses a line as the reason if it is a better one.
    fn offer(&mut self, weight: u8, line: &str) {
        if weight > self.cause.as_ref().map_or(0, |(best, _)| *best) {
            self.cause = Some((weight, line.to_owned()));
        }
    }
}

/// The executed command, and its folder; when wrapped, a line of it is a path without a message.
fn is_command(start: &str) -> bool {
    start.starts_with("current directory:")
        || start.contains("extconf.rb")
        || start.starts_with("creating ")
        || start.starts_with(['/', '.']) && !start.contains(": ")
}

impl Native {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(Block { mut draft, cause, gem, before, .. }) = self.open.take() else { return };
        // A build that ends without RubyGems' closing words ended with its last line.
        let cause = cause.or_else(|| Some((1, before)).filter(|(_, before)| before.contains(' ')));
        if let Some((_, cause)) = &cause {
            draft.say(cause);
        }
        match gem {
            Some(gem) => draft.say(&format!("Failed to build gem native extension of {gem}.")),
            None => draft.say("Failed to build gem native extension."),
        }
        "native-extension".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}

/// The gem and its version in the final sentence, or in the path of its extension.
fn gem_of(start: &str) -> Option<String> {
    if let Some(rest) = start.strip_prefix("An error occurred while installing ") {
        return rest.split(", and").next().map(str::to_owned);
    }
    let (_, rest) = start.strip_prefix("current directory: ")?.rsplit_once("/gems/")?;
    rest.split('/').next().map(str::to_owned)
}

impl Reader for Native {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static BEGIN: [Needle; 2] =
            [Needle::new("Failed to build gem native extension."), Needle::new("*** extconf.rb failed ***")];
        let start = line.start;
        if let Some(block) = &mut self.open {
            block.seen += 1;
            let begins_again = BEGIN[0].is_in(start);
            let late = block.after.as_mut().is_some_and(|after| {
                *after += 1;
                *after > 30
            });
            if block.seen > LINES || late || begins_again {
                self.close(out);
            } else {
                if !start.is_empty() {
                    block.draft.take(line);
                }
                // The last line before the build stopped is the reason, if no better one is found.
                if start.starts_with("*** ") && !block.before.is_empty() {
                    let before = std::mem::take(&mut block.before);
                    block.offer(2, &before);
                } else if !start.is_empty() && !start.starts_with("checking ") && !is_command(start) {
                    cut(start, 1024).clone_into(&mut block.before);
                }
                let weight = weight(start);
                block.offer(weight, start);
                if let Some((_, cause)) = &mut block.cause
                    && is_class(start)
                    && is_raised(cause)
                    && !ends_with_exception(cause)
                {
                    cause.push(' ');
                    cause.push_str(start);
                }
                if let Some(gem) = gem_of(start) {
                    block.gem = Some(gem);
                }
                if start.starts_with("Results logged to ") {
                    block.after = Some(0);
                } else if start.starts_with("An error occurred while installing ") {
                    self.close(out);
                }
                return;
            }
        }
        if BEGIN.iter().any(|sign| sign.find_among(line.characters, start).is_some()) {
            let draft = Draft::new("rubygems", Kind::Dependency, line);
            self.open =
                Some(Block { draft, seen: 0, cause: None, gem: None, before: String::new(), after: None });
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|block| block.draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
