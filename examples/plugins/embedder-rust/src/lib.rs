//! Compares texts by the letters that follow each other in them.

use grimoire_plugin_sdk::embedder::normalise;
use grimoire_plugin_sdk::{Failure, Subject, export_embedder};

/// One component for each pair of letters.
const DIMENSION: usize = 26 * 26;

/// Embeds texts, spells and errors alike.
///
/// # Errors
///
/// None: any text has a vector.
pub fn embed(_subject: Subject, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
    Ok(texts.iter().map(|text| vector(text)).collect())
}

fn vector(text: &str) -> Vec<f32> {
    let mut counts = vec![0.0; DIMENSION];
    let letter = |byte: u8| byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'));
    for pair in text.as_bytes().windows(2) {
        if let (Some(first), Some(second)) = (letter(pair[0]), letter(pair[1])) {
            counts[26 * first + second] += 1.0;
        }
    }
    normalise(&mut counts);
    counts
}

export_embedder!(DIMENSION, crate::embed);
