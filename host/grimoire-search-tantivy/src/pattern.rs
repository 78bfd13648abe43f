//! The literal parts of a pattern.

use regex_syntax::ast::{self, Ast, Visitor};

/// The prefix that marks a pattern as plain text.
const TEXT_PREFIX: &str = grimoire_domain::pattern::ErrorPattern::TEXT_PREFIX;

/// The literal parts of a pattern, separated by spaces. An invalid regular expression is literal as
/// a whole.
pub(crate) fn literal_parts(pattern: &str) -> String {
    if let Some(text) = pattern.strip_prefix(TEXT_PREFIX) {
        return text.to_owned();
    }
    match ast::parse::ParserBuilder::new().nest_limit(100).build().parse(pattern) {
        Ok(tree) => ast::visit(&tree, Literals::default()).unwrap_or_else(|never| match never {}),
        Err(_) => pattern.to_owned(),
    }
}

#[derive(Default)]
struct Literals {
    text: String,
}

impl Literals {
    fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

impl Visitor for Literals {
    type Output = String;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<String, Self::Err> {
        Ok(self.text)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), Self::Err> {
        match tree {
            Ast::Literal(literal) => self.text.push(literal.c),
            Ast::Concat(_) => {}
            _ => self.separate(),
        }
        Ok(())
    }

    fn visit_post(&mut self, tree: &Ast) -> Result<(), Self::Err> {
        if !matches!(tree, Ast::Literal(_) | Ast::Concat(_)) {
            self.separate();
        }
        Ok(())
    }

    fn visit_alternation_in(&mut self) -> Result<(), Self::Err> {
        self.separate();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stay_together_and_the_rest_separates() {
        for (pattern, expected) in [
            (r"use of moved value: `\w+`", "use of moved value: ` `"),
            (r"error\[E0382\]: (borrow|use) of", "error[E0382]: borrow use of"),
            (r"(?i)cannot\s+find .*name", "cannot find name"),
            ("text:foo(bar", "foo(bar"),
            ("foo(bar", "foo(bar"),
            ("", ""),
        ] {
            let words = literal_parts(pattern);
            assert_eq!(words.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{pattern}");
        }
    }
}
