//! Rules for what plugins say of themselves.

use grimoire_domain::installed_plugin::check_plugin_name;
use grimoire_ports::plugins::PluginDescription;

use super::Broken;
use super::text::{check_name, check_not_empty};
use crate::probes;

/// Maximum length of a version in bytes.
const VERSION: usize = 64;
/// Maximum length of a description in bytes.
const DESCRIPTION: usize = 2_000;
/// Maximum dimension of vectors.
const MAX_DIMENSION: u32 = 4_096;
/// Maximum number of tools.
const MAX_TOOLS: usize = 256;
/// Maximum length of a tool's name in bytes.
const TOOL: usize = 64;
/// Maximum number of accepted media types.
const MAX_ACCEPTED: usize = 32;
/// Maximum length of a media type in bytes.
const MEDIA_TYPE: usize = 127;

/// Checks the part that plugins of all worlds have.
pub(crate) fn check_identity(said: &PluginDescription) -> Result<(), Broken> {
    check_plugin_name(&said.name).map_err(|error| format!("name: {error}"))?;
    check_not_empty("version", &said.version)?;
    check_name("version", &said.version, VERSION)?;
    check_name("description", &said.description, DESCRIPTION)
}

/// Checks the description of an analyzer.
pub(crate) fn check_analyzer(said: &PluginDescription, probes: &[String]) -> Result<(), Broken> {
    check_identity(said)?;
    if said.tools.len() > MAX_TOOLS {
        return Err(format!("tools: {} names, may be at most {MAX_TOOLS}", said.tools.len()));
    }
    for (index, tool) in said.tools.iter().enumerate() {
        let field = format!("tools[{index}]");
        check_not_empty(&field, tool)?;
        check_name(&field, tool, TOOL)?;
    }
    if said.accepts.len() > MAX_ACCEPTED {
        let count = said.accepts.len();
        return Err(format!("accepts: {count} media types, may be at most {MAX_ACCEPTED}"));
    }
    for (index, accepted) in said.accepts.iter().enumerate() {
        if !is_media_range(accepted) {
            return Err(format!(
                "accepts[{index}]: is neither a media type in lower case without parameters, such as text/x-log, nor \
                 text/*"
            ));
        }
    }
    probes::check(probes)
}

/// Checks the description of an embedder.
pub(crate) fn check_embedder(said: &PluginDescription, dimension: u32) -> Result<(), Broken> {
    check_identity(said)?;
    if (1..=MAX_DIMENSION).contains(&dimension) {
        return Ok(());
    }
    Err(format!("dimension: is {dimension}, must be from 1 to {MAX_DIMENSION}"))
}

/// A media type, or all of one kind: `text/*`.
fn is_media_range(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && word.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&-^_.+".contains(&byte)
            })
    };
    let parts = text.split_once('/');
    text.len() <= MEDIA_TYPE
        && parts.is_some_and(|(kind, rest)| is_word(kind) && (rest == "*" || is_word(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> PluginDescription {
        PluginDescription {
            name: "analyzer-kettle".to_owned(),
            version: "1.0.0-rc.1".to_owned(),
            description: "Reads kettles.".to_owned(),
            tools: vec!["kettle".to_owned()],
            accepts: vec!["text/*".to_owned(), "application/sarif+json".to_owned()],
        }
    }

    #[test]
    fn every_bound_is_named_with_its_field() {
        type Change = fn(&mut PluginDescription);
        assert_eq!(check_analyzer(&valid(), &[]), Ok(()));
        let changes: [(Change, &str); 9] = [
            (|said| said.name = "Kettle".to_owned(), "name: "),
            (|said| said.version.clear(), "version: must not be empty"),
            (|said| said.version = "1\n".to_owned(), "version: has the control character U+000A"),
            (|said| said.description = "d".repeat(2_001), "description: has 2001 bytes"),
            (|said| said.tools = vec!["t".to_owned(); 257], "tools: 257 names, may be at most 256"),
            (|said| said.tools.push(String::new()), "tools[1]: must not be empty"),
            (|said| said.accepts = vec!["a/b".to_owned(); 33], "accepts: 33 media types, may be at most 32"),
            (|said| said.accepts.push("log".to_owned()), "accepts[2]: is neither a media type"),
            (|said| said.accepts.push("text/Plain; charset=utf-8".to_owned()), "accepts[2]: is neither"),
        ];
        for (change, expected) in changes {
            let mut said = valid();
            change(&mut said);
            let message = check_analyzer(&said, &[]).expect_err("refused");
            assert!(message.starts_with(expected), "{message}");
        }
        assert_eq!(check_embedder(&valid(), 1).and(check_embedder(&valid(), 4_096)), Ok(()));
        for dimension in [0, 4_097] {
            let message = check_embedder(&valid(), dimension).expect_err("refused");
            assert_eq!(message, format!("dimension: is {dimension}, must be from 1 to 4096"));
        }
        assert_eq!(
            check_analyzer(&valid(), &[String::new()]),
            Err("probes[0]: has 0 bytes, must have from 1 to 64".to_owned())
        );
    }
}
