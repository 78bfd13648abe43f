//! Database clients and migrations.
//!
//! ```text
//! psql: error: connection to server at "localhost" (::1), port 5432 failed: Connection refused
//! psql:till.sql:3: ERROR:  relation "coins" does not exist
//! ERROR 1045 (28000): Access denied for user 'till'@'localhost' (using password: YES)
//! Could not connect to Redis at 127.0.0.1:6379: Connection refused
//! Error: P1001: Can't reach database server at `localhost:5432`
//! ```
//!
//! Server logs, for example in the output of a service's container, are not read: health checks fill them.

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    text::{Context, Needle, is_generic_closing_line, leading_number, place_at_start},
};

const fn row(tool: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new(tool, "database", kind, start)
}

use Kind::{Configuration, Network, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    row("psql", Configuration, "psql: error: "),
    row("psql", Network, "psql: could not connect to server: "),
    row("psql", Configuration, "psql: FATAL:  "),
    row("psql", Configuration, "pg_dump: error: "),
    row("psql", Configuration, "pg_restore: error: "),
    row("psql", Configuration, "createdb: error: "),
    row("psql", Configuration, "dropdb: error: "),
    row("psql", Network, "could not connect to server: ").said_to_be_an_error(),
    row("postgres", Configuration, "pg_ctl: directory \""),
    row("postgres", Configuration, "pg_ctl: cannot "),
    row("postgres", Configuration, "pg_ctl: could not start server").summary(),
    row("postgres", Configuration, "initdb: error: "),
    row("postgres", Configuration, "initdb: could not "),
    row("postgres", Configuration, "postgres: could not "),
    row("postgres", Configuration, "pg_upgrade: error: "),
    row("postgres", Configuration, "pg_basebackup: error: "),
    row("mysql", Network, "mysqladmin: connect to server at '"),
    row("mysql", Configuration, "mysqldump: Got error: "),
    row("mysql", Configuration, "mysqldump: Couldn't "),
    row("redis", Network, "Could not connect to Redis at "),
    row("mongo", Network, "couldn't connect to server ").with("connect@"),
    row("sqlcmd", Configuration, "Sqlcmd: Error: "),
    row("sqlite3", Configuration, "Parse error near line "),
    row("flyway", Configuration, "Validate failed: "),
    row("flyway", Network, "Unable to obtain connection from database"),
    row("liquibase", Configuration, "Unexpected error running Liquibase: "),
    row("liquibase", Configuration, "Migration failed for changeset "),
    row("migrate", Configuration, "Dirty database version "),
    row("migrate", Configuration, "migration failed: ").said_to_be_an_error(),
    row("goose", Configuration, "goose run: "),
    row("goose", Configuration, "goose: failed to "),
    row("dockerize", Timeout, "Timeout after ").with("waiting on dependencies"),
    row("wait-for-it", Timeout, "wait-for-it.sh: timeout occurred after waiting "),
    row("wait-for-it", Timeout, "wait-for-it: timeout occurred after waiting "),
    row("wait-for-it", Timeout, "Operation timed out").said_to_be_an_error(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    script(line).or_else(|| mysql(line)).or_else(|| prisma(line)).or_else(|| alembic(line))
}

/// `psql:till.sql:3: ERROR:  relation "coins" does not exist`.
fn script(line: &Text<'_>) -> Option<Diagnostic> {
    let place = place_at_start(line.text.strip_prefix("psql:")?)?;
    let rest = place.rest.trim();
    let (level, message) = rest.split_once(':')?;
    matches!(level, "ERROR" | "FATAL" | "error").then(|| Diagnostic {
        location: Some(place.location()),
        ..line.found("psql", "sql", kinds::of(message, Configuration), message)
    })
}

/// `ERROR 1045 (28000) at line 3: message`, `ERROR 2002 (HY000): message`, `… in file: 'till.sql': message`.
fn mysql(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.text.strip_prefix("ERROR ")?;
    let (number, rest) = leading_number(rest)?;
    let (state, rest) = rest.strip_prefix(" (")?.split_once(')')?;
    if state.len() != 5 {
        return None;
    }
    let (place, message) = rest.split_once(": ")?;
    let mut message = message.trim();
    let mut path = None;
    if place.ends_with("in file")
        && let Some((file, rest)) = message.strip_prefix('\'').and_then(|rest| rest.split_once("': "))
    {
        (path, message) = (Some(file), rest);
    }
    let at = place.trim().strip_prefix("at line ").and_then(leading_number).map_or(0, |(line, _)| line);
    let code = number.to_string();
    Some(Diagnostic {
        location: path.map(|path| Location::at(path, at, None)),
        code: Some(code.clone()),
        ..line.found(
            "mysql",
            &code,
            kinds::of(message, if number >= 2000 { Network } else { Configuration }),
            message,
        )
    })
}

/// `Error: P1001: message` of Prisma.
fn prisma(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix('P')?;
    let (number, rest) = leading_number(rest)?;
    if !line.is_error()
        || !(1000..7000).contains(&number)
        || !rest.starts_with([':', ' ']) && !rest.is_empty()
    {
        return None;
    }
    let message = rest.trim_start_matches([':', ' ']);
    let code = format!("P{number}");
    let kind = kinds::of(message, if number < 1100 { Network } else { Configuration });
    Some(Diagnostic {
        code: Some(code.clone()),
        ..line.found("prisma", &code, kind, if message.is_empty() { &code } else { message })
    })
}

/// `ERROR [alembic.util.messaging] message`, `FAILED: message`.
fn alembic(line: &Text<'_>) -> Option<Diagnostic> {
    let rest =
        line.bare.strip_prefix("[alembic.util.messaging] ").or_else(|| line.text.strip_prefix("FAILED: "))?;
    let known = [
        "Can't locate revision",
        "Multiple head revisions",
        "Target database is not up to date",
        "No such revision",
    ];
    known
        .iter()
        .any(|start| rest.starts_with(start))
        .then(|| line.found("alembic", "migration", Configuration, rest))
}

/// Maximum number of lines read below a Prisma code, and of those kept.
const SAID: usize = 8;

/// `Error: P3009` of Prisma, alone on its line; the explanation follows in paragraphs:
///
/// ```text
/// Error: P3018
///
/// A migration failed to apply. New migrations cannot be applied before the error is recovered from.
///
/// Migration name: 20250102030405_coins
///
/// Database error:
/// ERROR: relation "coins" already exists
/// ```
#[derive(Debug)]
pub(crate) struct PrismaCode {
    code: String,
    said: Vec<String>,
    /// Blank lines since the last one that was kept.
    blank: u32,
    context: Context,
    span: Span,
}

impl Block for PrismaCode {
    fn start(line: &Text<'_>) -> Option<Self> {
        let code = prisma(line)?.code.filter(|code| line.bare.trim() == code.as_str())?;
        let mut context = Context::default();
        context.push(line.line);
        Some(Self { code, said: Vec::new(), blank: 0, context, span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        if line.text.is_empty() {
            self.blank += 1;
            return self.blank < 2;
        }
        if self.said.len() == SAID || is_generic_closing_line(line.text) {
            return false;
        }
        self.blank = 0;
        self.said.push(line.line.trim().to_owned());
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if self.said.is_empty() {
            return;
        }
        let message = self.said.join("\n");
        let kind = kinds::of(&message, Configuration);
        let mut found = found("prisma", &self.code, kind, &message, &self.context.take(), self.span);
        found.code = Some(self.code);
        sink.block(found);
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

/// A Flyway migration, whose fields are below it:
///
/// ```text
/// Migration V2__coins.sql failed
/// ------------------------------
/// SQL State  : 42P01
/// Message    : ERROR: relation "coins" does not exist
/// Location   : db/V2__coins.sql (/src/db/V2__coins.sql)
/// Line       : 3
/// ```
#[derive(Debug)]
pub(crate) struct Migration {
    name: String,
    message: String,
    state: String,
    path: String,
    line: u32,
    context: Context,
    span: Span,
}

impl Block for Migration {
    fn start(line: &Text<'_>) -> Option<Self> {
        static SIGN: Needle = Needle::new("Migration ");
        let at = SIGN.find_among(line.characters, line.text)?;
        let rest = &line.text[at + SIGN.text().len()..];
        let name = rest.strip_suffix(" failed").or_else(|| rest.strip_prefix("of schema ").map(|_| rest))?;
        let mut context = Context::default();
        context.push(line.line);
        (name.len() < 300).then(|| Self {
            name: name.to_owned(),
            message: String::new(),
            state: String::new(),
            path: String::new(),
            line: 0,
            context,
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        let is_rule = text.len() > 4 && text.bytes().all(|byte| byte == b'-');
        let field = text.split_once(" : ").map(|(name, value)| (name.trim(), value.trim()));
        match field {
            _ if is_rule => {}
            Some(("SQL State", value)) => value.clone_into(&mut self.state),
            Some(("Message", value)) => value.clone_into(&mut self.message),
            Some(("Location", value)) => {
                value.split(" (").next().unwrap_or(value).clone_into(&mut self.path);
            }
            Some(("Line", value)) => self.line = value.parse().unwrap_or_default(),
            Some(("Error Code" | "Statement", _)) => {}
            _ => return false,
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(mut self, sink: &mut Sink) {
        if self.message.is_empty() {
            return;
        }
        let location = (!self.path.is_empty()).then(|| Location::at(&self.path, self.line, None));
        let message = format!("Migration {} failed: {}", self.name, self.message);
        let mut found =
            found("flyway", "migration", Configuration, &message, &self.context.take(), self.span);
        found.code = Some(self.state).filter(|state| !state.is_empty());
        found.location = location;
        sink.block(found);
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
