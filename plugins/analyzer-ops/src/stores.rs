//! Oracle's and Redis's own messages.
//!
//! ```text
//! ERROR at line 1:
//! ORA-00955: name is already used by an existing object
//! 5/3      PLS-00201: identifier 'TILL.OPEN' must be declared
//!
//! (error) NOAUTH Authentication required.
//! *** FATAL CONFIG FILE ERROR (Redis 6.0.16) ***
//! Reading the configuration file, at line 3
//! >>> 'lid yes'
//! Bad directive or wrong number of arguments
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Beginnings, Context},
};

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    oracle(line).or_else(|| reply(line))
}

/// `ORA-00955: message`, also behind the line and column of a compiled unit.
fn oracle(line: &Text<'_>) -> Option<Diagnostic> {
    static STARTS: Beginnings =
        Beginnings::new(&["ORA-", "PLS-", "PL/SQL: ORA-", "SP2-", "TNS-", "DPI-", "IMP-", "EXP-", "RMAN-"]);
    // Calls that led to the error, and sentences that only announce the next one.
    const CALLS: &str = "ORA-06512";
    const ANNOUNCES: [&str; 4] = ["ORA-00604", "ORA-04088", "ORA-02063", "RMAN-00571"];
    let text = line.bare.trim_start_matches(|c: char| c.is_ascii_digit() || c == '/').trim_start();
    let text = text.strip_prefix("PL/SQL: ").filter(|rest| rest.starts_with("ORA-")).unwrap_or(text);
    let start = STARTS.position(text)?;
    let (code, message) = text.split_once(": ")?;
    let (_, number) = code.split_once('-')?;
    if start == 2 || !(4..=5).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let role = if code == CALLS {
        Role::Consequence
    } else if ANNOUNCES.contains(&code) {
        Role::Summary
    } else {
        Role::Root
    };
    let otherwise = match code {
        "ORA-01017" | "ORA-01031" | "ORA-28000" => Kind::Permission,
        _ if code.starts_with("TNS-") || code.starts_with("ORA-12") || code.starts_with("ORA-17") => {
            Kind::Network
        }
        _ => Kind::Configuration,
    };
    Some(Diagnostic {
        code: Some(code.to_owned()),
        role,
        ..line.found("oracle", code, kinds::of(message, otherwise), text)
    })
}

/// `(error) WRONGTYPE Operation against a key …` of redis-cli, also as an item of a list.
fn reply(line: &Text<'_>) -> Option<Diagnostic> {
    let text = line.text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([')', ' ']);
    let message = text.strip_prefix("(error) ")?;
    let (code, rest) = message.split_once(' ')?;
    let is_code = code.len() >= 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let kind = match code {
        "NOAUTH" | "WRONGPASS" | "NOPERM" => Kind::Permission,
        "OOM" | "MISCONF" => Kind::Resource,
        _ => Kind::Configuration,
    };
    (is_code && !rest.is_empty()).then(|| line.found("redis", code, kinds::of(message, kind), message))
}

/// Redis's report of a line in its configuration that it cannot read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    directive: String,
    reason: String,
    context: Context,
    span: Span,
}

impl Block for ConfigFile {
    fn start(line: &Text<'_>) -> Option<Self> {
        line.text.strip_prefix("*** FATAL CONFIG FILE ERROR")?;
        let mut context = Context::default();
        context.push(line.line);
        Some(Self { directive: String::new(), reason: String::new(), context, span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        if !self.reason.is_empty() || line.text.is_empty() {
            return false;
        }
        // The prefix `> ` may have been taken off.
        if let Some(directive) = line.line.trim_start().strip_prefix(">>> ") {
            directive.clone_into(&mut self.directive);
        } else if !line.text.starts_with("Reading the configuration file") {
            line.text.clone_into(&mut self.reason);
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        let message = [self.reason.as_str(), self.directive.as_str()]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(": ");
        if !message.is_empty() {
            let context = self.context.take();
            sink.block(found("redis", "configuration", Kind::Configuration, &message, &context, self.span));
        }
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
