//! Private keys and access tokens by their well-known shapes.

use grimoire_plugin_sdk::text::Needle;

/// A secret found in a line. The value never contains the secret itself.
pub(crate) struct Secret {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

/// The characters of a token's body.
#[derive(Clone, Copy)]
enum Body {
    UpperAlphanumeric,
    Alphanumeric,
    /// Letters, digits, `_` and `-`.
    Word,
    /// The same and `.`, for tokens with several parts.
    Parts,
}

/// A token's prefix, the characters after it, their minimum number, and its issuer.
struct Shape(Needle, Body, usize, &'static str);

static SHAPES: [Shape; 23] = [
    Shape(Needle::new("AKIA"), Body::UpperAlphanumeric, 16, "AWS access key id"),
    Shape(Needle::new("ASIA"), Body::UpperAlphanumeric, 16, "AWS session key id"),
    Shape(Needle::new("ghp_"), Body::Alphanumeric, 36, "GitHub personal access token"),
    Shape(Needle::new("gho_"), Body::Alphanumeric, 36, "GitHub OAuth token"),
    Shape(Needle::new("ghu_"), Body::Alphanumeric, 36, "GitHub user token"),
    Shape(Needle::new("ghs_"), Body::Alphanumeric, 36, "GitHub server token"),
    Shape(Needle::new("ghr_"), Body::Alphanumeric, 36, "GitHub refresh token"),
    Shape(Needle::new("github_pat_"), Body::Word, 60, "GitHub personal access token"),
    Shape(Needle::new("glpat-"), Body::Word, 20, "GitLab personal access token"),
    Shape(Needle::new("xoxb-"), Body::Word, 24, "Slack bot token"),
    Shape(Needle::new("xoxp-"), Body::Word, 24, "Slack user token"),
    Shape(Needle::new("xapp-"), Body::Word, 24, "Slack app token"),
    Shape(Needle::new("sk_live_"), Body::Alphanumeric, 24, "Stripe secret key"),
    Shape(Needle::new("rk_live_"), Body::Alphanumeric, 24, "Stripe restricted key"),
    Shape(Needle::new("AIza"), Body::Word, 35, "Google API key"),
    Shape(Needle::new("npm_"), Body::Alphanumeric, 36, "npm access token"),
    Shape(Needle::new("pypi-AgEI"), Body::Word, 50, "PyPI token"),
    Shape(Needle::new("sk-ant-"), Body::Word, 40, "Anthropic API key"),
    Shape(Needle::new("sk-proj-"), Body::Word, 40, "OpenAI API key"),
    Shape(Needle::new("SG."), Body::Parts, 60, "SendGrid API key"),
    Shape(Needle::new("hf_"), Body::Alphanumeric, 34, "Hugging Face token"),
    Shape(Needle::new("dop_v1_"), Body::Alphanumeric, 64, "DigitalOcean token"),
    Shape(Needle::new("shpat_"), Body::Alphanumeric, 32, "Shopify access token"),
];

/// Minimum number of distinct characters in a real token's body; placeholders such as `xxxxxxxx` have fewer.
const VARIETY: usize = 8;

/// Minimum length of a token. Every token is one run of characters that [`in_token`] accepts.
const SHORTEST: usize = 20;

/// The first secret of a line.
pub(crate) fn find(text: &str) -> Option<Secret> {
    if is_private_key(text) {
        return Some(Secret { code: "private-key", name: "private key" });
    }
    let first = runs(text).filter_map(|run| SHAPES.iter().position(|shape| has_token(run, shape))).min()?;
    Some(Secret { code: "token", name: SHAPES[first].3 })
}

/// The runs of characters that are long enough for a token.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    // A run of that length covers at least one of the probed positions, so most of the line need not be read.
    let mut probe = SHORTEST - 1;
    std::iter::from_fn(move || {
        while probe < bytes.len() {
            if !in_token(bytes[probe]) {
                probe += SHORTEST;
                continue;
            }
            let start = probe - bytes[..probe].iter().rev().take_while(|&&byte| in_token(byte)).count();
            let end = probe + bytes[probe..].iter().take_while(|&&byte| in_token(byte)).count();
            probe = end + SHORTEST;
            if end - start >= SHORTEST {
                return Some(&text[start..end]);
            }
        }
        None
    })
}

/// Returns true if the byte may occur in a token.
fn in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The first line of a private key: the line contains nothing else but quotes, assignments and escapes. Code that
/// only searches for such lines (`contains("-----BEGIN PRIVATE KEY-----")`) is not a key.
fn is_private_key(text: &str) -> bool {
    static BEGIN: Needle = Needle::new("-----BEGIN ");
    let Some((before, rest)) = BEGIN.split(text) else { return false };
    let Some((kind, rest)) = rest.split_once("-----") else { return false };
    if !(kind.ends_with("PRIVATE KEY") || kind == "PGP PRIVATE KEY BLOCK") || kind.len() > 40 {
        return false;
    }
    let before = before.trim_end_matches(['"', '\'', '`', ' ', '\t']);
    let opens = before.is_empty() || before.ends_with(['=', ':', '|']);
    // A key in a single string has escaped line ends.
    opens && (rest.trim().is_empty() || rest.starts_with("\\n") || rest.starts_with("\\r"))
}

fn has_token(text: &str, Shape(start, body, least, _): &Shape) -> bool {
    start.find_all(text).any(|at| {
        let before = text.as_bytes()[..at].last();
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            return false;
        }
        let rest = &text.as_bytes()[at + start.text().len()..];
        let length = rest
            .iter()
            .take_while(|byte| match body {
                Body::UpperAlphanumeric => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
                Body::Alphanumeric => byte.is_ascii_alphanumeric(),
                Body::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
                Body::Parts => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            })
            .count();
        length >= *least && is_real(&rest[..length])
    })
}

/// Returns true if a token's body is not a placeholder from documentation.
fn is_real(body: &[u8]) -> bool {
    let mut seen = [false; 128];
    let variety =
        body.iter().filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte) & 127], true)).count();
    let upper = body.to_ascii_uppercase();
    let says_so = ["EXAMPLE", "XXXXX", "PLACEHOLDER", "YOUR_", "YOUR-", "00000000", "12345678"]
        .iter()
        .any(|word| memchr::memmem::find(&upper, word.as_bytes()).is_some());
    variety >= VARIETY && !says_so
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body with enough distinct characters, built here so that no token appears in this file.
    fn body(length: usize) -> String {
        "aZ3bY9cX7dW5eV2fU".chars().cycle().take(length).collect()
    }

    #[test]
    fn tokens_are_known_by_shape() {
        for (start, length) in
            [("ghp_", 36), ("glpat-", 20), ("sk_live_", 24), ("AIza", 35), ("github_pat_", 60)]
        {
            let line = format!("const token = \"{start}{}\";", body(length));
            assert_eq!(find(&line).map(|secret| secret.code), Some("token"), "{start}");
            let short = format!("{start}{}", body(length - 1));
            assert!(find(&short).is_none(), "{start}");
            let inside = format!("x{start}{}", body(length));
            assert!(find(&inside).is_none(), "{start}");
        }
        let upper = format!("AKIA{}", body(16).to_ascii_uppercase());
        assert!(find(&upper).is_some());
    }

    #[test]
    fn every_shape_is_found_wherever_it_stands() {
        for Shape(start, _, least, name) in &SHAPES {
            assert!(start.text().len() + least >= SHORTEST && start.text().bytes().all(in_token), "{name}");
            let token = format!("{}{}", start.text(), body(*least).to_ascii_uppercase());
            for blanks in 0..=SHORTEST {
                let line = format!("{}{token}", " ".repeat(blanks));
                assert_eq!(find(&line).map(|secret| secret.name), Some(*name), "{line}");
            }
        }
    }

    #[test]
    fn placeholders_are_none() {
        assert!(find(&format!("ghp_{}", "x".repeat(36))).is_none());
        assert!(find("AKIAIOSFODNN7EXAMPLE").is_none());
    }

    #[test]
    fn keys_are_told_from_code_about_keys() {
        let key = ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat();
        for line in [key.clone(), format!("key = \"{key}\\nMII"), format!("  tls.key: |\n{key}")] {
            assert!(is_private_key(line.lines().last().unwrap()), "{line}");
        }
        for line in [
            format!("if text.contains(\"{key}\") {{"),
            key.replace("PRIVATE", "PUBLIC"),
            format!("grep -r '{key}' ."),
        ] {
            assert!(!is_private_key(&line), "{line}");
        }
    }
}
