//! Settings as values of the kinds that they have.

use std::str::FromStr;

use super::layers::{Found, Layers, Problem};
use super::settings::{self, Kind};

/// Reads settings as values, and notes what is wrong with them.
pub(super) struct Reader<'l> {
    pub(super) layers: &'l Layers,
    pub(super) problems: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn reject(&mut self, key: &'static str, message: impl Into<String>) {
        let source = self.layers.get(key).source;
        self.problems.push(Problem { source, key: key.to_owned(), message: message.into() });
    }

    pub(super) fn found(&self, key: &'static str) -> Found {
        let found = self.layers.get(key);
        Found { text: found.text.trim().to_owned(), ..found }
    }

    pub(super) fn text(&self, key: &'static str) -> String {
        self.found(key).text
    }

    pub(super) fn parsed<T: FromStr>(&mut self, key: &'static str, message: &str) -> Option<T> {
        let value = self.text(key).parse().ok();
        if value.is_none() {
            self.reject(key, message);
        }
        value
    }

    pub(super) fn number(&mut self, key: &'static str) -> u64 {
        let Some(Kind::Number(least, most)) = settings::find(key).map(|setting| setting.kind) else {
            return 0;
        };
        match self.text(key).parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.reject(key, format!("must be a whole number from {least} to {most}"));
                least
            }
        }
    }

    pub(super) fn size(&mut self, key: &'static str) -> usize {
        usize::try_from(self.number(key)).unwrap_or(usize::MAX)
    }

    pub(super) fn mebibytes(&mut self, key: &'static str) -> usize {
        self.size(key) << 20
    }

    pub(super) fn fraction(&mut self, key: &'static str) -> f64 {
        match self.text(key).parse::<f64>() {
            Ok(number) if (0.0..=1.0).contains(&number) => number,
            _ => {
                self.reject(key, "must be a number from 0 to 1");
                0.0
            }
        }
    }

    pub(super) fn switch(&mut self, key: &'static str) -> bool {
        match self.text(key).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => {
                self.reject(key, "must be true or false");
                false
            }
        }
    }

    pub(super) fn list(&self, key: &'static str) -> Vec<String> {
        let text = self.text(key);
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}
