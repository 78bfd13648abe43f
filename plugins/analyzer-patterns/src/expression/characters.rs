//! Characters and sets of characters: brackets and escapes.

use super::{Facts, Parser, Refusal};

impl Parser {
    /// A set of characters in brackets.
    pub(super) fn class(&mut self) -> Result<Facts, Refusal> {
        let start = self.at;
        self.at += 1;
        let negated = self.take('^');
        if self.take(']') {
            if negated {
                self.written.push_str("(?s:.)");
                return Ok(Facts::unknown());
            }
            return Err(Refusal::at(start, "brackets without a character"));
        }
        self.written.push_str(if negated { "[^" } else { "[" });
        loop {
            let Some(c) = self.peek() else {
                return Err(Refusal::at(start, "brackets without an end"));
            };
            if c == ']' {
                self.at += 1;
                self.written.push(']');
                return Ok(Facts::unknown());
            }
            let place = self.at;
            let first = self.class_item()?;
            let is_range =
                self.peek() == Some('-') && self.characters.get(self.at + 1).is_some_and(|&next| next != ']');
            let Some(first) = first.filter(|_| is_range) else {
                if let Some(first) = first {
                    self.class_character(first);
                }
                continue;
            };
            self.at += 1;
            let before = self.written.len();
            match self.class_item()? {
                Some(last) if first <= last => {
                    self.class_character(first);
                    self.written.push('-');
                    self.class_character(last);
                }
                Some(_) => return Err(Refusal::at(place, "a range of characters that is out of order")),
                // `[a-\d]` is three alternatives: a letter, a hyphen, a digit.
                None => {
                    let set = self.written.split_off(before);
                    self.class_character(first);
                    self.class_character('-');
                    self.written.push_str(&set);
                }
            }
        }
    }

    fn class_character(&mut self, c: char) {
        if matches!(c, '\\' | '[' | ']' | '^' | '-' | '&' | '~') {
            self.written.push('\\');
        }
        self.written.push(c);
    }

    /// A character of a class. `None` for a set such as `\d`, which is written already.
    fn class_item(&mut self) -> Result<Option<char>, Refusal> {
        let Some(c) = self.peek() else { return Err(self.refuse("brackets without an end")) };
        if c != '\\' {
            self.at += 1;
            return Ok(Some(c));
        }
        match self.characters.get(self.at + 1) {
            Some(&set @ ('d' | 'D' | 's' | 'S' | 'w' | 'W')) => {
                self.at += 2;
                self.written.extend(['\\', set]);
                Ok(None)
            }
            Some('b') => {
                self.at += 2;
                Ok(Some('\u{8}'))
            }
            _ => self.escaped().map(Some),
        }
    }

    /// What a backslash stands for outside of brackets.
    pub(super) fn escape(&mut self) -> Result<Facts, Refusal> {
        match self.characters.get(self.at + 1) {
            Some(&set @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'B')) => {
                self.at += 2;
                self.written.extend(['\\', set]);
                Ok(Facts::unknown())
            }
            _ => {
                let c = self.escaped()?;
                Ok(self.literal(c))
            }
        }
    }

    /// The character that an escape stands for.
    fn escaped(&mut self) -> Result<char, Refusal> {
        let start = self.at;
        let Some(&c) = self.characters.get(start + 1) else {
            return Err(self.refuse("a backslash at the end"));
        };
        self.at += 2;
        Ok(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
            '0'..='9' => {
                let reason = format!("a back-reference, \\{c}, which an engine in linear time has not,");
                return Err(Refusal::at(start, reason));
            }
            'k' => {
                let reason = "a back-reference, \\k, which an engine in linear time has not,";
                return Err(Refusal::at(start, reason));
            }
            'p' | 'P' => {
                return Err(Refusal::at(start, format!("a class of Unicode, \\{c}, which is not known,")));
            }
            'c' => match self.peek().filter(char::is_ascii_alphabetic) {
                Some(letter) => {
                    self.at += 1;
                    char::from(letter.to_ascii_uppercase() as u8 - b'A' + 1)
                }
                None => return Err(Refusal::at(start, "\\c without a letter")),
            },
            'x' => self.hexadecimal(start, 2)?,
            'u' if self.take('{') => {
                let digits = self.until('}', "\\u{ without an end")?;
                Self::character(start, &digits)?
            }
            'u' => self.hexadecimal(start, 4)?,
            c if c.is_ascii_alphabetic() => {
                return Err(Refusal::at(start, format!("\\{c}, which means nothing,")));
            }
            c => c,
        })
    }

    fn hexadecimal(&mut self, start: usize, digits: usize) -> Result<char, Refusal> {
        let end = (self.at + digits).min(self.characters.len());
        let found: String = self.characters[self.at..end].iter().collect();
        self.at = end;
        Self::character(start, if found.len() == digits { &found } else { "" })
    }

    fn character(start: usize, digits: &str) -> Result<char, Refusal> {
        let number =
            digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok());
        number
            .flatten()
            .and_then(char::from_u32)
            .ok_or_else(|| Refusal::at(start, "an escape of a character that does not exist"))
    }
}
