//! Maven's report of a failed build: the goal with its reason, and other errors that end in `-> [Help 1]`.
//!
//! ```text
//! [ERROR] Failed to execute goal org.example:kettle-plugin:1.0:boil (default) on project pot: Execution default of
//!   goal org.example:kettle-plugin:1.0:boil failed: REASON -> [Help 1]
//! [ERROR]
//! [ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
//! [ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/MojoFailureException
//! ```
//!
//! The reason may continue for several lines, up to the help. Wrappers around it are removed. A reason that
//! only says that tests or sources failed is a summary.

use crate::{
    claim::Claim,
    reason::{kind_of, kind_of_task, role_of},
    session::Session,
    text::Text,
    thrown::thrown,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Beginnings, Context, Needle, place_at_start},
};

#[derive(Debug, Default)]
pub(crate) struct Maven {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    /// The goal's plugin, as `maven-compiler-plugin`.
    plugin: String,
    /// The goal, its execution and the project.
    goal: String,
    lines: Vec<String>,
    /// True after the help: only hints follow.
    complete: bool,
    count: usize,
    told: u64,
    context: Context,
    span: Span,
}

static GOAL: Needle = Needle::new("Failed to execute goal");
static HELP: Needle = Needle::new("-> [Help ");

impl Maven {
    pub(crate) fn line(
        &mut self,
        text: &Text<'_>,
        session: &mut Session,
        out: &mut Vec<Diagnostic>,
    ) -> Claim {
        if let Some(block) = &mut self.open {
            if block.line(text) {
                return Claim::Shared;
            }
            self.close(session, out);
        }
        match Block::start(text, session.told()) {
            Some(block) => {
                self.open = Some(block);
                Claim::Shared
            }
            None => Claim::None,
        }
    }

    /// Returns true if a block ends before this line.
    pub(crate) fn ends_before(&self, text: &Text<'_>) -> bool {
        self.open.as_ref().is_some_and(|block| !block.is_mine(text))
    }

    pub(crate) fn close(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let Some(block) = self.open.take() else { return };
        let mut found = block.finish(session);
        if found.role == Role::Summary && found.kind == Kind::Test {
            session.tests_failed(out);
            session.tests_unnamed(&mut found);
        }
        if found.role == Role::Summary {
            session.linters_failed(&found.message, out);
        }
        session.report_once(found, out);
    }
}

impl Block {
    const LINES: usize = 200;

    fn start(text: &Text<'_>, told: u64) -> Option<Self> {
        let line = text.words;
        let (mut plugin, mut goal) = (String::new(), String::new());
        let reason = if let Some(at) = GOAL.find_among(text.characters, line) {
            // `org.apache.maven.lifecycle.LifecycleExecutionException: Failed to execute goal …` is its stack.
            if at > 0 && !line[..at].ends_with(": ") || line[..at].contains("Exception") {
                return None;
            }
            let rest = line[at + GOAL.text().len()..].trim_start();
            let (name, reason) = split_goal(rest)?;
            name.clone_into(&mut plugin);
            rest[..rest.len() - reason.len()].trim_end_matches([':', ' ']).clone_into(&mut goal);
            reason
        } else if HELP.find_among(text.characters, line).is_some()
            && (text.is_error() || text.level.is_none())
            && !line.starts_with("->")
        {
            line
        } else {
            return None;
        };
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            plugin,
            goal,
            lines: Vec::new(),
            complete: false,
            count: 0,
            told,
            context,
            span: text.span,
        };
        block.add(reason);
        Some(block)
    }

    fn add(&mut self, line: &str) {
        let line = match HELP.find(line) {
            Some(at) => {
                self.complete = true;
                line[..at].trim_end()
            }
            None => line,
        };
        self.lines.push(line.to_owned());
    }

    /// Returns true if a line belongs to the block: the reason up to the help, then hints.
    fn is_mine(&self, text: &Text<'_>) -> bool {
        static HINTS: Beginnings = Beginnings::new(&[
            "To see the full stack trace",
            "Re-run Maven",
            "For more information about the errors",
            "[Help ",
            "http",
            "After correcting the problems",
            "mvn ",
            "Please refer to",
            "-> [Help ",
        ]);
        if self.count >= Self::LINES || GOAL.find_among(text.characters, text.words).is_some() {
            return false;
        }
        if self.complete {
            return text.is_error() && (text.is_blank() || HINTS.begin(text.words))
                || text.words.starts_with("[Help ");
        }
        // Further lines have no level if the reason is a single text of several lines.
        text.is_error() || text.level.is_none() && !text.is_blank() && self.count < 60
    }

    fn line(&mut self, text: &Text<'_>) -> bool {
        if !self.is_mine(text) {
            return false;
        }
        self.count += 1;
        if !self.complete {
            self.add(text.words);
        }
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        true
    }

    fn finish(mut self, session: &Session) -> Diagnostic {
        let message = reason(&self.lines);
        let explained = session.told() > self.told;
        let is_compile = self.plugin.contains("compiler")
            || self.plugin.contains("kotlin")
            || self.plugin.contains("scala");
        let mut kind = kind_of(&message);
        if kind == Kind::Unknown {
            kind = if is_compile { Kind::Compile } else { kind_of_task(&self.plugin) };
        }
        if message.contains("forked VM terminated") {
            kind = Kind::Crash;
        } else if message.contains("timeout or other error in the fork") {
            kind = Kind::Timeout;
        }
        let mut role = role_of(&message);
        if message.is_empty() {
            role = Role::Summary;
        }
        if explained || role == Role::Summary && kind == Kind::Unknown {
            role = Role::Summary;
        }
        let (name, words) = match thrown(&message, false) {
            Some((name, words)) if !words.is_empty() => (name.rsplit('.').next().unwrap_or_default(), words),
            _ => ("", message.as_str()),
        };
        let location = words.lines().next().and_then(place_at_start).map(|place| place.location());
        let error_type = match (name, kind) {
            ("", Kind::Dependency | Kind::Network) => "dependency",
            ("", _) if !self.plugin.is_empty() => "goal",
            ("", _) => "build",
            (name, _) => name,
        };
        // A summary of errors that were reported before.
        let headline = self.lines.iter().map(|line| line.trim()).find(|line| !line.is_empty());
        let words = if explained { headline.unwrap_or_default() } else { words };
        let message = if words.is_empty() {
            format!("Failed to execute goal of {}", self.plugin)
        } else if is_mere_status(words) && !self.goal.is_empty() {
            format!("Failed to execute goal {}: {words}", self.goal)
        } else {
            words.to_owned()
        };
        Diagnostic {
            tool: "maven".to_owned(),
            error_type: error_type.to_owned(),
            message,
            kind,
            role,
            location,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        }
    }
}

/// Returns true if a reason only says that some program failed: which one, the goal's execution says.
fn is_mere_status(reason: &str) -> bool {
    const PHRASES: [&str; 5] = [
        "Command execution failed.",
        "Process exited with an error: ",
        "Process terminated with exit code: ",
        "Application finished with exit code: ",
        "Result of ",
    ];
    !reason.contains('\n') && PHRASES.iter().any(|phrase| reason.starts_with(phrase))
}

/// The plugin and the reason in `org.example:kettle-plugin:1.0:boil (default) on project pot: REASON`.
fn split_goal(rest: &str) -> Option<(&str, &str)> {
    let goal = rest.split([' ', '\n']).next().unwrap_or_default();
    let plugin = goal.split(':').nth(1).unwrap_or_default();
    let after = match rest.find("on project ") {
        Some(at) => &rest[at + "on project ".len()..],
        None => rest.split_once(") ").or_else(|| rest.split_once(' ')).map_or("", |(_, after)| after),
    };
    let reason = match after.split_once(": ") {
        Some((_, reason)) => reason,
        None => {
            // Nothing follows the colon: the reason is below, or missing.
            let is_goal = goal.matches(':').count() >= 2 || rest.contains("on project ");
            is_goal.then_some("")?
        }
    };
    Some((plugin, reason))
}

/// The reason without wrappers, with the lines that it needs.
fn reason(lines: &[String]) -> String {
    const HINTS: [&str; 9] = [
        "Please refer to",
        "To see the full",
        "Re-run Maven",
        "For more information",
        "See dump files",
        "-> [Help",
        "Try again",
        "org.apache.maven.surefire.booter.",
        "at org.",
    ];
    let mut said: Vec<&str> = Vec::new();
    for line in lines {
        let line = without_wrappers(line.trim());
        if line.is_empty() || HINTS.iter().any(|hint| line.starts_with(hint)) || said.contains(&line) {
            continue;
        }
        said.push(line);
    }
    // Wrappers above the reason, each on a separate line.
    while said.len() > 1 && is_wrapper(said[0]) {
        said.remove(0);
    }
    let Some((first, rest)) = said.split_first() else { return String::new() };
    let mut text = (*first).to_owned();
    // A command line, a diff: the first lines suffice.
    let is_diff = rest.iter().any(|line| line.starts_with("@@ "));
    let is_said = |line: &&&str| {
        !line.starts_with("Command was") && (!is_diff || line.contains('/') && !line.contains(' '))
    };
    for line in rest.iter().filter(is_said).take(12) {
        text.push('\n');
        text.push_str(line);
    }
    if text.starts_with("The following artifacts could not be resolved") {
        let last = text.find(": Could not ").or_else(|| text.find(": Failure to "));
        if let Some(at) = last {
            text = text[at + 2..].to_owned();
        }
    }
    text
}

/// Returns true if a line only announces the reason below it.
fn is_wrapper(line: &str) -> bool {
    // Whole sentences before the colon are the reason itself.
    line.ends_with(':')
        && !line.contains(". ")
        && !line.starts_with("The following files had format violations")
        || line == "Compilation failure"
        || line.starts_with("Could not resolve dependencies for project") && !line.contains(": Could not")
        || line.starts_with("dependency: ")
}

/// The text after `Execution default of goal … failed: `, `Plugin … or one of its dependencies could not be
/// resolved: ` and the like.
fn without_wrappers(line: &str) -> &str {
    const WRAPPERS: [(&str, &str); 16] = [
        ("Execution ", " failed: "),
        ("Plugin ", " could not be resolved: "),
        ("Could not resolve dependencies for project ", ": "),
        ("Failed to collect dependencies ", ": "),
        ("Failed to read artifact descriptor for ", ": "),
        ("Failed during checkstyle execution", ": "),
        ("Failed during checkstyle configuration", ": "),
        ("Unable to parse configuration", ": "),
        ("Error resolving project artifact", ": "),
        ("Unresolveable build extension", ": "),
        ("MavenReportException", ": "),
        ("Error while generating Javadoc", ": "),
        ("Fatal error compiling", ": "),
        ("An Ant BuildException has occured", ": "),
        ("An Ant BuildException has occurred", ": "),
        ("The following error occurred while executing this line", ": "),
    ];
    let mut line = line;
    for _ in 0..8 {
        let before = line;
        for (start, end) in WRAPPERS {
            if line.starts_with(start)
                && let Some((_, rest)) = line.split_once(end)
                && !rest.trim().is_empty()
            {
                line = rest.trim();
            }
        }
        line = line.strip_prefix("error: ").unwrap_or(line);
        // The goal's line was wrapped before the project.
        if let Some((_, rest)) = line.strip_prefix("project ").and_then(|rest| rest.split_once(": ")) {
            line = rest.trim();
        }
        if line.len() == before.len() {
            break;
        }
    }
    line
}
