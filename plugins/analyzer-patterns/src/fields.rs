//! What an expression tells of an error: which field is which group.

use grimoire_plugin_sdk::{Location, Position};

/// A field of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Path,
    Line,
    Column,
    EndLine,
    EndColumn,
    /// Line and column, or both ends of a range, with commas between.
    Range,
    Severity,
    Code,
    Message,
    Test,
    /// The project file to whose folder the path is relative.
    FromPath,
}

/// Number of fields.
const FIELDS: usize = 11;

/// A field's name as a group, and as a member of a problem matcher.
const NAMES: [(Field, &[&str], &[&str]); FIELDS] = [
    (Field::Path, &["path", "file"], &["file"]),
    (Field::Line, &["line"], &["line"]),
    (Field::Column, &["column"], &["column"]),
    (Field::EndLine, &["end_line"], &["endLine"]),
    (Field::EndColumn, &["end_column"], &["endColumn"]),
    (Field::Range, &["range"], &["location"]),
    (Field::Severity, &["severity"], &["severity"]),
    (Field::Code, &["code"], &["code"]),
    (Field::Message, &["message"], &["message"]),
    (Field::Test, &["test"], &[]),
    (Field::FromPath, &["from_path"], &["fromPath"]),
];

impl Field {
    /// The field of a group with this name.
    pub(crate) fn of_group(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, groups, _)| groups.contains(&name)).map(|(field, ..)| *field)
    }

    /// The field of a problem matcher's member.
    pub(crate) fn of_member(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, _, members)| members.contains(&name)).map(|(field, ..)| *field)
    }

    /// All fields.
    pub(crate) const ALL: [Self; FIELDS] = {
        let mut all = [Self::Path; FIELDS];
        let mut index = 0;
        while index < FIELDS {
            all[index] = NAMES[index].0;
            index += 1;
        }
        all
    };

    /// The name of its group.
    pub(crate) fn group(self) -> &'static str {
        NAMES[self as usize].1[0]
    }

    /// The names of groups.
    pub(crate) fn groups() -> String {
        let names: Vec<_> = NAMES.iter().map(|(_, groups, _)| groups[0]).collect();
        names.join(", ")
    }
}

/// The texts of the fields so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields([Option<String>; FIELDS]);

impl Fields {
    pub(crate) fn set(&mut self, field: Field, text: &str) {
        self.0[field as usize] = Some(text.to_owned());
    }

    /// The text of a field, unless it is empty.
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        self.0[field as usize].as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn number(&self, field: Field) -> Option<u32> {
        self.get(field)?.parse().ok().filter(|&number| number > 0)
    }

    /// The place of the error, if a path was found.
    pub(crate) fn location(&self) -> Option<Location> {
        let mut path = self.get(Field::Path)?.to_owned();
        if let Some(project) = self.get(Field::FromPath)
            && !is_absolute(&path)
            && let Some(end) = project.rfind(['/', '\\'])
        {
            path.insert_str(0, &project[..=end]);
        }
        let mut location = Location::file(&path);
        let range: Vec<u32> = self
            .get(Field::Range)
            .map(|range| range.split(',').map_while(|number| number.trim().parse().ok()).collect())
            .unwrap_or_default();
        let at = |line: Option<u32>, column: Option<u32>| line.map(|line| Position { line, column });
        let (line, column, end_line, end_column) = match *range.as_slice() {
            [] => (None, None, None, None),
            [line] => (Some(line), None, None, None),
            [line, column] => (Some(line), Some(column), None, None),
            [line, column, end_line] => (Some(line), Some(column), Some(end_line), None),
            [line, column, end_line, end_column, ..] => {
                (Some(line), Some(column), Some(end_line), Some(end_column))
            }
        };
        let line = self.number(Field::Line).or(line);
        location.start = at(line, self.number(Field::Column).or(column));
        let end_column = self.number(Field::EndColumn).or(end_column);
        let end_line = self.number(Field::EndLine).or(end_line);
        // An end without a line of its own is on the first one.
        location.end = at(end_line.or(end_column.and(line)), end_column);
        Some(location)
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\'])
        || matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}
