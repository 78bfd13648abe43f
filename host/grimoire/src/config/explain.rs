//! What is made of the table of settings: the explanation, `.env.example`, the reference.

use std::fmt::Write as _;

use super::Layers;
use super::settings::{Kind, SETTINGS, Setting};

/// One row a setting: key, value with secrets masked, where the value came from.
pub fn rows(layers: &Layers) -> Vec<[String; 3]> {
    SETTINGS
        .iter()
        .map(|setting| {
            let found = layers.get(setting.key);
            let shown = match (setting.is_secret(), found.text.is_empty()) {
                (_, true) => "(not set)".to_owned(),
                (true, false) => "********".to_owned(),
                (false, false) => found.text.clone(),
            };
            [setting.key.to_owned(), shown, found.source.to_string()]
        })
        .collect()
}

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of Grimoire as environment variables. Copy to .env and uncomment what you need.\n\
         # Made by `grimoire config env-example`; the same settings go into grimoire.toml.\n",
    );
    for setting in SETTINGS {
        let name = setting.plain.map_or_else(|| setting.variable(), str::to_owned);
        let _ = write!(text, "\n{}# {name}={}\n", wrapped(setting.about), setting.default);
    }
    text
}

/// The reference of all settings in Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Made by `grimoire config reference` from the table of settings; a test keeps it true.\n\n\
         Values come in layers, later ones win: the default, `grimoire.toml` (or `--config FILE`), `.env`, the\n\
         environment, the command line. `grimoire config explain` shows each value and where it came from.\n\n\
         | setting | environment | default | what it is for |\n| --- | --- | --- | --- |\n",
    );
    for setting in SETTINGS {
        let plain = setting.plain.map(|name| format!("`{name}`, ")).unwrap_or_default();
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let _ = writeln!(
            text,
            "| `{}` | {plain}`{}` | {default} | {}{} |",
            setting.key,
            setting.variable(),
            setting.about,
            shape(setting)
        );
    }
    text
}

fn shape(setting: &Setting) -> String {
    match setting.kind {
        Kind::Text | Kind::Secret => String::new(),
        Kind::Choice(words) => format!(" One of `{}`.", words.join("`, `")),
        Kind::Switch => " `true` or `false`.".to_owned(),
        Kind::Number(least, most) => format!(" From {least} to {most}."),
        Kind::Fraction => " From 0 to 1.".to_owned(),
        Kind::List | Kind::SecretList => " Separated by commas; in TOML a list.".to_owned(),
    }
}

/// Sentences as comment lines of at most 100 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() >= 100 {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
