//! Autoconf's `configure`, related scripts, and `pkg-config`, which they call.
//!
//! ```text
//! configure: error: Package requirements (lid >= 1.2) were not met:
//!
//! No package 'lid' found
//! ```

use crate::{inbox::Inbox, view::View};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Context, Needle},
};

/// Maximum number of lines read after a headline.
const LINES: usize = 8;

static ERROR: Needle = Needle::new("error: ");

/// Reads messages of configuration scripts.
#[derive(Debug, Default)]
pub(crate) struct Configure {
    open: Option<Block>,
    package: Option<Package>,
}

/// An error whose reason may follow.
#[derive(Debug)]
struct Block {
    tool: &'static str,
    message: String,
    /// True if the message is only a headline, and the following lines say more.
    awaits: bool,
    lines: usize,
    context: Context,
    span: Span,
}

/// A package that pkg-config did not find: an error only if the calling script says so.
#[derive(Debug)]
struct Package {
    message: String,
    sure: bool,
    context: Context,
    span: Span,
    number: u64,
}

impl Configure {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(block) = &mut self.open {
            if block.line(view) {
                return;
            }
            self.close(inbox);
        }
        if let Some(block) = Block::start(view) {
            inbox.fail(view.number);
            // Earlier output of pkg-config gives the reason already.
            self.package = None;
            if block.awaits {
                self.open = Some(block);
            } else {
                inbox.push(block.finish());
            }
            return;
        }
        self.packages(text, view, inbox);
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        self.close(inbox);
        self.close_package(inbox);
    }

    fn close(&mut self, inbox: &mut Inbox) {
        if let Some(block) = self.open.take() {
            inbox.push(block.finish());
        }
    }

    fn close_package(&mut self, inbox: &mut Inbox) {
        let Some(mut package) = self.package.take() else { return };
        let found = Diagnostic {
            tool: "pkg-config".to_owned(),
            error_type: "pkg-config".to_owned(),
            message: package.message,
            severity: Severity::Error,
            kind: Kind::Dependency,
            context: package.context.take(),
            span: package.span,
            ..Diagnostic::default()
        };
        inbox.push_doubtful(package.number, found);
    }

    /// `Package lid was not found in the pkg-config search path.` and the lines that belong to it.
    fn packages(&mut self, text: &str, view: &View<'_>, inbox: &mut Inbox) {
        let is_headline = text.starts_with("Package ")
            && (text.contains(" was not found in the pkg-config search path")
                || text.contains("', required by '") && text.ends_with("not found"))
            || text.starts_with("Package dependency requirement '");
        let is_end = text.starts_with("No package '") && text.ends_with(" found")
            || text.starts_with("Package '") && text.contains(" has version '");
        let goes_on = text.starts_with("Perhaps you should add the directory containing `")
            || text.starts_with("to the PKG_CONFIG_PATH environment variable");
        if is_headline || is_end && self.package.is_none() {
            self.close_package(inbox);
            let mut context = Context::default();
            context.push(text);
            self.package = Some(Package {
                message: text.to_owned(),
                sure: is_end,
                context,
                span: view.span,
                number: view.number,
            });
        } else if let Some(package) = &mut self.package
            && (is_end || goes_on)
        {
            if is_end && !package.sure {
                package.message = if text.starts_with("Package '") {
                    format!("{} {text}", package.message)
                } else {
                    text.to_owned()
                };
                package.sure = true;
            }
            package.context.push(text);
            package.span = package.span.to(view.span);
        } else {
            self.close_package(inbox);
        }
    }
}

impl Block {
    /// `configure: error: MESSAGE` and other messages of the Autotools in this format.
    fn start(view: &View<'_>) -> Option<Self> {
        // `configure`, `autoconf`, `libtool`, `dpkg-…`, and paths to them.
        if !matches!(view.text.as_bytes().first()?, b'c' | b'a' | b'l' | b'd' | b'.' | b'/') {
            return None;
        }
        let (before, message) = match ERROR.find_among(view.characters, view.text) {
            Some(at) if at < 200 => (&view.text[..at], &view.text[at + ERROR.text().len()..]),
            // It has no word for a level where a file of its own is missing.
            None if view.text.starts_with("autom4te: ")
                && view.text.ends_with("no such file or directory") =>
            {
                view.text.split_at("autom4te: ".len())
            }
            _ => return None,
        };
        let (before, message) = (before.trim_end(), message.trim());
        let tool = match before.strip_suffix(':')?.trim_end().rsplit(['/', '\\']).next()? {
            "configure" | "config.status" => "configure",
            "autoconf" | "autoreconf" | "autoheader" | "autom4te" | "aclocal" => "autoconf",
            "automake" => "automake",
            "libtool" | "libtoolize" => "libtool",
            "dpkg-buildpackage"
            | "dpkg-source"
            | "dpkg-checkbuilddeps"
            | "dpkg-genbuildinfo"
            | "dpkg-genchanges"
            | "dpkg-gencontrol"
            | "dpkg-shlibdeps" => "dpkg",
            _ => return None,
        };
        let message = message.trim_start_matches("*** ");
        let mut context = Context::default();
        context.push(view.text);
        // `error: in `/build':` gives the folder, the next line the message.
        let names_folder = message.starts_with("in `") || message.starts_with("in '");
        Some(Self {
            tool,
            message: if names_folder { String::new() } else { message.to_owned() },
            awaits: tool == "configure",
            lines: 0,
            context,
            span: view.span,
        })
    }

    fn line(&mut self, view: &View<'_>) -> bool {
        let text = view.text;
        self.lines += 1;
        if self.lines > LINES {
            return false;
        }
        if text.is_empty() {
            return self.message.is_empty() || self.message.ends_with(':') || self.lines < 3;
        }
        if self.message.is_empty() {
            // Newer versions repeat the prefix.
            let rest = ERROR
                .split(text)
                .filter(|(before, _)| before.ends_with("configure: "))
                .map_or(text, |(_, rest)| rest);
            rest.trim().clone_into(&mut self.message);
        } else if self.message.ends_with(':') && !text.starts_with("configure: ") {
            self.message.push(' ');
            self.message.push_str(text);
        } else if !text.starts_with("See `config.log'")
            && !text.starts_with("See 'config.log'")
            && !text.starts_with("Consider adjusting")
            && !text.starts_with("Requested '")
            && !text.starts_with("No package '")
            && !text.starts_with("Package ")
        {
            return false;
        }
        self.context.push(text);
        self.span = self.span.to(view.span);
        true
    }

    fn finish(mut self) -> Diagnostic {
        let message = if self.message.is_empty() { "configure failed".to_owned() } else { self.message };
        let follows = message.contains(" failed with exit status")
            || message.contains(" failed with status")
            || message.contains("gave error exit status")
            || message.contains(" subprocess returned exit status ");
        let missing = message.starts_with("Package requirements")
            || message.contains("not found")
            || message.contains("required")
            || message.starts_with("Unmet build dependencies");
        Diagnostic {
            tool: self.tool.to_owned(),
            error_type: self.tool.to_owned(),
            message,
            severity: Severity::Error,
            kind: if missing { Kind::Dependency } else { Kind::Configuration },
            role: if follows { Role::Consequence } else { Role::Root },
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}
