//! Parsers for the values of settings.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use grimoire_domain::actor::Permission;
use grimoire_domain::installed_plugin::check_plugin_name;
use grimoire_domain::ranking::Panel;
use grimoire_http::ApiToken;
use grimoire_pipeline::FailurePolicy;
use grimoire_ports::plugins::TrustedKey;
use secrecy::SecretString;
use url::Url;

use super::choices::{Choice, StorageUrl, words};
use super::setting::{Definition, Kind};

/// Minimum length of an API token: 16 random characters cannot be guessed.
const MINIMUM_TOKEN: usize = 16;

/// The parsed value, or all problems of the text.
type Read<T> = Result<T, Vec<String>>;

fn wrong<T>(message: impl Into<String>) -> Read<T> {
    Err(vec![message.into()])
}

pub(super) fn choice<T: Choice>(_: &Definition, text: &str) -> Read<T> {
    match T::CHOICES.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(*value),
        None => wrong(format!("must be one of {}", words::<T>().join(", "))),
    }
}

pub(super) fn number<T: TryFrom<u64>>(definition: &Definition, text: &str) -> Read<T> {
    let Kind::Number(least, most) = definition.kind else {
        unreachable!("{} is read as a number and has no range", definition.key)
    };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    match number.and_then(|number: u64| T::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => wrong(format!("must be a whole number from {least} to {most}")),
    }
}

pub(super) fn fraction(_: &Definition, text: &str) -> Read<f64> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => wrong("must be a number from 0 to 1"),
    }
}

pub(super) fn switch(_: &Definition, text: &str) -> Read<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => wrong("must be true or false"),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn optional_text(_: &Definition, text: &str) -> Read<Option<String>> {
    Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn path(_: &Definition, text: &str) -> Read<PathBuf> {
    Ok(PathBuf::from(text))
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn optional_path(_: &Definition, text: &str) -> Read<Option<PathBuf>> {
    Ok(Some(text).filter(|text| !text.is_empty()).map(PathBuf::from))
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn secret(_: &Definition, text: &str) -> Read<Option<SecretString>> {
    Ok(Some(text).filter(|text| !text.is_empty()).map(SecretString::from))
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn list(_: &Definition, text: &str) -> Read<Vec<String>> {
    Ok(items(text).map(str::to_owned).collect())
}

/// Parses matchers with or without weights.
pub(super) fn panel(_: &Definition, text: &str) -> Read<Panel> {
    Panel::parse(items(text))
}

#[allow(clippy::unnecessary_wraps, reason = "one signature for all readers")]
pub(super) fn secrets(_: &Definition, text: &str) -> Read<Vec<SecretString>> {
    Ok(items(text).map(SecretString::from).collect())
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

pub(super) fn address(_: &Definition, text: &str) -> Read<IpAddr> {
    match text.parse() {
        Ok(address) => Ok(address),
        Err(_) => wrong("must be an IP address such as 127.0.0.1 or 0.0.0.0"),
    }
}

/// Parses `label:token`, which grants everything, or `label/permission:token`.
fn api_token(entry: &str) -> Option<ApiToken> {
    let (name, token) = entry.split_once(':')?;
    let (label, permission) = match name.split_once('/') {
        None => (name, Permission::Admin),
        Some((label, word)) => (label, word.parse().ok()?),
    };
    let valid = !label.is_empty() && token.len() >= MINIMUM_TOKEN;
    valid.then(|| ApiToken { label: label.to_owned(), permission, token: SecretString::from(token) })
}

/// Parses API tokens. An entry is a secret: messages name its position in the list, never its text.
pub(super) fn api_tokens(_: &Definition, text: &str) -> Read<Vec<ApiToken>> {
    let mut tokens = Vec::new();
    let mut problems = Vec::new();
    for (index, entry) in items(text).enumerate() {
        match api_token(entry) {
            Some(token) => tokens.push(token),
            None => problems.push(format!(
                "entry {} must be label:token or label/permission:token, with the permission read, write or admin \
                 and at least {MINIMUM_TOKEN} characters of token",
                index + 1
            )),
        }
    }
    if problems.is_empty() { Ok(tokens) } else { Err(problems) }
}

/// Parses tokens by the account that they are for. An entry is a secret: messages name its position in the list,
/// and the account if there is one.
pub(super) fn account_tokens(_: &Definition, text: &str) -> Read<BTreeMap<String, SecretString>> {
    let mut tokens = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, entry) in items(text).enumerate() {
        let pair = entry.split_once(':').map(|(account, token)| (account.trim(), token.trim()));
        match pair.filter(|(account, token)| is_account(account) && !token.is_empty()) {
            Some((account, token)) => {
                if tokens.insert(account.to_ascii_lowercase(), SecretString::from(token)).is_some() {
                    problems.push(format!("names the account {account} twice"));
                }
            }
            None => problems.push(format!("entry {} must be account:token", index + 1)),
        }
    }
    if problems.is_empty() { Ok(tokens) } else { Err(problems) }
}

fn is_account(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

pub(super) fn origins(_: &Definition, text: &str) -> Read<Vec<Url>> {
    let mut origins = Vec::new();
    let mut problems = Vec::new();
    for origin in items(text) {
        match Url::parse(origin) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.origin().ascii_serialization() == origin =>
            {
                origins.push(url);
            }
            _ => problems.push(format!(
                "{origin:?} is not an origin such as https://ci.example.org (no path, no slash at the end)"
            )),
        }
    }
    if problems.is_empty() { Ok(origins) } else { Err(problems) }
}

/// Parses a URL and removes a trailing slash.
pub(super) fn public_url(_: &Definition, text: &str) -> Read<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => {
            Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
        }
        _ => wrong("must be a URL such as https://grimoire.example.org"),
    }
}

pub(super) fn api_url(_: &Definition, text: &str) -> Read<Url> {
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => url,
        _ => return wrong("must be a URL such as https://api.github.com"),
    };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "http" && !loopback {
        return wrong("must be https: the token travels with every request");
    }
    Ok(url)
}

pub(super) fn storage_url(_: &Definition, text: &str) -> Read<Option<StorageUrl>> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.split_once(':') {
        Some(("redb", path)) if !path.trim_start_matches("//").is_empty() => {
            Ok(Some(StorageUrl::Redb(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))))
        }
        _ => {
            // A database URL may contain a password, so only its scheme is repeated.
            let scheme = text.split(':').next().unwrap_or_default();
            wrong(format!("must be redb:PATH; the scheme {scheme:?} is not known to this version"))
        }
    }
}

/// The plugins named in a text of policies, even if a policy is invalid.
pub(super) fn plugins_with_policies(text: &str) -> impl Iterator<Item = &str> {
    items(text).filter_map(|entry| Some(entry.split_once(':')?.0.trim()))
}

/// Parses plugins and their policies. Whether the plugins exist is checked when all settings are known.
pub(super) fn failure_policies(_: &Definition, text: &str) -> Read<BTreeMap<String, FailurePolicy>> {
    let mut policies = BTreeMap::new();
    let mut problems = Vec::new();
    for entry in items(text) {
        let Some((plugin, word)) = entry.split_once(':') else {
            problems.push(format!("{entry:?} must be plugin:policy, such as matcher-hybrid:fail"));
            continue;
        };
        let (plugin, word) = (plugin.trim(), word.trim());
        match word.parse() {
            Ok(policy) => {
                if policies.insert(plugin.to_owned(), policy).is_some() {
                    problems.push(format!("names {plugin} twice"));
                }
            }
            Err(error) => problems.push(format!("{plugin}: {word:?} is no policy: it {error}")),
        }
    }
    if problems.is_empty() { Ok(policies) } else { Err(problems) }
}

/// The largest configuration of one plugin in bytes, which the contract says too.
const MAX_PLUGIN_CONFIG: usize = 64 << 10;

/// Tables of settings by plugin.
pub(super) type PluginTables = BTreeMap<String, serde_json::Map<String, serde_json::Value>>;

/// Parses a JSON object of JSON objects by plugin. What is in them is for the plugins to check.
pub(super) fn plugin_config(_: &Definition, text: &str) -> Read<PluginTables> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tables: PluginTables = match serde_json::from_str(text) {
        Ok(tables) => tables,
        // The library's message may quote the value.
        Err(_) => {
            return wrong(
                "must have a table of settings for each plugin, as JSON {\"analyzer-team\": {\"key\": 1}}",
            );
        }
    };
    let problems: Vec<_> = tables
        .keys()
        .filter_map(|plugin| check_plugin_name(plugin).err().map(|error| format!("{plugin:?}: {error}")))
        .collect();
    if problems.is_empty() { Ok(tables) } else { Err(problems) }
}

/// The text that a plugin gets.
pub(super) fn plugin_table(
    plugin: &str,
    table: serde_json::Map<String, serde_json::Value>,
) -> Result<String, String> {
    let table = serde_json::Value::Object(table).to_string();
    if table.len() > MAX_PLUGIN_CONFIG {
        return Err(format!("{plugin}: has more than {} KiB as JSON", MAX_PLUGIN_CONFIG >> 10));
    }
    Ok(table)
}

/// Parses names and public keys.
pub(super) fn trusted_keys(_: &Definition, text: &str) -> Read<Vec<TrustedKey>> {
    let mut keys: Vec<TrustedKey> = Vec::new();
    let mut problems = Vec::new();
    for entry in items(text) {
        let pair = entry.split_once(':').map(|(name, key)| (name.trim(), key.trim()));
        let Some((name, key)) = pair.filter(|(name, _)| is_account(name)) else {
            problems.push(format!(
                "{entry:?} must be name:key, with letters, digits, hyphens and underscores in the name"
            ));
            continue;
        };
        match key.parse() {
            Ok(_) if keys.iter().any(|known| known.name == name) => {
                problems.push(format!("names {name} twice"));
            }
            Ok(key) => keys.push(TrustedKey { name: name.to_owned(), key }),
            Err(error) => problems.push(format!("{name}: {error}; `grimoire plugin keygen` prints them")),
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}
