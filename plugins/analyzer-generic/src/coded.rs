//! Errors of compilers that have a code and no location.

use crate::tool;

/// The code in `error CS2008: message`.
pub(crate) fn compiler_code(text: &str) -> Option<&str> {
    compiler(text)?;
    text.split_once("error ")?.1.split_once(':').map(|(code, _)| code)
}

/// `error CS2008: No source files specified.`
pub(crate) fn compiler(text: &str) -> Option<(&'static str, &'static str, &str)> {
    let rest = text.strip_prefix("error ").or_else(|| text.strip_prefix("fatal error "))?;
    let (code, message) = rest.split_once(": ")?;
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let numbered = (1..=6).contains(&letters)
        && code.len() >= letters + 3
        && code[letters..].bytes().all(|byte| byte.is_ascii_digit());
    numbered.then(|| (tool::name("", Some(code)), "compiler", message))
}
